"""Which topics of a recording are the images, and which is the truth about their distances."""

from __future__ import annotations

from typing import NamedTuple

from monodepth_ros.depth_encodings import METRES_PER_UNIT
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.offline.messages import (
    COMPRESSED_IMAGE,
    deserialize,
    IMAGE,
    LASER_SCAN,
    POINT_CLOUD,
)
from monodepth_ros.offline.recording import Recording
from monodepth_ros.offline.topics import choose_image_topic, choose_info_topic

COMPRESSED_DEPTH = '/compressedDepth'
POINTS = (LASER_SCAN, POINT_CLOUD)
TRUTH = 'a depth image (16UC1, 32FC1, compressedDepth), LaserScan or PointCloud2'


class Topics(NamedTuple):
    """Topics of a recording, as it has them.

    Attributes:
        image: of the images.
        image_info: of their intrinsics, or ''.
        truth: of depth images or points.
        truth_info: of the intrinsics of depth images, or ''.

    """

    image: str
    image_info: str
    truth: str
    truth_info: str


def choose_topics(recording: Recording, image: str = '', truth: str = '') -> Topics:
    """
    Return the topics of a recording.

    Args:
        recording: the bag.
        image: topic of the images; '' for the only one.
        truth: topic of what is measured; '' for the only depth image, or else the only points.

    Raises:
        ConfigError: no such topic, or several to choose from.
        DatasetError: the bag cannot be read.

    """
    depths = _depth_topics(recording)
    topics = recording.topics
    colours = {name: kind for name, kind in topics.items() if name not in depths}
    if not image:
        # Of one image in two transports the raw one is as it was taken.
        colours = {
            n: k
            for n, k in colours.items()
            if n.removesuffix('/compressed') == n or n.removesuffix('/compressed') not in colours
        }
    chosen = choose_image_topic(recording.path, colours, image)
    found = _choose_truth(recording, depths, truth)
    infos = [
        choose_info_topic(recording.path, topics, name)[0] if name not in _points(topics) else ''
        for name in (chosen, found)
    ]
    return Topics(chosen, infos[0], found, infos[1])


def _depth_topics(recording):
    return [name for name, kind in recording.topics.items() if _is_depth(recording, name, kind)]


def _is_depth(recording, name, kind):
    if kind == COMPRESSED_IMAGE:
        return name.endswith(COMPRESSED_DEPTH)
    if kind != IMAGE:
        return False
    first = next(recording.messages((name,)), None)
    if first is None:
        return False
    encoding = deserialize(first.data, kind).encoding
    return encoding in METRES_PER_UNIT and (encoding != 'mono16' or 'depth' in name)


def _points(topics):
    return [name for name, kind in topics.items() if kind in POINTS]


def _choose_truth(recording, depths, wanted):
    path, topics = recording.path, recording.topics
    points = _points(topics)
    absolute = {name if name.startswith('/') else f'/{name}': name for name in [*depths, *points]}
    listed = ', '.join(f'{name} ({topics[name]})' for name in [*depths, *points]) or 'none'
    if wanted:
        found = absolute.get(wanted if wanted.startswith('/') else f'/{wanted}')
        if found is None:
            raise ConfigError(f'bag {path}: {wanted} is not {TRUTH} of it; it has {listed}')
        return found
    raw = [n for n in depths if not n.endswith(COMPRESSED_DEPTH)]
    others = [n for n in depths if n.removesuffix(COMPRESSED_DEPTH) not in raw]
    images = raw + [n for n in others if n not in raw]
    for names in (images, points):
        if len(names) == 1:
            return names[0]
        if names:
            raise ConfigError(
                f'bag {path} has several topics with distances, choose one with --truth: {listed}'
            )
    every = ', '.join(f'{name} ({kind})' for name, kind in sorted(topics.items())) or 'none'
    raise DatasetError(
        f'bag {path} has no {TRUTH.removeprefix("a ")}; record one; its topics: {every}'
    )
