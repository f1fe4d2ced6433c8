"""Parts of recordings: what one task makes, each with a manifest that says it is done."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Iterator

import cv2
from monodepth_ros.errors import DatasetError, MonodepthError
from monodepth_ros.fleet.frame import MadeFrame, make_frame
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.plan import FramePlan, LeftOut, RecordingPlan
from monodepth_ros.fleet.store import Store
from monodepth_ros.fleet.topics import Topics
from monodepth_ros.image_encodings import to_millimetres
from monodepth_ros.offline.recording import Recording
import numpy as np

FRAMES = 50
"""Of a part: what is lost at most when a worker is killed."""
BINS = 50
"""Of the distances' histogram."""
CELLS = (12, 16)
"""Rows and columns of the map of where depth is known."""
MANIFESTS = 'parts'
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]


@dataclass(frozen=True)
class Part:
    """Frames of a recording that are made together, in order.

    Attributes:
        path: the recording.
        name: of the part; its manifest has it.
        recording: name of the recording.
        fixed_frame: that poses are in, or ''.
        topics: that are read.
        kinds: types of images and measurements.
        frames: to make.

    """

    path: Path
    name: str
    recording: str
    fixed_frame: str
    topics: Topics
    kinds: tuple[str, str]
    frames: list[FramePlan]

    @property
    def manifest(self) -> str:
        """The name of the file that says that the part is done."""
        return f'{MANIFESTS}/{self.name}.json'


def parts_of(plan: RecordingPlan) -> list[Part]:
    """Return the parts of a recording, in order."""
    parts = []
    for number, first in enumerate(range(0, len(plan.frames), FRAMES)):
        end = first + FRAMES
        name, frames = f'{plan.name}_{number:04}', plan.frames[first:end]
        fixed = plan.fixed_frame
        parts.append(Part(plan.path, name, plan.name, fixed, plan.topics, plan.kinds, frames))
    return parts


def make_part(part: Part, store: Store, options: Options) -> dict:
    """
    Write the files of a part and then its manifest; return the manifest.

    Raises:
        ConfigError: the store cannot be written to.
        DatasetError: the recording cannot be read any more.

    """
    rows, left_out = [], LeftOut()
    for frame, image, truth in read_pairs(part):
        try:
            made = make_frame(frame, part.kinds, image, truth, options)
        except (MonodepthError, cv2.error) as error:
            left_out.add(' '.join(str(error).split()), frame.name)
            continue
        store.write(f'rgb/{frame.name}.jpg', _encoded('.jpg', made.image[..., ::-1], JPEG))
        store.write(f'depth/{frame.name}.png', _encoded('.png', to_millimetres(made.depth)))
        rows.append(_row(part, frame, made, options))
    missing = len(part.frames) - len(rows) - sum(n for n, _ in left_out.reasons.values())
    if missing:
        left_out.add('not found again in the recording', part.name, missing)
    manifest = {'rows': rows, 'left_out': left_out.reasons}
    store.write(part.manifest, json.dumps(manifest).encode())
    return manifest


def read_pairs(part: Part) -> Iterator[tuple[FramePlan, bytes, bytes]]:
    """Yield the frames of a part with the CDR bytes of image and measurement, as they come."""
    waiting = {}
    for frame in part.frames:
        waiting.setdefault((part.topics.image, frame.image_time), []).append(frame)
        waiting.setdefault((part.topics.truth, frame.truth_time), []).append(frame)
    times = [time for _, time in waiting]
    found: dict[str, dict[str, bytes]] = {}
    try:
        for message in Recording(part.path).messages(
            (part.topics.image, part.topics.truth), min(times), max(times) + 1
        ):
            for frame in waiting.pop((message.topic, message.time_ns), ()):
                data = found.setdefault(frame.name, {})
                data[message.topic] = message.data
                if len(data) == 2:
                    del found[frame.name]
                    yield frame, data[part.topics.image], data[part.topics.truth]
            if not waiting:
                return
    except DatasetError:
        # What is damaged was left out of the plan; the damage itself may come at the end.
        return


def _encoded(ending, pixels, options=()):
    return cv2.imencode(ending, pixels, list(options))[1].tobytes()


def _row(part: Part, frame: FramePlan, made: MadeFrame, options: Options) -> dict:
    """Return what tables and report need of a frame, as JSON types."""
    camera, known = made.camera, made.depth[made.depth > 0]
    counts, _ = np.histogram(known, BINS, (0.0, options.max_depth))
    return {
        'id': frame.name,
        'recording': part.recording,
        'stamp_ns': frame.stamp_ns,
        'camera': [camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy],
        'stand': frame.stand and list(frame.stand),
        'pose': None if frame.pose is None else frame.pose.ravel().tolist(),
        'fixed_frame': part.fixed_frame,
        'known': known.size / made.depth.size,
        'histogram': counts.tolist(),
        'coverage': _coverage(made.depth),
    }


def _coverage(depth):
    """Return the share of the known pixels in each of `CELLS`, row by row, in percent."""
    known = (depth > 0).astype(np.float32)
    cells = cv2.resize(known, CELLS[::-1], interpolation=cv2.INTER_AREA)
    return np.rint(100 * cells).astype(int).ravel().tolist()
