"""Fine-tuning without a configuration: what it trains, when it ends, and its card."""

import shutil

from monodepth_ros.engines.factory import resolve_model
from monodepth_ros.errors import CheckpointError, DatasetError
from monodepth_ros.networks.checkpoint import load_checkpoint, read_facts
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.fine_tune import card, fine_tune_config, REPLAY_SHARE, START_SHARE
from monodepth_ros.training.objective import loss_weights
import pytest
from tiny_folder import write_tiny_folder
from tiny_model import write_tiny_model
import torch
from training_kit import make_trainer, register_tiny_network


@pytest.fixture(autouse=True)
def tiny_network(monkeypatch):
    register_tiny_network(monkeypatch.setitem)


@pytest.fixture
def start(tmp_path):
    return write_tiny_model(tmp_path / 'start.safetensors')


def write_site(path, count=20):
    """Write images without labels, as of a recording."""
    write_tiny_folder(path, count)
    shutil.rmtree(path / 'label13')
    return path


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / 'site')


def test_with_replay(start, site, tmp_path):
    nyu = write_tiny_folder(tmp_path / 'nyu', 10)
    more = write_site(tmp_path / 'more', 60)
    config = fine_tune_config(start, [str(site), str(more)], str(nyu))
    assert [s.dataset for s in config.mixture] == ['nyu', 'folder', 'folder']
    weights = [s.weight for s in config.mixture]
    assert weights[0] / sum(weights) == pytest.approx(REPLAY_SHARE)
    assert weights[2] == pytest.approx(3 * weights[1])  # by their sizes
    assert [s.held_out for s in config.mixture[1:]] == [4, 6]
    facts = read_facts(start)
    assert (config.network, config.options) == (facts.network, facts.options)
    assert (config.width, config.height, config.focal_length) == (64, 64, 50.0)
    assert config.start_share == START_SHARE
    assert config.views == 'whole' and config.patience > 0 and not config.teacher.checkpoint


def test_a_reciprocal_network_goes_on_with_the_losses_that_it_had(site):
    name = 'densedepth_efficientnet_lite0'
    config = fine_tune_config(resolve_model(name), [str(site)])
    network = create_network(name, classes=0, **config.options)
    weights = loss_weights(network, config.loss)
    assert weights['log_depth'] > weights['reciprocal_ssim'] > weights['reciprocal_l1'] > 0
    assert weights['error'] == pytest.approx(0.1) and 'focal' not in weights


def test_without_replay_the_start_weights_teach_the_labels(start, site):
    config = fine_tune_config(start, [str(site)], epochs=3, seed=None)
    assert config.teacher.checkpoint == str(start)
    assert (config.teacher.depth, config.teacher.semantic) == (0.0, 1.0)
    assert (config.epochs, config.seed) == (3, 1)


def test_it_trains_and_keeps_the_classes(start, site, tmp_path):
    from monodepth_ros.training.distributed import Processes
    from monodepth_ros.training.trainer import Trainer

    config = fine_tune_config(start, [str(site)], epochs=1, epoch_images=8)
    alone = Processes(torch.device('cpu'))
    trainer = Trainer(config, '.', tmp_path / 'run', alone)
    records = []
    best = trainer.run(records.append)
    assert [r['epoch'] for r in records] == [0, 1] and 'loss' not in records[0]
    assert best == max(records, key=lambda r: r['delta1'])
    facts = read_facts(trainer.files.best)
    assert facts.classes == read_facts(start).classes and facts.outputs == ('depth', 'semantic')
    text = card(config, trainer.progress['history'], best, trainer.files.best)
    assert f'| all | delta1 | {records[0]["delta1"]:.4f} | {best["delta1"]:.4f} |' in text
    assert str(site) in text and f'model:={trainer.files.best}' in text


def weights_of(path):
    return load_checkpoint(path)[0].state_dict()


def test_it_ends_when_nothing_gets_better_and_keeps_the_start(tmp_path, monkeypatch):
    """From the second validation on all are worse than that of the start weights."""
    data = write_tiny_folder(tmp_path / 'data')
    first = make_trainer(data, tmp_path / 'first', epochs=1)
    first.run()
    changes = {'start_weights': str(first.files.last), 'patience': 2, 'epochs': 9}
    scores = iter([0.5, 0.4, 0.3, 0.2, 0.1])
    monkeypatch.setattr(
        'monodepth_ros.training.trainer.validate',
        lambda *_: ({'delta1': next(scores), 'n_images': 2}, None),
    )
    trainer = make_trainer(data, tmp_path / 'run', **changes)
    best = trainer.run()
    assert best['epoch'] == 0 and trainer.progress['step'] == 2 * trainer.per_epoch
    before, after = weights_of(first.files.last), weights_of(trainer.files.best)
    assert all(torch.equal(before[name], after[name]) for name in before)
    text = card(trainer.config, trainer.progress['history'], best, trainer.files.best)
    assert 'these are they, unchanged' in text
    # Resumed, it is over.
    again = make_trainer(data, tmp_path / 'run', **changes)
    again.resume()
    assert again.run() == best and again.progress['step'] == 2 * trainer.per_epoch


def test_it_goes_on_while_it_gets_better(tmp_path, monkeypatch):
    data = write_tiny_folder(tmp_path / 'data')
    scores = iter([0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.9])
    monkeypatch.setattr(
        'monodepth_ros.training.trainer.validate',
        lambda *_: ({'delta1': next(scores), 'n_images': 2}, None),
    )
    trainer = make_trainer(data, tmp_path / 'run', patience=2, epochs=9)
    best = trainer.run()  # without start weights there is nothing to measure before
    assert (best['epoch'], trainer.progress['history'][-1]['epoch']) == (4, 6)


def test_what_cannot_be_used(start, site, tmp_path):
    with pytest.raises(DatasetError, match='nope does not exist'):
        fine_tune_config(start, [str(tmp_path / 'nope')])
    with pytest.raises(CheckpointError):
        fine_tune_config(tmp_path / 'nope.safetensors', [str(site)])
    one = write_site(tmp_path / 'one', 1)
    with pytest.raises(DatasetError, match='1 images to train on, expected 16 and more'):
        fine_tune_config(start, [str(one)])
