"""Read an ONNX file, and refuse in one line what no engine would take."""

from __future__ import annotations

from pathlib import Path

from monodepth_ros.engines.base import MissingPackageError
from monodepth_ros.engines.foreign.signature import Signature, Tensor
from monodepth_ros.errors import ConfigError

try:
    import onnx
except ImportError as error:
    raise MissingPackageError(
        f'an ONNX file as model needs onnx ({error}); install it: pip install onnx'
    ) from error

KNOWN_DOMAINS = ('', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft')
"""Operators of the standard, and those that ONNX Runtime brings along."""
OLDEST_OPSET = 7
"""That of the first exporters of PyTorch; ONNX Runtime and OpenVINO take no older one."""
OLDEST_OF_LISTED_WEIGHTS = 4
"""From this version of the format on, weights need not be listed as inputs."""


def load(path: Path) -> onnx.ModelProto:
    """Read a file without the weights that it keeps in other files.

    Raises:
        ConfigError: it is missing, no ONNX file, or one that cannot run here.

    """
    try:
        model = onnx.load(str(path), load_external_data=False)
    except OSError as error:
        raise ConfigError(f'model {path} cannot be read: {error.strerror or error}') from None
    except Exception:  # protobuf's DecodeError derives from Exception alone
        raise ConfigError(
            f'model {path} is no ONNX file, or a damaged one; get it again'
        ) from None
    if not model.graph.node or not model.opset_import:
        raise ConfigError(f'model {path} is no ONNX file: it has no operators')
    _check_opset(path, opset_of(model))
    _check_operators(path, model)
    _check_external(path, model)
    _unlist_weights(model)
    return model


def opset_of(model: onnx.ModelProto) -> int:
    """Return the version of the standard operators."""
    return max((o.version for o in model.opset_import if o.domain in ('', 'ai.onnx')), default=0)


def _check_opset(path, opset):
    newest = onnx.defs.onnx_opset_version()
    if not OLDEST_OPSET <= opset <= newest:
        raise ConfigError(
            f'model {path} has opset {opset}, expected {OLDEST_OPSET}..{newest}, which onnx '
            f'{onnx.__version__} knows; export it with opset_version=17'
        )


def _check_operators(path, model):
    ours = {(function.domain, function.name) for function in model.functions}
    strange = {
        f'{node.domain}.{node.op_type}'.lstrip('.')
        for node in model.graph.node
        if (node.domain, node.op_type) not in ours
        and (
            node.domain not in KNOWN_DOMAINS
            or (node.domain in ('', 'ai.onnx') and not onnx.defs.has(node.op_type))
        )
    }
    if strange:
        raise ConfigError(
            f'model {path} has operators that no engine here knows: {", ".join(sorted(strange))}; '
            'export it without custom operators'
        )


def external_files(model: onnx.ModelProto) -> tuple[str, ...]:
    """Return the names of the files, beside that of the model, that hold weights of it."""
    names = {_entry(t, 'location') for t in model.graph.initializer if _is_external(t)}
    return tuple(sorted(names))


def _is_external(tensor):
    return tensor.data_location == onnx.TensorProto.EXTERNAL


def _entry(tensor, key):
    return next((e.value for e in tensor.external_data if e.key == key), '')


def _check_external(path, model):
    for tensor in filter(_is_external, model.graph.initializer):
        name = _entry(tensor, 'location')
        if not name or Path(name).is_absolute() or '..' in Path(name).parts:
            raise ConfigError(
                f'model {path} wants weights from {name!r}, outside its folder; save it with the '
                'data beside it'
            )
        file = path.parent / name
        end = int(_entry(tensor, 'offset') or 0) + int(_entry(tensor, 'length') or 0)
        if not file.is_file() or file.stat().st_size < end:
            there = f'has {file.stat().st_size} bytes' if file.is_file() else 'does not exist'
            raise ConfigError(
                f'model {path} keeps weights in {name}, which {there} (at least {end} are '
                'needed); get that file too and put it beside the other'
            )


def _unlist_weights(model):
    """Take weights out of the list of inputs, where old files have them and engines trip."""
    if model.ir_version >= OLDEST_OF_LISTED_WEIGHTS:
        weights = set()
    else:
        model.ir_version = OLDEST_OF_LISTED_WEIGHTS
        weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) < len(model.graph.input):
        del model.graph.input[:]
        model.graph.input.extend(inputs)


def signature(model: onnx.ModelProto) -> Signature:
    """Return what a graph takes and gives."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = (value for value in model.graph.input if value.name not in weights)
    return Signature(
        tuple(map(_tensor, inputs)), tuple(map(_tensor, model.graph.output)), opset_of(model)
    )


def _tensor(value):
    kind = value.type.tensor_type
    try:
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    except (KeyError, TypeError, ValueError):
        raise ConfigError(
            f'{value.name} of the graph is no tensor of numbers; export the network without it'
        ) from None
    shape = None
    if kind.HasField('shape'):
        shape = tuple(d.dim_value if d.HasField('dim_value') else None for d in kind.shape.dim)
    return Tensor(value.name, dtype, shape)
