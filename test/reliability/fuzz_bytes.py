"""Damage bytes at random: what links, disks, other programs and attackers do to files."""

from __future__ import annotations

from random import Random
from typing import Callable, Sequence

import numpy as np

EXTREMES = (0, 1, -1, 2, 7, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
"""Lengths, offsets and counts at which programs go wrong; cut to the width they are written in."""
BIG = (2**40, 2**63 - 1, 2**63, 2**64 - 1)

SPLICED = 64
"""Bytes that are copied, cut out or overwritten at once, at most, most of the time."""


def noise(rng: Random, count: int) -> bytes:
    """Return `count` random bytes, which cost the generator one draw."""
    return np.random.default_rng(rng.getrandbits(32)).bytes(count)


def mutate(rng: Random, data: bytes, tokens: Sequence[bytes] = ()) -> bytes:
    """
    Return damaged `data`.

    Args:
        rng: decides on the damage.
        data: a whole file or message.
        tokens: words of the format, which are put in and exchanged for each other.

    """
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if tokens and rng.random() < 0.4:
            _put_token(rng, changed, tokens)
        else:
            rng.choice(_CHANGES)(rng, changed)
    return bytes(changed)


def _place(rng, data):
    """Return a place in `data`; the beginning, where headers are, as often as all the rest."""
    end = len(data) if rng.random() < 0.5 else min(len(data), 256)
    return rng.randint(0, max(end - 1, 0))


def _flip(rng, data):
    if data:
        data[_place(rng, data)] ^= 1 << rng.randrange(8)


def _overwrite(rng, data):
    start = _place(rng, data)
    end = start + rng.randint(1, SPLICED)
    data[start:end] = noise(rng, rng.randint(1, SPLICED))


def _truncate(rng, data):
    end = _place(rng, data)
    del data[end:]


def _extend(rng, data):
    data += noise(rng, rng.choice((1, 8, 1000)))


def _cut_out(rng, data):
    start = _place(rng, data)
    end = start + rng.randint(1, SPLICED)
    del data[start:end]


def _repeat(rng, data):
    start = _place(rng, data)
    end = start + rng.randint(1, SPLICED)
    part = data[start:end]
    data[start:start] = part * rng.choice((1, 2, 100))


def _splice(rng, data):
    start, to = _place(rng, data), _place(rng, data)
    end = start + rng.randint(1, 4 * SPLICED)
    part = data[start:end]
    end = to + len(part)
    data[to:end] = part


def _set_number(rng, data):
    width = rng.choice((1, 2, 4, 8))
    number = rng.choice(EXTREMES + BIG) % (1 << 8 * width)
    start = _place(rng, data)
    end = start + width
    if end <= len(data):
        data[start:end] = number.to_bytes(width, rng.choice(('little', 'big')))


def _put_token(rng, data, tokens):
    token, found = rng.choice(tokens), rng.choice(tokens)
    start = data.find(found, _place(rng, data))
    if start < 0:
        start, found = _place(rng, data), b''
    end = start + len(found)
    data[start:end] = token


_CHANGES: tuple[Callable[[Random, bytearray], None], ...] = (
    _flip,
    _flip,
    _overwrite,
    _truncate,
    _extend,
    _cut_out,
    _repeat,
    _splice,
    _set_number,
    _set_number,
)
