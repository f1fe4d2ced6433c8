"""A copy of a data set with completed labels: made once, of links, and only of good input."""

from pathlib import Path
import re
import subprocess
import sys

import cv2
from monodepth_ros.errors import MonodepthError
from monodepth_ros.networks.checkpoint import load_checkpoint, save_checkpoint
import numpy as np
import pytest
from script_kit import load_script
from tiny_folder import write_tiny_folder
from tiny_model import write_tiny_model
import torch

ROOT = Path(__file__).parents[2]
OBJECTS = 6


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Return a network that takes everything for objects, more or less."""
    path = write_tiny_model(tmp_path_factory.mktemp('model') / 'tiny.safetensors')
    network, facts = load_checkpoint(path)
    with torch.no_grad():
        network.branch['semantic'].sum.convolutions[-1].bias[OBJECTS] += 20.0
    save_checkpoint(path, network, facts)
    return path


def read(path):
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def run(*arguments):
    script = [sys.executable, ROOT / 'scripts' / 'complete_labels']
    return subprocess.run([*script, *map(str, arguments)], capture_output=True, text=True)


def refusal(monkeypatch, *arguments):
    """Return the one line of what is refused, without the seconds that a process takes."""
    script = load_script('complete_labels')
    monkeypatch.setattr(sys, 'argv', ['complete_labels', *map(str, arguments)])
    with pytest.raises(MonodepthError) as caught:
        script.complete(script.parse())
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def data(tmp_path):
    """Return a data set with labels of all classes, and things without one."""
    root = write_tiny_folder(tmp_path / 'data')
    for index in range(8):
        path = root / 'label13' / f'{index:04}.png'
        label = read(path)
        label[:4] = 0
        label[10:20, :104] = np.arange(13).repeat(8)
        label[40:80, 30:90] = 255
        cv2.imwrite(str(path), label)
    return root


def test_a_copy_is_written_beside_the_data(data, model, tmp_path, monkeypatch):
    before = {path: path.read_bytes() for path in data.rglob('*.png')}
    out = tmp_path / 'runs' / 'copy'
    unfinished = tmp_path / 'runs' / 'copy.unfinished'
    (unfinished / 'label13').mkdir(parents=True)  # of a try that was killed
    names = ['--dataset', 'folder', '--model', model, '--class', 'objects']
    done = run('--root', data, '--out', out, *names)
    assert done.returncode == 0, done.stderr
    share = re.search(r': (\S+)% of all pixels are new objects', done.stdout)
    assert float(share[1]) == pytest.approx(100 * 40 * 60 / (96 * 128), abs=0.1)
    assert not unfinished.exists()
    assert {path: path.read_bytes() for path in data.rglob('*.png')} == before
    assert (out / 'rgb').is_symlink() and (out / 'rgb' / '0000.png').is_file()
    assert (out / 'train.txt').read_text() == (data / 'train.txt').read_text()
    for index in range(8):
        expected = read(data / 'label13' / f'{index:04}.png')
        found = read(out / 'label13' / f'{index:04}.png')
        inside = np.zeros(expected.shape, bool)
        inside[40:80, 30:90] = True
        np.testing.assert_array_equal(found[~inside], expected[~inside])
        # A disc reaches everything but the corners.
        assert (found[inside] == OBJECTS).sum() >= inside.sum() - 4
    again = run('--root', data, '--out', out, *names)
    assert again.returncode == 1 and len(again.stderr.splitlines()) == 1
    assert again.stderr.startswith(f'error: --out {out} exists; name')
    inside = refusal(monkeypatch, '--root', data, '--out', data / 'copy', *names)
    assert 'is in the data set; name a folder' in inside
    (tmp_path / 'file').touch()
    nowhere = refusal(monkeypatch, '--root', data, '--out', tmp_path / 'file' / 'copy', *names)
    assert nowhere.endswith(': Not a directory')


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (['--class', 'cat'], "no class 'cat', expected one of bed, "),
        (['--model', 'nothing'], '.*nothing.*dual_efficientnet_lite0'),
        (['--split', 'nothing'], "split 'nothing': .*splits here"),
        (['--dataset', 'csv'], 'nyu2_train'),
    ],
)
def test_bad_input_is_one_line(data, model, tmp_path, monkeypatch, change, words):
    names = ['--dataset', 'folder', '--model', model, '--class', 'objects']
    out = tmp_path / 'copy'
    said = refusal(monkeypatch, '--root', data, '--out', out, *names, *change)
    assert re.match(f'.*{words}', said)
    assert not out.exists()
