"""Find the factor for depth, the parameter depth.scale, by a tape, the floor, or other sensors.

Of a network that gives no metres it is the scale, and the shift, of its numbers.

With --places it is places in images whose distances a tape has shown, or one by --distance and
--pixel; with --height the floor; with --points-topic or --depth-topic what another sensor in a bag
has seen; with --odom-frame the way that the camera went in a bag; and else the floor by the TF of
a bag.
"""

from __future__ import annotations

import argparse
from collections import Counter
from functools import partial
import sys

from monodepth_ros.cli.options import (
    add_camera_arguments,
    add_engine_arguments,
    add_input_arguments,
    make_engine,
    positive,
)
from monodepth_ros.errors import ConfigError, MonodepthError, ScaleError

FEWEST_PLACES = 5
"""One place tells what the network is off there, about a quarter, and little of the camera."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument('input', metavar='RECORDING', help='image, folder of images, video or bag')
    parser.add_argument(
        '--places',
        metavar='FILE',
        help='table of distances by tape, with the first line image,u,v,distance: name of an '
        "image's file, column and row in the rectified image, metres from the lens",
    )
    parser.add_argument('--distance', type=_metres, help='metres by tape from lens to --pixel')
    parser.add_argument(
        '--pixel', type=_pixel, metavar='U,V', help='column and row in the rectified image'
    )
    parser.add_argument('--height', type=_metres, help='metres of the camera over the floor')
    parser.add_argument('--pitch', type=float, default=0.0, help='degrees that it looks down')
    parser.add_argument(
        '--roll', type=float, default=0.0, help='degrees that its right side hangs down'
    )
    parser.add_argument('--points-topic', default='', help='LaserScan or PointCloud2 of a bag')
    parser.add_argument(
        '--depth-topic', default='', help="depth image of a bag, on the camera's rectified grid"
    )
    parser.add_argument(
        '--odom-frame',
        default='',
        help="still frame in which a bag's TF has the way of the camera, such as odom",
    )
    parser.add_argument(
        '--ground-frame',
        default='base_footprint',
        help='frame of TF whose z = 0 is the floor (default: %(default)s)',
    )
    parser.add_argument(
        '--ground-classes', nargs='+', default=['floor'], help='classes (default: floor)'
    )
    parser.add_argument(
        '--max-tilt', type=float, default=15.0, help='as scale.max_tilt (default: 15)'
    )
    parser.add_argument(
        '--every', type=positive, default=1, help='take each so many-th frame (default: 1)'
    )
    parser.add_argument('--image-topic', default='', help='raw or compressed (default: the only)')
    parser.add_argument('--camera-info-topic', default='', help='(default: beside the images)')
    add_camera_arguments(parser)
    add_engine_arguments(parser)
    add_input_arguments(parser)


def _metres(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1000:
        raise argparse.ArgumentTypeError(f'{text!r}, expected metres above 0')
    return value


def _pixel(text):
    try:
        column, row = map(float, text.split(','))
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r}, expected U,V such as 320,240') from None
    return column, row


def run(options: argparse.Namespace) -> int:
    """Print the factor's line for the parameter file; status 1 where there is none."""
    from monodepth_ros.camera import load_calibration
    from monodepth_ros.offline.jobs import Intrinsics
    from monodepth_ros.offline.scale import votes
    from monodepth_ros.offline.sources import open_sources
    from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions, relative_depth
    from monodepth_ros.scale.affine_calibration import calibrate_affine
    from monodepth_ros.scale.calibration import calibrate, FEWEST_FRAMES
    from tqdm import tqdm

    knowledge = _knowledge(options)
    calibration = options.camera_info and load_calibration(options.camera_info)
    sources = open_sources(
        [options.input],
        Intrinsics(calibration or None, options.hfov),
        options.image_topic,
        options.camera_info_topic,
    )
    scaling = PredictorOptions(
        metric_scaling=options.metric_scaling, max_input_pixels=options.max_input_pixels
    )
    predictor = Predictor(make_engine(options), scaling)
    found, failures, frames = [], Counter(), 0
    unit = 'place' if options.places else 'frame'
    for source in sources:
        for vote in tqdm(votes(source, predictor, knowledge, options.every), unit=unit):
            frames += 1
            if isinstance(vote, MonodepthError):
                failures[str(vote)] += 1
            else:
                found.append(vote)
    for reason, count in failures.most_common(3):
        print(f'{count} of {frames} {unit}s: {reason}', file=sys.stderr)
    if not found:
        raise ScaleError('few_votes', f'none of {frames} {unit}s gave a factor')
    is_relative = relative_depth(predictor.engine.facts)
    combine = calibrate_affine if is_relative else partial(calibrate, unit=unit)
    print(combine(found, 1 if unit == 'place' else min(FEWEST_FRAMES, frames)))
    places = len(found) if options.places else 1
    if knowledge.places is not None and places < FEWEST_PLACES:
        print(
            f'{places} place{"" if places == 1 else "s"} by tape can mislead as much as none: '
            'measure ten, near and far, in different pictures (--places)',
            file=sys.stderr,
        )
    return 0


def _knowledge(options):
    from monodepth_ros.offline.places import EVERY, Place, read_places
    from monodepth_ros.offline.scale import Knowledge
    from monodepth_ros.scale.plane import GroundPlane

    if (options.distance is None) != (options.pixel is None):
        raise ConfigError('--distance and --pixel belong together; give both or none')
    given = [
        name
        for name in ('places', 'distance', 'height', 'points_topic', 'depth_topic', 'odom_frame')
        if getattr(options, name)
    ]
    if len(given) > 1:
        listed = ', '.join(f'--{name.replace("_", "-")}' for name in given)
        raise ConfigError(f'{listed} are given, expected one of them: they are different ways')
    places = options.places and read_places(options.places)
    if options.distance is not None:
        places = {EVERY: (Place(*options.pixel, options.distance),)}
    plane = options.height and GroundPlane.from_camera(options.height, options.pitch, options.roll)
    return Knowledge(
        places or None,
        options.points_topic,
        options.depth_topic,
        plane or None,
        options.ground_frame,
        tuple(options.ground_classes),
        options.max_tilt,
        options.odom_frame,
    )
