"""Clouds of known scenes, and PLY files read by another reader."""

from functools import lru_cache
import math
import struct

import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera, rectification_maps
from monodepth_ros.pipeline import cloud as cloud_module
from monodepth_ros.pipeline.cloud import (
    cloud_dtype,
    cloud_shape,
    LABELLED_POINT_DTYPE,
    make_cloud,
    POINT_DTYPE,
    without_classes,
    write_ply,
)
import numpy as np
import pytest

CAMERA = PinholeCamera(5, 3, 2.0, 4.0, 1.0, 1.0)
DISTORTION = {
    'plumb_bob': (-0.25, 0.06, 0.001, -0.001, 0.0),
    'rational_polynomial': (0.5, 0.1, 0.001, -0.0015, 0.01, 0.8, 0.2, 0.02),
    'equidistant': (0.02, -0.01, 0.004, -0.001),
}


def make_inputs():
    depth = np.arange(1.0, 16.0, dtype=np.float32).reshape(3, 5)
    image = np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
    return depth, image, CAMERA.rays()


def test_points_by_hand():
    cloud = make_cloud(*make_inputs())
    assert cloud.shape == (3, 5)
    assert cloud.dtype == POINT_DTYPE
    # Row 2, column 3: depth 14; x = 14 (3 - 1) / 2, y = 14 (2 - 1) / 4; colour 39, 40, 41.
    assert cloud[2, 3].tolist() == (14.0, 3.5, 14.0, 39 << 16 | 40 << 8 | 41)


def test_bytes_of_a_point():
    cloud = make_cloud(*make_inputs())
    assert cloud.tobytes()[:16] == struct.pack('<3f4B', -0.5, -0.25, 1.0, 2, 1, 0, 0)
    assert POINT_DTYPE.itemsize == 16


@pytest.mark.parametrize(('stride', 'shape'), [(2, (2, 3)), (3, (1, 2)), (9, (1, 1))])
def test_stride_takes_every_nth_pixel(stride, shape):
    cloud = make_cloud(*make_inputs(), stride)
    assert cloud.shape == shape
    np.testing.assert_array_equal(cloud, make_cloud(*make_inputs())[::stride, ::stride])


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_no_point_without_finite_depth(value):
    depth, image, rays = make_inputs()
    depth[1, 1] = value  # the ray of (1, 1) is 0, 0: infinity times it is NaN by itself
    depth[2, 4] = value
    cloud = make_cloud(depth, image, rays)
    for place in ((1, 1), (2, 4)):
        assert all(math.isnan(cloud[place][axis]) for axis in 'xyz')
    assert np.isfinite(cloud['x']).sum() == 13


def make_labels():
    label = np.arange(100, 115, dtype=np.uint8).reshape(3, 5)
    return label, 255 - label


def test_bytes_of_a_labelled_point():
    depth, image, rays = make_inputs()
    depth[0, 1] = math.nan
    cloud = make_cloud(depth, image, rays, labels=make_labels())
    assert cloud.dtype == LABELLED_POINT_DTYPE and LABELLED_POINT_DTYPE.itemsize == 24
    first, second = cloud.tobytes()[:24], cloud.tobytes()[24:48]
    assert first == struct.pack('<3f4BI4B', -0.5, -0.25, 1.0, 2, 1, 0, 0, 100, 155, 0, 0, 0)
    # Without depth there is no place, but still a colour and a label.
    assert second[12:] == bytes([5, 4, 3, 0, 101, 0, 0, 0, 154, 0, 0, 0])


@pytest.mark.parametrize('labelled', [False, True])
def test_the_error_comes_behind_all_else(labelled):
    depth, image, rays = make_inputs()
    labels = make_labels() if labelled else None
    error = depth / 100
    cloud = make_cloud(depth, image, rays, 2, labels, error=error)
    plain = make_cloud(depth, image, rays, 2, labels)
    assert cloud.dtype == cloud_dtype(labelled, True)
    assert cloud.dtype.fields['error'][1] == plain.dtype.itemsize
    assert cloud.dtype.itemsize == plain.dtype.itemsize + 4
    np.testing.assert_array_equal(cloud['error'], error[::2, ::2])
    for name in plain.dtype.names:
        np.testing.assert_array_equal(cloud[name], plain[name])


def test_classes_that_are_left_out_have_no_depth():
    depth = make_inputs()[0]
    label = np.tile(np.array([0, 1, 2, 3, 255], np.uint8), (3, 1))
    kept = without_classes(depth, label, [1, 3])
    assert np.isnan(kept[:, [1, 3]]).all()
    np.testing.assert_array_equal(kept[:, [0, 2, 4]], depth[:, [0, 2, 4]])
    assert np.isfinite(depth).all()
    assert without_classes(depth, label, []) is depth


@pytest.mark.parametrize('stride', [1, 2, 3])
def test_labels_stay_with_their_points(stride):
    label, confidence = make_labels()
    cloud = make_cloud(*make_inputs(), stride, (label, confidence))
    plain = make_cloud(*make_inputs(), stride)
    for name in POINT_DTYPE.names:
        np.testing.assert_array_equal(cloud[name], plain[name])
    for (r, c), point in np.ndenumerate(cloud):
        assert point['label'] == label[r * stride, c * stride]
        assert point['confidence'] == confidence[r * stride, c * stride]


