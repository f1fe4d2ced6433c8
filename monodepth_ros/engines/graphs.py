"""The graph that engines run, wherever it comes from: a checkpoint, or a network of others."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import tempfile
from typing import Iterator, Optional

from monodepth_ros.engines import export
from monodepth_ros.engines.cache import file_digest
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks import checkpoint

SUFFIX = '.onnx'
FEW_BYTES = 2**28
"""
Up to this size files are told apart by content, beyond by size and date; and what is made of
networks of others is kept up to it.
"""


@dataclass(frozen=True)
class Graph:
    """An ONNX file's content; where it has weights in `files`, the folder that they are in."""

    content: bytes
    folder: Optional[Path] = None
    files: tuple[str, ...] = ()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Give the path of the graph as a file, which is beside its weights and soon goes again.

        OpenVINO reads no weights from outside the folder of the graph, links included.

        Raises:
            EngineError: the folder cannot be written.

        """
        try:
            handle, name = tempfile.mkstemp(SUFFIX, '.monodepth_', self.folder)
        except OSError as error:
            raise EngineError(
                f'weights in a file of their own need {self.folder} to be writable for OpenVINO '
                f"({error.strerror}); make it so, or set engine to 'onnxruntime'"
            ) from None
        try:
            with open(handle, 'wb') as file:
                file.write(self.content)
            yield Path(name)
        finally:
            os.unlink(name)


def is_foreign(path: str | Path) -> bool:
    """Return whether a model is a network of others: an ONNX file with a manifest."""
    return str(path).endswith(SUFFIX)


def read_facts(path: str | Path) -> ModelFacts:
    """Return the facts of a model without loading it into an engine.

    Raises:
        CheckpointError: missing, damaged or foreign checkpoint.
        ConfigError: an ONNX file or a manifest that cannot be used.
        EngineError: the package onnx is missing.

    """
    if not is_foreign(path):
        return checkpoint.read_facts(path)
    from monodepth_ros.engines.foreign.network import read_facts as read_foreign_facts

    return read_foreign_facts(path)


def load_graph(path: str | Path, half: bool = False, update: bool = False) -> Graph:
    """Return the graph of a model; raise the errors of `read_facts`.

    Args:
        path: checkpoint or ONNX file.
        half: compute in float16 inside; of checkpoints alone.
        update: build anew what the cache has.

    """
    if not is_foreign(path):
        return Graph(export.export_onnx(path, half, update))
    from monodepth_ros.engines.foreign.network import adapted

    return Graph(*adapted(path))


def graph_key(path: str | Path) -> dict:
    """Return what the graph of a model depends on, for a cache."""
    if not is_foreign(path):
        return export.graph_key(path)
    from monodepth_ros.engines.foreign.network import code_digest, sources

    files = {str(file): _state(file) for file in sources(path)}
    return {'files': files, 'code': code_digest()}


def is_large(path: str | Path) -> bool:
    """Return whether a model is too large for copies of it: one in memory is all that may be."""
    if not is_foreign(path):
        return False
    from monodepth_ros.engines.foreign.network import sources

    return sum(file.stat().st_size for file in sources(path)) > FEW_BYTES


def _state(file):
    status = file.stat()
    if status.st_size <= FEW_BYTES:
        return file_digest(file)
    return [status.st_size, status.st_mtime_ns]


def check_graph(path: str | Path) -> None:
    """Raise MissingPackageError where `load_graph` would, without doing its work."""
    if not is_foreign(path):
        export.check_exporter(path)
