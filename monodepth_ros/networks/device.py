"""Torch devices by name."""

from __future__ import annotations

import re

from monodepth_ros.errors import EngineError
import torch

DEVICES = "'auto', 'cpu', 'cuda', 'cuda:N'"


def select_device(device: str) -> torch.device:
    """Return the torch device of a name; 'auto' takes CUDA where it works, else the CPU.

    Raises:
        EngineError: unknown name, or CUDA asked for and absent.

    """
    if device == 'auto':
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    if not re.fullmatch(r'cpu|cuda(:\d+)?', str(device)):
        raise EngineError(f'unknown device {device!r}; choose one of {DEVICES}')
    chosen = torch.device(device)
    if chosen.type == 'cuda':
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (chosen.index or 0) >= count:
            raise EngineError(
                f'device {device!r} asked for, but torch {torch.__version__} sees {count} CUDA '
                "devices; install a CUDA build of torch and the driver, or set device to 'cpu'"
            )
    return chosen


def training_precision(device: torch.device) -> torch.dtype:
    """Return the type that a device multiplies fastest while training stays stable: mixed or not.

    bfloat16 where the hardware computes in it, else float16 on CUDA, else float32.
    """
    if device.type == 'cuda':
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    ask = getattr(torch.cpu, 'get_capabilities', dict)  # torch before 2.10 cannot tell
    found = ask()
    native = any(found.get(name) for name in ('amx_bf16', 'avx512_bf16'))
    return torch.bfloat16 if native else torch.float32
