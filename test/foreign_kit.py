"""Tiny networks of others, written with onnx's own helpers, and a plain script that runs them."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import helper, numpy_helper, TensorProto
import onnxruntime
import yaml

KINDS = {'float32': TensorProto.FLOAT, 'float16': TensorProto.FLOAT16, 'uint8': TensorProto.UINT8}


@dataclass
class Output:
    """An output: `channels` of them through a convolution, at 1 / `stride` of the input's size."""

    name: str
    channels: int = 1
    stride: int = 1
    layout: str = 'NCHW'
    after: tuple = ('Softplus',)
    gain: float = 1.0
    bias: float = 1.0
    of_brightness: bool = False


@dataclass
class StandIn:
    """A network of random convolutions with the signature of some real one."""

    outputs: list
    layout: str = 'NCHW'
    dtype: str = 'float32'
    size: tuple = (48, 64)
    batch: object = 1
    opset: int = 17
    image: str = 'image'
    extra: dict = field(default_factory=dict)

    def write(self, path: Path, manifest: dict, external: bool = False) -> Path:
        """Write the ONNX file and its manifest; return the path."""
        onnx.save(self.model(), str(path))
        if external:
            model = onnx.load(str(path))
            onnx.save(
                model, str(path), save_as_external_data=True, location='w.bin', size_threshold=0
            )
        write_manifest(path, manifest)
        return path

    def model(self):
        """Return the model."""
        self._nodes, self._weights = [], []
        self._random = np.random.default_rng(0)
        x = self._planes(self.image)
        ports = [self._output(x, output) for output in self.outputs]
        inputs = [self._value(self.image, KINDS[self.dtype], self._shape(3, self.layout))]
        for name, kind in self.extra.items():
            inputs.append(self._value(name, kind, []))
            self._node('Cast', name, f'{name}_used', to=TensorProto.FLOAT)
        graph = helper.make_graph(self._nodes, 'g', inputs, ports, self._weights)
        opsets = [helper.make_opsetid('', self.opset)]
        ir_version = 3 if self.opset < 9 else 8
        if ir_version == 3:
            graph.input.extend(
                helper.make_tensor_value_info(w.name, w.data_type, w.dims) for w in self._weights
            )
        return helper.make_model(graph, opset_imports=opsets, ir_version=ir_version)

    def _shape(self, channels, layout, stride=1):
        sides = [s if isinstance(s, str) else s // stride for s in self.size]
        if stride > 1:
            sides = [f'{s}_{stride}' if isinstance(s, str) else s for s in sides]
        return {
            'NCHW': [self.batch, channels, *sides],
            'NHWC': [self.batch, *sides, channels],
            'NVCHW': [self.batch, 1, channels, *sides],
            'NHW': [self.batch, *sides],
            'HW': sides,
            'N': [self.batch],
        }[layout]

    @staticmethod
    def _value(name, kind, shape):
        return helper.make_tensor_value_info(name, kind, shape)

    def _node(self, kind, inputs, output, **attributes):
        names = [inputs] if isinstance(inputs, str) else inputs
        self._nodes.append(helper.make_node(kind, names, [output], **attributes))
        return output

    def _weight(self, name, values):
        self._weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def _planes(self, x):
        """Return the input as float32 NCHW."""
        if self.dtype != 'float32':
            x = self._node('Cast', x, 'as_float', to=TensorProto.FLOAT)
        if self.dtype == 'uint8':
            x = self._node('Mul', [x, self._weight('inverse', np.float32(1 / 255))], 'scaled')
        if self.layout == 'NHWC':
            x = self._node('Transpose', x, 'planes', perm=[0, 3, 1, 2])
        if self.layout == 'NVCHW':
            x = self._node('Squeeze', [x, self._weight('one', np.int64([1]))], 'planes')
        return x

    def _output(self, x, output):
        shape = (output.channels, 3, 3, 3)
        weights = self._random.normal(0, abs(output.gain) / 5, shape).astype(np.float32)
        if output.of_brightness:
            # Of the pixel itself, and up and down from channel to channel.
            weights = np.zeros(shape, np.float32)
            weights[0::2, :, 1, 1], weights[1::2, :, 1, 1] = output.gain, -output.gain
        weight = self._weight(f'{output.name}_w', weights)
        bias = np.full(output.channels, output.bias, np.float32)
        bias = self._weight(f'{output.name}_b', bias)
        y = self._node(
            'Conv',
            [x, weight, bias],
            f'{output.name}_conv',
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            strides=[output.stride] * 2,
        )
        for index, kind in enumerate(output.after):
            axis = {'axis': 1} if kind in ('Softmax', 'ArgMax') else {}
            y = self._node(kind, y, f'{output.name}_{index}', **axis)
        if output.layout == 'N':
            y = self._node('ReduceMean', y, f'{output.name}_flat', axes=[1, 2, 3], keepdims=0)
        if output.layout == 'NHWC':
            y = self._node('Transpose', y, f'{output.name}_last', perm=[0, 2, 3, 1])
        if output.layout in ('NHW', 'HW'):
            axes = [1] if output.layout == 'NHW' else [0, 1]
            if self.opset >= 13:
                axes_name = self._weight(f'{output.name}_axes', np.int64(axes))
                y = self._node('Squeeze', [y, axes_name], f'{output.name}_flat')
            else:
                y = self._node('Squeeze', y, f'{output.name}_flat', axes=axes)
        self._node('Identity', y, output.name)
        kind = TensorProto.INT64 if 'ArgMax' in output.after else TensorProto.FLOAT
        if self.dtype == 'float16' and kind == TensorProto.FLOAT:
            self._nodes[-1] = helper.make_node('Cast', [y], [output.name], to=TensorProto.FLOAT16)
            kind = TensorProto.FLOAT16
        channels = 1 if 'ArgMax' in output.after else output.channels
        return self._value(output.name, kind, self._shape(channels, output.layout, output.stride))


def write_manifest(path: Path, manifest: dict) -> None:
    """Write a manifest beside an ONNX file."""
    path.with_suffix('.yaml').write_text(yaml.safe_dump(manifest, sort_keys=False))


def plain_script(path: Path, image: np.ndarray) -> dict:
    """Return what a network says, as a script by hand runs it.

    Args:
        path: the ONNX file.
        image: (h, w, 3) uint8 RGB of the network's size.

    """
    manifest = yaml.safe_load(path.with_suffix('.yaml').read_text())
    spec = manifest.get('input', {})
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, ['CPUExecutionProvider'])
    taken = session.get_inputs()[0]
    x = image.astype(np.float32)
    if 'uint8' not in taken.type:
        x = (x - spec.get('mean', [0, 0, 0])) / spec.get('std', [255, 255, 255])
    if spec.get('colors') == 'BGR':
        x = x[..., ::-1]
    layout = spec.get('layout', 'NCHW')
    x = x[None] if layout == 'NHWC' else x.transpose(2, 0, 1)[None]
    x = x[None] if layout == 'NVCHW' else x
    kinds = {'tensor(float)': np.float32, 'tensor(float16)': np.float16, 'tensor(uint8)': np.uint8}
    feed = {taken.name: np.ascontiguousarray(x, kinds[taken.type])}
    feed.update({n: np.asarray(v, np.int64) for n, v in spec.get('constants', {}).items()})
    values = session.run(None, feed)
    outputs = dict(zip((o.name for o in session.get_outputs()), values))
    return _maps(manifest, outputs, image.shape[:2])


