"""Which topics of a bag are read: that of the images, and that of their intrinsics.

Topics are compared as absolute names, since some tools write them without the first slash, and
returned as the bag has them.
"""

from __future__ import annotations

from pathlib import Path
import re
from typing import Mapping

from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.messages import CAMERA_INFO, COMPRESSED_IMAGE, IMAGE


def choose_image_topic(path: Path, topics: Mapping[str, str], wanted: str = '') -> str:
    """Return the topic of the images.

    Args:
        path: the bag, for messages.
        topics: message type by topic.
        wanted: by the user; '' for the only one.

    Raises:
        ConfigError: there is no such topic, or there are several to choose from.

    """
    images = _images(topics)
    if wanted:
        found = _find(images, wanted)
        if not found:
            raise ConfigError(
                f'bag {path} has no image topic {_absolute(wanted)}; its topics: {_listed(topics)}'
            )
        return found
    if not images:
        raise ConfigError(f'bag {path} has no image topic; its topics: {_listed(topics)}')
    if len(images) > 1:
        raise ConfigError(
            f'bag {path} has several image topics, choose one with --image-topic: '
            f'{_listed({name: topics[name] for name in images})}'
        )
    return images[0]


def choose_info_topic(
    path: Path, topics: Mapping[str, str], image_topic: str, wanted: str = ''
) -> tuple[str, str]:
    """Return the topic of the intrinsics, '' for none, and what the user should know of that.

    Without a wish it is camera_info beside the images, or else the bag's only one, unless that is
    beside other images: it is then another camera's.

    Args:
        path: the bag, for messages.
        topics: message type by topic.
        image_topic: the images' topic.
        wanted: by the user, or ''.

    Raises:
        ConfigError: there is no such topic.

    """
    infos = [name for name, kind in topics.items() if kind == CAMERA_INFO]
    if wanted:
        found = _find(infos, wanted)
        if not found:
            raise ConfigError(
                f'bag {path} has no camera_info topic {_absolute(wanted)}; its topics: '
                f'{_listed(topics)}'
            )
        return found, ''
    if beside := _find(infos, _sibling(image_topic)):
        return beside, ''
    siblings = {_sibling(name) for name in _images(topics)}
    free = [name for name in infos if _absolute(name) not in siblings]
    if len(free) == 1:
        return free[0], f'bag {path}: the intrinsics of {image_topic} are taken from {free[0]}'
    if not infos:
        return '', ''
    return '', (
        f'bag {path}: there is no {_sibling(image_topic)} beside {image_topic}; choose its '
        f'intrinsics with --camera-info-topic, of {", ".join(sorted(infos))}'
    )


def _images(topics):
    # Transports other than compressed have the same type, but data of their own kind.
    return [
        name
        for name, kind in topics.items()
        if kind in (IMAGE, COMPRESSED_IMAGE) and not name.endswith('/compressedDepth')
    ]


def _sibling(image_topic):
    """Return the absolute name of camera_info beside an image, by image_transport's rule."""
    raw = re.sub('/compressed(Depth)?$', '', _absolute(image_topic))
    return f'{raw.rpartition("/")[0]}/camera_info'


def _absolute(topic):
    return topic if topic.startswith('/') else f'/{topic}'


def _find(names, wanted):
    return next((name for name in names if _absolute(name) == _absolute(wanted)), '')


def _listed(topics):
    return ', '.join(f'{name} ({kind})' for name, kind in sorted(topics.items())) or 'none'
