"""Small files that stand for more than there is: refused before the memory is taken."""

import json
import tracemalloc
import zlib

from doubles import make_facts
from monodepth_ros.engines.cache import Artefact, digest, MAGIC
from monodepth_ros.errors import CheckpointError, DatasetError, TrainingError
from monodepth_ros.networks.checkpoint import (
    FACTS_KEY,
    load_checkpoint,
    read_facts,
    save_checkpoint,
)
from monodepth_ros.networks.registry import create_network, NETWORKS
from monodepth_ros.networks.safetensors_file import LONGEST_HEADER, read_arrays, write_arrays
from monodepth_ros.training.config import make_config
from monodepth_ros.training.datasets.mat5 import HEADER, MOST_UNPACKED, read_array
from monodepth_ros.training.run_folder import RunFolder
from monodepth_ros.yaml_file import LONGEST, read_yaml
import numpy as np
import pytest
import torch
from training_kit import register_tiny_network, VALUES


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'x'


@pytest.fixture
def facts(monkeypatch):
    register_tiny_network(lambda mapping, *item: monkeypatch.setitem(mapping, *item))
    return make_facts(network='tiny', options={'width': 6})


def peak_of(function, *arguments):
    tracemalloc.start()
    try:
        function(*arguments)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def mat(body):
    return b'MATLAB 5.0'.ljust(HEADER - 4) + b'\0\1IM' + body


def packed(body):
    data = zlib.compress(body)
    return (15).to_bytes(4, 'little') + len(data).to_bytes(4, 'little') + data


def refuse_mat(path):
    with pytest.raises(DatasetError, match='damaged|no array'):
        read_array(path, 'a')


def test_unpacking_of_a_matlab_file_ends(path):
    path.write_bytes(mat(packed(bytes(100 * 2**20))))
    assert peak_of(refuse_mat, path) < 3 * MOST_UNPACKED


def test_what_is_packed_over_and_over_is_no_array(path):
    body = packed(b'x' * 8)
    for _ in range(2000):
        body = packed(body)
    path.write_bytes(mat(body))
    refuse_mat(path)


def test_a_header_needs_bounded_memory(path):
    text = (b'{"a":[' + b'{},' * 10**6)[: LONGEST_HEADER - 4] + b'{}]}'
    text = text[: text.rindex(b',')] + b']}'
    path.write_bytes(len(text).to_bytes(8, 'little') + text)

    def refuse():
        with pytest.raises(CheckpointError, match='truncated or no safetensors'):
            read_arrays(path)

    assert peak_of(refuse) < 64 * 2**20


@pytest.mark.parametrize('shape', [[0] * 70, [0, 2**62, 2**62], [0, 2**63]])
def test_an_empty_array_that_no_library_can_hold(path, shape):
    header = {'a': {'dtype': 'F32', 'shape': shape, 'data_offsets': [0, 0]}}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, 'little') + text)
    with pytest.raises(CheckpointError, match='of shape'):
        read_arrays(path)


def test_options_of_a_huge_network_take_no_memory(path, facts, monkeypatch):
    network = create_network('tiny', classes=4, width=6)
    save_checkpoint(path, network, facts)
    arrays, metadata = read_arrays(path)
    built = []
    make = NETWORKS['tiny']
    huge = json.loads(metadata[FACTS_KEY])
    huge['options'] = {'width': 10**9}
    write_arrays(path, arrays, {FACTS_KEY: json.dumps(huge)})

    def record(**options):
        network = make(**options)
        built.append({value.device.type for value in network.parameters()})
        return network

    monkeypatch.setitem(NETWORKS, 'tiny', record)
    with pytest.raises(CheckpointError, match='numbers, the file'):
        load_checkpoint(path)
    assert built == [{'meta'}]


def test_weights_that_are_not_finite(path, facts):
    network = create_network('tiny', classes=4, width=6)
    save_checkpoint(path, network, facts)
    arrays, metadata = read_arrays(path)
    name = next(name for name, array in arrays.items() if array.dtype.kind == 'f')
    arrays[name].flat[0] = np.inf
    write_arrays(path, arrays, metadata)
    with pytest.raises(CheckpointError, match='not finite'):
        load_checkpoint(path)


@pytest.mark.parametrize(
    'text',
    [
        '[' * 100_000,
        '1' * 5000,
        json.dumps({**make_facts().to_dict(), 'input_width': float('inf')}),
        json.dumps({**make_facts().to_dict(), 'focal_length': 10**400}),
        json.dumps({**make_facts().to_dict(), 'mean': [float('nan')] * 3}),
        json.dumps({**make_facts().to_dict(), 'std': [float('inf')] * 3}),
    ],
    ids=['deep', 'long', 'infinite', 'huge', 'nan', 'inf'],
)
def test_facts_that_are_nonsense(path, text):
    write_arrays(path, {}, {FACTS_KEY: text})
    with pytest.raises(CheckpointError) as caught:
        read_facts(path)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize('header', ['{"sha256": "DIGEST"}', '[' * 100_000, '{}', '3'])
def test_a_cache_file_without_its_key_is_built_anew(path, header):
    artefact = Artefact('x', {}, {'a': 1})
    artefact.path = path
    text = header.replace('DIGEST', digest(b'data')).encode()
    path.write_bytes(MAGIC + text + b'\ndata')
    assert artefact.load() is None


def test_an_engine_needs_its_size_twice(path):
    payload = bytes(8 * 2**20)
    artefact = Artefact('x', {}, {'a': 1})
    artefact.path = path
    assert artefact.store(payload)
    assert peak_of(artefact.load) < 2.1 * len(payload)
    assert artefact.load() == payload


@pytest.mark.parametrize('data', [b'', b'{', b'[]', b'\xff', b'[' * 100_000])
def test_a_damaged_run_configuration_is_told(tmp_path, data):
    run = RunFolder(tmp_path)
    run.config.write_bytes(data)
    with pytest.raises(TrainingError, match='cannot be read.*another'):
        run.check_same_run(make_config(VALUES))


@pytest.mark.parametrize('key, value', [('step', -1), ('step', 1.5), ('losses', ['a'])])
def test_a_progress_that_no_run_has(key, value):
    from monodepth_ros.training.state import _check_progress

    progress = {'step': 3, 'best': None, 'losses': [1.0], 'history': [{}]}
    _check_progress(progress)
    with pytest.raises(ValueError, match='the progress is'):
        _check_progress({**progress, key: value})


def test_half_precision_is_loaded_into_single(path, facts):
    network = create_network('tiny', classes=4, width=6)
    save_checkpoint(path, network, facts)
    loaded = load_checkpoint(path)[0]
    assert {v.dtype for v in loaded.parameters()} == {torch.float32}


def test_the_largest_yaml_needs_bounded_memory(path):
    path.write_text('[' + '1,' * (LONGEST // 2 - 2) + ']')
    assert peak_of(read_yaml, path) < 14 * 2**20
