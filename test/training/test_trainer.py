"""Training runs on a few small images: exact to the step, resumable, and clear about failures."""

import errno
import json
import math

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.networks.checkpoint import load_checkpoint, read_facts
from monodepth_ros.training import trainer as module
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets import nyu
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.validation import score
import pytest
from safetensors.torch import load_file
from tiny_folder import FOCAL, write_tiny_folder
import torch
from training_kit import make_trainer, register_tiny_network, STEPS, stop_before

pytestmark = pytest.mark.usefixtures('tiny_network')


@pytest.fixture
def make(tiny_folder, tmp_path):
    """Return a function that makes a trainer whose run is in tmp_path/run."""
    return lambda **options: make_trainer(tiny_folder, tmp_path / 'run', **options)


def learn(trainer, step):
    """Do one step of a run by hand."""
    numbers = trainer.learner.step(step, trainer.batches(step))
    trainer._count(step, numbers)
    return numbers


@pytest.fixture
def started(make):
    """Return a trainer with one step done and saved."""
    trainer = make()
    trainer.files.path.mkdir()
    learn(trainer, 0)
    trainer.save()
    return trainer


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
    """Return data, weights before, trainer and records of a run from beginning to end."""
    folder = tmp_path_factory.mktemp('whole')
    data = write_tiny_folder(folder / 'data')
    with pytest.MonkeyPatch.context() as patch:
        register_tiny_network(patch.setitem)
        torch.set_num_threads(1)
        trainer, records = make_trainer(data, folder / 'run'), []
        before = {k: value.clone() for k, value in trainer.learner.network.state_dict().items()}
        best = trainer.run(records.append)
    assert best is trainer.progress['best']
    return data, before, trainer, records


@pytest.mark.parametrize('stop', [2, 3, 4])  # within an epoch, and at its end
def test_resumed_run_is_the_unbroken_one_bit_for_bit(whole, tmp_path, stop):
    data, _, trainer, records = whole
    broken = make_trainer(data, tmp_path / 'run')
    stop_before(broken, stop)
    with pytest.raises(KeyboardInterrupt):
        broken.run()
    broken.save()

    resumed, later = make_trainer(data, tmp_path / 'run'), []
    assert resumed.resume() == stop
    assert resumed.run(later.append) == trainer.progress['best']
    first = stop // 3
    assert later == records[first:]
    assert resumed.progress == trainer.progress
    for name in ('state', 'last', 'best'):
        expected = load_file(getattr(trainer.files, name))
        found = load_file(getattr(resumed.files, name))
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected), name
    for name in ('steps', 'history'):
        expected = getattr(trainer.files, name).read_text()
        assert getattr(resumed.files, name).read_text() == expected
    sessions = resumed.files.sessions.read_text().splitlines()
    assert [json.loads(line)['step'] for line in sessions] == [0, stop]


def test_the_dropout_of_a_step_depends_on_seed_and_process_alone(make):
    batch = make().batches(0)

    def first_loss(rank=0, **changes):
        trainer = make(processes=Processes(torch.device('cpu'), rank), **changes)
        torch.manual_seed(len(changes))  # what went before does not matter
        return trainer.learner.step(0, batch)['loss']

    assert first_loss() == first_loss(seed=1)
    assert first_loss() != first_loss(seed=2)
    assert first_loss() != first_loss(rank=1)
    plain = {'options': {'dropout': 0.0}}
    assert first_loss(**plain) == first_loss(rank=1, **plain)


def test_state_is_saved_from_time_to_time(make, monkeypatch):
    monkeypatch.setattr(module, 'SAVE_SECONDS', -1.0)
    trainer = make()
    stop_before(trainer, 2)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert make().resume() == 2


def test_a_run_s_results(whole, tiny_network):
    _, before, trainer, records = whole
    files = trainer.files
    assert [record['epoch'] for record in records] == [1, 2]
    assert [record['step'] for record in records] == [3, STEPS]
    assert all(math.isfinite(value) for record in records for value in record.values())
    best = trainer.progress['best']
    assert best == max(records, key=score)
    assert [json.loads(line) for line in files.history.read_text().splitlines()] == records
    assert make_config(json.loads(files.config.read_text())) == trainer.config
    after = trainer.learner.network.state_dict()
    assert all(not torch.equal(after[k], v) for k, v in before.items() if 'weight' in k)
    assert sorted(p.name for p in files.pictures.iterdir()) == ['epoch_0001.png', 'epoch_0002.png']

    network, facts = load_checkpoint(files.last)
    for key, value in trainer.learner.average.network.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(network.state_dict()[key], expected), key
    assert facts.metrics == {'held_out': records[-1]}
    assert read_facts(files.best).metrics == {'held_out': best}


def test_every_step_is_on_record(whole):
    trainer = whole[2]
    steps = [json.loads(line) for line in trainer.files.steps.read_text().splitlines()]
    assert [record['step'] for record in steps] == list(range(1, STEPS + 1))
    # Held-out figures carry the mean loss of the steps before.
    losses = [record['loss'] for record in steps]
    assert trainer.progress['history'][-1]['loss'] == pytest.approx(sum(losses) / STEPS)
    # One step of warm-up (5 % of 6, at least one), then the cosine over the other five.
    rates = [1.5e-3 * 0.5 * (1 + math.cos(math.pi * (step - 1) / 5)) for step in range(1, STEPS)]
    assert [record['learning_rate'] for record in steps] == pytest.approx([1.5e-3, *rates])
    assert all(record['gradient_norm'] > 0 and record['focal'] > 0 for record in steps)


