"""A data set for the Rerun viewer: images, truth and where the camera was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.fleet.store import Folder, Store
from monodepth_ros.offline.rerun_frame import figures, RerunFrame, thin_cloud
from monodepth_ros.offline.rerun_writer import RrdWriter
import numpy as np

RRD = 'dataset.rrd'
MOST_FRAMES = 1000
"""Frames of a recording, spread evenly over a larger data set: what a viewer holds in memory."""


def rrd_path(store: Store) -> Path:
    """Return where the recording of a data set is; raise ConfigError where it can be nowhere."""
    if not isinstance(store, Folder):
        raise ConfigError(f'{store} is no folder of this machine, and --write rrd needs one')
    return store.path / RRD


def write_dataset_rrd(store: Store, rows: Sequence[dict], path: Path) -> int:
    """
    Write a data set as a recording for the Rerun viewer.

    Args:
        store: that has it.
        rows: of its frames, as the manifests have them.
        path: the file.

    Returns:
        How many frames are in it.

    Raises:
        ConfigError: rerun-sdk is missing or too old, or the file cannot be written.

    """
    count = min(len(rows), MOST_FRAMES)
    numbers = np.linspace(0, len(rows) - 1, count).round().astype(int) if count else []
    chosen = [rows[number] for number in numbers]
    poses = {row['id']: np.reshape(row['pose'], (4, 4)) for row in chosen if row['pose']}

    def pose(name: str, stamp_ns: int) -> Optional[np.ndarray]:
        return poses.get(name)

    writer = RrdWriter(path, pose if poses else None)
    try:
        for row in chosen:
            writer.add(row['stamp_ns'], _frame(store, row))
        writer.finish()
    except BaseException:
        writer.abort()
        raise
    return count


def _frame(store, row):
    picture = f'rgb/{row["id"]}.jpg'
    jpeg = store.read(picture)
    millimetres = _decoded(store, f'depth/{row["id"]}.png', cv2.IMREAD_UNCHANGED)
    depth = millimetres * np.float32(0.001)
    camera = PinholeCamera(*row['camera'])
    size = depth.shape[1::-1]
    # Where the truth has every r-th pixel, the cloud has so many points.
    image = cv2.resize(_decoded(store, picture, cv2.IMREAD_COLOR)[..., ::-1], size)
    points, colors = thin_cloud(depth, image, camera.resized(*size))
    return RerunFrame(
        jpeg=jpeg,
        depths={'truth': millimetres},
        points=points,
        colors=colors,
        camera=camera,
        scalars=figures(depth),
        stamp_ns=row['stamp_ns'],
        frame_id=row['id'],
    )


def _decoded(store, name, how):
    data = np.frombuffer(store.read(name), np.uint8)
    found = cv2.imdecode(data, how) if data.size else None
    if found is None:
        raise DatasetError(f'{name} is no image; make the data set anew')
    return found
