"""The files of a run, whatever happens while they are written."""

import errno
import json
import os

import cv2
from monodepth_ros.errors import TrainingError
from monodepth_ros.training.config import make_config
from monodepth_ros.training.run_folder import RunFolder, StepLog
import numpy as np
import pytest
from training_kit import VALUES


@pytest.fixture
def files(tmp_path):
    files = RunFolder(tmp_path / 'run')
    files.path.mkdir()
    return files


def write_steps(path, steps, start=0):
    log = StepLog(path, start)
    for step in steps:
        log.add({'step': step, 'loss': step / 7})
    log.close()


def test_steps_after_the_saved_one_are_cut_off(tmp_path):
    path = tmp_path / 'steps.jsonl'
    write_steps(path, [1, 2, 3, 4])
    write_steps(path, [3, 4], start=2)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert records == [{'step': step, 'loss': step / 7} for step in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    'torn', ['{"step": 3, "lo', '{"step": 3, "loss": 1.0}', '\x00\x00', '7\n']
)
def test_a_torn_line_is_cut_off(tmp_path, torn):
    path = tmp_path / 'steps.jsonl'
    write_steps(path, [1, 2])
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())
    write_steps(path, [], start=3)
    assert path.read_bytes() == whole


def test_two_processes_cannot_train_in_one_folder(files):
    with files.opened():
        with pytest.raises(TrainingError, match=f'another process trains in {files.path}'):
            with RunFolder(files.path).opened():
                pass
    with RunFolder(files.path).opened():
        pass


def test_leftovers_of_a_killed_process_are_removed(files):
    (files.path / '.state.safetensors.4711.tmp').write_bytes(b'half')
    files.best.write_bytes(b'whole')
    with files.opened():
        assert sorted(p.name for p in files.path.iterdir()) == ['.lock', 'best.safetensors']


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'run').write_text('a file')
    with pytest.raises(TrainingError, match=f'cannot write to {tmp_path / "run"}'):
        with RunFolder(tmp_path / 'run').opened():
            pass


def test_an_error_of_the_file_system_names_folder_and_remedy(files):
    with pytest.raises(TrainingError, match=f'{files.path}: No space left.*make room and resume'):
        with files.writing():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    'changes', [{'batch_size': 3}, {'options': {}}, {'seed': 2}, {'loss': {'focal': 2.0}}]
)
def test_resuming_with_another_configuration_is_refused(files, changes):
    files.write_config(make_config({**VALUES, 'options': {'width': 4}}))
    config = make_config({**VALUES, 'options': {'width': 4}, **changes})
    with pytest.raises(TrainingError, match=f'begun with another {next(iter(changes))};'):
        files.check_same_run(config)


def test_more_epochs_are_the_same_run(files):
    files.check_same_run(make_config(VALUES))  # nothing there to differ from
    files.write_config(make_config(VALUES))
    files.check_same_run(make_config({**VALUES, 'epochs': 9, 'cache': False}))


def test_history_and_sessions(files):
    files.write_history([{'epoch': 1}])
    files.write_history([{'epoch': 1}, {'epoch': 2}])
    assert files.history.read_text() == '{"epoch": 1}\n{"epoch": 2}\n'
    files.add_session({'step': 0})
    files.add_session({'step': 5})
    assert files.sessions.read_text() == '{"step": 0}\n{"step": 5}\n'


def test_pictures_keep_their_colours(files):
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[..., 0] = 200  # red
    files.write_picture(12, picture)
    read = cv2.imread(str(files.pictures / 'epoch_0012.png'))
    np.testing.assert_array_equal(read, picture[..., ::-1])
    files.write_picture(13, None)
    assert [p.name for p in files.pictures.iterdir()] == ['epoch_0012.png']