def test_range_leaves_out_points_and_takes_its_limits_in():
    # Depths are 1 to 15 m.
    cloud = make_cloud(*make_inputs(), min_range=3.0, max_range=5.0)
    assert sorted(cloud['z'][np.isfinite(cloud['z'])]) == [3.0, 4.0, 5.0]
    np.testing.assert_array_equal(np.isnan(cloud['x']), np.isnan(cloud['z']))
    np.testing.assert_array_equal(np.isnan(cloud['y']), np.isnan(cloud['z']))
    np.testing.assert_array_equal(cloud['rgb'], make_cloud(*make_inputs())['rgb'])


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('labelled', [False, True])
def test_bands_join_without_a_seam(monkeypatch, stride, labelled):
    depth, image, rays = make_inputs()
    depth[1, 2], depth[2, 0] = math.nan, math.inf
    labels = make_labels() if labelled else None
    whole = make_cloud(depth, image, rays, stride, labels, 2.0, 12.0)
    out = np.full(cloud_shape(depth.shape, stride), 255, 'u1').astype(cloud_dtype(labelled))
    for pixels in (1, 5, 7):
        monkeypatch.setattr(cloud_module, 'BAND_PIXELS', pixels)
        made = make_cloud(depth, image, rays, stride, labels, 2.0, 12.0, out)
        assert made is out
        assert made.tobytes() == whole.tobytes()


def test_maps_of_different_sizes_are_refused():
    depth, image, rays = make_inputs()
    with pytest.raises(ValueError, match='one height and width'):
        make_cloud(depth[:2], image, rays)
    with pytest.raises(ValueError, match='one height and width'):
        make_cloud(depth, image, rays, 1, (make_labels()[0], np.zeros((3, 4), np.uint8)))
    with pytest.raises(ValueError, match='one height and width'):
        make_cloud(depth, image, rays, error=depth[:, :4])
    with pytest.raises(ValueError, match='stride'):
        make_cloud(depth, image, rays, 0)


def distorted(rays, d):
    """Return the distorted x and y of plumb_bob and rational_polynomial, by their formula."""
    k1, k2, p1, p2, k3, k4, k5, k6 = (*d, 0, 0, 0)[:8]
    x, y = np.moveaxis(rays, -1, 0)
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
    return np.stack([x * radial + dx, y * radial + dy], axis=-1)


@lru_cache
def raw_rays(camera):
    """Return x/z and y/z that the pixels of a distorted camera see, (H, W, 2)."""
    fx, _, cx, _, fy, cy = camera.matrix[:6]
    rows, columns = np.indices((camera.height, camera.width))
    seen = np.stack([(columns - cx) / fx, (rows - cy) / fy], axis=-1)
    if camera.model == 'equidistant':
        flat = seen.reshape(-1, 1, 2)
        rays = cv2.fisheye.undistortPoints(flat, np.eye(3), np.array(camera.distortion))
        return rays.reshape(seen.shape)
    rays = seen
    for _ in range(40):
        rays = rays + seen - distorted(rays, camera.distortion)
    assert np.abs(distorted(rays, camera.distortion) - seen).max() < 1e-7
    return rays


def sample(values, columns, rows):
    """Return values between pixels, bilinear; NaN outside. cv2.remap rounds to 1/32 pixel."""
    height, width = values.shape
    outside = (columns < 0) | (rows < 0) | (columns >= width - 1) | (rows >= height - 1)
    left, top = np.where(outside, 0, columns).astype(int), np.where(outside, 0, rows).astype(int)
    u, v = columns - left, rows - top
    upper = values[top, left] * (1 - u) + values[top, left + 1] * u
    lower = values[top + 1, left] * (1 - u) + values[top + 1, left + 1] * u
    return np.where(outside, math.nan, upper * (1 - v) + lower * v)


def cloud_of(camera, scene):
    """Render depth with the distorted camera, rectify it, and return the cloud's points."""
    maps = rectification_maps(camera, camera.rectified)
    depth = sample(scene(raw_rays(camera)), *maps).astype(np.float32)
    image = np.zeros((*depth.shape, 3), np.uint8)
    cloud = make_cloud(depth, image, camera.rectified.rays())
    points = np.stack([cloud[axis] for axis in 'xyz'], axis=-1)
    return points[np.isfinite(points).all(-1)]


@pytest.mark.parametrize('model', sorted(DISTORTION))
def test_plane_seen_by_a_distorted_camera(model):
    normal, distance = np.array([0.2, -0.3, 1.0]), 2.5
    k, d = (400, 0, 310, 0, 405, 250, 0, 0, 1), DISTORTION[model]
    camera = CameraModel.from_intrinsics(640, 480, k, d, model)
    points = cloud_of(camera, lambda rays: distance / (rays @ normal[:2] + normal[2]))
    assert len(points) > 200_000
    np.testing.assert_allclose(points @ normal, distance, rtol=1e-4)
    assert np.ptp(points[:, 0]) > 2.0


