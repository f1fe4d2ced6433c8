"""One step of learning: what is not finite, and what float16 cannot hold."""

import math

from monodepth_ros.errors import TrainingError
from monodepth_ros.training import learner as module
import pytest
import torch
from training_kit import make_trainer

pytestmark = pytest.mark.usefixtures('tiny_network')


@pytest.fixture
def make(tiny_folder, tmp_path):
    return lambda **options: make_trainer(tiny_folder, tmp_path / 'run', **options)


def learn(trainer, step=0):
    return trainer.learner.step(step, trainer.batches(step))


def spoil(trainer, value):
    """Give the first weight a gradient of `value` from now on."""
    weight = next(trainer.learner.network.encoder.parameters())
    return weight, weight.register_hook(lambda gradient: gradient * 0 + value)


@pytest.mark.parametrize('value', [math.nan, math.inf])
def test_gradient_that_is_not_finite_is_an_error(make, value):
    trainer = make()
    weight, _ = spoil(trainer, value)
    before = weight.clone()
    with pytest.raises(TrainingError, match='gradient is not finite at step 0'):
        learn(trainer)
    assert torch.equal(weight, before)


def test_float16_skips_steps_that_overflow(make):
    trainer = make(precision='float16')
    scale = trainer.learner.scaler.get_scale()
    weight, hook = spoil(trainer, math.inf)
    before = weight.clone()
    for _ in range(2):
        assert learn(trainer)['gradient_norm'] is None
    assert torch.equal(weight, before)
    assert trainer.learner.scaler.get_scale() == scale / 4
    hook.remove()
    numbers = learn(trainer)
    assert 0 < numbers['gradient_norm'] < math.inf
    assert not torch.equal(weight, before)
    assert trainer.learner.skipped == 0


def test_float16_that_always_overflows_is_an_error(make, monkeypatch):
    monkeypatch.setattr(module, 'MOST_SKIPPED', 2)
    trainer = make(precision='float16')
    spoil(trainer, math.inf)
    learn(trainer)
    learn(trainer)
    with pytest.raises(TrainingError, match='not finite at step 0.*3 in a row.*float32'):
        learn(trainer)


def test_the_scale_of_float16_is_resumed(make):
    trainer = make(precision='float16')
    spoil(trainer, math.inf)
    learn(trainer)
    again = make(precision='float16')
    again.learner.restore(trainer.learner.numbers())
    assert again.learner.scaler.state_dict() == trainer.learner.scaler.state_dict()
    assert again.learner.scaler.get_scale() == 65536 / 2
    assert again.learner.skipped == 1


@pytest.mark.parametrize('precision', ['bfloat16', 'float16'])
def test_mixed_precision_learns_about_the_same(make, precision):
    plain = {'options': {'dropout': 0.0}}
    expected = learn(make(**plain))
    found = learn(make(precision=precision, **plain))
    assert found['loss'] == pytest.approx(expected['loss'], rel=0.02)
    assert found['gradient_norm'] == pytest.approx(expected['gradient_norm'], rel=0.1)


def test_gradients_are_clipped(make):
    weights = []
    for clip_norm in (1e-9, 1e-12):
        trainer = make(optimizer={'clip_norm': clip_norm, 'weight_decay': 0.0})
        assert learn(trainer)['gradient_norm'] > 1e-3  # before clipping
        gradients = [p.grad.norm() for p in trainer.learner.network.parameters()]
        weights.append(torch.stack(gradients).norm().item())
    assert weights == pytest.approx([1e-9, 1e-12], rel=1e-3)
