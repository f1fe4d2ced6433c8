"""Average the weights of checkpoints that were trained from common ones (a model soup)."""

from __future__ import annotations

import argparse
from pathlib import Path

from monodepth_ros.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'checkpoints', nargs='+', metavar='CHECKPOINT', help='two or more, of one network'
    )
    parser.add_argument(
        '--shares',
        nargs='+',
        type=float,
        metavar='SHARE',
        help='the part of each in the average, such as 2 1 (default: equal)',
    )
    parser.add_argument('--out', type=Path, required=True, metavar='FILE', help='.safetensors')


def run(options: argparse.Namespace) -> int:
    """Write the average as a checkpoint, and say what it is."""
    from monodepth_ros.networks.checkpoint import save_checkpoint
    from monodepth_ros.training.soup import make_soup

    network, facts = make_soup(options.checkpoints, options.shares)
    try:
        save_checkpoint(options.out, network, facts)
    except OSError as error:
        raise ConfigError(
            f'--out {options.out}: {error.strerror or error}; name a file in a folder that exists'
        ) from None
    print(
        f'{options.out}: {facts.network}, the average of {len(options.checkpoints)}, '
        f'{facts.input_width} x {facts.input_height} at {facts.focal_length:.1f} pixels'
    )
    return 0