def _maps(manifest, outputs, size):
    found = {}
    if depth := manifest.get('depth'):
        name = str(depth.get('tensor') or next(iter(outputs)))
        x = _planes(outputs[name], depth.get('layout'))[..., depth.get('channel', 0)]
        x = cv2.resize(x.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
        kind = depth['kind']
        x = np.exp(x) if kind == 'log_metres' else x
        x = x / 1000 if kind == 'millimetres' else x
        x = 1 / x if kind == 'inverse_metres' else x
        x = x * np.float32(depth.get('factor', 1))
        for part, default in (('mask', 0.5), ('confidence', 0.0)):
            if condition := depth.get(part):
                mask = _planes(outputs[condition['tensor']], None)[..., 0]
                mask = cv2.resize(
                    mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_NEAREST_EXACT
                )
                threshold = condition.get('threshold', default)
                below = condition.get('valid') == 'below'
                x = np.where(mask < threshold if below else mask > threshold, x, np.nan)
        relative = 'up_to' in kind
        found['relative' if relative else 'depth'] = x
    if labels := manifest.get('labels'):
        found.update(_labels(labels, outputs, size))
    return found


def _planes(values, layout):
    """Return (h, w, C)."""
    if layout == 'NHWC':
        return values[0]
    if values.ndim == 4:
        return values[0].transpose(1, 2, 0)
    return values.reshape(values.shape[-2:])[..., None]


def _labels(labels, outputs, size):
    name = labels.get('tensor') or next(iter(outputs))
    x = _planes(outputs[name], labels.get('layout')).astype(np.float32)
    if labels['kind'] == 'map':
        index = cv2.resize(x[..., 0], size[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
        index, confidence = index.astype(int), np.full(size, 1.0)
    else:
        # OpenCV resizes at most four channels at once.
        planes = [
            cv2.resize(np.ascontiguousarray(x[..., c]), size[::-1]) for c in range(x.shape[-1])
        ]
        x = np.stack(planes, -1)
        if labels['kind'] == 'logits' and labels.get('activation', 'softmax') == 'softmax':
            x = np.exp(x) / np.exp(x).sum(-1, keepdims=True)
        elif labels['kind'] == 'logits':
            x = 1 / (1 + np.exp(-x))
        index, confidence = x.argmax(-1), x.max(-1)
    if merge := labels.get('merge'):
        new = {old: i for i, names in enumerate(merge.values()) for old in names}
        index = np.array([new.get(name, 255) for name in labels['classes']])[index]
    return {'label': index, 'confidence': confidence * 255}
