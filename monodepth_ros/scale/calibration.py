"""One factor for good from the votes of many frames: calibrate once."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any, Sequence

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.robust import middle_and_spread
from monodepth_ros.scale.votes import Vote
import numpy as np

FEWEST_FRAMES = 5
"""Frames with a vote, below which a factor is a guess."""

DECIMALS = 3
"""Of the factor that is given out; its error is in the second one at best."""


@dataclass(frozen=True)
class Calibration:
    """A factor found once.

    Attributes:
        factor: what `depth.scale` is to be.
        spread: robust standard deviation of the frames' factors, as a share of it.
        frames: frames that it is the median of.
        unit: what they are, where it is not frames.

    """

    factor: float
    spread: float
    frames: int
    unit: str = 'frame'

    @property
    def yaml(self) -> str:
        """The line for a parameter file."""
        return f'depth.scale: {self.factor:.{DECIMALS}f}'

    def __str__(self) -> str:
        return (
            f'{self.yaml} (spread {self.spread:.1%} over {self.frames} '
            f'{self.unit}{"" if self.frames == 1 else "s"})'
        )


def calibrate(
    votes: Sequence[Vote], fewest: int = FEWEST_FRAMES, unit: str = 'frame'
) -> Calibration:
    """Return the median of the frames' factors.

    Args:
        votes: one a frame, or a place.
        fewest: how many are needed.
        unit: what they are.

    Raises:
        ScaleError: 'few_votes'.

    """
    require_votes(votes, fewest, 'a factor')
    logs = np.array([vote.log for vote in votes])
    middle, spread = middle_and_spread(logs)
    factor = round(math.exp(middle), DECIMALS)
    return Calibration(factor, math.expm1(spread), len(votes), unit)


def require_votes(votes: Sequence[Any], fewest: int, what: str) -> None:
    """Raise ScaleError 'few_votes' where fewer frames than needed gave what is looked for."""
    if len(votes) < fewest:
        raise ScaleError(
            'few_votes',
            f'{len(votes)} frames gave {what}, expected {fewest} or more; have the floor, or '
            'what the other sensor sees, in view, or drive',
        )
