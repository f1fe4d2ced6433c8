"""What a recording has and when, found in one pass without decoding any image."""

from __future__ import annotations

from dataclasses import dataclass, field
import struct
from typing import Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.fleet.topics import Topics
from monodepth_ros.offline.messages import deserialize, TRANSFORMS
from monodepth_ros.offline.recording import Recording
from monodepth_ros.offline.transforms import STATIC_TOPIC, Transforms
import numpy as np

_SECOND = 1_000_000_000


@dataclass
class Track:
    """The messages of a topic, in the order of their recording.

    Attributes:
        times: when they were recorded, in nanoseconds.
        stamps: when they were taken, in nanoseconds.
        frames: their frames.
        infos: for each the number of its CameraInfo, -1 for none.

    """

    times: list[int] = field(default_factory=list)
    stamps: list[int] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    infos: list[int] = field(default_factory=list)

    def by(self, clock: str) -> np.ndarray:
        """Return the (n,) int64 nanoseconds of 'stamp' or 'recording'."""
        return np.array(self.stamps if clock == 'stamp' else self.times, np.int64)


class Infos:
    """The CameraInfo of a camera: each other one once, and which held at a message."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._by_stamp: dict[int, int] = {}
        self._latest = -1

    def add(self, data: bytes) -> None:
        """Add the next one that was recorded, CDR bytes."""
        stamp, _, end = read_header(data)
        body = data[end:]  # all but the stamp
        if body not in self._numbers:
            self._numbers[body] = len(self.values)
            self.values.append(data)
        self._latest = self._by_stamp[stamp] = self._numbers[body]

    def latest(self) -> int:
        """Return the number of the latest one; -1 where none has come."""
        return self._latest

    def of(self, stamp: int, latest: int) -> int:
        """Return the number of that of the same stamp, or else the latest, or else the first."""
        return self._by_stamp.get(stamp, max(latest, 0) if self.values else -1)


@dataclass
class Index:
    """What a recording has.

    Attributes:
        image: the images.
        truth: what is measured.
        image_infos: the CameraInfo of the images, CDR bytes.
        truth_infos: those of depth images.
        transforms: /tf and /tf_static.
        damage: why the end of the recording is missing, or ''.

    """

    image: Track
    truth: Track
    image_infos: list[bytes]
    truth_infos: list[bytes]
    transforms: Transforms
    damage: str = ''


def read_header(data: bytes) -> tuple[int, str, int]:
    """Return stamp in nanoseconds, frame, and where the header ends, of a message's CDR bytes."""
    order = '<' if data[1:2] == b'\x01' else '>'
    try:
        seconds, nanoseconds, length = struct.unpack_from(f'{order}iII', data, 4)
        end = 16 + length
        text = data[16:end]
        if len(text) < length or nanoseconds >= _SECOND:
            raise ValueError
        return seconds * _SECOND + nanoseconds, text.rstrip(b'\0').decode(), end
    except (struct.error, ValueError):
        raise DatasetError('has no header with a stamp and a frame') from None


def make_index(recording: Recording, topics: Topics) -> Index:
    """
    Return what a recording has; of a damaged one what comes before the damage.

    Raises:
        DatasetError: nothing of it can be read.

    """
    tracks = {topics.image: Track(), topics.truth: Track()}
    infos: dict[str, Infos] = {topics.image_info: Infos()}
    infos.setdefault(topics.truth_info, Infos())
    own = {topics.image: infos[topics.image_info], topics.truth: infos[topics.truth_info]}
    moving = [name for name, kind in recording.topics.items() if kind == TRANSFORMS]
    transforms, damage = Transforms(), ''
    try:
        for message in recording.messages({*tracks, *infos, *moving} - {''}):
            if message.topic in tracks:
                _add(tracks[message.topic], message, own[message.topic])
            elif message.topic in infos:
                infos[message.topic].add(message.data)
            else:
                static = message.topic.endswith(STATIC_TOPIC)
                transforms.add(deserialize(message.data, TRANSFORMS), static)
    except DatasetError as error:
        damage = str(error)
    for name, track in tracks.items():
        track.infos = [own[name].of(s, n) for s, n in zip(track.stamps, track.infos)]
    return Index(
        tracks[topics.image],
        tracks[topics.truth],
        infos[topics.image_info].values if topics.image_info else [],
        infos[topics.truth_info].values if topics.truth_info else [],
        transforms,
        damage,
    )


def _add(track: Track, message, infos: Optional[Infos]) -> None:
    stamp, frame, _ = read_header(message.data)
    track.times.append(message.time_ns)
    track.stamps.append(stamp)
    track.frames.append(frame)
    track.infos.append(infos.latest())
