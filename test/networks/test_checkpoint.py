"""Checkpoints: what goes in comes out, and nothing else is taken."""

import errno
import json
import os
from pathlib import Path
import subprocess
import sys

from doubles import make_facts
from monodepth_ros.errors import CheckpointError
from monodepth_ros.networks.checkpoint import (
    FACTS_KEY,
    load_checkpoint,
    read_facts,
    save_checkpoint,
)
from monodepth_ros.networks.registry import create_network
from monodepth_ros.networks.safetensors_file import read_arrays, write_atomically
import numpy as np
import pytest
from safetensors.torch import save_file
import torch

ROOT = Path(__file__).parents[2]
FACTS = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})


@pytest.fixture(scope='module')
def network():
    torch.manual_seed(0)
    return create_network(FACTS.network, classes=len(FACTS.classes), **FACTS.options)


@pytest.fixture
def saved(tmp_path, network):
    path = tmp_path / 'light.safetensors'
    save_checkpoint(path, network, FACTS)
    return path


def refused(path):
    """Return the message, of one line, with which the loader refuses a file."""
    with pytest.raises(CheckpointError) as info:
        load_checkpoint(path)
    message = str(info.value)
    assert str(path) in message
    assert '\n' not in message and len(message) < 1000
    return message


def test_round_trip_in_half_precision(saved, network):
    loaded, facts = load_checkpoint(saved)
    assert facts == FACTS
    assert not loaded.training
    state = loaded.state_dict()
    assert state.keys() == network.state_dict().keys()
    for key, value in network.state_dict().items():
        expected = value.half().float() if value.is_floating_point() else value
        assert torch.equal(state[key], expected), key
        assert state[key].dtype == value.dtype, key


def test_round_trip_in_full_precision(tmp_path, network):
    path = tmp_path / 'full.safetensors'
    save_checkpoint(path, network, FACTS, half=False)
    state = load_checkpoint(path)[0].state_dict()
    assert all(torch.equal(state[key], value) for key, value in network.state_dict().items())


def test_facts_alone(saved):
    assert read_facts(saved) == FACTS


def test_facts_need_no_torch(saved):
    program = (
        'import sys; sys.modules["torch"] = None\n'
        'from monodepth_ros.networks.checkpoint import read_facts\n'
        'print(read_facts(sys.argv[1]).network)'
    )
    result = subprocess.run(
        [sys.executable, '-c', program, str(saved)], cwd=ROOT, capture_output=True, text=True
    )
    assert result.stdout.strip() == FACTS.network, result.stderr


@pytest.mark.parametrize('reader', [read_facts, load_checkpoint])
def test_missing_file(tmp_path, reader):
    path = tmp_path / 'none.safetensors'
    with pytest.raises(CheckpointError, match=f'{path} do not exist; give a .safetensors file'):
        reader(path)
    with pytest.raises(CheckpointError, match='do not exist'):
        reader(tmp_path)


@pytest.mark.parametrize('length', [0, 1, 8, 100, 0.5, -1])
@pytest.mark.parametrize('reader', [read_facts, load_checkpoint])
def test_truncated_file(saved, reader, length):
    data = saved.read_bytes()
    end = int(length * len(data)) if isinstance(length, float) else length
    saved.write_bytes(data[:end])
    with pytest.raises(CheckpointError, match=rf'{saved} \(\d+ bytes\) are truncated .*again'):
        reader(saved)


class Bomb:
    """Leave a trace when a pickle of this is read."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


def test_pickle_is_never_read(tmp_path):
    path, trace = tmp_path / 'model.safetensors', tmp_path / 'trace'
    torch.save({'weight': Bomb(trace)}, path)
    with pytest.raises(CheckpointError, match='no safetensors file'):
        read_facts(path)
    assert 'no safetensors file' in refused(path)
    assert not trace.exists()


def test_foreign_safetensors(tmp_path):
    path = tmp_path / 'foreign.safetensors'
    save_file({'weight': torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match='carry no .*`monodepth train` wrote'):
        read_facts(path)
    assert '`monodepth train` wrote' in refused(path)


def write(path, network, facts):
    """Write weights with facts as they are given, which need not fit."""
    text = facts if isinstance(facts, str) else json.dumps(facts)
    save_file(network.state_dict(), path, {FACTS_KEY: text})
    return path


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'classes': ['a', 'b'], 'colors': [[0, 0, 0]] * 2}, 'size mismatch'),
        ({'options': {}}, 'size mismatch'),
        ({'options': {'widths': [8, 8, 8, 8], 'encoder_skips': False}}, 'Unexpected key'),
        ({'network': 'depth_resnet50', 'options': {}}, 'numbers, the file'),
        ({'options': {'up_skips': False, 'widths': [8, 8, 8, 8]}}, 'Unexpected key'),
        ({'network': 'unet'}, "unknown network 'unet'; known: "),
        ({'options': {'classes': 4}}, 'classes'),
        ({'options': {'name': 'x'}}, 'name'),
        ({'options': {'width': 4}}, 'width'),
        ({'color': 1}, "unknown model facts ['color']"),
        ({'max_depth': -1.0}, 'max_depth'),
    ],
)
def test_facts_that_do_not_fit(tmp_path, network, changes, words):
    path = write(tmp_path / 'x.safetensors', network, {**FACTS.to_dict(), **changes})
    message = refused(path)
    assert words in message
    assert 'use ' in message


@pytest.mark.parametrize('text', ['{', '[]', '"x"'])
def test_damaged_facts(tmp_path, network, text):
    assert 'use ' in refused(write(tmp_path / 'x.safetensors', network, text))


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_not_finite_are_not_written(tmp_path, value):
    network = create_network(FACTS.network, classes=4, **FACTS.options)
    with torch.no_grad():
        network.encoder._conv_stem.weight[0] = value
    path = tmp_path / 'x.safetensors'
    with pytest.raises(CheckpointError, match='encoder._conv_stem.weight'):
        save_checkpoint(path, network, FACTS)
    assert list(tmp_path.iterdir()) == []


def test_only_weights_beyond_float16_stay_float32(tmp_path):
    network = create_network(FACTS.network, classes=4, **FACTS.options)
    with torch.no_grad():
        network.encoder._bn0.running_var[1] = 94114.0
    path = tmp_path / 'x.safetensors'
    save_checkpoint(path, network, FACTS)
    assert load_checkpoint(path)[0].encoder._bn0.running_var[1] == 94114.0
    stored = read_arrays(path)[0]
    wide = {key for key, value in stored.items() if value.dtype == np.float32}
    assert wide == {'encoder._bn0.running_var'}


@pytest.mark.parametrize('call', ['fsync', 'replace'])
def test_failed_write_leaves_the_old_file(tmp_path, monkeypatch, call):
    path = tmp_path / 'state'
    write_atomically(path, b'old')

    def fail(*arguments):
        raise OSError(errno.ENOSPC, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match='No space'):
            write_atomically(path, b'new')
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]
    write_atomically(path, b'new')
    assert path.read_bytes() == b'new'
