"""Training runs on a few small images: exact to the step, resumable, and clear about failures."""

import errno
import json
import math

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.networks.checkpoint import load_checkpoint, read_facts
from monodepth_ros.training import trainer as module
from monodepth_ros.training.config import make_config, OptimizerConfig
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.state import load_state
from monodepth_ros.training.trainer import (
    check_same_run,
    learning_rate_factor,
    make_optimizer,
    score,
    Trainer,
)
import pytest
from safetensors.torch import load_file
from tiny_folder import FOCAL, write_tiny_folder
import torch
from torch import nn

STEPS = 6  # two epochs of three: eight images less two held out, two a step
VALUES = {
    'network': 'dual_efficientnet_lite0',
    'options': {'widths': [8, 8, 8, 8]},
    'dataset': 'folder',
    'held_out': 2,
    'width': 64,
    'height': 64,
    'epochs': 2,
    'batch_size': 2,
    'augment': {'max_zoom': 1.3, 'flip': 0.5, 'brightness': 0.2},
}


@pytest.fixture(scope='module', autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_trainer(data, out, limit=None, **changes):
    return Trainer(make_config({**VALUES, **changes}), data, out, 'cpu', limit)


@pytest.fixture
def make(tiny_folder, tmp_path):
    """Return a function that makes a trainer whose run is in tmp_path/run."""
    return lambda **options: make_trainer(tiny_folder, tmp_path / 'run', **options)


@pytest.fixture
def started(make):
    """Return a trainer with one step done and saved."""
    trainer = make()
    trainer.out.mkdir()
    trainer._step(0)
    trainer.save()
    return trainer


@pytest.fixture(scope='module')
def whole(tmp_path_factory, one_thread):
    """Return data, weights before, trainer and records of a run from beginning to end."""
    folder = tmp_path_factory.mktemp('whole')
    data = write_tiny_folder(folder / 'data')
    trainer, records = make_trainer(data, folder / 'run'), []
    before = {key: value.clone() for key, value in trainer.network.state_dict().items()}
    best = trainer.run(records.append)
    assert best is trainer.progress['best']
    return data, before, trainer, records


def stop_at(trainer, step):
    """Let the run end before `step` as by Ctrl-C."""
    take = trainer._step

    def stop(number):
        if number == step:
            raise KeyboardInterrupt
        take(number)

    trainer._step = stop


def test_resumed_run_is_the_unbroken_one_bit_for_bit(whole, tmp_path):
    data, _, trainer, records = whole
    broken = make_trainer(data, tmp_path / 'run')
    stop_at(broken, 4)
    with pytest.raises(KeyboardInterrupt):
        broken.run()
    broken.save()

    resumed, later = make_trainer(data, tmp_path / 'run'), []
    assert resumed.resume() == 4
    assert resumed.run(later.append) == trainer.progress['best']
    assert later == records[1:]
    assert resumed.progress == trainer.progress
    for name in ('state', 'last', 'best'):
        expected = load_file(trainer.out / f'{name}.safetensors')
        found = load_file(tmp_path / 'run' / f'{name}.safetensors')
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected), name


def test_state_is_saved_from_time_to_time(make, monkeypatch):
    monkeypatch.setattr(module, 'SAVE_SECONDS', -1.0)
    trainer = make()
    stop_at(trainer, 2)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert make().resume() == 2


def test_a_run_s_results(whole):
    _, before, trainer, records = whole
    assert [record['epoch'] for record in records] == [1, 2]
    assert [record['step'] for record in records] == [3, STEPS]
    assert all(math.isfinite(value) for record in records for value in record.values())
    best = trainer.progress['best']
    assert best == max(records, key=score)
    lines = (trainer.out / 'history.jsonl').read_text().splitlines()
    assert [json.loads(line) for line in lines] == records
    assert make_config(json.loads((trainer.out / 'config.json').read_text())) == trainer.config
    after = trainer.network.state_dict()
    assert all(not torch.equal(after[k], v) for k, v in before.items() if 'conv' in k)

    network, facts = load_checkpoint(trainer.out / 'last.safetensors')
    for key, value in trainer.average.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(network.state_dict()[key], expected), key
    assert facts.metrics == {'held_out': records[-1]}
    assert read_facts(trainer.out / 'best.safetensors').metrics == {'held_out': best}


def test_facts_of_a_run(make):
    trainer = make()
    facts = trainer.facts({})
    assert facts.network == VALUES['network'] and facts.options == VALUES['options']
    assert facts.classes == nyu.CLASSES and facts.colors == nyu.COLORS
    # 128 x 96 pixels seen through 64: half the focal length, half the height.
    assert (facts.input_width, facts.input_height) == (64, 48)
    assert facts.focal_length == FOCAL / 2
    assert 1.0 < facts.min_depth < facts.max_depth == 10.0
    assert (facts.mean, facts.std) == ((127.0,) * 3, (128.0,) * 3)
    assert facts.training['images'] == 6
    assert facts.outputs == ('depth', 'semantic')


def test_average_follows_the_weights(make):
    trainer = make()
    before = {key: value.clone() for key, value in trainer.average.state_dict().items()}
    trainer._step(0)
    values = trainer.network.state_dict()
    # The first decay is (1 + 0) / (10 + 0).
    for key, mean in trainer.average.state_dict().items():
        if mean.is_floating_point():
            expected = 0.1 * before[key] + 0.9 * values[key]
            torch.testing.assert_close(mean, expected, rtol=1e-5, atol=1e-7)
        else:
            assert torch.equal(mean, values[key])


