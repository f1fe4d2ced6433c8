"""Look at results in the Rerun viewer: an .rrd file, or an input that becomes one first."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from monodepth_ros.cli import predict
from monodepth_ros.cli.options import add_camera_arguments, add_engine_arguments
from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.kinds import is_bag, is_video

LOCAL = '127.0.0.1'
"""The viewer listens for other programs; to those of this machine alone."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'path',
        metavar='PATH',
        help='.rrd file, folder of `monodepth dataset`, or an input of `monodepth predict`',
    )
    parser.add_argument(
        '--out', help='folder that keeps the .rrd file that is made (default: none is kept)'
    )
    parser.add_argument(
        '--web', action='store_true', help='show it in the browser instead of a window'
    )
    parser.add_argument('--image-topic', default='', help='of a bag (default: the only)')
    add_camera_arguments(parser)
    add_engine_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Show the recording until the viewer is closed; return the viewer's exit status."""
    from monodepth_ros.offline.rerun_writer import require_rerun

    require_rerun()
    path = Path(options.path)
    if not path.exists():
        raise ConfigError(f'{path} does not exist; expected an .rrd file, a data set or an input')
    if not options.web and not _has_display():
        raise ConfigError(
            'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); use --web, or '
            'take an .rrd file to a machine that has one: monodepth predict --write rrd'
        )
    with ExitStack() as stack:
        if path.suffix != '.rrd':
            out = options.out or stack.enter_context(tempfile.TemporaryDirectory())
            path = _recording(path, Path(out), options)
        return _show(path, options.web)


def _has_display():
    if not sys.platform.startswith('linux'):
        return True
    return bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))


def _recording(path, out, options):
    """Return the .rrd file that is made of a data set or of an input."""
    from monodepth_ros.fleet.options import FACTS

    if (path / FACTS).is_file():
        return _recording_of_dataset(path, out)
    # Each input has a folder of its own: what is in there was made of it.
    out = out / path.resolve().name
    predict.run(_options_of_predict(path, out, options))
    found = sorted(out.glob('*_monodepth.rrd'))
    if not found:
        raise ConfigError(f'nothing of {path} could be predicted')
    return found[0]


def _recording_of_dataset(path, out):
    from monodepth_ros.cli.dataset import require_bags

    require_bags()
    from monodepth_ros.fleet.dataset import read_rows
    from monodepth_ros.fleet.rerun_dataset import RRD, write_dataset_rrd
    from monodepth_ros.fleet.store import Folder

    predict.make_folder(out)
    if not write_dataset_rrd(Folder(path), read_rows(Folder(path)), out / RRD):
        raise ConfigError(f'data set {path} has no frame; see what `monodepth dataset` left out')
    return out / RRD


def _options_of_predict(path, out, options):
    parser = argparse.ArgumentParser()
    predict.add_arguments(parser)
    fixed = [str(path), '--out', str(out), '--write', 'rrd']
    # Once --out has what was made of a recording, it is shown; images come and go.
    fixed += ['--resume'] if is_bag(path) or is_video(path) else []
    given = parser.parse_args(fixed)
    shared = vars(options).keys() & vars(given).keys() - {'out'}
    return argparse.Namespace(**{**vars(given), **{n: getattr(options, n) for n in shared}})


def _show(path, web):
    command = [sys.executable, '-m', 'rerun', str(path), '--bind', LOCAL]
    return subprocess.run([*command, *(['--web-viewer'] if web else [])], check=False).returncode
