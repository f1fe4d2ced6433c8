"""What one frame says of the scale: how much farther things are than the network says."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Optional, TYPE_CHECKING

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.bend import Bend, fit_bend
from monodepth_ros.scale.robust import middle_and_spread
import numpy as np

if TYPE_CHECKING:
    from monodepth_ros.scale.affine import RelativeDepth


@dataclass(frozen=True)
class Vote:
    """One frame's ratio of true to predicted depth.

    Attributes:
        log: natural logarithm of the ratio.
        spread: robust standard deviation of the samples' logarithms.
        count: samples.
        tilt: degrees between the floor that the network shows and the known one; None of points.
        upright: whether edges in the image agree with the known floor; False for nothing known.
        bend: how the ratio varies within the frame; None for not known.

    """

    log: float
    spread: float
    count: int
    tilt: Optional[float] = None
    upright: bool = False
    bend: Optional[Bend] = None

    @property
    def factor(self) -> float:
        """What the predicted depth is to be multiplied by."""
        return math.exp(self.log)

    def __str__(self) -> str:
        return f'{self.factor:.3g}'


def vote_of(
    true: np.ndarray,
    predicted: np.ndarray,
    columns: np.ndarray,
    counts: Optional[np.ndarray] = None,
) -> Vote:
    """Return the median of the ratios of depth, which half of the samples cannot spoil.

    Args:
        true: (n,) metres above 0, n of at least 1.
        predicted: (n,) metres above 0 of the same places.
        columns: (n,) where in the image they are, from 0 at its left to 1 at its right.
        counts: (n,) bool, those that the median is of; None for all. The bend is of all: what is
            far off one factor may be what shows it.

    """
    # The ratio to a depth that is nearly 0 would be none in float32.
    logs = np.log(true, dtype=np.float64) - np.log(predicted, dtype=np.float64)
    bend = fit_bend(logs, predicted, columns)
    logs = logs if counts is None else logs[counts]
    return Vote(*middle_and_spread(logs), logs.size, bend=bend)


@dataclass(frozen=True)
class View:
    """A network's maps of one frame, on the grid of one camera.

    Attributes:
        depth: (H, W) float32 metres as the network has them, before any factor of this package's
            estimate or the user; of one that gives no metres, its own numbers.
        camera: the grid.
        label: (H, W) uint8 class index; None from a network without classes.
        confidence: (H, W) uint8, 0..255; None likewise.
        relative: what the numbers are of a network that gives no metres; None of one that does.

    """

    depth: np.ndarray
    camera: PinholeCamera
    label: Optional[np.ndarray] = None
    confidence: Optional[np.ndarray] = None
    relative: Optional[RelativeDepth] = None

    @property
    def has_shift(self) -> bool:
        """Whether depth is that of the scene only up to a shift, so that 0 means nothing."""
        return self.relative is not None and self.relative.has_shift

    def usable(self) -> np.ndarray:
        """Return where the network says something, (H, W) bool."""
        # NaN and infinity fail one of the two.
        return (self.depth > (-np.inf if self.has_shift else 0)) & (self.depth < np.inf)

    def thinned(self, pixels: int) -> View:
        """Return every n-th row and column, so that about `pixels` are left; itself if it is few.

        The maps are parts of this one's, without a copy.
        """
        step = round(math.sqrt(self.depth.size / pixels))
        if step < 2:
            return self
        part = (slice(step // 2, None, step),) * 2
        known = self.label is not None
        return View(
            self.depth[part],
            self.camera.every(step, step // 2),
            self.label[part] if known else None,
            self.confidence[part] if known else None,
            self.relative,
        )
