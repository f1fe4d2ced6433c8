"""OpenVINO on CPUs, Intel GPUs and NPUs, in what they compute in; INT8 where ranges are known."""

from __future__ import annotations

from functools import lru_cache
import io
from pathlib import Path
from typing import Callable, Optional, Sequence

from monodepth_ros.engines.base import choose_precision, Engine, output_types, raw_output
from monodepth_ros.engines.cache import Artefact, file_digest
from monodepth_ros.engines.graphs import check_graph, graph_key, is_large, load_graph, read_facts
from monodepth_ros.engines.openvino_int8 import (
    has_vnni,
    load_ranges,
    quantize,
    read_model,
    recipe,
)
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
import numpy as np
import openvino
from openvino import opset8

SIZES_KEPT = 4
"""Compiled models held at a time; cameras of one size need one, and it seldom changes."""


CPU = 'CPU'
DEVICES = {'cpu': CPU, 'intel_gpu': 'GPU', 'npu': 'NPU'}
"""OpenVINO's names by ours."""


def find_plugin(core: openvino.Core, device: str) -> str:
    """Return OpenVINO's name of a device; 'auto' is the CPU.

    Raises:
        EngineError: OpenVINO has no such device here.

    """
    kind, _, index = ('cpu' if device == 'auto' else device).partition(':')
    there = core.available_devices
    name = DEVICES.get(kind, '') + (f'.{index}' if index else '')
    # Of several GPUs each has its number; without one the first is meant.
    if not any(found == name or found.startswith(f'{name}.') for found in there if name):
        ours = {plugin: name for name, plugin in DEVICES.items()}
        shown = sorted({ours.get(found.partition('.')[0], found) for found in there})
        version = openvino.get_version().split('-')[0]
        raise EngineError(
            f'device {device!r} asked for, but OpenVINO {version} has {", ".join(shown)} here; '
            'install the driver of the device, or set device to one of those, or engine to '
            "'auto'"
        )
    return name


class OpenvinoEngine(Engine):
    """Run the deployment graph in OpenVINO, compiled for each input size.

    The images of a batch go through one after the other: each keeps all threads busy, so that a
    batch takes a CPU as long as its images do, and needs no model of its own.

    Args:
        path: checkpoint or ONNX file.
        facts: its facts.
        threads: CPU threads; 0 leaves OpenVINO's own choice.
        precision: 'auto' (bfloat16 or float16 where the device computes in it; else, on a CPU,
            int8 where it multiplies bytes, by VNNI, and the checkpoint carries its ranges; else
            float32), another of those, or 'int8' with the checkpoint's ranges or those of
            `openvino_int8.calibrate`.
        update: build anew what the cache has.
        device: 'auto' (the CPU), or one of `DEVICES`, 'intel_gpu:N' for the N-th.

    """

    name = 'openvino'

    def __init__(
        self, path, facts: ModelFacts, threads=0, precision='auto', update=False, device='auto'
    ):
        self.facts = facts
        self._core = openvino.Core()
        self._plugin = find_plugin(self._core, device)
        name = self._property('FULL_DEVICE_NAME')
        if self._plugin == CPU:
            self.device = f'cpu ({threads or "as many"} threads'
            self.device += ')' if threads else ' as OpenVINO chooses)'
        else:
            self.device = f'{device} ({name})'
        self.precision = choose_precision(
            precision, self._offered_precisions(), f'OpenVINO on {name}'
        )
        self._path, self._threads, self._update = Path(path), threads, update
        self._model: Optional[openvino.Model] = None
        self._request: Optional[Callable] = lru_cache(maxsize=SIZES_KEPT)(self._make_request)
        # What is missing should show now, not at the first frame.
        check_graph(self._path)
        self._ranges = load_ranges(self._path, facts) if self.precision == 'int8' else None

    @classmethod
    def from_file(cls, path, device='auto', threads=0, precision='auto', update=False):
        """Load a checkpoint; raise CheckpointError or EngineError."""
        return cls(path, read_facts(path), threads, precision, update, device)

    def _property(self, name: str):
        return self._core.get_property(self._plugin, name)

    def _offered_precisions(self) -> Sequence[str]:
        native = self._property('OPTIMIZATION_CAPABILITIES')
        fast, name = ('BF16', 'bfloat16') if self._plugin == CPU else ('FP16', 'float16')
        offered = [name] if fast in native else []
        if self._plugin == CPU or 'FP32' in native:
            offered.append('float32')
        carried = self.facts.activation_ranges and self._plugin == CPU and has_vnni()
        if self._plugin == CPU or 'INT8' in native:
            offered.insert(0 if carried and fast not in native else len(offered), 'int8')
        if not offered:
            known = ', '.join(native) or 'nothing'
            raise EngineError(
                f'OpenVINO on {self.device} computes in {known}; expected FP32, FP16 or INT8: '
                'choose another device'
            )
        return tuple(offered)

    def _infer(self, images: np.ndarray) -> RawOutput:
        if self._request is None:
            raise EngineError('the engine is closed; create a new one')
        kinds = output_types(self.facts).values()
        maps = [np.empty(images.shape[:3], kind) for kind in kinds]
        try:
            request = self._request(images.shape[1:3])
            for index in range(len(images)):
                request.infer([np.ascontiguousarray(images[index, None])], share_inputs=True)
                for number, values in enumerate(maps):
                    values[index] = request.get_output_tensor(number).data[0]
        except RuntimeError as error:
            text = ' '.join(str(error).split())
            raise EngineError(f'OpenVINO failed on {self.device}: {text}') from error
        return raw_output(self.facts, maps)

    def _make_request(self, size: tuple[int, int]) -> openvino.InferRequest:
        """Return what runs images of this size: imported from the cache, else compiled."""
        shape = (1, *size, 3)
        if is_large(self._path):  # OpenVINO gives what it compiled through memory, twice
            return self._compile(shape).create_infer_request()
        artefact = Artefact(
            'openvino',
            {
                'checkpoint': str(self._path.resolve()),
                'shape': shape,
                'precision': self.precision,
                'threads': self._threads,
                **({} if self._plugin == CPU else {'device': self._plugin}),
            },
            {
                **graph_key(self._path),
                'engine': file_digest(__file__),
                'ranges': self._ranges,
                'quantization': self._ranges and recipe(),
                'openvino': openvino.get_version(),
                'cpu': [
                    self._property('FULL_DEVICE_NAME'),
                    *self._property('OPTIMIZATION_CAPABILITIES'),
                ],
            },
        )
        compiled = None if self._update else self._import(artefact.load())
        if compiled is None:
            compiled = self._compile(shape)
            blob = io.BytesIO()
            compiled.export_model(blob)
            artefact.store(blob.getvalue())
        return compiled.create_infer_request()

    def _import(self, blob: Optional[bytes]) -> Optional[openvino.CompiledModel]:
        try:
            return blob and self._core.import_model(blob, self._plugin, self._options())
        except RuntimeError:  # whole, but not what this OpenVINO takes
            return None

    def _compile(self, shape: tuple[int, ...]) -> openvino.CompiledModel:
        if self._model is None:
            self._model = self._read_model()
        model = self._model.clone()
        model.reshape(list(shape))  # fixed sizes let OpenVINO plan memory and kernels
        return self._core.compile_model(model, self._plugin, self._options())

    def _options(self) -> dict:
        options = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_PRECISION_HINT': 'f32' if self.precision == 'float32' else self._fast(),
        }
        if self._plugin != CPU:
            return options
        # A robot runs much else; threads tied to cores would wait for it.
        options['ENABLE_CPU_PINNING'] = False
        return {**options, 'INFERENCE_NUM_THREADS': self._threads} if self._threads else options

    def _fast(self) -> str:
        offered = self._offered_precisions()
        names = (('bfloat16', 'bf16'), ('float16', 'f16'))
        return next((hint for precision, hint in names if precision in offered), 'f32')

    def _read_model(self) -> openvino.Model:
        model = read_model(self._core, load_graph(self._path, update=self._update))
        if self.precision == 'bfloat16':
            round_filters(model)
        if self._ranges is not None:
            quantize(model, self._ranges)
        return model

    def close(self) -> None:
        """Drop the compiled models."""
        self._model = self._request = None


