"""Engines and shipped weights by name."""

from __future__ import annotations

import ctypes
import importlib
from pathlib import Path
import re
from typing import NamedTuple

from monodepth_ros.engines.base import Engine, MissingPackageError, PRECISIONS
from monodepth_ros.engines.graphs import is_foreign
from monodepth_ros.engines.graphs import SUFFIX as FOREIGN_SUFFIX
from monodepth_ros.engines.model_card import verify as verify_card
from monodepth_ros.engines.self_check import check_mode, expect, verify
from monodepth_ros.errors import CheckpointError, ConfigError, EngineError


class _Kind(NamedTuple):
    """Where an engine's class is, and how to install what it needs."""

    module: str
    class_name: str
    needs: str
    install: str


_KINDS = {
    'torch': _Kind('torch_engine', 'TorchEngine', 'PyTorch', 'pip install torch'),
    'torch_channels_last': _Kind(
        'torch_engine', 'ChannelsLastTorchEngine', 'PyTorch', 'pip install torch'
    ),
    'torch_compile': _Kind('torch_engine', 'CompiledTorchEngine', 'PyTorch', 'pip install torch'),
    'torch_cuda_graph': _Kind('torch_engine', 'CudaGraphEngine', 'PyTorch', 'pip install torch'),
    'openvino': _Kind(
        'openvino_engine', 'OpenvinoEngine', 'OpenVINO', 'pip install openvino onnx'
    ),
    'onnxruntime': _Kind(
        'onnxruntime_engine',
        'OnnxRuntimeEngine',
        'ONNX Runtime',
        'pip install onnxruntime onnx (or onnxruntime-gpu)',
    ),
    'onnxruntime_tensorrt': _Kind(
        'onnxruntime_engine',
        'OnnxRuntimeTensorrtEngine',
        'ONNX Runtime with TensorRT',
        'pip install onnxruntime-gpu tensorrt onnx',
    ),
    'tensorrt': _Kind(
        'tensorrt_engine', 'TensorrtEngine', 'TensorRT and PyTorch', 'pip install tensorrt onnx'
    ),
}
ENGINES = tuple(_KINDS)
# Best first. TensorRT's engines are not among them: a build takes minutes, which nobody who wrote
# `auto` expects of a start.
_ON_CUDA = ('torch_cuda_graph', 'onnxruntime')
_ON_CPU = ('openvino', 'onnxruntime', 'torch_channels_last')
DEVICE = r'auto|cpu|cuda(:\d+)?|intel_gpu(:\d+)?|npu'
_OF_OPENVINO = ('intel_gpu', 'npu')
WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'
SUFFIX = '.safetensors'


