"""Make a data set of recordings: images with measured distances, to evaluate and to train on."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
import sys
from typing import Optional

from monodepth_ros.cli.options import add_camera_arguments, add_ray_argument, positive
from monodepth_ros.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'recordings',
        nargs='+',
        metavar='RECORDING',
        help='bag: its folder, an .mcap, .db3 or .bag file, or a folder of bags',
    )
    parser.add_argument('--out', required=True, help='folder of the data set, or a URL')
    parser.add_argument(
        '--write', choices=('rrd',), help='also write dataset.rrd, for the Rerun viewer'
    )
    parser.add_argument('--workers', type=positive, default=0, help='processes (default: 1)')
    add_ray_argument(parser)
    add_camera_arguments(parser)
    add_recording_arguments(parser)
    group = parser.add_argument_group('what is kept')
    add_number(group, '--max-blur', 0.6, 'from 0, sharp, to 1; 1 keeps all')
    add_number(group, '--min-light', 20.0, 'grey level of bright parts; 0 keeps all')
    group.add_argument(
        '--split', choices=('auto', 'place', 'time'), default='auto', help='(default: auto)'
    )
    add_number(group, '--test-share', 0.2, 'of the frames, in test.txt')


def add_recording_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how images and measurements of a recording belong together."""
    group = parser.add_argument_group('recording')
    group.add_argument('--image-topic', default='', help='raw or compressed (default: the only)')
    group.add_argument(
        '--truth',
        default='',
        metavar='TOPIC',
        help='depth image, LaserScan or PointCloud2 (default: the only depth image or points)',
    )
    group.add_argument(
        '--registered', action='store_true', help='depth is aligned with the image already'
    )
    group.add_argument(
        '--clock',
        choices=('stamp', 'recording'),
        default='stamp',
        help='pair by the stamps of messages, or by when they were recorded (default: stamp)',
    )
    add_number(group, '--tolerance', 0.02, 'seconds between an image and its measurement')
    add_number(group, '--max-depth', 10.0, 'metres; what is farther does not count')
    group.add_argument('--fixed-frame', default='', help='of poses (default: map, odom, world)')
    group.add_argument(
        '--ground-frame',
        default='',
        help='its z = 0 is the floor (default: base_footprint, or the fixed frame)',
    )
    group.add_argument(
        '--every', type=positive, default=1, metavar='N', help='one of N pairs (default: 1)'
    )
    add_number(group, '--min-move', 0.1, 'metres since the last frame, where /tf has a pose')
    add_number(group, '--min-turn', 5.0, 'or degrees since the last frame')


def add_number(group, name: str, default: float, meaning: str) -> None:
    """Add an option for a finite number that is not negative."""
    group.add_argument(name, type=_number, default=default, help=f'{meaning} (default: {default})')


def _number(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f'{text!r}, expected a number, 0 or more')
    return value


def make_options(options: argparse.Namespace, hfov: Optional[float] = None, **changes):
    """Return fleet.options.Options of the command's options.

    Args:
        options: of the command.
        hfov: horizontal field of view in degrees, or None.
        changes: values that come first.

    """
    from monodepth_ros.camera import load_calibration
    from monodepth_ros.fleet.options import Options
    from monodepth_ros.offline.jobs import Intrinsics

    calibration = load_calibration(options.camera_info) if options.camera_info else None
    if not 0 < options.max_depth <= 65.535:
        raise ConfigError(
            f'--max-depth is {options.max_depth:g}, expected above 0 and up to 65.535 m, the most '
            'that 16 bits of millimetres hold'
        )
    names = ('image_topic', 'registered', 'clock', 'tolerance', 'max_depth')
    names += ('fixed_frame', 'ground_frame', 'every', 'min_move', 'min_turn', 'max_blur')
    names += ('min_light', 'split', 'test_share')
    found = {name: getattr(options, name) for name in names if hasattr(options, name)}
    return Options(
        **{
            'truth_topic': options.truth,
            'intrinsics': Intrinsics(calibration, hfov),
            **found,
            **changes,
        }
    )


def run(options: argparse.Namespace) -> int:
    """Make the data set; go on after a bad recording, and end with status 1 if there was any."""
    recordings = open_recordings(options.recordings)
    if not 0 <= options.test_share <= 0.5:
        raise ConfigError(f'--test-share is {options.test_share:g}, expected 0 to 0.5')
    made = make_options(options, options.hfov)
    from monodepth_ros.fleet.dataset import DatasetMaker, DatasetWorker
    from monodepth_ros.fleet.report import write_report
    from monodepth_ros.fleet.store import open_store
    from monodepth_ros.fleet.tasks import run_here, run_processes
    from tqdm import tqdm

    store = open_store(options.out)
    rrd = _rrd_path(store) if options.write else None
    maker = DatasetMaker(store, made)
    worker = DatasetWorker(store, made)
    with tqdm(desc='dataset', unit='frame') as bar:
        parts = maker.parts(recordings)
        if options.ray:
            from monodepth_ros.fleet.ray_tasks import run_ray

            results = run_ray(worker, parts, options.ray, options.workers)
        elif options.workers > 1:
            results = run_processes(worker, parts, options.workers)
        else:
            results = run_here(worker, parts)
        for part, _ in results:
            bar.total = sum(r.planned for r in maker.recorded)
            bar.update(len(part.frames))
    summary = maker.finish()
    write_report(store, summary, made)
    if rrd:
        _write_rrd(store, summary.rows, rrd)
    for line in summary.lines():
        print(line, file=sys.stderr)
    print(
        f'{len(summary.rows)} frames in {store}: {summary.count("train")} to train on, '
        f'{summary.count("test")} to test on; report: {store}/index.html'
    )
    return 1 if any(r.error for r in summary.recorded) or not summary.rows else 0


def _rrd_path(store):
    """Return where the recording goes: what it lacks is better said before the work."""
    from monodepth_ros.fleet.rerun_dataset import rrd_path
    from monodepth_ros.offline.rerun_writer import require_rerun

    require_rerun()
    return rrd_path(store)


def _write_rrd(store, rows, path):
    from monodepth_ros.fleet.rerun_dataset import write_dataset_rrd

    count = write_dataset_rrd(store, rows, path)
    if count:
        print(f'{count} of {len(rows)} frames in {path}; open it: monodepth view {path}')


def open_recordings(names) -> list[tuple[Path, str]]:
    """Return path and name of each bag; a folder of bags stands for those in it.

    Raises:
        ConfigError: something is missing or no bag, or two bags have one name.

    """
    require_bags()
    from monodepth_ros.offline.kinds import bag_stem, is_bag, METADATA
    from monodepth_ros.offline.sources import distinct

    found = {}
    for path in map(Path, names):
        if not path.exists():
            raise ConfigError(f'{path} does not exist; expected a bag or a folder of bags')
        parts = [path] if is_bag(path) else []
        if path.is_dir() and not (path / METADATA).exists():
            parts = sorted(p for p in path.iterdir() if not p.name.startswith('.') and is_bag(p))
        if not parts:
            raise ConfigError(
                f'{path} is no bag, and has none in it; expected the folder of a rosbag2, an '
                '.mcap, .db3 or .bag file'
            )
        for part in parts:
            found[part] = part.resolve().name if part.is_dir() else bag_stem(part)
    return list(distinct(found).items())


def require_bags() -> None:
    """Raise ConfigError where the library that reads bags is not installed."""
    try:
        import rosbags.rosbag2  # noqa: F401
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'bags need the library rosbags ({error}); install it: pip install "rosbags>=0.11.9"'
        ) from None
