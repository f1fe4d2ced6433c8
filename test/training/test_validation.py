"""Validation leaves the network as it is, and measures as `evaluate` does."""

from monodepth_ros.engines.torch_engine import TorchEngine
from monodepth_ros.training.evaluate import evaluate
from monodepth_ros.training.validation import score, SHOWN, validate
import pytest
import torch
from training_kit import make_trainer

pytestmark = pytest.mark.usefixtures('tiny_network')


def test_score_is_of_what_there_is():
    assert score({'delta1': 0.5, 'miou': 0.25, 'rmse': 9.0}) == 0.75
    assert score({'delta1': 0.5}) == 0.5
    assert score({}) == 0.0


def test_validation_is_evaluation(tiny_folder, tmp_path):
    trainer = make_trainer(tiny_folder, tmp_path / 'run', held_out=4)
    network, facts, data = trainer.learner.network, trainer.facts({}), trainer.data
    before = {key: value.clone() for key, value in network.state_dict().items()}
    found, sheet = validate(network, facts, data, torch.device('cpu'))
    assert network.training
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    expected = evaluate(TorchEngine(network, facts, 'cpu'), data.held_out, max_depth=10.0)
    assert found == expected and found['n_images'] == 4
    assert sheet.shape[2] == 3 and 4 < SHOWN


def test_a_picture_of_some_images(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr('monodepth_ros.training.validation.SHOWN', 2)
    shown = []
    monkeypatch.setattr(
        'monodepth_ros.training.validation.validation_sheet',
        lambda pairs, facts: shown.append([sample.name for sample, _ in pairs]),
    )
    trainer = make_trainer(tiny_folder, tmp_path / 'run', held_out=4)
    validate(trainer.learner.network, trainer.facts({}), trainer.data, torch.device('cpu'))
    ids = trainer.data.held_out.ids
    assert shown == [[ids[0], ids[3]]]
