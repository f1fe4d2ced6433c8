"""The own reader and writer against the format's library, and against damaged files."""

import json

from monodepth_ros.errors import CheckpointError
from monodepth_ros.networks.safetensors_file import read_arrays, read_metadata, write_arrays
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

TYPES = ['f8', 'f4', 'f2', 'i8', 'i4', 'i2', 'i1', 'u1', '?']
METADATA = {'facts': '{"name": "é"}', 'empty': ''}


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    made = {f'a.{t}': (rng.normal(size=(3, 5)) * 50).astype(t) for t in TYPES}
    made['scalar'] = np.array(7, np.int64)
    made['none'] = np.zeros((2, 0), np.float32)
    return made


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape, name
        np.testing.assert_array_equal(found[name], array)


def test_the_library_reads_what_we_write(tmp_path, arrays):
    path = tmp_path / 'x.safetensors'
    write_arrays(path, arrays, METADATA)
    assert_same(load_file(path), arrays)
    with safe_open(path, framework='numpy') as file:
        assert file.metadata() == METADATA


def test_we_read_what_the_library_writes(tmp_path, arrays):
    path = tmp_path / 'x.safetensors'
    save_file(arrays, path, metadata=METADATA)
    found, metadata = read_arrays(path)
    assert_same(found, arrays)
    assert metadata == read_metadata(path) == METADATA
    assert all(array.flags.writeable for array in found.values())


def test_other_memory_layouts_are_written_in_row_order(tmp_path):
    path = tmp_path / 'x.safetensors'
    array = np.arange(12, dtype=np.float32).reshape(3, 4).T
    write_arrays(path, {'a': array}, {})
    np.testing.assert_array_equal(read_arrays(path)[0]['a'], array)


def test_a_type_that_the_format_lacks_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="'bad' is complex128"):
        write_arrays(tmp_path / 'x', {'bad': np.zeros(1, complex)}, {})
    assert list(tmp_path.iterdir()) == []


def file_of(header, data=b''):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, 'little') + text + data


def entry(**changes):
    return {'a': {'dtype': 'F32', 'shape': [2], 'data_offsets': [0, 8], **changes}}


BAD = {
    'empty': b'',
    'short length': b'\x10\0\0',
    'length beyond the file': (1 << 40).to_bytes(8, 'little') + b'{}',
    'negative as signed': b'\xff' * 8 + b'{}',
    'no JSON': file_of(b'{"a": '),
    'no text': file_of(b'\xff\xfe'),
    'a list': file_of([]),
    'deep': file_of(b'[' * 100_000 + b']' * 100_000),
    'unknown type': file_of(entry(dtype='F3'), bytes(8)),
    'no shape': file_of({'a': {'dtype': 'F32', 'data_offsets': [0, 8]}}, bytes(8)),
    'negative shape': file_of(entry(shape=[-2, -1]), bytes(8)),
    'fraction': file_of(entry(shape=[2.0]), bytes(8)),
    'truth as number': file_of(entry(shape=[True, 2]), bytes(8)),
    'size and place differ': file_of(entry(shape=[3]), bytes(8)),
    'huge shape': file_of(entry(shape=[1 << 62, 1 << 62]), bytes(8)),
    'beyond the end': file_of(entry(), bytes(7)),
    'bytes left over': file_of(entry(), bytes(9)),
    'gap': file_of(entry(data_offsets=[1, 9]), bytes(9)),
    'overlap': file_of({**entry(), 'b': entry()['a']}, bytes(8)),
    'metadata of numbers': file_of({'__metadata__': {'x': 1}, **entry()}, bytes(8)),
    'metadata list': file_of({'__metadata__': [], **entry()}, bytes(8)),
    'a pickle': b'\x80\x04K\x01.' + bytes(64),
}


@pytest.mark.parametrize('read', [read_arrays, read_metadata])
@pytest.mark.parametrize('kind', BAD)
def test_damage_is_an_error_that_names_the_file(tmp_path, kind, read):
    path = tmp_path / 'x.safetensors'
    path.write_bytes(BAD[kind])
    with pytest.raises(CheckpointError, match='x.safetensors .* fetch them again'):
        read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match='nowhere.safetensors do not exist'):
        read_arrays(tmp_path / 'nowhere.safetensors')
