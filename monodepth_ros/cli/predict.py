"""Predict depth, labels and clouds of images, videos and rosbag2 bags without ROS."""

from __future__ import annotations

import argparse
from contextlib import closing
from functools import partial
from itertools import groupby
from operator import itemgetter
import os
from pathlib import Path
import re
import sys

from monodepth_ros.cli.options import (
    add_camera_arguments,
    add_engine_arguments,
    add_more_engine_arguments,
    add_ray_argument,
    add_scaling_arguments,
    make_engine,
    make_predictor_options,
    positive,
)
from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.sinks import KINDS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help='image, folder of images, video, or bag (its folder, or an .mcap, .db3 or .bag file)',
    )
    parser.add_argument('--out', required=True, help='folder for the results')
    parser.add_argument(
        '--write',
        type=_kinds,
        default=(),
        metavar='KIND,...',
        help=f'results, of {", ".join(KINDS)} (default: panel, depth, label and cloud of images, '
        'a video of a video, a bag of a bag)',
    )
    parser.add_argument(
        '--resume', action='store_true', help='go on with a run that was interrupted'
    )
    parser.add_argument('--workers', type=positive, default=0, help='processes (default: 1)')
    add_ray_argument(parser)
    add_camera_arguments(parser)
    parser.add_argument(
        '--stride', type=positive, default=1, help='every n-th row and column becomes a point'
    )
    parser.add_argument(
        '--fps', type=_rate, default=0.0, help="of videos written (default: the input's)"
    )
    _add_bag_arguments(parser.add_argument_group('bags'))
    add_engine_arguments(parser)
    add_more_engine_arguments(parser)
    add_scaling_arguments(parser)


def _add_bag_arguments(group):
    group.add_argument('--image-topic', default='', help='raw or compressed (default: the only)')
    group.add_argument(
        '--camera-info-topic',
        default='',
        help='(default: camera_info beside the image topic, or the only one)',
    )
    group.add_argument(
        '--point-labels', action='store_true', help='give points the fields label and confidence'
    )
    group.add_argument('--overlay', action='store_true', help='write segmentation/overlay too')
    group.add_argument(
        '--namespace', type=_namespace, default='', help='put before the topics written'
    )
    group.add_argument(
        '--storage',
        choices=('mcap', 'sqlite3'),
        default='mcap',
        help='of bags written (default: %(default)s)',
    )


def _kinds(text):
    kinds = tuple(dict.fromkeys(filter(None, (kind.strip() for kind in text.split(',')))))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f'{", ".join(unknown)}; expected of {", ".join(KINDS)}')
    return kinds


def _namespace(text):
    if not re.fullmatch(r'/?([A-Za-z_]\w*(/|$))*', text, re.ASCII):
        raise argparse.ArgumentTypeError(f'{text!r}, expected names with slashes between them')
    return text


def _rate(text):
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0.1 <= rate <= 1000:
        raise argparse.ArgumentTypeError(f'{text!r}, expected 0.1 to 1000 frames a second')
    return rate


def run(options: argparse.Namespace) -> int:
    """Predict all inputs; go on after a bad frame, and end with status 1 if there was any."""
    # What is wrong with a video is said by our messages; FFmpeg's would break the progress bar.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    from monodepth_ros.camera import load_calibration
    from monodepth_ros.offline.jobs import Intrinsics
    from monodepth_ros.offline.runner import check, Plan
    from monodepth_ros.offline.sinks import Products
    from monodepth_ros.offline.sources import open_sources

    calibration = options.camera_info and load_calibration(options.camera_info)
    sources = open_sources(
        options.inputs,
        Intrinsics(calibration or None, options.hfov),
        options.image_topic,
        options.camera_info_topic,
    )
    out = Path(options.out)
    plan = Plan(
        Products(
            out,
            options.write,
            options.stride,
            options.point_labels,
            options.overlay,
            scale=options.scale,
        ),
        resume=options.resume,
        fps=options.fps,
        storage=options.storage,
        namespace=options.namespace,
    )
    check(sources, plan)
    make_folder(out)
    for remark in filter(None, (source.remark for source in sources)):
        print(remark)
    if not all(source.calibrated for source in sources):
        print('no intrinsics: no clouds, and depth as the training camera has it')
    tally = _Tally()
    left = []
    for source in sources:
        if plan.missing(source):
            left.append(source)
        else:
            print(f'{source.name} was complete')
    with _make_pool(options) as pool:
        tally.take(left, pool, plan)
    return tally.report(out)


def _make_pool(options):
    if options.ray:
        from monodepth_ros.fleet.ray_pool import RayPool

        # Each worker is given one CPU; a GPU's engine needs no more either.
        options.threads = options.threads or 1
        return RayPool(partial(_make_predictor, options), options.ray, options.workers)
    from monodepth_ros.offline.runner import Pool

    return Pool(partial(_make_predictor, options), options.workers or 1)


def make_folder(out: Path) -> None:
    """Make the folder of results; raise ConfigError where that cannot be."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {out}: {error.strerror}; choose a folder to write to') from None


def _make_predictor(options):
    import cv2
    from monodepth_ros.pipeline.predictor import Predictor

    if options.workers > 1 and not options.threads:
        # Each process would take all cores otherwise, and they would wait for each other.
        options.threads = max(1, len(os.sched_getaffinity(0)) // options.workers)
        cv2.setNumThreads(options.threads)
    return Predictor(make_engine(options), make_predictor_options(options))


class _Tally:
    """Count results, show progress, and remember what went wrong."""

    def __init__(self):
        self._frames = self._skipped = 0
        self._failures = []
        self._notes = {}

    def take(self, sources, pool, plan):
        """Make everything of sources."""
        from monodepth_ros.offline.runner import run as make_results
        from tqdm import tqdm

        with closing(make_results(sources, pool, plan)) as results:
            for source, found in groupby(results, itemgetter(0)):
                with tqdm(total=len(source) or None, desc=source.name, unit='frame') as bar:
                    for _, result in found:
                        self._count(result)
                        bar.update()

    def _count(self, result):
        self._frames += 1
        self._skipped += result.skipped
        if result.error:
            self._failures.append(f'{result.job.label}: {result.error}')
        elif result.note:
            self._notes[result.note] = self._notes.get(result.note, 0) + 1

    def report(self, out):
        """Print all that is worth to know; return the exit status."""
        for note, count in self._notes.items():
            print(f'{count} frames: {note}', file=sys.stderr)
        for failure in self._failures:
            print(failure, file=sys.stderr)
        good = self._frames - len(self._failures)
        before = f', {self._skipped} of them from before' if self._skipped else ''
        print(f'{good} of {self._frames} frames in {out}{before}')
        return 1 if self._failures else 0