def round_filters(model: openvino.Model) -> None:
    """Round the convolutions' filters to bfloat16 so that each filter keeps its sum.

    OpenVINO would round each weight to the nearest. A filter of a depthwise convolution often
    sums to nearly zero and is scaled up afterwards, while what it sees is nearly constant: the
    rounded weights' sum then shifts all that follows. Here the error of each weight is carried to
    the next smaller one of the same filter, as in error diffusion.
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() not in ('Convolution', 'GroupConvolution'):
            continue
        target = node.input(1)
        if target.get_source_output().get_node().get_type_name() == 'Reshape':
            target = target.get_source_output().get_node().input(0)
        weights = target.get_source_output().get_node()
        if weights.get_type_name() == 'Constant' and weights.get_element_type().is_real():
            rounded = diffuse_to_bfloat16(weights.get_data().astype(np.float32))
            target.replace_source_output(opset8.constant(rounded).output(0))


def diffuse_to_bfloat16(weights: np.ndarray) -> np.ndarray:
    """Return (..., kh, kw) float32 weights as float32 values that bfloat16 holds exactly.

    The sum over each kh x kw filter differs from the original's by no more than the rounding of
    its smallest weight.
    """
    filters = weights.reshape(-1, weights.shape[-2] * weights.shape[-1])
    order = np.argsort(-np.abs(filters), axis=1)
    ordered = np.take_along_axis(filters, order, axis=1)
    carried = np.zeros(len(filters), np.float32)
    for column in ordered.T:
        wanted = column + carried
        column[:] = _nearest_bfloat16(wanted)
        carried = wanted - column
    rounded = np.empty_like(filters)
    np.put_along_axis(rounded, order, ordered, axis=1)
    return rounded.reshape(weights.shape)


def _nearest_bfloat16(values: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    even = (bits >> 16) & 1  # ties go to the even neighbour
    return ((bits + 0x7FFF + even) & 0xFFFF0000).astype(np.uint32).view(np.float32)
