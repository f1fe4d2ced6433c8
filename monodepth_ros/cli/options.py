"""Options that several commands share."""

from __future__ import annotations

import argparse

from monodepth_ros.engines.base import PRECISIONS
from monodepth_ros.engines.factory import create_engine, ENGINES
from monodepth_ros.engines.pair import create_one_or_pair
from monodepth_ros.engines.self_check import MODES
from monodepth_ros.pipeline.preprocess import MAX_INPUT_PIXELS, METRIC_SCALING, SCALES


def positive(text: str) -> int:
    """Return a whole number above 0; raise what argparse shows for anything else."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f'{text!r}, expected a whole number above 0')
    return value


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --model, --engine, --device, --threads and --precision."""
    parser.add_argument(
        '--model',
        default='dual_efficientnet_lite0',
        help='name of shipped weights, or path of a .safetensors file, or of an .onnx file with a '
        'manifest (default: %(default)s)',
    )
    parser.add_argument(
        '--engine', default='auto', help=f'auto, {", ".join(ENGINES)} (default: %(default)s)'
    )
    parser.add_argument(
        '--device',
        default='auto',
        help='auto, cpu, cuda or cuda:N, intel_gpu, npu (default: %(default)s)',
    )
    parser.add_argument(
        '--threads', type=int, default=0, help='CPU threads; 0: the engine decides (default)'
    )
    parser.add_argument(
        '--precision', default='auto', help=f'{", ".join(PRECISIONS)} (default: %(default)s)'
    )


def add_ray_argument(parser: argparse.ArgumentParser) -> None:
    """Add --ray."""
    parser.add_argument(
        '--ray',
        default='',
        metavar='ADDRESS',
        help='work on a cluster of Ray, or with "local" on Ray on this machine; --workers is then '
        'for all machines (default there: one a GPU, or one a CPU)',
    )


def add_more_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --semantic-model and --self-check."""
    parser.add_argument(
        '--semantic-model',
        default='',
        metavar='MODEL',
        help='a second model that gives the labels, in place of those of --model',
    )
    parser.add_argument(
        '--self-check',
        choices=MODES,
        default='refuse',
        help='what becomes of an engine that differs from a trusted one (default: refuse)',
    )


def add_camera_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --camera-info and --hfov, of which one may be given."""
    intrinsics = parser.add_mutually_exclusive_group()
    intrinsics.add_argument('--camera-info', help='calibration YAML of the camera')
    intrinsics.add_argument('--hfov', type=float, help='horizontal field of view in degrees')


def factor(text: str) -> float:
    """Return a factor for depth; raise what argparse shows for what can be none."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not SCALES[0] <= value <= SCALES[1]:
        raise argparse.ArgumentTypeError(f'{text!r}, expected {SCALES[0]:g}..{SCALES[1]:g}')
    return value


def add_scaling_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --scale, --metric-scaling and --max-input-pixels."""
    parser.add_argument(
        '--scale',
        type=factor,
        default=1.0,
        help='multiply the depth by this, as the parameter depth.scale of the node (default: 1)',
    )
    add_input_arguments(parser)


def add_input_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --metric-scaling and --max-input-pixels."""
    parser.add_argument(
        '--metric-scaling',
        choices=METRIC_SCALING,
        default='scale',
        help='how depth becomes metric for a camera unlike the training one (default: scale)',
    )
    parser.add_argument(
        '--max-input-pixels',
        type=int,
        default=MAX_INPUT_PIXELS,
        help='largest network input in pixels (default: %(default)s)',
    )


def make_engine(options: argparse.Namespace, update: bool = False):
    """Create the engine, or the pair, that the options name; raises the factory's errors."""
    more = (options.engine, options.device, options.threads, options.precision, update)
    check = getattr(options, 'self_check', 'off')

    def create(model):
        return create_engine(model, *more, check)

    return create_one_or_pair(create, options.model, getattr(options, 'semantic_model', ''))


def make_predictor_options(options: argparse.Namespace):
    """Return PredictorOptions of the scaling options."""
    from monodepth_ros.pipeline.predictor import PredictorOptions

    return PredictorOptions(
        metric_scaling=options.metric_scaling,
        max_input_pixels=options.max_input_pixels,
        scale=options.scale,
    )
