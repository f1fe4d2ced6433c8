"""Mixed precision: which type a run multiplies in, and the scaler that float16 needs."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext

from monodepth_ros.networks.device import training_precision
import torch
from torch.overrides import TorchFunctionMode


def choose_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of a name; 'auto' takes what the device is good at."""
    return training_precision(device) if precision == 'auto' else getattr(torch, precision)


def mixed(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Return a context in which layers that bear it compute in `dtype`; none for float32."""
    if dtype == torch.float32:
        return nullcontext()
    return _mixed_on_cpu(dtype) if device.type == 'cpu' else torch.autocast(device.type, dtype)


@contextmanager
def _mixed_on_cpu(dtype):
    with torch.autocast('cpu', dtype), _Float32Depthwise(dtype):
        yield


class _Float32Depthwise(TorchFunctionMode):
    """Compute large or strided depthwise convolutions in float32.

    oneDNN's gradients of these take 3 to 15 times longer in bfloat16, half of a step of an
    EfficientNet; the others are faster in it.
    """

    def __init__(self, dtype: torch.dtype):
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is not torch.conv2d or not _is_slow_in_half(*args, **kwargs):
            return func(*args, **kwargs)
        image, *others = args
        with torch.autocast('cpu', enabled=False):
            return func(image.float(), *others, **kwargs).to(self._dtype)


def _is_slow_in_half(image, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    strided = stride not in (1, (1, 1))
    return groups == image.shape[1] > 1 and (weight.shape[-1] > 3 or strided)


def make_scaler(device: torch.device, dtype: torch.dtype):
    """Return a GradScaler, which does nothing unless `dtype` is float16.

    float16 has no gradients below 6e-8: the loss is scaled up, and the scale is halved whenever a
    gradient overflows (Micikevicius et al., ICLR 2018, section 3.2).
    """
    enabled = dtype == torch.float16
    if hasattr(torch.amp, 'GradScaler'):
        return torch.amp.GradScaler(device.type, enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)  # torch before 2.3