def test_encoder_weights_are_loaded(make, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        module, 'load_encoder_weights', lambda encoder, source: seen.append((encoder, source))
    )
    trainer = make(encoder_weights='package:some')
    assert seen == [(trainer.network.encoder, 'package:some')]


def test_without_held_out_images_the_last_weights_are_the_best(make, tmp_path):
    best = make(held_out=0, batch_size=4).run()
    assert best['epoch'] == 2
    assert 'delta1' not in best
    assert read_facts(tmp_path / 'run' / 'best.safetensors').metrics['held_out']['epoch'] == 2


def test_validation_every_other_epoch_and_at_the_end(make):
    records = []
    make(epochs=3, validate_every=2, batch_size=6).run(records.append)
    assert [record['epoch'] for record in records] == [2, 3]


@pytest.mark.parametrize('network', ['depth_resnet50', 'semantic_resnet50'])
def test_single_branches_train(make, network):
    options = {'widths': [8, 8, 8], 'output_stride': 32}
    trainer = make(network=network, options=options, width=32, height=32)
    trainer._step(0)
    assert math.isfinite(trainer.progress['losses'][0])
    assert trainer.facts({}).outputs == (network.split('_')[0],)


@pytest.mark.parametrize('poison', ['weight', 'gradient'])
def test_loss_or_gradient_that_is_not_finite_ends_the_run(make, started, poison):
    kept = (started.out / 'state.safetensors').read_bytes()
    weight = started.network.encoder._conv_stem.weight
    if poison == 'weight':
        weight.data[0] = math.nan
    else:
        weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(TrainingError, match='not finite at step 1.*saved state is still good'):
        started.run()
    assert (started.out / 'state.safetensors').read_bytes() == kept
    again = make()
    assert again.resume() == 1
    assert all(torch.isfinite(value).all() for value in again.network.state_dict().values())


def test_state_of_another_network_is_refused(started):
    state = started.out / 'state.safetensors'
    other = nn.Linear(2, 2)
    with pytest.raises(TrainingError, match=f'{state} cannot be resumed.*another --out'):
        load_state(state, {'network': other}, make_optimizer(other, OptimizerConfig()))


@pytest.mark.parametrize(
    'changes', [{'batch_size': 3}, {'options': {}}, {'seed': 2}, {'loss': {'focal': 2.0}}]
)
def test_resuming_with_another_configuration_is_refused(tmp_path, changes):
    (tmp_path / 'config.json').write_text(json.dumps(make_config(VALUES).to_dict()))
    config = make_config({**VALUES, **changes})
    with pytest.raises(TrainingError, match=f'begun with another {next(iter(changes))};'):
        check_same_run(tmp_path / 'config.json', config)


def test_resuming_for_more_epochs_is_allowed(make, started):
    assert make(epochs=5).resume() == 1


def test_nothing_to_resume(make):
    with pytest.raises(TrainingError, match='nothing to resume: .*state.safetensors'):
        make().resume()


def test_damaged_state_is_refused(make, started):
    path = started.out / 'state.safetensors'
    data = path.read_bytes()
    for length in (len(data) - 1, len(data) // 2, 0):
        path.write_bytes(data[:length])
        with pytest.raises(TrainingError, match=f'{path} cannot be resumed'):
            make().resume()


def test_full_disk_leaves_the_last_state(make, started, monkeypatch):
    started._step(1)

    def fail(*arguments):
        raise OSError(errno.ENOSPC, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr('os.fsync', fail)
        for write in (started.save, lambda: started._save_weights('best.safetensors', {})):
            with pytest.raises(TrainingError, match=f'{started.out}: No space left.*resume'):
                write()
    assert make().resume() == 1


def test_folder_that_cannot_be_made(make, tmp_path):
    (tmp_path / 'run').write_text('a file')
    with pytest.raises(TrainingError, match=f'cannot write to {tmp_path / "run"}'):
        make().run()


def test_calibration_is_needed(make, tiny_folder):
    (tiny_folder / 'camera.yaml').unlink()
    with pytest.raises(ConfigError, match=f'{tiny_folder} has no camera.yaml'):
        make()


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'limit': 3}, 'held_out is 2 of 3 images'),
        ({'batch_size': 7}, '6 training images, fewer than batch_size 7'),
        ({'network': 'unet'}, "unknown network 'unet'"),
        ({'options': {'depth': 3}}, 'depth'),
    ],
)
def test_runs_that_cannot_begin(make, changes, words):
    with pytest.raises(ConfigError, match=words):
        make(**changes)


def test_learning_rate():
    factors = [learning_rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5)  # the middle of the cosine
    assert 0 < factors[99] < 0.001
    assert learning_rate_factor(0, 100, 0.0) == 1.0


def test_optimizer_groups():
    network = nn.ModuleDict({'encoder': nn.Conv2d(1, 1, 1), 'norm': nn.BatchNorm2d(1)})
    network['head'] = nn.Conv2d(1, 2, 1)
    config = OptimizerConfig(learning_rate=0.1, encoder_factor=0.5, weight_decay=0.01)
    groups = make_optimizer(network, config).param_groups
    found = {id(p): (g['lr'], g['weight_decay']) for g in groups for p in g['params']}
    assert len(found) == 6
    assert found[id(network['encoder'].weight)] == (0.05, 0.01)
    assert found[id(network['encoder'].bias)] == (0.05, 0.0)
    assert found[id(network['head'].weight)] == (0.1, 0.01)
    assert found[id(network['head'].bias)] == found[id(network['norm'].weight)] == (0.1, 0.0)


def test_score_is_of_what_there_is():
    assert score({'delta1': 0.5, 'miou': 0.25, 'rmse': 9.0}) == 0.75
    assert score({'delta1': 0.5}) == 0.5
    assert score({}) == 0.0
