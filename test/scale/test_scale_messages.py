"""Depth images of other sensors; scans and clouds are tested as the node reads them."""

from types import SimpleNamespace

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.messages import depth_image_of
from monodepth_ros.scale.points import MOST
import numpy as np
import pytest

GRID = PinholeCamera(8, 6, 10.0, 10.0, 3.5, 2.5)


def _message(depth, encoding, order='<', padding=0):
    kind = order + ('f4' if encoding == '32FC1' else 'u2')
    rows = depth.astype(kind).view(np.uint8).reshape(depth.shape[0], -1)
    data = np.pad(rows, ((0, 0), (0, padding)))
    return SimpleNamespace(
        height=depth.shape[0],
        width=depth.shape[1],
        encoding=encoding,
        is_bigendian=order == '>',
        step=data.shape[1],
        data=data.tobytes(),
    )


@pytest.mark.parametrize('order', '<>')
@pytest.mark.parametrize('padding', [0, 4])
@pytest.mark.parametrize(('encoding', 'unit'), [('32FC1', 1), ('16UC1', 1000), ('mono16', 1000)])
def test_pixels_become_points(encoding, unit, padding, order):
    depth = np.full((6, 8), 2.0)
    depth[0, 0] = 3.0
    points = depth_image_of(_message(depth * unit, encoding, order, padding), GRID)
    assert points.shape == (48, 3)
    np.testing.assert_allclose(points[0], [-3.5 / 10 * 3, -2.5 / 10 * 3, 3])
    np.testing.assert_allclose(points[-1], [3.5 / 10 * 2, 2.5 / 10 * 2, 2])


def test_what_is_no_depth_is_no_point():
    depth = np.array([[1.0, 0.0, np.nan, np.inf, -1.0, 2.0]])
    points = depth_image_of(_message(depth, '32FC1'), GRID)
    np.testing.assert_allclose(points[:, 2], [1, 2])


def test_another_size_is_another_grid_of_the_same_view():
    depth = np.full((480, 640), 1.0)
    points = depth_image_of(_message(depth, '32FC1'), GRID)
    assert MOST / 2 < len(points) < 1.2 * MOST
    # The view reaches 4 / 10 to both sides.
    assert 0.38 < points[:, 0].max() < 0.4 and -0.4 < points[:, 0].min() < -0.38


@pytest.mark.parametrize(
    'changes',
    [
        {'encoding': 'rgb8'},
        {'step': 31},
        {'step': 4},
        {'data': b'abc'},
        {'height': 7},
        {'width': 0},
    ],
)
def test_a_message_that_is_none_is_said(changes):
    msg = _message(np.ones((6, 8)), '32FC1')
    vars(msg).update(changes)
    with pytest.raises(ScaleError, match='expected of 16UC1, mono16, 32FC1') as caught:
        depth_image_of(msg, GRID)
    assert caught.value.reason == 'no_points'
