"""Which sources the inputs of a command are: images, videos and bags."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.offline.images import ImageSource
from monodepth_ros.offline.jobs import Intrinsics, Source
from monodepth_ros.offline.kinds import (
    BAG_SUFFIXES,
    IMAGE_SUFFIXES,
    images_in,
    is_bag,
    is_result,
    is_video,
    ros1_bags,
    ROS1_SUFFIX,
)
from monodepth_ros.offline.videos import VideoSource


def open_sources(
    names: Sequence[str],
    intrinsics: Intrinsics,
    image_topic: str = '',
    camera_info_topic: str = '',
) -> list[Source]:
    """
    Return the sources that the names stand for: all images in one, each video and bag in its own.

    Args:
        names: image files, folders of images, videos, and bags: folders with a metadata.yaml,
            .mcap, .db3 and .bag files, folders of .bag files.
        intrinsics: what the user says about the camera; comes before what a bag says.
        image_topic: which images of a bag; '' for its only image topic.
        camera_info_topic: which intrinsics of a bag; '' for those beside the images.

    Raises:
        ConfigError: a name that does not exist, nothing to read, names that would overwrite each
            other's results, or an unknown topic.
        DatasetError: a video or bag that cannot be read.

    """
    images: list[Path] = []
    sequences: dict[Path, Source] = {}
    for path in map(Path, names):
        if not path.exists():
            raise ConfigError(f'{path} does not exist; expected an image, folder, video or bag')
        try:
            for part in _parts(path):
                if is_bag(part):
                    topics = (image_topic, camera_info_topic)
                    sequences[part] = _bag_source()(part, intrinsics, *topics)
                elif is_video(part):
                    sequences[part] = VideoSource(part, intrinsics)
                else:
                    images.append(part)
        except OSError as error:
            raise DatasetError(f'{path} cannot be read: {error.strerror}') from None
    for path, name in distinct({path: source.name for path, source in sequences.items()}).items():
        sequences[path].name = name
    named = distinct({path: path.stem for path in images})
    return [*([ImageSource(named, intrinsics)] if named else []), *sequences.values()]


def _bag_source():
    try:
        from monodepth_ros.offline.bags import BagSource
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'bags need the library rosbags ({error}); install it: pip install "rosbags>=0.11.9"'
        ) from None
    return BagSource


def _parts(path: Path) -> Iterable[Path]:
    """Return the files of a folder that are inputs; or the path itself, a bag or a file."""
    if not path.is_dir() or is_bag(path):
        return [path]
    found = [*ros1_bags(path), *images_in(path)]
    if not found:
        raise ConfigError(_nothing_in(path))
    return found


def _nothing_in(path):
    files = [p for p in path.iterdir() if p.is_file() and not p.name.startswith('.')]
    if any(is_result(p) for p in files):
        return f'{path} has results of this command only; name those that are inputs one by one'
    if videos := sorted(p.name for p in files if is_video(p)):
        return f'{path} has videos only, the first is {videos[0]}; name them one by one'
    known = ', '.join((*IMAGE_SUFFIXES, *BAG_SUFFIXES, ROS1_SUFFIX))
    return f'no images and no bag in {path}; known endings: {known}'


def distinct(names: Mapping[Path, str]) -> dict[Path, str]:
    """
    Return a name for each path, that its results begin with: one that no other has.

    Args:
        names: for each path, its usual name. Paths that share one have their endings with it:
            photo_jpg and photo_png.

    Raises:
        ConfigError: paths share their endings too.

    """
    counts = Counter(names.values())
    found: dict[Path, str] = {}
    first: dict[str, Path] = {}
    for path, name in names.items():
        if counts[name] > 1 and not path.is_dir():
            name += path.suffix.replace('.', '_')
        if name in first:
            raise ConfigError(
                f'results of {path} would replace those of {first[name]}; predict them one by one '
                'into two --out folders'
            )
        first[name] = path
        found[path] = name
    return found
