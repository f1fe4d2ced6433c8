"""The demo's command line; the standard library only, for it is read before .venv is made."""

import argparse
import math
from typing import Optional, Sequence

DESCRIPTION = (
    'Run the depth node on a source of images, as three processes over DDS: camera, node, '
    'recorder. Without a source it runs on a rendered room with known depth. Writes panels, '
    'cloud.ply and summary.json.'
)


def _number(text, accepts, expected):
    """Return the number that a text stands for, or have argparse say what is expected."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not accepts(value):
        raise argparse.ArgumentTypeError(f'{text!r} is not {expected}')
    return value


def _positive(text: str) -> float:
    return _number(text, lambda value: 0 < value < math.inf, 'a number above zero')


def _field_of_view(text: str) -> float:
    return _number(text, lambda value: 0 < value < 180, 'an angle between 0 and 180 degrees')


def _domain(text: str) -> int:
    return int(_number(text, lambda value: value in range(233), 'a ROS domain, 0 to 232'))


def _stand(text: str):
    """Return 'none', 'auto', or (metres over the floor, degrees that the camera looks down)."""
    if text in ('none', 'auto'):
        return text
    height, _, pitch = text.partition(',')
    expected = 'none, auto, or metres above the floor and degrees down such as 0.62,10'
    metres = _number(height, lambda value: 0 < value < 100, expected)
    return metres, _number(pitch or '0', lambda value: -90 < value < 90, expected)


def parse_options(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Return the command line's values; end with a usage message where they are wrong."""
    parser = argparse.ArgumentParser(prog='scripts/demo', description=DESCRIPTION)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        '--images',
        metavar='DIR',
        help='JPEG and PNG files in the order of their names; ../depth/NAME.png (uint16 '
        'millimetres) is taken as ground truth',
    )
    source.add_argument('--video', metavar='FILE', help='a video that OpenCV can read')
    source.add_argument('--camera', metavar='N', type=int, help='camera /dev/videoN')
    parser.add_argument(
        '--duration',
        metavar='S',
        type=_positive,
        help='seconds; a folder or video begins again until then (default: once through; a '
        'camera runs until Ctrl-C)',
    )
    parser.add_argument(
        '--rate',
        metavar='HZ',
        type=_positive,
        help='frames a second (default: 10 for a folder, its own for a video or camera)',
    )
    parser.add_argument('--out', metavar='DIR', default='demo_out', help='default: demo_out')
    parser.add_argument(
        '--model',
        metavar='M',
        default='dual_efficientnet_lite0',
        help='shipped name or path of a .safetensors file (default: dual_efficientnet_lite0)',
    )
    parser.add_argument(
        '--device', default='auto', help='auto, cpu, cuda or cuda:N (default: auto)'
    )
    calibration = parser.add_mutually_exclusive_group()
    calibration.add_argument(
        '--camera-info',
        metavar='FILE',
        help='calibration YAML of camera_calibration (default: camera.yaml in the folder of the '
        'images or the one above)',
    )
    calibration.add_argument(
        '--hfov',
        metavar='DEG',
        type=_field_of_view,
        help='horizontal field of view of a camera without distortion (default where there is '
        "no calibration: that of the model's training camera)",
    )
    parser.add_argument(
        '--camera-height',
        metavar='M[,DEG]',
        type=_stand,
        default='none',
        help='let the node estimate the scale by the floor: the camera is so many metres above it '
        'and looks down by so many degrees; auto: as ../intrinsics.csv of the images says, which '
        'rendered sequences have (default: none)',
    )
    parser.add_argument(
        '--domain', metavar='ID', type=_domain, help='ROS_DOMAIN_ID (default: a random one)'
    )
    return parser.parse_args(arguments)