@pytest.mark.parametrize('model', sorted(DISTORTION))
def test_box_room_seen_by_a_distorted_camera(model):
    half = np.array([2.0, 1.5])  # walls at x = +-2 m, floor and ceiling at y = +-1.5 m

    def room(rays):
        sides = half / np.maximum(np.abs(rays), 1e-9)
        return np.minimum(sides.min(-1), 4.0)  # the far wall at z = 4 m

    k, d = (400, 0, 310, 0, 405, 250, 0, 0, 1), DISTORTION[model]
    points = cloud_of(CameraModel.from_intrinsics(640, 480, k, d, model), room)
    to_walls = np.abs(np.abs(points) / [2.0, 1.5, 4.0] - 1)
    # Within a pixel of two edges, linear interpolation rounds the corner off.
    edge = np.sort(to_walls, axis=1)[:, 1] < 0.02
    assert edge.mean() < 0.15
    assert np.all(to_walls.min(1)[~edge] < 1e-4)
    assert np.all(to_walls.min(1) < 0.01)


def read_ply(path):
    """Read a binary PLY of float and uchar properties, one vertex at a time."""
    header, body = path.read_bytes().split(b'end_header\n', 1)
    lines = [line.split() for line in header.decode('ascii').splitlines()]
    assert lines[0] == ['ply']
    assert ['format', 'binary_little_endian', '1.0'] in lines
    count = next(int(line[2]) for line in lines if line[:2] == ['element', 'vertex'])
    kinds = [line[1] for line in lines if line[0] == 'property']
    names = [line[2] for line in lines if line[0] == 'property']
    layout = '<' + ''.join({'float': 'f', 'uchar': 'B'}[kind] for kind in kinds)
    assert len(body) == count * struct.calcsize(layout)
    return [dict(zip(names, values, strict=True)) for values in struct.iter_unpack(layout, body)]


def test_ply_holds_the_finite_points(tmp_path):
    depth, image, rays = make_inputs()
    depth[0] = [math.nan, math.inf, 1.0, 2.0, 3.0]
    cloud = make_cloud(depth, image, rays)
    assert write_ply(tmp_path / 'cloud.ply', cloud) == 13
    vertices = read_ply(tmp_path / 'cloud.ply')
    assert len(vertices) == 13
    # Row 0, column 2 is the first finite one; row 2, column 4 the last.
    assert vertices[0] == {'x': 0.5, 'y': -0.25, 'z': 1.0, 'red': 6, 'green': 7, 'blue': 8}
    assert vertices[-1] == {'x': 22.5, 'y': 3.75, 'z': 15.0, 'red': 42, 'green': 43, 'blue': 44}


def test_ply_of_a_labelled_cloud_is_that_of_a_plain_one(tmp_path):
    write_ply(tmp_path / 'plain.ply', make_cloud(*make_inputs()))
    write_ply(tmp_path / 'labelled.ply', make_cloud(*make_inputs(), labels=make_labels()))
    assert (tmp_path / 'plain.ply').read_bytes() == (tmp_path / 'labelled.ply').read_bytes()


def test_every_distance_is_in_the_range_by_default():
    depth = np.float32([[1e-3, 0.5, 1e6]])
    cloud = make_cloud(depth, np.zeros((1, 3, 3), np.uint8), np.zeros((1, 3, 2), np.float32))
    np.testing.assert_array_equal(cloud['z'], depth)


def test_shape_of_a_cloud():
    assert cloud_shape((3, 5)) == (3, 5)
    assert cloud_shape((3, 5), 2) == (2, 3)
    assert cloud_shape((4, 6), 2) == (2, 3)


def test_message_of_maps_that_do_not_fit():
    depth, image, rays = make_inputs()
    with pytest.raises(ValueError) as caught:
        make_cloud(depth, image[:2], rays, 3)
    assert str(caught.value) == (
        'maps of (3, 5), (2, 5, 3), (3, 5, 2), stride 3: expected maps of one height and width, '
        'and a stride of 1 or more'
    )


def test_ply_header(tmp_path):
    write_ply(tmp_path / 'cloud.ply', make_cloud(*make_inputs()))
    header = (tmp_path / 'cloud.ply').read_bytes().partition(b'end_header\n')[0].decode('ascii')
    assert header.splitlines() == [
        'ply',
        'format binary_little_endian 1.0',
        'comment metres; x right, y down, z forward',
        'element vertex 15',
        *(f'property float {axis}' for axis in 'xyz'),
        *(f'property uchar {channel}' for channel in ('red', 'green', 'blue')),
    ]


def test_ply_without_points(tmp_path):
    cloud = np.full((2, 2), np.nan).astype(np.float32)
    cloud = make_cloud(cloud, np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 2), np.float32))
    assert write_ply(str(tmp_path / 'empty.ply'), cloud) == 0
    assert read_ply(tmp_path / 'empty.ply') == []
