"""What every network gives, and what the depth heads have in common."""

from __future__ import annotations

import math
from typing import NamedTuple, Optional

from torch import Tensor

DEPTH_LIMITS = (0.01, 1000.0)
"""Metres; far outside what any camera of a room sees, and safe to convert in every precision."""
TYPICAL_DEPTH = 2.5
"""Metres; about the median of indoor images, where an untrained network starts."""


class NetworkOutput(NamedTuple):
    """Raw maps of the heads; None for one that the network does not have.

    `network.metres` makes metres of the depth map, which is log metres or reciprocal depth, and
    which may be smaller than the image.
    """

    depth: Optional[Tensor]  # (N, 1, h, w)
    semantic: Optional[Tensor]  # (N, classes, H, W), logits of one sigmoid per class
    error: Optional[Tensor] = None  # (N, 1, h, w), log of the expected relative error of depth


ERROR_LIMITS = (1e-3, 10.0)
"""Relative errors of depth; ground truth is no better than the first, none matters above."""
TYPICAL_ERROR = 0.15
"""What an untrained error head says; about the error of the networks here."""


def relative_error(raw: Tensor) -> Tensor:
    """Map an error head's raw map to the expected |ln d - ln d*|, float32.

    For small errors that is the relative error of depth.
    """
    return raw.float().clamp(*map(math.log, ERROR_LIMITS)).exp()
