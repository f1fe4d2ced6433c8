"""Compiled artefacts on disk: written atomically, rebuilt when they are stale or damaged."""

from __future__ import annotations

from functools import lru_cache
import hashlib
import json
import logging
import os
from pathlib import Path
from typing import Callable, Optional

from monodepth_ros.networks.safetensors_file import write_atomically

MAGIC = b'monodepth_ros artefact 1\n'
PART = 2**22
"""Bytes that are read at a time."""
LOG = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the user's cache folder of this package (XDG base directory specification)."""
    base = Path(os.environ.get('XDG_CACHE_HOME', ''))
    # The specification has relative paths ignored.
    return (base if base.is_absolute() else Path.home() / '.cache') / 'monodepth_ros'


def digest(data: bytes | memoryview) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, computed once for each state of the file."""
    status = os.stat(path)
    return _file_digest(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _file_digest(path: str, _modified: int, _size: int) -> str:
    found = hashlib.sha256()
    with open(path, 'rb') as file:
        while part := file.read(PART):  # some files are as large as memory
            found.update(part)
    return found.hexdigest()


class Artefact:
    """One file of the cache.

    The file's name is made from what the artefact is for, so that what replaces it, after an
    update of a library, say, takes its place on the disk. What it was built from is written
    inside and compared when it is read, and so is a checksum.

    Args:
        kind: what it is, such as 'onnx'; begins the file's name.
        slot: what it is for; plain JSON values.
        key: what it was built from; plain JSON values.

    """

    def __init__(self, kind: str, slot: dict, key: dict):
        # One round through JSON makes tuples lists, as they are when read.
        self._key = json.loads(json.dumps(key))
        name = digest(json.dumps(slot, sort_keys=True).encode())[:16]
        self.path = cache_folder() / f'{kind}-{name}.bin'

    def load(self) -> Optional[bytes]:
        """Return the content, or None where the file is absent, stale or damaged."""
        try:
            data = self.path.read_bytes()
        except OSError:
            return None
        start = data.find(b'\n', len(MAGIC)) + 1
        try:
            header = json.loads(data[:start].removeprefix(MAGIC))
            key = header['key']
            # A view: an engine may be as large as memory has room for twice, with the copy below.
            whole = header['sha256'] == digest(memoryview(data)[start:])
        # json nests, and recurses, as deep as the text says.
        except (ValueError, LookupError, TypeError, RecursionError):
            whole = False
        if not whole or not data.startswith(MAGIC):
            LOG.warning('%s is damaged and is built anew', self.path)
            return None
        if key != self._key:
            LOG.info('%s is out of date and is built anew', self.path)
            return None
        return data[start:]

    def store(self, payload: bytes) -> bool:
        """Write the content and return whether that went well; the cache is a convenience."""
        header = json.dumps({'key': self._key, 'sha256': digest(payload)}).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.path, b''.join((MAGIC, header, b'\n', payload)))
        except OSError as error:
            LOG.warning('cannot write %s (%s); it is built at each start', self.path, error)
            return False
        return True

    def load_or_build(self, build: Callable[[], bytes], update: bool = False) -> bytes:
        """Return the content, built and stored first where there is none or `update` asks so."""
        payload = None if update else self.load()
        if payload is None:
            payload = build()
            self.store(payload)
        return payload
