"""Entry point of `monodepth`; each command's module is imported when it runs."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Optional, Sequence

from monodepth_ros.errors import MonodepthError

COMMANDS = {
    'predict': 'depth, labels and point clouds of image files, without ROS',
    'view': 'show an .rrd file, or what becomes of images, a video or a bag, in Rerun',
    'scale': 'find the factor for depth by a tape measure, the floor, or a lidar',
    'dataset': 'make a data set of recordings with a depth camera or a lidar',
    'evaluate': 'measure a model on annotated images or recordings',
    'train': 'train a network',
    'average': 'average the weights of several trainings from common ones (a model soup)',
    'export': 'build what an engine needs ahead of the first start; INT8 calibration; ONNX',
    'inspect': 'what an ONNX file of others takes and gives, and a manifest to start from',
    'benchmark': 'measure engines and node on this machine, beside plain ones',
}
INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended (128 + SIGINT), as shells give it."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands' options; imports neither torch nor ROS."""
    parser = argparse.ArgumentParser(
        prog='monodepth', description='Monocular metric depth and semantic segmentation.'
    )
    commands = parser.add_subparsers(dest='command', required=True)
    for name, summary in COMMANDS.items():
        module = importlib.import_module(f'monodepth_ros.cli.{name}')
        command = commands.add_parser(name, help=summary, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run one command; errors of ours end with one line on stderr and status 1."""
    if hasattr(sys.stdout, 'reconfigure'):
        # A file's name need not be text in the terminal's encoding, and is shown all the same.
        sys.stdout.reconfigure(errors='backslashreplace')
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options)
    except MonodepthError as error:
        print(f'monodepth {options.command}: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f'\nmonodepth {options.command}: interrupted', file=sys.stderr)
        return INTERRUPTED


if __name__ == '__main__':
    sys.exit(main())
