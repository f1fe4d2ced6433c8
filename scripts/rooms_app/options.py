"""The command line of scripts/rooms; the standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path
import re

from rooms_app.kinds import KINDS
from rooms_app.walks import WALKS

DESCRIPTION = (
    'Render furnished rooms, or whole worlds, with exact depth, labels, intrinsics and poses. '
    'Finished views stay: the same command again goes on where it was.'
)
CACHE = Path.home() / '.cache' / 'monodepth_ros' / 'rooms'


def image_size(text: str) -> tuple[int, int]:
    """Return (width, height) of a text such as '320x240'."""
    match = re.fullmatch(r'([1-9]\d{1,3})x([1-9]\d{1,3})', text)
    if not match:
        raise argparse.ArgumentTypeError(f'{text!r} is not WIDTHxHEIGHT, for example 320x240')
    return int(match[1]), int(match[2])


def count(text: str) -> int:
    """Return a whole number of at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number of at least 1')
    return int(text)


def whole(text: str) -> int:
    """Return a whole number of at least zero."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f'{text!r} is not a whole number of at least 0')
    return int(text)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(prog='scripts/rooms', description=DESCRIPTION)
    add = parser.add_argument
    add('--out', type=Path, required=True, help='folder of the data set')
    add('--views', type=count, default=1000, help='views in all (default: %(default)s)')
    add('--seed', type=whole, default=0, help='of the first room; the next has seed + 1')
    add('--views-per-room', type=count, default=7, help='(default: %(default)s)')
    add('--kind', choices=sorted(KINDS), help='rooms of this kind only')
    add(
        '--world',
        metavar='PATH',
        help='views of a world in place of rooms: a folder of a checked-out repository with '
        'worlds/ and models/ of Gazebo, or a glTF file (.glb, .gltf)',
    )
    add(
        '--sequence',
        nargs='?',
        const='hand',
        choices=sorted(WALKS),
        help='a slow walk through one room, with camera.yaml: of a camera in the hand (hand, the '
        'default) or low on a robot (robot)',
    )
    add(
        '--boxes',
        action='store_true',
        help='stand boxes of 5, 10 and 20 cm on the floor before the cameras; scenes/*.json names '
        'their corners',
    )
    add('--size', type=image_size, default=(320, 240), help='WIDTHxHEIGHT (default: 320x240)')
    add('--samples', type=count, default=8, help='rays a pixel, denoised (default: %(default)s)')
    add('--processes', type=count, default=1, help='rendered at the same time')
    add('--threads', type=count, default=1, help='of each process (default: %(default)s)')
    add('--holdout', type=whole, default=0, help='every N-th room is for test.txt (0: none)')
    add('--cache', type=Path, default=CACHE, help='environment and assets (default: %(default)s)')
    return parser
