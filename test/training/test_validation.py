"""Validation leaves the network as it is, and measures as `evaluate` does."""

from monodepth_ros.engines.torch_engine import TorchEngine
from monodepth_ros.training.evaluate import evaluate
from monodepth_ros.training.validation import score, SHOWN, validate
import pytest
from tiny_folder import write_tiny_folder
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
    expected = evaluate(TorchEngine(network, facts, 'cpu'), data.held_out[0], max_depth=10.0)
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
    ids = trainer.data.held_out[0].ids
    assert shown == [[ids[0], ids[3]]]


def test_each_data_set_counts_alike(tiny_folder, tmp_path):
    write_tiny_folder(tmp_path / 'other', count=6)
    source = {'dataset': 'folder', 'held_out': 1}
    mixture = [source, {**source, 'root': str(tmp_path / 'other'), 'held_out': 3}]
    trainer = make_trainer(tiny_folder, tmp_path / 'run', mixture=mixture)
    network, facts, data = trainer.learner.network, trainer.facts({}), trainer.data
    found, sheet = validate(network, facts, data, torch.device('cpu'))
    each = [evaluate(TorchEngine(network, facts, 'cpu'), d) for d in data.held_out]
    assert [e['n_images'] for e in each] == [1, 3] and found['n_images'] == 4
    assert found['delta1'] == pytest.approx((each[0]['delta1'] + each[1]['delta1']) / 2)
    assert found['2_other/rmse'] == each[1]['rmse'] and found['1_data/miou'] == each[0]['miou']
    assert sheet is not None
