"""Options of a published network that is evaluated beside ours."""

from __future__ import annotations

import argparse
import dataclasses
import re
from typing import Optional

from monodepth_ros.engines.cache import file_digest
from monodepth_ros.training.peer import OnnxPeer, PeerOptions, RESIZING


def add_peer_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --onnx-peer and what says what its network takes and gives."""
    group = parser.add_argument_group(
        'side by side',
        'a published depth network, (1, 3, height, width) RGB to depth, by the same protocol',
    )
    group.add_argument('--onnx-peer', metavar='FILE', help='the network, run by ONNX Runtime')
    group.add_argument(
        '--peer-crop',
        type=_numbers(int, 4, 'X,Y,WIDTH,HEIGHT in pixels', at_least=(0, 0, 1, 1)),
        metavar='X,Y,WIDTH,HEIGHT',
        help='the part of the image that it sees (default: all)',
    )
    group.add_argument(
        '--peer-size',
        type=_size,
        metavar='WIDTHxHEIGHT',
        help='of its input, where the file leaves that open',
    )
    group.add_argument(
        '--peer-resize',
        choices=tuple(RESIZING),
        default='area',
        help='how the image gets this size (default: %(default)s)',
    )
    group.add_argument(
        '--peer-mean',
        type=_numbers(float, 3, 'R,G,B of 0..255'),
        default=(0.0, 0.0, 0.0),
        metavar='R,G,B',
        help='subtracted from the pixels, of 0..255 (default: 0,0,0)',
    )
    group.add_argument(
        '--peer-std',
        type=_numbers(float, 3, 'R,G,B above 0', at_least=(1e-6,) * 3),
        default=(255.0, 255.0, 255.0),
        metavar='R,G,B',
        help='divides them (default: 255,255,255)',
    )
    group.add_argument(
        '--peer-scale',
        type=float,
        default=1.0,
        help='metres that its output 1 stands for (default: 1)',
    )


def make_peer(options: argparse.Namespace) -> Optional[OnnxPeer]:
    """Return the peer that the options name, or None; raise its errors."""
    if not options.onnx_peer:
        return None
    named = {
        field.name: getattr(options, f'peer_{field.name}')
        for field in dataclasses.fields(PeerOptions)
    }
    return OnnxPeer(options.onnx_peer, PeerOptions(**named), options.threads)


def describe_peer(peer: OnnxPeer) -> dict:
    """Return file name, sha256 and options of a peer, as plain JSON types."""
    options = dataclasses.asdict(peer.options)
    return {
        'file': peer.path.name,
        'sha256': file_digest(peer.path),
        'options': {**options, 'size': peer.size},
    }


def _numbers(kind, count, expected, at_least=None):
    """Return what reads `count` numbers with commas between them."""

    def read(text):
        try:
            values = tuple(kind(part) for part in text.split(','))
        except ValueError:
            values = ()
        if len(values) != count or any(v < low for v, low in zip(values, at_least or values)):
            raise argparse.ArgumentTypeError(f'{text!r}, expected {expected}')
        return values

    return read


def _size(text):
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    size = tuple(int(side) for side in match.groups()) if match else (0, 0)
    if min(size) < 1:
        raise argparse.ArgumentTypeError(f'{text!r}, expected WIDTHxHEIGHT, such as 304x224')
    return size
