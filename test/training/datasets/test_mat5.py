"""MATLAB v5 files: by hand, and as SciPy writes them."""

import struct

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets.mat5 import read_array
import numpy as np
import pytest
import scipy.io


def by_hand(order):
    """Return a file with the 2 x 3 array ab = [1 3 5; 2 4 6] of class double, stored as uint8."""
    mark = b'IM' if order == '<' else b'MI'
    header = b'MATLAB 5.0 MAT-file'.ljust(124) + struct.pack(f'{order}H', 0x0100) + mark
    flags = struct.pack(f'{order}IIII', 6, 8, 6, 0)  # uint32, 8 bytes: class 6 is double
    sizes = struct.pack(f'{order}IIii', 5, 8, 2, 3)  # int32, 8 bytes
    name = struct.pack(f'{order}I', 2 << 16 | 1) + b'ab\0\0'  # int8, 2 bytes in the tag itself
    values = struct.pack(f'{order}II', 2, 6) + bytes([1, 2, 3, 4, 5, 6, 0, 0])
    body = flags + sizes + name + values
    return header + struct.pack(f'{order}II', 14, len(body)) + body


@pytest.mark.parametrize('order', ['<', '>'])
def test_by_hand(tmp_path, order):
    path = tmp_path / 'a.mat'
    path.write_bytes(by_hand(order))
    assert read_array(path, 'ab').tolist() == [[1, 3, 5], [2, 4, 6]]


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize('kind', ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f4', 'f8'])
def test_as_scipy_writes(tmp_path, kind, compressed):
    path = tmp_path / 'a.mat'
    array = np.random.default_rng(0).integers(0, 100, (4, 7)).astype(kind)
    names = np.array([['wall', 'floor']], object)
    others = {'names': names, 'text': 'wall', 'part': {'x': np.ones(3)}, 'truth': array > 50}
    scipy.io.savemat(path, {**others, 'x': array, 'one': 7.0}, do_compression=compressed)
    found = read_array(path, 'x')
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)
    assert read_array(path, 'one').tolist() == [[7]]


def test_missing_array_lists_those_here(tmp_path):
    (tmp_path / 'a.mat').write_bytes(by_hand('<'))
    with pytest.raises(DatasetError, match=r"a.mat: no array 'x'; it has \['ab'\]"):
        read_array(tmp_path / 'a.mat', 'x')


def test_missing_file(tmp_path):
    with pytest.raises(DatasetError, match='a.mat: cannot be read: No such file'):
        read_array(tmp_path / 'a.mat', 'x')


def test_files_of_other_kinds(tmp_path):
    path = tmp_path / 'a.mat'
    newer = b'MATLAB 7.3 MAT-file'.ljust(124) + b'\0\2IM' + bytes(400)
    for data in (b'', b'x' * 50, b'x' * 500, newer):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match=f'{len(data)} bytes that are no MATLAB v5 file'):
            read_array(path, 'ab')


@pytest.mark.parametrize('compressed', [False, True])
def test_no_truncated_file_is_read_wrongly(tmp_path, compressed):
    path = tmp_path / 'a.mat'
    scipy.io.savemat(path, {'x': np.arange(40.0)}, do_compression=compressed)
    data = path.read_bytes()
    for length in (*range(0, 250, 7), *range(len(data) - 9, len(data))):
        path.write_bytes(data[:length])
        with pytest.raises(DatasetError, match='a.mat: '):
            read_array(path, 'x')


def test_unknown_type_of_values(tmp_path):
    data = bytearray(by_hand('<'))
    data[-16] = 77  # the type in the tag of the values
    (tmp_path / 'a.mat').write_bytes(data)
    with pytest.raises(DatasetError, match='a.mat: damaged: values of the unknown type 77'):
        read_array(tmp_path / 'a.mat', 'ab')