def shipped_models() -> list[str]:
    """Return the names of the models whose weights come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob(f'*{SUFFIX}'))


def resolve_model(model: str) -> Path:
    """Return the file of a shipped model's name, or of a path to a .safetensors or .onnx file.

    Raises:
        CheckpointError: no such file, or a shipped one that is not what its model card says.
        ConfigError: neither a shipped name nor a path.

    """
    if model in shipped_models():
        shipped = WEIGHTS / f'{model}{SUFFIX}'
        verify_card(shipped)
        return shipped
    path = Path(model).expanduser()
    if model.endswith((SUFFIX, FOREIGN_SUFFIX)):
        if path.is_file():
            return path
        raise CheckpointError(
            f'weights {path} do not exist; shipped models: {", ".join(shipped_models())}'
        )
    raise ConfigError(
        f'unknown model {model!r}; choose one of {", ".join(shipped_models())}, '
        f'or the path of a {SUFFIX} or {FOREIGN_SUFFIX} file'
    )


def create_engine(
    model: str,
    engine: str = 'auto',
    device: str = 'auto',
    threads: int = 0,
    precision: str = 'auto',
    update: bool = False,
    self_check: str = 'off',
) -> Engine:
    """Load a model into an engine.

    Args:
        model: a shipped model's name, or the path of a .safetensors or .onnx file.
        engine: 'auto' or one of `ENGINES`; `Engine.reason` says why 'auto' took what it took.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N', or of OpenVINO 'intel_gpu' or 'npu'.
        threads: CPU threads; 0 leaves the engine's own choice.
        precision: one of `PRECISIONS`; 'auto' is the fastest that keeps depth and labels.
        update: build anew what the cache of compiled artefacts has.
        self_check: one of `self_check.MODES`: whether an engine that differs from the trusted one
            is refused.

    Raises:
        ConfigError: unknown model, engine or precision, a negative number of threads, or an ONNX
            file or manifest that cannot be used.
        CheckpointError: missing, damaged or foreign weights.
        EngineError: the engine, device or precision is not available.

    """
    if engine != 'auto' and engine not in ENGINES:
        raise ConfigError(f'unknown engine {engine!r}; choose one of auto, {", ".join(ENGINES)}')
    if precision not in PRECISIONS:
        raise ConfigError(
            f'unknown precision {precision!r}; choose one of {", ".join(PRECISIONS)}'
        )
    if not re.fullmatch(DEVICE, device):
        raise EngineError(
            f"unknown device {device!r}; choose one of 'auto', 'cpu', 'cuda', 'cuda:N', "
            "'intel_gpu', 'npu'"
        )
    if threads < 0:
        raise ConfigError(f'threads is {threads}, expected 0 or more; 0: the engine decides')
    options = {
        'path': resolve_model(model),
        'threads': threads,
        'precision': precision,
        'update': update,
    }
    check_mode(self_check)
    if self_check != 'off':
        options['self_check'] = self_check
    if engine == 'auto':
        return _create_best(device, options)
    return _create(engine, device, options)


def _create(name: str, device: str, options: dict) -> Engine:
    options = dict(options)
    kind = _KINDS[name]
    if kind.module == 'torch_engine' and is_foreign(options['path']):
        raise MissingPackageError(
            f'engine {name!r} runs {SUFFIX} files, but the model is {options["path"]}; set engine '
            "to 'auto', 'openvino' or 'onnxruntime'"
        )
    if device.partition(':')[0] in _OF_OPENVINO and name != 'openvino':
        raise EngineError(
            f"device {device!r} is one of OpenVINO's, engine is {name!r}; set engine to "
            "'openvino' or 'auto'"
        )
    try:
        module = importlib.import_module(f'monodepth_ros.engines.{kind.module}')
    except ImportError as error:
        raise MissingPackageError(
            f'engine {name!r} needs {kind.needs} ({error}); install it: {kind.install}'
        ) from error
    mode = options.pop('self_check', 'off')
    expected = None if mode == 'off' else expect(options['path'], name)
    engine = getattr(module, kind.class_name).from_file(device=device, **options)
    if expected is not None:
        engine.warning = verify(engine, expected, mode)
    return engine


def _create_best(device: str, options: dict) -> Engine:
    """Create the first engine that this machine has; a GPU's come first."""
    attempts = [(name, 'cpu') for name in _ON_CPU] if device in ('auto', 'cpu') else []
    passed_over = []
    if device == 'auto' and not _has_nvidia_driver():
        passed_over.append('no NVIDIA driver')
    elif device.partition(':')[0] in _OF_OPENVINO:
        attempts = [('openvino', device)]
    elif device != 'cpu':
        cuda = 'cuda' if device == 'auto' else device
        attempts = [(name, cuda) for name in _ON_CUDA] + attempts
    for name, where in attempts:
        try:
            engine = _create(name, where, options)
        except EngineError as error:
            # A GPU that the user named is never replaced, nor an engine that is there but fails.
            missing = isinstance(error, MissingPackageError)
            if not missing and (device != 'auto' or where == 'cpu'):
                raise
            failure = error
            passed_over.append(str(error))
        else:
            notes = f' ({"; ".join(passed_over)})' if passed_over else ''
            engine.reason = f'fastest here on {where}{notes}'
            return engine
    raise failure


def _has_nvidia_driver() -> bool:
    """Return whether CUDA's driver can be loaded; far cheaper than importing torch to ask it."""
    try:
        ctypes.CDLL('libcuda.so.1')
    except OSError:
        return False
    return True
