"""Engines and shipped weights by name."""

from __future__ import annotations

from pathlib import Path

from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import CheckpointError, ConfigError, EngineError

ENGINES = ('torch',)
WEIGHTS = Path(__file__).resolve().parent.parent / 'weights'
SUFFIX = '.safetensors'


def shipped_models() -> list[str]:
    """Return the names of the models whose weights come with the package."""
    return sorted(path.stem for path in WEIGHTS.glob(f'*{SUFFIX}'))


def resolve_model(model: str) -> Path:
    """Return the weight file of a shipped model's name, or of a path to a .safetensors file.

    Raises:
        CheckpointError: no such file.
        ConfigError: neither a shipped name nor a path.

    """
    if model in shipped_models():
        return WEIGHTS / f'{model}{SUFFIX}'
    path = Path(model).expanduser()
    if model.endswith(SUFFIX):
        if path.is_file():
            return path
        raise CheckpointError(
            f'weights {path} do not exist; shipped models: {", ".join(shipped_models())}'
        )
    raise ConfigError(
        f'unknown model {model!r}; choose one of {", ".join(shipped_models())}, '
        f'or the path of a {SUFFIX} file'
    )


def create_engine(
    model: str, engine: str = 'auto', device: str = 'auto', threads: int = 0
) -> Engine:
    """Load a model into an engine.

    Args:
        model: a shipped model's name, or the path of a .safetensors file.
        engine: 'auto' or one of `ENGINES`.
        device: 'auto', 'cpu', 'cuda' or 'cuda:N'.
        threads: CPU threads; 0 leaves the engine's own choice.

    Raises:
        ConfigError: unknown model or engine, or a negative number of threads.
        CheckpointError: missing, damaged or foreign weights.
        EngineError: the engine or device is not available.

    """
    if engine != 'auto' and engine not in ENGINES:
        raise ConfigError(f'unknown engine {engine!r}; choose one of auto, {", ".join(ENGINES)}')
    if threads < 0:
        raise ConfigError(f'threads is {threads}, expected 0 or more; 0: the engine decides')
    path = resolve_model(model)
    try:
        from monodepth_ros.engines.torch_engine import TorchEngine
    except ImportError as error:
        raise EngineError(
            f"engine 'torch' needs PyTorch ({error}); install it: pip install torch"
        ) from error
    return TorchEngine.from_file(path, device=device, threads=threads)
