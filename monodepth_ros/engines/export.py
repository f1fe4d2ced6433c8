"""The deployment graph as ONNX, which every engine but torch starts from."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
import inspect
import io
from pathlib import Path
import warnings

from monodepth_ros.engines.base import MissingPackageError, output_types
from monodepth_ros.engines.cache import Artefact, digest, file_digest
from monodepth_ros.errors import EngineError
import monodepth_ros.networks

INPUT = 'images'
AXES = {0: 'n', 1: 'h', 2: 'w'}
OPSET = 17
EXAMPLE_SIZE = (64, 96)
"""Rows and columns of the image that is traced; unequal, so that no axis is taken for another."""
REMEDY = 'once, to export the network; install them: pip install torch onnx'


def graph_key(path: str | Path) -> dict:
    """Return what the graph of a checkpoint depends on: its content, and the networks' code.

    torch's version is left out: it changes how the graph is written, not what it computes, and a
    robot may run an exported graph without torch.
    """
    return {'checkpoint': file_digest(path), 'code': _code_digest()}


@lru_cache(maxsize=1)
def _code_digest() -> str:
    folder = Path(monodepth_ros.networks.__file__).parent
    return digest(b''.join(p.read_bytes() for p in (*sorted(folder.glob('*.py')), Path(__file__))))


def export_onnx(path: str | Path, half: bool = False, update: bool = False) -> bytes:
    """Return a checkpoint's deployment graph as an ONNX file's content, from the cache if there.

    Args:
        path: checkpoint.
        half: compute in float16 inside; inputs and outputs are the same.
        update: build anew even where the cache has it.

    Raises:
        CheckpointError: missing, damaged or foreign weights.
        EngineError: torch or onnx is missing (MissingPackageError), or cannot export the graph.

    """
    return _artefact(path, half).load_or_build(lambda: _export(path, half), update)


def check_exporter(path: str | Path, half: bool = False) -> None:
    """Raise MissingPackageError where `export_onnx` lacks torch or onnx and has nothing cached."""
    missing = [name for name in ('torch', 'onnx') if not find_spec(name)]
    if missing and _artefact(path, half).load() is None:
        raise MissingPackageError(
            f'PyTorch and onnx are needed {REMEDY}; missing: {", ".join(missing)}'
        )


def _artefact(path: str | Path, half: bool) -> Artefact:
    slot = {'checkpoint': str(Path(path).resolve()), 'half': half}
    return Artefact('onnx', slot, {**graph_key(path), 'opset': OPSET})


def _export(path: str | Path, half: bool) -> bytes:
    try:
        import onnx  # noqa: F401 - torch looks for it late and fails less clearly
        import torch
    except ImportError as error:
        raise MissingPackageError(f'PyTorch and onnx are needed {REMEDY} ({error})') from error
    from monodepth_ros.networks.checkpoint import load_checkpoint
    from monodepth_ros.networks.deploy import DeploymentGraph

    network, facts = load_checkpoint(path)
    graph = DeploymentGraph(network, facts.mean, facts.std).eval()
    outputs = list(output_types(facts))
    example = torch.zeros(1, *EXAMPLE_SIZE, 3, dtype=torch.uint8)
    # torch 2.9 and newer export by default in a way that needs onnxscript; this one does not.
    options = inspect.signature(torch.onnx.export).parameters
    classic = {'dynamo': False} if 'dynamo' in options else {}
    file = io.BytesIO()
    try:
        # Sizes are multiples of 32, so the branches that tracing settles are the same for all.
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter('ignore')
            torch.onnx.export(
                graph.half() if half else graph,
                (example,),
                file,
                input_names=[INPUT],
                output_names=outputs,
                dynamic_axes=dict.fromkeys((INPUT, *outputs), AXES),
                opset_version=OPSET,
                **classic,
            )
    except (RuntimeError, TypeError) as error:  # torch.onnx.OnnxExporterError among them
        raise EngineError(
            f'torch {torch.__version__} cannot export the graph of {path}: {error}'
        ) from error
    return file.getvalue()
