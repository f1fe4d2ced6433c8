"""A copy of a data set with completed labels: made once, of links, and only of good input."""

from pathlib import Path
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from tiny_folder import write_tiny_folder
from tiny_model import write_tiny_model

ROOT = Path(__file__).parents[2]
OBJECTS = 6


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.safetensors')


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def run(*arguments):
    script = [sys.executable, ROOT / 'scripts' / 'complete_labels']
    return subprocess.run([*script, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture
def data(tmp_path):
    """Return a data set with labels of all classes, and things without one."""
    root = write_tiny_folder(tmp_path / 'data')
    for index in range(8):
        path = root / 'label13' / f'{index:04}.png'
        label = read(path)
        label[10:20, :104] = np.arange(13).repeat(8)
        label[40:80, 30:90] = 255
        cv2.imwrite(str(path), label)
    return root


def test_a_copy_is_written_beside_the_data(data, model, tmp_path):
    before = {path: path.read_bytes() for path in data.rglob('*.png')}
    out = tmp_path / 'runs' / 'copy'
    names = ['--dataset', 'folder', '--model', model, '--class', 'objects']
    done = run('--root', data, '--out', out, *names)
    assert done.returncode == 0, done.stderr
    assert 'objects' in done.stdout and 'of all pixels are new objects' in done.stdout
    assert {path: path.read_bytes() for path in data.rglob('*.png')} == before
    assert (out / 'rgb').is_symlink() and (out / 'rgb' / '0000.png').is_file()
    assert (out / 'train.txt').read_text() == (data / 'train.txt').read_text()
    for index in range(8):
        was = read(data / 'label13' / f'{index:04}.png')
        now = read(out / 'label13' / f'{index:04}.png')
        np.testing.assert_array_equal(now[was != 255], was[was != 255])
        assert set(np.unique(now[was == 255])) <= {OBJECTS, 255}
    again = run('--root', data, '--out', out, *names)
    assert again.returncode == 1 and again.stderr.startswith(f'error: --out {out} exists; name')


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (['--class', 'cat'], "no class 'cat', expected one of bed, "),
        (['--model', 'nothing'], '.*nothing.*dual_efficientnet_lite0'),
        (['--split', 'nothing'], "split 'nothing': .*splits here"),
        (['--dataset', 'csv'], 'nyu2_train'),
    ],
)
def test_bad_input_is_one_line(data, model, tmp_path, change, words):
    names = ['--dataset', 'folder', '--model', model, '--class', 'objects']
    done = run('--root', data, '--out', tmp_path / 'copy', *names, *change)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert re.match(f'error: .*{words}', done.stderr)
    assert not (tmp_path / 'copy').exists()
