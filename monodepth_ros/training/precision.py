"""Mixed precision: which type a run multiplies in, and the scaler that float16 needs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from monodepth_ros.networks.device import training_precision
import torch


def choose_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of a name; 'auto' takes what the device is good at."""
    return training_precision(device) if precision == 'auto' else getattr(torch, precision)


def mixed(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Return a context in which layers that bear it compute in `dtype`; none for float32."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def make_scaler(device: torch.device, dtype: torch.dtype):
    """Return a GradScaler, which does nothing unless `dtype` is float16.

    float16 has no gradients below 6e-8: the loss is scaled up, and the scale is halved whenever a
    gradient overflows (Micikevicius et al., ICLR 2018, section 3.2).
    """
    enabled = dtype == torch.float16
    if hasattr(torch.amp, 'GradScaler'):
        return torch.amp.GradScaler(device.type, enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)  # torch before 2.3
