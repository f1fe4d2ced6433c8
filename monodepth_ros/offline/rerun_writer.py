"""Write recordings for the Rerun viewer, through the optional library rerun-sdk."""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path
import shutil
from typing import Any, Callable, Optional

from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.rerun_frame import RerunFrame
import numpy as np

OLDEST = (0, 24)
"""The first version whose files all later ones read, and which has all that is used here."""

INSTALL = f'pip install "rerun-sdk>={OLDEST[0]}.{OLDEST[1]}"'

WORLD, CAMERA, IMAGE = 'world', 'world/camera', 'world/camera/image'
POINTS, PLOT = 'world/camera/points', 'plot'

SPARE_BYTES = 64 << 20
"""Room that a disk must have for a frame and what is on its way: the library waits for ever on a
full one."""

Poses = Callable[[str, int], Optional[np.ndarray]]
"""From an optical frame and nanoseconds to its (4, 4) pose, or None where it has none."""


def require_rerun() -> Any:
    """Return the library; raise ConfigError where it is missing or too old."""
    try:
        import rerun
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'recordings for Rerun need the library rerun-sdk ({error}); install it: {INSTALL}'
        ) from None
    # Another package has this name as well, and no such attribute.
    version = getattr(rerun, '__version__', 'unknown')
    if _numbers(version) < OLDEST:
        raise ConfigError(
            f'rerun-sdk is {version}, expected {OLDEST[0]}.{OLDEST[1]} or later; install it: '
            f'{INSTALL}'
        )
    return rerun


def _numbers(version):
    parts = version.split('.')[:2]
    return tuple(int(part) for part in parts) if all(p.isdigit() for p in parts) else (0, 0)


class RrdWriter:
    """
    Write an .rrd file that has its name only once it is complete.

    Args:
        path: the file.
        poses: where the camera is in a frame whose z is up; None where that is not known.

    Raises:
        ConfigError: rerun-sdk is missing or too old.

    """

    def __init__(self, path: Path, poses: Optional[Poses] = None) -> None:
        self._rerun = require_rerun()
        self._path = path
        self._partial = path.with_name(f'{path.stem}.partial{path.suffix}')
        self._poses = poses
        self._recording: Any = None
        self._classes: tuple = ()
        self._count = 0

    def add(self, time_ns: int, frame: RerunFrame) -> None:
        """
        Write a frame.

        Args:
            time_ns: not used; the stamp of the frame is.
            frame: what is written.

        Raises:
            ConfigError: the place cannot be written to.

        """
        self._check_room()
        if self._recording is None:
            self._open()
        self._set_time(frame)
        self._log_images(frame)
        self._log_cloud(frame)
        for name, value in frame.scalars.items():
            self._log(f'{PLOT}/{name}', self._rerun.Scalars([value]))
        self._count += 1

    def _check_room(self):
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError as error:
            self._partial.unlink(missing_ok=True)
            raise ConfigError(f'cannot write {self._path}: {error.strerror}') from None
        if free < SPARE_BYTES:
            raise ConfigError(
                f'cannot write {self._path}: {free >> 20} MiB free, expected at least '
                f'{SPARE_BYTES >> 20}; make room or choose another --out'
            )

    def _open(self):
        rerun = self._rerun
        recording = rerun.RecordingStream('monodepth', recording_id=self._path.stem)
        try:
            recording.save(self._partial)
        # An error of the library's own, which has no type that is said to last.
        except Exception as error:
            raise ConfigError(f'cannot write {self._path}: {_said(error)}') from None
        self._recording = recording
        recording.send_blueprint(_blueprint(rerun.blueprint))
        axes = rerun.ViewCoordinates
        up = axes.RIGHT_HAND_Z_UP if self._poses else axes.RDF
        recording.log(WORLD, up, static=True)

    def _log(self, path, *values):
        self._recording.log(path, *values)

    def _set_time(self, frame):
        self._recording.set_time('frame', sequence=self._count)
        if frame.stamp_ns:
            stamp = np.datetime64(frame.stamp_ns, 'ns')
            self._recording.set_time('stamp', timestamp=stamp)

    def _log_images(self, frame):
        rerun = self._rerun
        if frame.classes != self._classes:
            self._classes = frame.classes
            self._recording.log('/', rerun.AnnotationContext(list(frame.classes)), static=True)
        if frame.camera is not None:
            size = [frame.camera.width, frame.camera.height]
            self._log(IMAGE, rerun.Pinhole(image_from_camera=_matrix(frame), resolution=size))
        picture = rerun.EncodedImage(contents=frame.jpeg, media_type='image/jpeg')
        self._log(f'{IMAGE}/color', picture)
        for name, depth in frame.depths.items():
            self._log(f'{IMAGE}/{name}', rerun.DepthImage(depth, meter=1000.0))
        if frame.label is not None:
            self._log(f'{IMAGE}/labels', rerun.SegmentationImage(frame.label, opacity=0.5))

    def _log_cloud(self, frame):
        """Log where the camera is and what it sees: nothing while that is not known."""
        rerun = self._rerun
        if self._poses is not None:
            pose = self._poses(frame.frame_id, frame.stamp_ns)
            if pose is None:
                self._log(POINTS, rerun.Clear(recursive=True))
                return
            place = rerun.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3])
            self._log(CAMERA, place)
        self._log(POINTS, rerun.Points3D(frame.points, colors=frame.colors))

    def finish(self) -> None:
        """Complete the file and give it its name; one with no frame is none at all."""
        if self._recording is None:
            return
        self._close()
        try:
            os.replace(self._partial, self._path)
        except OSError as error:
            raise ConfigError(f'cannot write {self._path}: {error.strerror}') from None

    def _close(self):
        recording, self._recording = self._recording, None
        # Ends the writing, too; a file without its end cannot be read.
        recording.disconnect()

    def abort(self) -> None:
        """Remove what has been written of a file that is not finished."""
        if self._recording is not None:
            self._close()
            with suppress(OSError):
                self._partial.unlink()


def _matrix(frame):
    # Rerun counts from the edge of the image, OpenCV and ROS from the middle of the first pixel.
    matrix = frame.camera.matrix()
    matrix[:2, 2] += 0.5
    return matrix


def _said(error):
    return ' '.join(str(error).split()) or type(error).__name__


def _blueprint(blueprint):
    """Return what the viewer shows at first: images at the left, the space and plots beside."""
    flat, inside = blueprint.Spatial2DView, '$origin'
    overlay = flat(
        origin=IMAGE, contents=[f'{inside}/color', f'{inside}/labels'], name='image and classes'
    )
    depth = flat(origin=IMAGE, contents=[f'{inside}/depth', f'{inside}/truth'], name='depth')
    space = blueprint.Spatial3DView(
        origin=WORLD,
        contents=[f'{WORLD}/**', *(f'- {IMAGE}/{name}' for name in ('depth', 'truth', 'labels'))],
        name='space',
    )
    plot = blueprint.TimeSeriesView(origin=PLOT, name='scale and median depth')
    right = blueprint.Vertical(space, plot, row_shares=[3, 1])
    left = blueprint.Vertical(overlay, depth)
    return blueprint.Blueprint(
        blueprint.Horizontal(left, right, column_shares=[2, 3]), collapse_panels=True
    )
