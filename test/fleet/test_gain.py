"""What another scale would gain, by hand."""

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.fleet.gain import Gain, gain_lines, grounded_depth
from monodepth_ros.fleet.poses import stand
from monodepth_ros.frames import Prediction
import numpy as np
import pytest
from recording_kit import FOCAL, pose, SIZE, view

CAMERA = PinholeCamera(*SIZE, FOCAL, FOCAL, (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2)


def test_one_factor_mends_what_all_images_share():
    gain, truth = Gain(10.0), np.linspace(1.0, 4.0, 500)
    for _ in range(4):
        gain.update(truth * 1.5, truth, None)
    found = gain.compute()
    assert found['as_it_is'] == {'abs_rel': pytest.approx(0.5), 'delta1': 0.0}
    assert found['factor']['value'] == pytest.approx(1 / 1.5)
    assert found['factor']['delta1'] == 1.0 and found['factor']['spread_percent'] < 1e-6
    assert found['ground'] is None and found['by_image']['delta1'] == 1.0
    lines = gain_lines(found)
    assert '50% too far: with one factor of 0.667 delta1 1.000' in lines[1]
    assert 'with the floor: unknown' in lines[2]


def test_the_factor_is_measured_on_images_that_it_was_not_found_on():
    """Images by turns right and twice too near: the one factor is of the first kind."""
    gain, truth = Gain(10.0), np.full(100, 2.0)
    for number in range(6):
        gain.update(truth / (1 + number % 2), truth, None)
    found = gain.compute()
    assert found['factor']['value'] == pytest.approx(1.0) and found['factor']['delta1'] == 0.0
    assert found['by_image']['delta1'] == 1.0


def test_the_floor_counts_where_there_is_one():
    gain, truth = Gain(10.0), np.full(100, 2.0)
    gain.update(truth / 1.5, truth, truth)
    gain.update(truth / 1.5, truth, None)
    found = gain.compute()['ground']
    assert found['n_images'] == 1
    assert (found['before']['delta1'], found['delta1']) == (0.0, 1.0)
    assert 'with the floor (1 images): delta1 0.000 to 1.000' in gain_lines(gain.compute())[2]


def test_nothing_measured():
    gain = Gain(10.0)
    gain.update(np.zeros(0), np.zeros(0), None)
    assert gain.compute() == {} and gain_lines({}) == ['no image has truth in the range']


def _prediction(depth, heights):
    label = np.where(heights < 1e-4, 4, 0).astype(np.uint8)
    sure = np.full_like(label, 255)
    return Prediction(depth.astype(np.float32), label, sure, None, CAMERA)


@pytest.mark.parametrize('yaw, pitch', [(0.0, -6.0), (30.0, -20.0), (0.0, 5.0)])
def test_the_floor_tells_the_scale(yaw, pitch):
    camera = pose((-1.0, 0.5, 0.4), yaw, pitch)
    _, depth = view(camera)
    rays = np.concatenate((CAMERA.rays(), np.ones((*depth.shape, 1))), axis=-1)
    heights = camera[2, 3] + (rays @ camera[:3, :3].T)[..., 2] * depth
    prediction = _prediction(depth / 1.3, heights)
    found = grounded_depth(prediction, 4, stand(camera))
    # A first frame is not followed all the way.
    np.testing.assert_allclose(found, depth, rtol=0.06)
    assert grounded_depth(prediction, 5, stand(camera)) is None  # no pixel of that class
    under = stand(camera)._replace(height=-0.4)
    assert grounded_depth(prediction, 4, under) is None


def test_the_floor_of_a_camera_that_is_rolled():
    turn = np.eye(4)
    a = np.radians(8.0)
    turn[:2, :2] = [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]
    camera = pose((-1.0, 0.0, 0.4), 0.0, -10.0) @ turn
    _, depth = view(camera)
    rays = np.concatenate((CAMERA.rays(), np.ones((*depth.shape, 1))), axis=-1)
    heights = camera[2, 3] + (rays @ camera[:3, :3].T)[..., 2] * depth
    found = grounded_depth(_prediction(depth * 2, heights), 4, stand(camera))
    # A first frame is not followed all the way.
    np.testing.assert_allclose(found, depth, rtol=0.06)
