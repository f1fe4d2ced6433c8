"""Which inputs are bags, videos and images, by what is in them before what they are called."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from monodepth_ros.image_files import format_of_file
from monodepth_ros.image_formats import VIDEO
from monodepth_ros.offline.sinks import FILES

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp', '.avif', '.heic')
IMAGE_SUFFIXES += ('.heif',)
VIDEO_SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.wmv', '.ts')
VIDEO_SUFFIXES += ('.mts', '.m2ts', '.flv', '.ogv', '.3gp', '.gif')
PACKED = '.zstd'
"""Ending of what rosbag2 compresses by the file."""
ROS1_SUFFIX = '.bag'
BAG_SUFFIXES = ('.mcap', '.db3', f'.mcap{PACKED}', f'.db3{PACKED}')
METADATA = 'metadata.yaml'


def is_bag(path: Path) -> bool:
    """Return whether a path is a bag: a file, or a folder of rosbag2."""
    if not path.is_dir():
        return path.name.endswith(BAG_SUFFIXES) or is_ros1_bag(path)
    if (path / METADATA).exists():
        return True
    return bool(storage_files(path))


def storage_files(folder: Path) -> list[Path]:
    """Return the files of rosbag2 in a folder, sorted; no hidden ones."""
    return sorted(p for p in _shown_in(folder) if p.name.endswith(BAG_SUFFIXES))


def is_ros1_bag(path: Path) -> bool:
    """Return whether a path is a bag file of ROS 1."""
    return path.suffix == ROS1_SUFFIX and not path.is_dir()


def bag_stem(path: Path) -> str:
    """Return the name of a bag's file without its ending."""
    return Path(path.stem).stem if path.suffix == PACKED else path.stem


def is_video(path: Path) -> bool:
    """Return whether a file is a video, by its content or else its name."""
    with suppress(OSError):
        if format_of_file(path).kind == VIDEO:
            return True
    return path.suffix.lower() in VIDEO_SUFFIXES


def is_result(path: Path) -> bool:
    """Return whether a file has the name of what is made of an image."""
    return path.name.endswith(tuple(FILES.values()))


def ros1_bags(folder: Path) -> list[Path]:
    """Return the bag files of ROS 1 in a folder, each of which is a bag of its own, sorted."""
    return sorted(path for path in _shown_in(folder) if is_ros1_bag(path))


def images_in(folder: Path) -> list[Path]:
    """Return the images directly in a folder, sorted; no hidden files, and nobody's results."""
    return sorted(
        path
        for path in _shown_in(folder)
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.is_dir() and not is_result(path)
    )


def _shown_in(folder):
    # macOS leaves a ._NAME beside each NAME on disks of other systems.
    return (path for path in folder.iterdir() if not path.name.startswith('.'))
