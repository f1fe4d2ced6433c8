"""Images without any ground truth, for a teacher to speak of."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets.base import Dataset, DatasetFacts, Sample
from monodepth_ros.training.datasets.files import no_label, read_image
import numpy as np

CALIBRATION = 'camera.yaml'
SUFFIXES = ('.jpg', '.jpeg', '.png')


class UnlabelledDataset(Dataset):
    """All images below a folder; depth and labels are unknown everywhere.

    Args:
        root: the folder.
        camera: intrinsics of all images; None for those of camera.yaml in the folder.

    Raises:
        DatasetError: no image, or no intrinsics.
        CalibrationError: camera.yaml cannot be used.

    """

    def __init__(self, root: Path, camera: Optional[CameraModel] = None):
        paths = _paths(root)
        calibration = root / CALIBRATION
        if camera is None and not calibration.is_file():
            raise DatasetError(
                f'{root} has no {CALIBRATION}; put one there, or set hfov, in degrees'
            )
        facts = DatasetFacts(camera=camera or load_calibration(calibration))
        names = [str(path.relative_to(root)) for path in paths]
        super().__init__('unlabelled', root, names, facts)

    def load(self, index: int) -> Sample:
        """Load sample `index` from disk; raise DatasetError that names the file."""
        name = self.ids[index]
        image = read_image(self.root / name, self.camera)
        size = image.shape[:2]
        return Sample(name, image, np.zeros(size, np.float32), no_label(size), self.camera)


def first_size(root: Path) -> tuple[int, int]:
    """Return width and height of the first image; raise DatasetError where there is none."""
    image = read_image(_paths(root)[0], None)
    return image.shape[1], image.shape[0]


def _paths(root):
    paths = sorted(p for p in root.rglob('*') if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise DatasetError(f'{root} has no image ({", ".join(SUFFIXES)})')
    return paths
