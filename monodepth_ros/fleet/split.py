"""Which frames are for training and which for testing: neighbours are never on both sides."""

from __future__ import annotations

from collections.abc import Sequence
import math
import zlib

import numpy as np

SHARED_FRAMES = ('map', 'world')
"""Fixed frames in which recordings of one site have the same places; odom begins anew in each."""
CELLS_ACROSS = 6
"""A site is divided into so many squares along its longer side."""
CELL_SIDES = (2.0, 10.0)
"""Metres: the smallest and the largest square."""
NEAR = 0.5
"""Metres; a frame so near to a test frame is not trained on."""
STRETCHES = 10
"""A recording is divided into so many stretches of time."""
MOST = 1.5
"""Of the frames wanted for testing: a group that would make more is not among them."""
SOON = 2.0
"""Seconds; a frame so soon before or after a test frame is not trained on, in a short recording
one within half a stretch."""


def split(rows: Sequence[dict], how: str, test_share: float) -> dict[str, str]:
    """
    Return for each frame's id 'train', 'test', or '' where it is too near to a test frame.

    Args:
        rows: of all parts: id, recording, stamp_ns, pose and fixed_frame.
        how: 'place': squares of the floor; 'time': stretches of a recording; 'auto': by place
            where all frames of a recording have a pose and it moved, else by time.
        test_share: of the frames, about.

    """
    by_place = _moved(rows) if how != 'time' else set()
    result: dict[str, str] = {}
    for chosen in (True, False):
        part = [row for row in rows if (row['recording'] in by_place) == chosen]
        result.update(_split(part, _places if chosen else _times, test_share))
    return result


def _moved(rows):
    """Return the recordings that can be split by place."""
    found = {}
    for row in rows:
        found.setdefault(row['recording'], []).append(row['pose'])
    return {
        name
        for name, poses in found.items()
        if all(poses) and np.ptp(_positions(poses), axis=0).max() > CELL_SIDES[0]
    }


def _positions(poses):
    return np.array([(pose[3], pose[7]) for pose in poses])


def _split(rows, measure, test_share):
    if not rows:
        return {}
    coordinates, groups, reach = measure(rows)
    members: dict[str, list[int]] = {}
    for number, group in enumerate(groups):
        members.setdefault(group, []).append(number)
    test = _chosen(members, test_share * len(rows))
    sides = np.where(np.isin(np.arange(len(rows)), sorted(test)), 'test', 'train').astype(object)
    _leave_out(sides, coordinates, [g.partition('/')[0] for g in groups], reach)
    return {row['id']: str(side) for row, side in zip(rows, sides)}


def _chosen(members, wanted) -> set[int]:
    """Return the members of some groups, about as many as wanted; none of a single group."""
    if len(members) < 2 or not wanted:
        return set()
    # In the order of a checksum, so that further recordings change little of it.
    chosen: set[int] = set()
    for name in sorted(members, key=lambda name: (zlib.crc32(name.encode()), name)):
        if len(chosen) < wanted and len(chosen) + len(members[name]) <= MOST * wanted:
            chosen.update(members[name])
    return chosen or set(min(members.values(), key=len))


def _leave_out(sides, coordinates, scopes, reach):
    """Set to '' what is nearer than `reach` to a test frame of the same scope."""
    scopes = np.array(scopes)
    for number in np.flatnonzero(sides == 'test'):
        near = np.linalg.norm(coordinates - coordinates[number], axis=1) < reach
        sides[near & (sides == 'train') & (scopes == scopes[number])] = ''


def _places(rows):
    """Return (n, 2) metres, for each frame SITE/SQUARE, and what is near."""
    positions = _positions([row['pose'] for row in rows])
    scopes = [_site(row) for row in rows]
    groups = [''] * len(rows)
    for scope in sorted(set(scopes)):
        chosen = [n for n, s in enumerate(scopes) if s == scope]
        side = float(np.ptp(positions[chosen], axis=0).max()) / CELLS_ACROSS
        side = min(max(side, CELL_SIDES[0]), CELL_SIDES[1])
        for number in chosen:
            x, y = (math.floor(v / side) for v in positions[number])
            groups[number] = f'{scope}/{x} {y}'
    return positions, groups, NEAR


def _site(row):
    frame = row['fixed_frame']
    return frame if frame in SHARED_FRAMES else f'{frame} of {row["recording"]}'


def _times(rows):
    """Return (n, 1) seconds, for each frame RECORDING/STRETCH, and what is soon."""
    groups, seconds = [], []
    spans: dict[str, list[int]] = {}
    for row in rows:
        spans.setdefault(row['recording'], []).append(row['stamp_ns'])
    for row in rows:
        first, last = min(spans[row['recording']]), max(spans[row['recording']])
        share = (row['stamp_ns'] - first) / max(last - first, 1)
        groups.append(f'{row["recording"]}/{min(int(share * STRETCHES), STRETCHES - 1)}')
        seconds.append([(row['stamp_ns'] - first) * 1e-9])
    longest = max(max(times) - min(times) for times in spans.values()) * 1e-9
    return np.array(seconds), groups, min(SOON, longest / STRETCHES / 2)
