"""What a data set gives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
import operator
from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
import numpy as np

Crop = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Sample:
    """One annotated image.

    Attributes:
        name: id within the data set, for messages and reports.
        image: (H, W, 3) uint8 RGB.
        depth: (h, w) float32 metres along the optical axis, 0 where unknown. H / h and W / w are
            the same whole number r; depth pixel (u, v) belongs to image pixel (r u, r v).
        label: (H, W) uint8 class index, 255 where unknown.
        camera: intrinsics for the image's size, or None where unknown.
        camera_height: metres of the camera above the floor, or None where unknown.

    """

    name: str
    image: np.ndarray
    depth: np.ndarray
    label: np.ndarray
    camera: Optional[CameraModel] = None
    camera_height: Optional[float] = None


@dataclass(frozen=True)
class DatasetFacts:
    """What holds for all images of a data set.

    Attributes:
        classes: class names, which the labels index; empty where there are no labels.
        colors: one (r, g, b) 0..255 a class.
        camera: intrinsics of all images; None where unknown, or where each has its own.
        own_cameras: each image has its own intrinsics.
        max_depth: metres; ground truth beyond it does not count.
        crop: rows and columns of the image that are evaluated; None for all.
        terms: the data's licence, for a model card; empty where unknown.

    """

    classes: tuple[str, ...] = ()
    colors: tuple[tuple[int, int, int], ...] = ()
    camera: Optional[CameraModel] = None
    max_depth: float = 10.0
    crop: Optional[Crop] = None
    terms: str = ''
    own_cameras: bool = False

    def without_labels(self) -> DatasetFacts:
        """Return the same facts with no classes."""
        return replace(self, classes=(), colors=())


class Dataset(Sequence):
    """A sequence of `Sample`, decoded each time that one is asked for.

    Attributes:
        name: what messages and reports call it.
        root: the folder or file that it is in.
        ids: one name a sample.
        facts: as below, in one piece.
        classes, colors, camera, max_depth, crop: see `DatasetFacts`.
        license: the `terms` of `DatasetFacts`.

    Raises:
        DatasetError: the camera is distorted.

    """

    def __init__(self, name: str, root: Path, ids: Sequence[str], facts: DatasetFacts):
        if facts.camera is not None and facts.camera.is_distorted:
            raise DatasetError(
                f'data set {root}: its camera is distorted; rectify images, depth and labels, and '
                'give the rectified intrinsics'
            )
        self.name = name
        self.root = root
        self.ids = list(ids)
        self.facts = facts
        self.classes = facts.classes
        self.colors = facts.colors
        self.camera = facts.camera
        self.max_depth = facts.max_depth
        self.crop = facts.crop
        self.license = facts.terms

    @property
    def calibrated(self) -> bool:
        """Whether every sample has a camera."""
        return self.camera is not None or self.facts.own_cameras

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Sample:
        """Return sample `index`; raise DatasetError that names the file and what is wrong."""
        return self.load(range(len(self.ids))[operator.index(index)])

    @abstractmethod
    def load(self, index: int) -> Sample:
        """Decode sample `index`, 0..len - 1."""


def choose_labels(
    where: str | Path,
    label_sets: Sequence[tuple[str, ...]],
    asked: Optional[tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the class names that the labels index.

    Args:
        where: the data set, for messages.
        label_sets: class names that the data set has labels for, the usual ones first.
        asked: class names that the labels must have; empty for no labels, None for the usual.

    Raises:
        DatasetError: the data set has labels, but of other classes.

    """
    if not label_sets or asked == ():
        return ()
    if asked is None:
        return label_sets[0]
    if tuple(asked) in label_sets:
        return tuple(asked)
    known = '; '.join(f'{len(names)}: {", ".join(names)}' for names in label_sets)
    raise DatasetError(
        f'data set {where} has labels of other classes than the {len(asked)} that are asked for '
        f'({", ".join(asked)}); it has {known}'
    )
