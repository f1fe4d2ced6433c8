"""What an ONNX file takes and gives, as the file itself says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class Tensor:
    """An input or output; `shape` has None where a side is free, and is None where unknown."""

    name: str
    dtype: np.dtype
    shape: Optional[tuple[Optional[int], ...]]

    def __str__(self) -> str:
        if self.shape is None:
            return f'{self.name} {self.dtype} (any)'
        sides = ('free' if side is None else str(side) for side in self.shape)
        return f'{self.name} {self.dtype} ({", ".join(sides)})'


@dataclass(frozen=True)
class Signature:
    """The inputs without the weights, the outputs, and the version of the operators."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    opset: int

    def output(self, name: str) -> Optional[Tensor]:
        """Return the output of a name, None where there is none."""
        return next((tensor for tensor in self.outputs if tensor.name == name), None)


def listed(tensors: tuple[Tensor, ...]) -> str:
    """Return tensors for a message."""
    return '; '.join(map(str, tensors)) or 'none'
