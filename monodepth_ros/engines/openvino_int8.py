"""INT8 on the CPU: the values that each layer sees, and the graph that rounds to them."""

from __future__ import annotations

import io
import json
from pathlib import Path
import re
from typing import Callable, Iterable, Optional, Sequence

from monodepth_ros.engines.cache import Artefact, file_digest
from monodepth_ros.engines.graphs import Graph, graph_key, load_graph
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts, Ranges
import numpy as np
import openvino
from openvino import opset8

LAYERS = ('Convolution', 'GroupConvolution', 'ConvolutionBackpropData')
CPU_FACTS = Path('/proc/cpuinfo')
OUTLIERS = 0.005
"""Per cent of an image's values, at either end, that a range need not hold."""
LEVELS, WEIGHT_LEVELS, NARROW_LEVELS = 256, 255, 127
"""Of activations, of weights, and of weights where sums of two products have but 16 bits."""
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


def load_ranges(path: Path, facts: ModelFacts) -> Ranges:
    """Return what the layers of a checkpoint see: as calibrated here, else as it carries itself.

    Raises:
        EngineError: neither is there.

    """
    data = _artefact(path).load()
    if data is not None:
        return {name: tuple(pair) for name, pair in json.loads(data).items()}
    if facts.activation_ranges:
        return facts.activation_ranges
    raise EngineError(
        f'{path} carries no ranges for INT8, and none that were made for it are up to date; make '
        'them from a few hundred images of what the robot sees: monodepth export --model '
        f'{path} --engine openvino --precision int8 --calibration INPUT'
    )


def calibrate(path: str | Path, images: Sequence[np.ndarray]) -> Ranges:
    """Find the values that each layer of a checkpoint sees in images, and cache them.

    Args:
        path: checkpoint.
        images: as the engine gets them, (1, h, w, 3) uint8 RGB each.

    Raises:
        CheckpointError: missing, damaged or foreign weights.
        EngineError: there is nothing to round, or the cache cannot be written.

    """
    core = openvino.Core()
    model = read_model(core, load_graph(path))
    layers = quantized_layers(model)
    sources = [layer.input_value(0) for layer in layers]
    if not layers or any(s.get_element_type() != openvino.Type.f32 for s in sources):
        raise EngineError(
            f'{path} has no layer that INT8 is for: {_why_none(model)}; leave precision at auto'
        )
    shown = [opset8.result(source) for source in sources]
    probe = openvino.Model(shown, model.get_parameters())
    request = core.compile_model(probe, 'CPU').create_infer_request()
    ends = np.full((len(layers), 2), (np.inf, -np.inf))
    for image in images:
        request.infer([image])
        for index in range(len(layers)):
            values = request.get_output_tensor(index).data
            low, high = np.percentile(values, (OUTLIERS, 100 - OUTLIERS))
            ends[index] = min(low, ends[index, 0]), max(high, ends[index, 1])
    ranges = {
        layer_name(layer): (float(low), float(high)) for layer, (low, high) in zip(layers, ends)
    }
    artefact = _artefact(Path(path))
    if not artefact.store(json.dumps(ranges).encode()):
        raise EngineError(
            f'cannot write the ranges to {artefact.path}; make the folder writable, or set '
            'XDG_CACHE_HOME to one that is'
        )
    return ranges


def _why_none(model: openvino.Model) -> str:
    """Return in words why no layer of a model can compute in INT8."""
    found = [op for op in model.get_ops() if op.get_type_name() in LAYERS]
    if not found:
        return 'it has no convolutions, and others stay in floating point'
    if any(op.get_output_element_type(0) != openvino.Type.f32 for op in found):
        return 'its convolutions are not in float32; take a file that is'
    return (
        'each of its convolutions is depthwise, after such a one, or next to the image or the '
        'results, where rounding costs too much, or gets its weights from elsewhere'
    )


