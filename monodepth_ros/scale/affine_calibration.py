"""One scale and shift from the votes of many frames, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from monodepth_ros.scale.affine import AffineVote, RelativeDepth
from monodepth_ros.scale.calibration import require_votes
from monodepth_ros.scale.robust import OF_DEVIATION
import numpy as np


@dataclass(frozen=True)
class AffineCalibration:
    """What the frames of a recording agree on.

    Attributes:
        scale: what a network's numbers are multiplied by.
        shift: what is added then.
        relative: what the numbers are.
        spread: robust standard deviation of the frames' depths, as a share, at its larger end.
        frames: that it is the median of.

    """

    scale: float
    shift: float
    relative: RelativeDepth
    spread: float
    frames: int

    def __str__(self) -> str:
        wanted, unit = ('1 / depth', '1/m') if self.relative.is_inverse else ('depth', 'm')
        shift = f' {"-" if self.shift < 0 else "+"} {abs(self.shift):.4g}'
        return (
            f'{wanted} = {self.scale:.4g} x number{shift if self.relative.has_shift else ""} '
            f'{unit} (spread {self.spread:.1%} over {self.frames} '
            f'frame{"" if self.frames == 1 else "s"}); no parameter takes it: set scale.source, '
            'and the node finds it for each frame'
        )


def calibrate_affine(votes: Sequence[AffineVote], fewest: int) -> AffineCalibration:
    """Return the line through the medians of what the frames say at two of the numbers.

    Args:
        votes: one a frame, of one network.
        fewest: frames that are needed.

    Raises:
        ScaleError: 'few_votes'.

    """
    require_votes(votes, fewest, 'scale and shift')
    relative = votes[0].relative
    ends = np.median([vote.ends for vote in votes], axis=0)
    lines = np.array([[vote.scale * x + vote.shift for x in ends] for vote in votes])
    middle = np.median(lines, axis=0)
    spread = OF_DEVIATION * float(np.median(np.abs(lines / middle - 1), axis=0).max())
    if not relative.has_shift:
        return AffineCalibration(float(middle[0] / ends[0]), 0.0, relative, spread, len(votes))
    scale = float((middle[1] - middle[0]) / (ends[1] - ends[0]))
    return AffineCalibration(
        scale, float(middle[0] - scale * ends[0]), relative, spread, len(votes)
    )
