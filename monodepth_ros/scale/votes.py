"""What one frame says of the scale: how much farther things are than the network says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
import math
from typing import NamedTuple, Optional, TYPE_CHECKING

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.bend import Bend, fit_bend
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.robust import median, middle_and_spread
import numpy as np

if TYPE_CHECKING:
    from monodepth_ros.scale.affine import RelativeDepth


MOST_OF_EACH = 500
"""Samples of each of several sources that make one vote."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Where a vote comes from.

    Attributes:
        true: (n,) metres above 0.
        predicted: (n,) metres above 0, of the same places.
        columns: (n,) where in the image they are, from 0 at its left to 1 at its right.

    """

    true: np.ndarray
    predicted: np.ndarray
    columns: np.ndarray

    def spread(self, count: int) -> Samples:
        """Return `count` samples, evenly spread over these, with repeats where there are fewer."""
        part = np.linspace(0, self.true.size - 1, count).astype(int)
        return Samples(self.true[part], self.predicted[part], self.columns[part])


class Height(NamedTuple):
    """How high a camera is over the floor.

    Attributes:
        measured: metres, by points on the floor that no network measures.
        known: the floor as the camera's pose says.

    """

    measured: float
    known: GroundPlane


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
        samples: those that the median is of; None for not kept.
        height: of the camera over the floor, by what votes; None for not measured.

    """

    log: float
    spread: float
    count: int
    tilt: Optional[float] = None
    upright: bool = False
    bend: Optional[Bend] = None
    samples: Optional[Samples] = field(default=None, compare=False, repr=False)
    height: Optional[Height] = None

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
    samples = Samples(true, predicted, columns)
    if counts is not None:
        logs = logs[counts]
        samples = Samples(true[counts], predicted[counts], columns[counts])
    return Vote(*middle_and_spread(logs), logs.size, bend=bend, samples=samples)


def joined(first: Vote, second: Vote) -> Vote:
    """Return what two sources say of a frame together, as many samples of one as of the other.

    What they see is elsewhere in the image, and nearer or farther, so that both together know more
    of the factor of all, and of its bend, than each.
    """
    count = min(MOST_OF_EACH, max(first.samples.true.size, second.samples.true.size))
    parts = [one.samples.spread(count) for one in (first, second)]
    names = ('true', 'predicted', 'columns')
    both = vote_of(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return replace(
        both,
        tilt=second.tilt if first.tilt is None else first.tilt,
        upright=first.upright or second.upright,
    )


OVERLAP, FEWEST_THERE = (10, 90), 10
"""Percentiles of each source's depths between which it sees, and samples that it has at least
where the other sees, too, for the two to be compared."""


def apart(first: Vote, second: Vote) -> Optional[float]:
    """Return the logarithm of how much farther the first source says that things are.

    Both are compared where the network's depths are the same, so that what the network's factor
    gains with the distance is no difference; None where they see different distances.
    """
    samples = [one.samples for one in (first, second)]
    ends = np.array([np.percentile(one.predicted, OVERLAP) for one in samples])
    low, high = ends[:, 0].max(), ends[:, 1].min()
    medians = []
    for one in samples:
        there = (one.predicted >= low) & (one.predicted <= high)
        if np.count_nonzero(there) < FEWEST_THERE:
            return None
        medians.append(median(np.log(one.true[there] / one.predicted[there])))
    return medians[0] - medians[1]


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