def quantize(model: openvino.Model, ranges: Ranges) -> None:
    """Let a model round what its layers see, and their weights, so that OpenVINO uses INT8.

    Values are rounded to 256 steps from the smallest to the largest, zero being one of them;
    weights of each output channel to 255 steps about zero (Krishnamoorthi, Quantizing deep
    convolutional networks for efficient inference, 2018, sections 2.1 and 2.2).

    Args:
        model: deployment graph in floating point; is changed.
        ranges: of `calibrate`.

    Raises:
        EngineError: a layer has no range; the graph is not the one that was calibrated.

    """
    flags = _x86_flags()
    # Without VNNI, x86 CPUs saturate sums of two products at 16 bits; others do not.
    levels = WEIGHT_LEVELS if flags is None or 'vnni' in flags else NARROW_LEVELS
    rounded: dict[tuple[str, int], openvino.Output] = {}
    for layer in quantized_layers(model):
        name = layer_name(layer)
        if name not in ranges:
            raise EngineError(
                f'the ranges for INT8 have none of the layer {name}; make them anew: monodepth '
                'export --engine openvino --precision int8 --calibration INPUT'
            )
        source = layer.input_value(0)
        key = source.get_node().get_friendly_name(), source.get_index()
        if key not in rounded:
            low, high = (np.float32(end) for end in _with_zero(*ranges[name]))
            rounded[key] = opset8.fake_quantize(source, low, high, low, high, LEVELS).output(0)
        layer.input(0).replace_source_output(rounded[key])
        layer.input(1).replace_source_output(_rounded_weights(layer, levels))
    model.validate_nodes_and_infer_types()


def _with_zero(low: float, high: float) -> tuple[float, float]:
    """Return ends between which zero is one of `LEVELS` values; padding and ReLU need it exact."""
    low, high = min(low, 0.0), max(high, 1e-3)
    step = (high - low) / (LEVELS - 1)
    below = round(-low / step)
    return -below * step, (LEVELS - 1 - below) * step


def _rounded_weights(layer: openvino.Node, levels: int) -> openvino.Output:
    """Return the weights of a layer, rounded for each output channel by itself."""
    weights = layer.input_value(1).get_node().get_data().astype(np.float32)
    inputs = (1, 2, 3) if layer.get_type_name() == 'Convolution' else (0, 2, 3)
    most = np.maximum(np.abs(weights).max(inputs, keepdims=True), np.float32(1e-9))
    constant = opset8.constant(weights)
    return opset8.fake_quantize(constant, -most, most, -most, most, levels).output(0)


def layer_name(layer: openvino.Node) -> str:
    """Return a layer's name as the ONNX graph has it."""
    return layer.get_friendly_name().removesuffix('/WithoutBiases')


def quantized_layers(model: openvino.Model) -> list[openvino.Node]:
    """Return the layers that compute in INT8, in the graph's order."""
    kept = set(sensitive_layers(model))
    return [
        op
        for op in model.get_ordered_ops()
        if op.get_type_name() in LAYERS
        and op.get_friendly_name() not in kept
        and op.input_value(1).get_node().get_type_name() == 'Constant'
    ]


def sensitive_layers(model: openvino.Model) -> list[str]:
    """Return the names of the convolutions that stay in floating point.

    Those next to the image and next to the results, whose rounding nothing averages out, and the
    depthwise ones, which OpenVINO is no slower at in floating point, with those that they feed,
    which sum few and coarse values into the stream of features that all later layers add to.
    Together they are a small part of the arithmetic.
    """
    depthwise = [op for op in model.get_ops() if op.get_type_name() == 'GroupConvolution']
    fed = _nearest_layers((node for op in depthwise for node in _consumers(op)), _consumers)
    first = _nearest_layers(model.get_parameters(), _consumers)
    last = _nearest_layers(model.get_results(), _producers)
    return sorted({op.get_friendly_name() for op in depthwise} | fed | first | last)


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


def has_vnni() -> bool:
    """Return whether an x86 CPU sums products of bytes in 32 bits, in one instruction."""
    flags = _x86_flags()
    return flags is not None and 'vnni' in flags


def _x86_flags() -> Optional[str]:
    """Return what an x86 CPU can do; '' where nothing says it, None of another CPU."""
    try:
        flags = re.search(r'^flags\s*:(.*)$', CPU_FACTS.read_text(), re.MULTILINE)
    except OSError:
        return ''
    return flags and flags.group(1)


def _artefact(path: Path) -> Artefact:
    slot = {'checkpoint': str(path.resolve())}
    return Artefact('openvino-ranges', slot, {**graph_key(path), 'recipe': recipe()})


def recipe() -> str:
    """Return what changes whenever this module quantises differently."""
    return file_digest(__file__)
