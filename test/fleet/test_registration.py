"""Measured distances seen through another camera, against what that camera sees itself."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.fleet.registration import depth_step, project, register
import numpy as np
import pytest
from recording_kit import pose, shoot, view

SIZE = (160, 120)


def camera(size=SIZE, focal=120.0, distortion=()):
    k = (focal, 0.0, (size[0] - 1) / 2, 0.0, focal, (size[1] - 1) / 2, 0.0, 0.0, 1.0)
    model = 'plumb_bob' if distortion else 'none'
    return CameraModel(*size, k, tuple(distortion), model)


def between(target, source):
    """Return the (4, 4) from one pose's frame to another's."""
    return np.linalg.inv(target) @ source


@pytest.mark.parametrize('size, focal', [(SIZE, 120.0), ((120, 90), 75.0), ((320, 240), 240.0)])
def test_it_is_what_the_other_camera_sees(size, focal):
    eye, other = pose((-1.0, 0.05, 0.4), 3.0, -6.0), pose((-1.02, -0.05, 0.45), 0.0, -4.0)
    _, truth = view(eye, SIZE, 120.0)
    _, measured = view(other, size, focal)
    found = register(measured, camera(size, focal), camera().rectified, between(eye, other))
    step = SIZE[1] // found.shape[0]
    assert step == depth_step(camera(size, focal), camera().rectified)
    truth = truth[::step, ::step]
    known = found > 0
    assert known.mean() > 0.8
    relative = np.abs(found / truth - 1)[known]
    assert np.median(relative) < 0.003
    # The rest are pixels on an edge, of which each camera sees another part.
    assert (relative < 0.03).mean() > (0.97 if step == 1 else 0.92)


def test_there_is_no_bias():
    """Means over surfaces seen from aside are right to a part of what one pixel can be wrong."""
    eye, other = pose((-1.0, 0.0, 0.4), 0.0, -6.0), pose((-1.0, -0.05, 0.4), 0.0, -6.0)
    _, truth = view(eye, SIZE, 120.0)
    _, measured = view(other, (120, 90), 90.0)
    found = register(measured, camera((120, 90), 90.0), camera().rectified, between(eye, other))
    floor = (found > 0) & (np.arange(120)[:, None] > 75)
    assert abs(np.log(found / truth, where=floor, out=np.zeros_like(truth))[floor].mean()) < 0.002


def test_near_things_keep_their_size():
    """A plate 1 m ahead of a wall is as large as it is, wherever pixels meet its edges."""
    source, target = camera((200, 150), 140.0), camera()
    transform = np.eye(4)
    transform[0, 3] = 0.05
    near = expected = 0
    for right, down in np.random.default_rng(0).uniform(-0.05, 0.05, (20, 2)):
        measured = plate(source, right, down)
        found = register(measured, source, target.rectified, transform)
        near += np.count_nonzero((found > 0) & (found < 1.5))
        expected += np.count_nonzero(plate(target, 0.05 + right, down) < 1.5)
    assert near == pytest.approx(expected, rel=0.015)


def plate(camera, right, down):
    """Return (H, W) float32 metres: a wall at 2 m, and a plate at 1 m somewhere before it."""
    k = camera.matrix
    x = (np.arange(camera.width) - k[2]) / k[0]
    y = (np.arange(camera.height) - k[5])[:, None] / k[4]
    return np.where((abs(x - right) < 0.15) & (abs(y - down) < 0.1), 1, 2).astype(np.float32)


def test_what_is_behind_the_pillar_stays_unknown():
    """The pillar hides from the depth camera what the other camera sees right beside it."""
    eye, other = pose((-1.0, 0.6, 0.8)), pose((-1.0, 0.2, 0.8))
    _, truth = view(eye, SIZE, 120.0)
    _, measured = view(other, SIZE, 120.0)
    found = register(measured, camera(), camera().rectified, between(eye, other))
    # Where the depth camera sees nothing, the truth is the far wall or the side of the pillar.
    row = slice(40, 80)
    assert (found[row] == 0).sum() > 200
    wrong = (found[row] > 0) & (np.abs(found[row] - truth[row]) > 0.3)
    assert wrong.mean() < 0.02  # the wall does not shine through the pillar


def test_a_distorted_depth_camera_is_straightened():
    import cv2

    eye = pose((-1.0, 0.05, 0.4), 3.0, -6.0)
    image, truth = view(eye, SIZE, 120.0)
    bent = camera(distortion=(-0.2, 0.05, 0.001, -0.001, 0.0))
    u, v = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    places = np.stack((u, v), axis=-1).reshape(-1, 1, 2).astype(np.float64)
    matrix = np.reshape(bent.matrix, (3, 3))
    rays = cv2.undistortPoints(places, matrix, np.array(bent.distortion)).reshape(-1, 2)
    directions = np.c_[rays, np.ones(len(rays))] @ eye[:3, :3].T
    raw = shoot(eye[:3, 3], directions).reshape(SIZE[::-1]).astype(np.float32)
    found = register(raw, bent, camera().rectified, np.eye(4))
    known = found > 0
    assert known.mean() > 0.8
    assert np.median(np.abs(found / truth - 1)[known]) < 0.003


@pytest.mark.parametrize(
    'width, focal, step',
    # Twice as fine, alike, one and a half times as coarse, and four times: 640 / 4 is whole.
    [(1280, 1000.0, 1), (640, 500.0, 1), (424, 334.0, 1), (160, 125.0, 4)],
)
def test_coarse_depth_has_a_coarse_grid(width, focal, step):
    source = camera((width, width * 3 // 4), focal)
    assert depth_step(source, camera((640, 480), 500.0).rectified) == step


def test_points_are_where_they_are_measured():
    eye, lidar = pose((-1.0, 0.0, 0.4)), np.eye(4)
    lidar[:3, 3] = (-1.0, 0.0, 1.2)
    ahead, right, up = np.array([[2.0, 0.0, -0.8], [2.0, -0.5, -0.8], [2.0, 0.0, -0.4]])
    points = np.stack((ahead, right, up, [-3.0, 0.0, 0.0]))  # the last is behind the camera
    depth = project(points, camera().rectified, between(eye, lidar), parallax=False)
    rows, columns = np.nonzero(depth)
    # 120 pixels of focal length, 2 m ahead: half a metre is 30 pixels, .4 m are 24.
    assert sorted(zip(rows, columns)) == [(36, 80), (60, 80), (60, 110)]
    np.testing.assert_allclose(depth[depth > 0], 2.0, rtol=1e-6)


def test_of_two_points_in_a_pixel_the_nearer_counts():
    points = np.array([[0.0, 0.0, 4.0], [0.0, 0.0, 2.0]])
    depth = project(points, camera().rectified, np.eye(4), parallax=False)
    assert depth.max() == 2.0 and np.count_nonzero(depth) == 1


def test_a_point_that_a_nearer_one_hides_is_left_out():
    """A lidar above the camera sees over what is in front of the camera."""
    near = [((n + 0.5) / 120, 0.5 / 120, 1.0) for n in range(-5, 6)]
    behind, aside = (0.01, 0.02, 4.0), (1.5, 0.02, 4.0)
    depth = project(np.array([*near, behind, aside]), camera().rectified, np.eye(4), True)
    assert np.count_nonzero(depth == 1.0) == 11
    assert np.count_nonzero(depth == 4.0) == 1
    assert project(np.array([behind]), camera().rectified, np.eye(4), True).max() == 4.0
