"""The INT8 model of a checkpoint: made once by NNCF from calibration images, kept in the cache."""

from __future__ import annotations

import io
from pathlib import Path
import re
import tempfile
from typing import Callable, Iterable, Sequence

from monodepth_ros.engines.cache import Artefact, file_digest
from monodepth_ros.engines.graphs import Graph, graph_key, load_graph
from monodepth_ros.errors import EngineError
import numpy as np
import openvino

LAYERS = ('Convolution', 'GroupConvolution', 'ConvolutionBackpropData')
CPU_FACTS = Path('/proc/cpuinfo')
LENGTH_BYTES = 8
LONGEST_REASON = 300
"""Characters; OpenVINO lists where in its sources it failed."""


def read_model(core: openvino.Core, graph: Graph) -> openvino.Model:
    """Read a graph; raise EngineError where OpenVINO does not take it."""
    try:
        if graph.folder is None:
            return core.read_model(io.BytesIO(graph.content))
        with graph.on_disk() as path:
            return core.read_model(path)
    except RuntimeError as error:
        raise EngineError(f'OpenVINO cannot load the network: {_one_line(error)}') from error


def _one_line(error):
    return ' '.join(str(error).split())[:LONGEST_REASON]


def load_quantized(path: Path) -> tuple[bytes, bytes]:
    """Return the XML and the weights of a checkpoint's INT8 model.

    Raises:
        EngineError: `quantize` has not been run for it, or with other weights or code.

    """
    data = _artefact(path).load()
    if data is None:
        raise EngineError(
            f'there is no INT8 model of {path} yet, or it is out of date; make it from a few '
            'hundred images of what the robot sees: monodepth export --model '
            f'{path} --engine openvino --precision int8 --calibration INPUT'
        )
    length, data = int.from_bytes(data[:LENGTH_BYTES], 'little'), data[LENGTH_BYTES:]
    return data[:length], data[length:]


def quantize(path: str | Path, images: Sequence[np.ndarray]) -> Path:
    """Make the INT8 model of a checkpoint by NNCF's post-training quantisation and cache it.

    Args:
        path: checkpoint.
        images: calibration images as the engine gets them, (1, h, w, 3) uint8 RGB each.

    Returns:
        The cache file.

    Raises:
        CheckpointError: missing, damaged or foreign weights.
        EngineError: NNCF is missing or failed, or the cache cannot be written.

    """
    try:
        import nncf
    except ImportError as error:
        raise EngineError(f'INT8 needs NNCF ({error}): pip install nncf') from error
    model = read_model(openvino.Core(), load_graph(path))
    # Without VNNI, sums of two products saturate 16 bits unless the weights keep to 7 bits.
    fix = nncf.OverflowFix.DISABLE if _has_vnni() else nncf.OverflowFix.ENABLE
    try:
        quantized = nncf.quantize(
            model,
            nncf.Dataset(images),
            preset=nncf.QuantizationPreset.MIXED,  # activations that take both signs lose less
            subset_size=len(images),
            ignored_scope=nncf.IgnoredScope(names=sensitive_layers(model)),
            advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=fix),
        )
    except (RuntimeError, nncf.ValidationError) as error:
        raise EngineError(f'NNCF cannot quantise {path}: {error}') from error
    artefact = _artefact(Path(path))
    if not artefact.store(_serialize(quantized)):
        raise EngineError(
            f'cannot write the INT8 model to {artefact.path}; make the folder writable, or set '
            'XDG_CACHE_HOME to one that is'
        )
    return artefact.path


def sensitive_layers(model: openvino.Model) -> list[str]:
    """Return the names of the convolutions that stay in floating point.

    Those next to the image and next to the results, whose rounding nothing averages out, and the
    depthwise ones, which OpenVINO is no slower at in floating point: together they are a few per
    cent of the arithmetic.
    """
    depthwise = {
        op.get_friendly_name()
        for op in model.get_ops()
        if op.get_type_name() == 'GroupConvolution'
    }
    first = _nearest_layers(model.get_parameters(), _consumers)
    last = _nearest_layers(model.get_results(), _producers)
    return sorted(depthwise | first | last)


def _nearest_layers(
    nodes: Iterable[openvino.Node], step: Callable[[openvino.Node], list[openvino.Node]]
) -> set[str]:
    """Return the layers that are reached from `nodes` through none but other operations."""
    found, seen, pending = set(), set(), list(nodes)
    while pending:
        node = pending.pop()
        name = node.get_friendly_name()
        if name in seen or node.get_type_name() == 'ShapeOf':  # sizes, not values
            continue
        seen.add(name)
        if node.get_type_name() in LAYERS:
            found.add(name)
        else:
            pending += step(node)
    return found


def _consumers(node: openvino.Node) -> list[openvino.Node]:
    return [target.get_node() for x in node.outputs() for target in x.get_target_inputs()]


def _producers(node: openvino.Node) -> list[openvino.Node]:
    return [value.get_node() for value in node.input_values()]


def _has_vnni() -> bool:
    """Return whether an x86 CPU sums products of bytes in 32 bits; other CPUs do so anyway."""
    try:
        flags = re.search(r'^flags\s*:(.*)$', CPU_FACTS.read_text(), re.MULTILINE)
    except OSError:
        return False
    return flags is None or 'vnni' in flags.group(1)


def _artefact(path: Path) -> Artefact:
    slot = {'checkpoint': str(path.resolve())}
    return Artefact('openvino-int8', slot, {**graph_key(path), 'recipe': file_digest(__file__)})


def _serialize(model: openvino.Model) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'model.xml'
        openvino.save_model(model, path, compress_to_fp16=False)
        text = path.read_bytes()
        return (
            len(text).to_bytes(LENGTH_BYTES, 'little')
            + text
            + path.with_suffix('.bin').read_bytes()
        )
