"""Read and write safetensors files: a JSON header and the arrays' bytes, nothing that could run.

The format is that of https://github.com/huggingface/safetensors (format): eight bytes with the
header's length, the header, the data. Written here, in few lines, since ROS distributions carry
no package of the library that a robot could install with rosdep.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

from monodepth_ros.errors import CheckpointError
import numpy as np

DTYPES = {
    'F64': '<f8',
    'F32': '<f4',
    'F16': '<f2',
    'I64': '<i8',
    'I32': '<i4',
    'I16': '<i2',
    'I8': 'i1',
    'U8': 'u1',
    'BOOL': '?',
}
"""The format's type names as NumPy's; bfloat16 has none."""
NAMES = {np.dtype(numpy): name for name, numpy in DTYPES.items()}
METADATA = '__metadata__'
LENGTH_BYTES = 8
LONGEST_HEADER = 2**21
"""Bytes; a training state of some thousand arrays has a quarter. The reference implementation
takes fifty times more, which as Python's objects are twenty times as large again."""
MOST_AXES = 32
"""Of an array, in each version of NumPy."""
LONGEST_REASON = 200
"""Characters; what a reason quotes of a damaged header can be as long as the header."""


def read_metadata(path: str | Path) -> dict[str, str]:
    """Return the texts in a file's header without reading its arrays.

    Raises:
        CheckpointError: missing, truncated or no safetensors file.

    """
    return _read_header(Path(path))[0]


def read_arrays(path: str | Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return all arrays by name, and the texts in the header.

    The arrays are writable and share the memory of the file's one copy.

    Raises:
        CheckpointError: missing, truncated or no safetensors file.

    """
    path = Path(path)
    metadata, entries, start = _read_header(path)
    data = np.fromfile(path, np.uint8, offset=start)
    return {
        name: data[begin:end].view(dtype).reshape(shape)
        for name, (dtype, shape, begin, end) in entries.items()
    }, metadata


def write_arrays(
    path: str | Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]
) -> None:
    """Write arrays and texts atomically: the file is either the old one or whole.

    Raises:
        CheckpointError: an array has a type that the format or NumPy lacks.
        OSError: the file cannot be written.

    """
    header: dict[str, dict] = {METADATA: metadata}
    parts, position = [], 0
    # Widest first, so that each array is aligned to its type, as the format asks for.
    for name, array in sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize):
        if array.dtype not in NAMES:
            raise CheckpointError(f'array {name!r} is {array.dtype}, expected of {list(DTYPES)}')
        parts.append(np.ascontiguousarray(array).tobytes())
        end = position + len(parts[-1])
        kind, shape = NAMES[array.dtype], list(array.shape)
        header[name] = {'dtype': kind, 'shape': shape, 'data_offsets': [position, end]}
        position = end
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % LENGTH_BYTES)
    write_atomically(path, b''.join([len(text).to_bytes(LENGTH_BYTES, 'little'), text, *parts]))


def write_atomically(path: str | Path, data: bytes) -> None:
    """Replace a file by `data` so that a crash at any moment leaves the old or the new one."""
    path = Path(path)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        with open(temporary, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _read_header(path):
    """Return the metadata, (dtype, shape, begin, end) by name, and where the data starts."""
    if not path.is_file():
        raise CheckpointError(f'weights {path} do not exist; give a .safetensors file')
    size = path.stat().st_size
    try:
        with open(path, 'rb') as file:
            length = int.from_bytes(file.read(LENGTH_BYTES), 'little')
            if not 2 <= length <= min(size - LENGTH_BYTES, LONGEST_HEADER):
                raise ValueError(f'a header of {length} bytes')
            header = json.loads(file.read(length).decode())
        metadata = header.pop(METADATA, {})
        start = LENGTH_BYTES + length
        return metadata, _checked_entries(header, metadata, size - start), start
    # json nests, and recurses, as deep as the header says.
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(
            f'weights {path} ({size} bytes) are truncated or no safetensors file: '
            f'{type(error).__name__}: {str(error)[:LONGEST_REASON]}; fetch them again'
        ) from None


def _checked_entries(header, metadata, data_bytes):
    """Return the arrays' places, which have to cover the data without gap or overlap."""
    if not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError('metadata that is not text')
    entries = {}
    for name, entry in header.items():
        dtype, shape = np.dtype(DTYPES[entry['dtype']]), tuple(entry['shape'])
        begin, end = entry['data_offsets']
        if not all(type(n) is int and n >= 0 for n in (*shape, begin, end)):
            raise ValueError(f'array {name!r} at {begin}..{end} with shape {shape}')
        # NumPy cannot hold others, even where they are empty.
        if len(shape) > MOST_AXES or math.prod(max(n, 1) for n in shape) >= 2**60:
            raise ValueError(f'array {name!r} of shape {shape}')
        if end - begin != math.prod(shape) * dtype.itemsize:
            raise ValueError(f'array {name!r} of shape {shape} in {end - begin} bytes')
        entries[name] = (dtype, shape, begin, end)
    position = 0
    for _, _, begin, end in sorted(entries.values(), key=lambda entry: entry[2:]):
        if begin != position:
            raise ValueError(f'data at {begin}, expected at {position}')
        position = end
    if position != data_bytes:
        raise ValueError(f'{data_bytes} bytes of data, expected {position}')
    return entries