def test_facts_of_a_run(make):
    trainer = make()
    facts = trainer.facts({})
    assert facts.network == 'tiny' and facts.options == {}
    assert facts.classes == nyu.CLASSES and facts.colors == nyu.COLORS
    # 128 x 96 pixels seen through 64: half the focal length, half the height.
    assert (facts.input_width, facts.input_height) == (64, 48)
    assert facts.focal_length == FOCAL / 2
    assert 1.0 < facts.min_depth < facts.max_depth == 10.0
    assert (facts.mean, facts.std) == ((127.0,) * 3, (64.0,) * 3)
    assert facts.outputs == ('depth', 'semantic')
    assert facts.training['images'] == 6
    assert facts.training['config']['seed'] == 1
    assert facts.training['versions']['torch'] == torch.__version__
    assert facts.training['precision'] == 'float32'


def test_encoder_weights_are_loaded(make, monkeypatch):
    seen = []
    monkeypatch.setattr(
        module, 'load_encoder_weights', lambda encoder, source: seen.append((encoder, source))
    )
    trainer = make(encoder_weights='package:some')
    assert seen == [(trainer.learner.network.encoder, 'package:some')]


def test_a_run_begins_with_the_weights_of_another(make, whole, tmp_path):
    source = whole[2].files.best
    trainer = make(start_weights=str(source))
    expected = load_checkpoint(source)[0].state_dict()
    for part in (trainer.learner.network, trainer.learner.average.network):
        assert all(torch.equal(part.state_dict()[key], expected[key]) for key in expected)


def test_a_run_learns_from_a_teacher(make, whole):
    teacher = {'checkpoint': str(whole[2].files.best), 'depth': 2.0, 'semantic': 3.0}
    plain = {'options': {'dropout': 0.0}}
    alone = learn(make(**plain), 0)
    taught = learn(make(teacher=teacher, **plain), 0)
    assert taught['teacher_depth'] > 0 and taught['teacher_semantic'] > 0
    expected = alone['loss'] + 2 * taught['teacher_depth'] + 3 * taught['teacher_semantic']
    assert taught['loss'] == pytest.approx(expected, rel=1e-5)


def test_without_held_out_images_the_last_weights_are_the_best(make):
    trainer = make(held_out=0, batch_size=4)
    best = trainer.run()
    assert best['epoch'] == 2
    assert 'delta1' not in best
    assert read_facts(trainer.files.best).metrics['held_out']['epoch'] == 2
    assert not trainer.files.pictures.exists()


def test_validation_every_other_epoch_and_at_the_end(make):
    records = []
    make(epochs=3, validate_every=2, batch_size=6).run(records.append)
    assert [record['epoch'] for record in records] == [2, 3]


@pytest.mark.parametrize('branch', ['depth', 'semantic'])
def test_networks_with_one_output_train(make, branch):
    trainer = make(options={'outputs': [branch]}, epochs=1, batch_size=6)
    best = trainer.run()
    assert ('delta1' in best, 'miou' in best) == (branch == 'depth', branch == 'semantic')
    facts = read_facts(trainer.files.best)
    assert facts.outputs == (branch,)
    assert facts.classes == (nyu.CLASSES if branch == 'semantic' else ())


def test_data_without_labels_trains_depth_alone(make, tiny_folder):
    (tiny_folder / 'label13').rename(tiny_folder / 'elsewhere')
    with pytest.raises(ConfigError, match="network 'tiny' predicts labels, but .* no classes"):
        make()
    assert math.isfinite(learn(make(options={'outputs': ['depth']}), 0)['loss'])


def test_loss_that_is_not_finite_ends_the_run(make, started):
    kept = started.files.state.read_bytes()
    started.learner.network.heads['depth'].weight.data[0] = math.nan
    with pytest.raises(TrainingError, match='not finite at step 1.*saved state is still good'):
        started.run()
    assert started.files.state.read_bytes() == kept
    again = make()
    assert again.resume() == 1
    weights = again.learner.network.state_dict().values()
    assert all(torch.isfinite(value).all() for value in weights)


def test_resuming_for_more_epochs_is_allowed(make, started):
    assert make(epochs=5).resume() == 1


def test_resuming_with_another_configuration_is_refused(make, started):
    started.files.write_config(started.config)
    with pytest.raises(TrainingError, match='begun with another seed;'):
        make(seed=2).resume()


def test_full_disk_leaves_the_last_state(make, started, monkeypatch):
    learn(started, 1)

    def fail(*arguments):
        raise OSError(errno.ENOSPC, 'No space left on device')

    folder = started.files.path
    with monkeypatch.context() as patch:
        patch.setattr('os.fsync', fail)
        network = started.learner.network
        for write in (
            started.save,
            lambda: started._save_weights(started.files.best, network, {}),
        ):
            with pytest.raises(TrainingError, match=f'{folder}: No space left.*resume'):
                write()
    assert make().resume() == 1


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'limit': 3}, 'held_out is 2 of 3 images'),
        ({'batch_size': 7}, '6 training images, fewer than batch_size 7'),
        ({'network': 'unet'}, "unknown network 'unet'"),
        ({'options': {'depth': 3}}, 'depth'),
        ({'processes': Processes(torch.device('cpu'), 0, 3)}, 'a multiple of 3'),
    ],
)
def test_runs_that_cannot_begin(make, changes, words):
    with pytest.raises(ConfigError, match=words):
        make(**changes)
