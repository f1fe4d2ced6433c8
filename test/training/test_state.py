"""States that cannot be resumed."""

from monodepth_ros.errors import TrainingError
import pytest
from training_kit import make_trainer

pytestmark = pytest.mark.usefixtures('tiny_network')


@pytest.fixture
def make(tiny_folder, tmp_path):
    return lambda **options: make_trainer(tiny_folder, tmp_path / 'run', **options)


@pytest.fixture
def state(make):
    """Return the path of a state with no step done."""
    trainer = make()
    trainer.files.path.mkdir()
    trainer.save()
    return trainer.files.state


def test_nothing_to_resume(make):
    with pytest.raises(TrainingError, match='nothing to resume: .*state.safetensors'):
        make().resume()


def test_damaged_state_is_refused(make, state):
    data = state.read_bytes()
    for length in (len(data) - 1, len(data) // 2, 0):
        state.write_bytes(data[:length])
        with pytest.raises(TrainingError, match=f'{state} cannot be resumed'):
            make().resume()


def test_state_of_another_network_is_refused(make, state):
    with pytest.raises(TrainingError, match=f'{state} cannot be resumed.*another --out'):
        make(options={'width': 7}).resume()


def test_weights_are_no_state(make, state):
    trainer = make()
    trainer._save_weights(trainer.files.best, trainer.learner.network, {})
    state.write_bytes(trainer.files.best.read_bytes())
    with pytest.raises(TrainingError, match=f'{state} cannot be resumed'):
        trainer.resume()
