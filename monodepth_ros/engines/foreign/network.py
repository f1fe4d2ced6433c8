"""A network of others as the engines get it."""

from __future__ import annotations

from functools import lru_cache
import hashlib
import os
from pathlib import Path
from typing import Optional, TYPE_CHECKING

from monodepth_ros.engines.foreign import onnx_file
from monodepth_ros.engines.foreign.adapter import adapt
from monodepth_ros.engines.foreign.check import complete
from monodepth_ros.engines.foreign.facts import ForeignFacts, make_facts
from monodepth_ros.engines.foreign.manifest import Manifest, manifest_path, read_manifest
from monodepth_ros.engines.foreign.signature import Signature
from monodepth_ros.errors import ConfigError

if TYPE_CHECKING:
    import onnx


def read_facts(path: str | Path) -> ForeignFacts:
    """Return the facts of an ONNX file with its manifest.

    Raises:
        ConfigError: one of the two cannot be used, or they contradict each other.

    """
    found, _ = _described(path)
    return make_facts(complete(read_manifest(manifest_path(path)), found), found)


def adapted(
    path: str | Path, examined: bool = False
) -> tuple[bytes, Optional[Path], tuple[str, ...]]:
    """Return the graph for our engines, and folder and names of files that its weights are in.

    Args:
        path: the ONNX file.
        examined: as `adapter.adapt`.

    Raises:
        ConfigError: as `read_facts`.

    """
    model, found, manifest = read_network(path)
    adapt(model, found, manifest, examined)
    files = onnx_file.external_files(model)
    folder = Path(path).resolve().parent if files else None
    return model.SerializeToString(), folder, files


def read_network(path: str | Path) -> tuple[onnx.ModelProto, Signature, Manifest]:
    """Return graph, signature and completed manifest; raise the errors of `read_facts`."""
    path = Path(path)
    model = onnx_file.load(path)
    found = onnx_file.signature(model)
    return model, found, complete(read_manifest(manifest_path(path)), found)


def sources(path: str | Path) -> list[Path]:
    """Return the files that a network is made of: graph, manifest, weights."""
    path = Path(path)
    return [path, manifest_path(path), *(path.parent / name for name in _described(path)[1])]


def _described(path) -> tuple[Signature, tuple[str, ...]]:
    """Return signature and external files, read once for each state of the file."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise ConfigError(f'model {path} cannot be read: {error.strerror}') from None
    return _described_once(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _described_once(path, _modified, _size):
    model = onnx_file.load(Path(path))
    return onnx_file.signature(model), onnx_file.external_files(model)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Return the digest of the code that makes a graph of them."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob('*.py')):
        found.update(file.read_bytes())
    return found.hexdigest()
