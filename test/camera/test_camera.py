"""Camera models against formulas and numbers worked by hand."""

import math
import os
from pathlib import Path

import cv2
from monodepth_ros.camera import (
    CameraModel,
    load_calibration,
    OUTSIDE,
    PinholeCamera,
    rectification_maps,
)
from monodepth_ros.errors import CalibrationError
import numpy as np
import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / 'config' / 'example_calibration.yaml'
K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)
P = (450.0, 0.0, 310.0, -45.0, 0.0, 460.0, 250.0, 0.0, 0.0, 0.0, 1.0, 0.0)
ROTATION = cv2.Rodrigues(np.array([0.02, -0.03, 0.05]))[0]
DISTORTION = {
    'plumb_bob': (-0.28, 0.09, 0.001, -0.002, -0.01),
    'rational_polynomial': (0.4, -0.2, 0.001, -0.0015, 0.03, 0.7, -0.1, 0.02),
    'equidistant': (0.02, -0.01, 0.004, -0.001),
}


def project_by_hand(point, model, d, k=K):
    """Return the raw pixel of a point (x, y, z) in the camera's own frame."""
    x, y = point[0] / point[2], point[1] / point[2]
    if model == 'equidistant':
        r = math.sqrt(x * x + y * y)
        theta = math.atan(r)
        theta_d = theta + sum(c * theta**n for c, n in zip(d, (3, 5, 7, 9), strict=True))
        x, y = x / r * theta_d, y / r * theta_d
    else:
        k1, k2, p1, p2, k3, k4, k5, k6 = (*d, 0, 0, 0)[:8]
        r2 = x * x + y * y
        radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
        x, y = (
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
            y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
        )
    return k[0] * x + k[2], k[4] * y + k[5]


def make_model(model='plumb_bob', d=None, **changes):
    return CameraModel.from_intrinsics(
        640, 480, K, DISTORTION[model] if d is None else d, model, **changes
    )


def reason_of(**changes):
    values = {'width': 640, 'height': 480, 'k': K, **changes}
    with pytest.raises(CalibrationError) as caught:
        CameraModel.from_intrinsics(**values)
    return caught.value.reason, str(caught.value)


def test_resizing_keeps_pixel_centres():
    # The centre of a 4 x 2 image lies at (1.5, 0.5); of an 8 x 6 image at (3.5, 2.5).
    small = PinholeCamera(4, 2, 10.0, 20.0, 1.5, 0.5)
    assert small.resized(8, 6) == PinholeCamera(8, 6, 20.0, 60.0, 3.5, 2.5)


def test_resizing_by_hand():
    # A pixel of half the size: 100 + 0.5 from the edge becomes 50.25, so its centre 49.75.
    half = PinholeCamera(640, 480, 500.0, 510.0, 100.0, 201.0).resized(320, 240)
    assert (half.fx, half.fy, half.cx, half.cy) == (250.0, 255.0, 49.75, 100.25)


def test_rays():
    rays = PinholeCamera(5, 4, 2.0, 4.0, 1.0, 2.0).rays()
    assert rays.shape == (4, 5, 2)
    assert rays.dtype == np.float32
    np.testing.assert_array_equal(rays[0, 0], [-0.5, -0.5])
    np.testing.assert_array_equal(rays[2, 1], [0.0, 0.0])
    np.testing.assert_array_equal(rays[3, 4], [1.5, 0.25])


def test_rays_are_shared_and_cannot_be_changed():
    camera = PinholeCamera(5, 4, 2.0, 4.0, 1.0, 2.0)
    assert camera.rays() is camera.rays()
    with pytest.raises(ValueError):
        camera.rays()[0, 0, 0] = 1.0


def test_matrix():
    matrix = PinholeCamera(5, 4, 2.0, 4.0, 1.0, 3.0).matrix()
    np.testing.assert_array_equal(matrix, [[2, 0, 1], [0, 4, 3], [0, 0, 1]])
    assert matrix.dtype == np.float64


def test_roi_and_binning_by_hand():
    camera = make_model(p=P, roi=(100, 40, 400, 300), binning_x=2, binning_y=3)
    assert (camera.width, camera.height) == (200, 100)
    # fx / 2, fy / 3; (320 - 100 + 0.5) / 2 - 0.5, (240 - 40 + 0.5) / 3 - 0.5
    expected = (250.0, 0.0, 109.75, 0.0, 170.0, 200.5 / 3 - 0.5, 0.0, 0.0, 1.0)
    assert camera.matrix == pytest.approx(expected, abs=1e-12)
    # (310 - 100 + 0.5) / 2 - 0.5, (250 - 40 + 0.5) / 3 - 0.5, Tx = -fx B / 2
    grid = camera.rectified
    assert (grid.width, grid.height) == (200, 100)
    assert (grid.fx, grid.cx, grid.fy) == pytest.approx((225.0, 104.75, 460 / 3))
    assert grid.cy == pytest.approx(210.5 / 3 - 0.5)
    assert camera.projection[3] == -22.5
    assert camera.distortion == DISTORTION['plumb_bob']


def test_zero_roi_and_binning_mean_the_whole_sensor():
    assert make_model(roi=(0, 0, 0, 0), binning_x=0, binning_y=0) == make_model()
    assert make_model(binning_x=1, binning_y=1) == make_model()


def test_image_size_by_one_common_factor():
    camera = make_model(image_size=(320, 240))
    assert camera.matrix[:6] == (250.0, 0.0, 159.75, 0.0, 255.0, 119.75)
    assert (camera.width, camera.height) == (320, 240)
    assert camera == make_model().resized(320, 240)


def test_image_size_after_roi_and_binning():
    camera = make_model(roi=(100, 40, 400, 300), binning_x=2, binning_y=2, image_size=(400, 300))
    assert camera == make_model(roi=(100, 40, 400, 300))


def test_image_size_may_be_rounded():
    # 1936 x 1216 scaled to 640 columns has 401.98 rows.
    camera = CameraModel.from_intrinsics(1936, 1216, K, image_size=(640, 402))
    assert (camera.width, camera.height) == (640, 402)
    assert camera.matrix[0] == pytest.approx(500 * 640 / 1936)
    assert camera.matrix[4] == pytest.approx(510 * 402 / 1216)


@pytest.mark.parametrize('size', [(640, 360), (320, 480), (480, 640), (0, 0), (644, 480)])
def test_image_size_by_no_common_factor(size):
    reason, message = reason_of(image_size=size)
    assert reason == 'bad_size'
    assert f'{size[0]} x {size[1]}' in message
    assert '640 x 480' in message


def test_image_that_is_neither_region_nor_sensor():
    assert reason_of(roi=(0, 0, 640, 240), image_size=(640, 400))[0] == 'bad_size'


@pytest.mark.parametrize(
    'changes',
    [
        {'roi': (600, 0, 100, 100)},
        {'roi': (-1, 0, 100, 100)},
        {'roi': (0, 0, 10, 10), 'binning_x': 20},
        {'width': 0, 'height': 0},
    ],
)
def test_windows_without_pixels(changes):
    assert reason_of(**changes)[0] == 'bad_size'


def test_uncalibrated_says_what_to_do():
    reason, message = reason_of(k=(0.0,) * 9)
    assert reason == 'uncalibrated'
    assert 'camera_calibration' in message
    assert 'camera.info_url' in message


@pytest.mark.parametrize('place', [0, 4])
@pytest.mark.parametrize('value', [0.0, -500.0, math.nan, math.inf])
def test_bad_focal_lengths(place, value):
    k = list(K)
    k[place] = value
    reason, message = reason_of(k=k)
    assert reason == 'bad_focal_length'
    assert str(value) in message


@pytest.mark.parametrize(
    'changes',
    [
        {'k': K[:8]},
        {'k': (*K[:2], math.nan, *K[3:])},
        {'k': (K[0], 3.0, *K[2:])},
        {'p': (-450.0, *P[1:])},
        {'p': (*P[:5], 0.0, *P[6:])},
        {'p': (*P[:2], math.nan, *P[3:])},
        {'p': P[:11]},
    ],
)
def test_bad_matrices(changes):
    assert reason_of(**changes)[0] == 'bad_focal_length'


@pytest.mark.parametrize(
    ('model', 'd'),
    [
        ('thin_prism', (0.1,) * 4),
        ('', (0.1,) * 5),
        ('none', (0.1,)),
        ('plumb_bob', (0.1,) * 8),
        ('rational_polynomial', (0.1,) * 15),
        ('equidistant', (0.1,) * 5),
        ('plumb_bob', (0.1, math.nan, 0.0, 0.0, 0.0)),
        ('plumb_bob', (math.inf, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_bad_distortion(model, d):
    reason, message = reason_of(model=model, d=d)
    assert reason == 'bad_distortion'
    assert repr(model) in message or 'D is' in message


@pytest.mark.parametrize('r', [(1.0,) * 9, (math.nan, *K[1:]), (1.0, 0.0, 0.0)])
def test_bad_rotation(r):
    assert reason_of(r=r)[0] == 'bad_distortion'


def test_no_model_and_no_distortion():
    for model, d in (('', ()), ('none', ()), ('', (0.0,) * 5)):
        camera = CameraModel.from_intrinsics(640, 480, K, d, model)
        assert (camera.model, camera.distortion) == ('none', ())
        assert not camera.is_distorted


def test_fisheye_is_another_name_of_equidistant():
    assert make_model('fisheye', d=DISTORTION['equidistant']) == make_model('equidistant')
    assert reason_of(model='fisheye', d=(0.1,) * 5)[0] == 'bad_distortion'


def test_unset_rotation_and_projection():
    camera = make_model(r=(0.0,) * 9, p=(0.0,) * 12)
    assert camera == make_model()
    assert camera.rectified == PinholeCamera(640, 480, 500.0, 510.0, 320.0, 240.0)


def test_what_needs_rectifying():
    zeros = {'model': 'plumb_bob', 'd': (0.0,) * 5}
    same = (*K[:3], 0.0, *K[3:6], 0.0, *K[6:], 0.0)
    assert not make_model(**zeros).is_distorted
    assert not make_model(**zeros, p=same).is_distorted
    assert make_model(**zeros, p=P).is_distorted
    assert make_model(**zeros, r=ROTATION.ravel()).is_distorted
    assert make_model(p=same).is_distorted
    assert make_model('equidistant', d=(0.0,) * 4).is_distorted


def test_a_camera_is_a_key():
    assert len({make_model(), make_model(), make_model('equidistant')}) == 2


@pytest.mark.parametrize('rotation', [np.eye(3), ROTATION], ids=['straight', 'rotated'])
@pytest.mark.parametrize('model', sorted(DISTORTION))
def test_maps_take_a_point_from_its_pinhole_pixel_to_its_raw_pixel(model, rotation):
    camera = make_model(model, r=rotation.ravel(), p=P)
    maps = rectification_maps(camera, camera.rectified)
    for column, row in ((310, 250), (20, 30), (600, 100), (77, 460)):
        # 3.7 m away on the ray of this rectified pixel; back into the camera's frame by R^T.
        rectified = 3.7 * np.array([(column - 310) / 450, (row - 250) / 460, 1.0])
        expected = project_by_hand(rotation.T @ (rectified + 1e-9), model, DISTORTION[model])
        np.testing.assert_allclose([m[row, column] for m in maps], expected, atol=2e-3)


def test_maps_to_a_smaller_grid_hit_the_same_points():
    camera = make_model(p=P)
    small = camera.rectified.resized(320, 240)
    # Pixel (60, 50) of the half grid has its centre at (120.5, 100.5) of the full one.
    point = ((120.5 - 310) / 450, (100.5 - 250) / 460, 1.0)
    maps = rectification_maps(camera, small)
    expected = project_by_hand(point, 'plumb_bob', DISTORTION['plumb_bob'])
    np.testing.assert_allclose([m[50, 60] for m in maps], expected, atol=2e-3)


@pytest.mark.parametrize('count', [12, 14])
def test_longer_distortions_of_opencv(count):
    d = (*DISTORTION['rational_polynomial'], 0.01, -0.002, 0.004, 0.001, 0.01, -0.02)[:count]
    camera = make_model('rational_polynomial', d=d)
    maps = rectification_maps(camera, camera.rectified)
    point = np.array([[(100 - 320) / 500, (400 - 240) / 510, 1.0]])
    expected = cv2.projectPoints(point, (0, 0, 0), (0, 0, 0), np.reshape(K, (3, 3)), np.array(d))
    np.testing.assert_allclose([m[400, 100] for m in maps], expected[0].ravel(), atol=2e-3)


def test_no_distortion_maps_every_pixel_to_itself():
    camera = make_model(d=())
    columns, rows = rectification_maps(camera, camera.rectified)
    np.testing.assert_allclose(columns, np.tile(np.arange(640.0), (480, 1)), atol=1e-3)
    np.testing.assert_allclose(rows.T, np.tile(np.arange(480.0), (640, 1)), atol=1e-3)


def test_beyond_the_fold_of_the_polynomial_there_is_no_image():
    # r (1 - r^2 / 3) grows up to r = 1 and falls beyond, where it would repeat the image.
    camera = CameraModel.from_intrinsics(
        401, 101, (100, 0, 200, 0, 100, 50, 0, 0, 1), (-1 / 3, 0, 0, 0, 0), 'plumb_bob'
    )
    columns = rectification_maps(camera, camera.rectified)[0][50]
    np.testing.assert_array_equal(columns[[0, 98, 302, 400]], OUTSIDE)
    assert np.all(np.diff(columns[102:299]) > 0)
    assert columns[200] == pytest.approx(200)


def test_behind_the_camera_there_is_no_image():
    # Turned by 60 degrees, a grid of +-45 degrees looks from 15 to 105 degrees aside.
    turn = cv2.Rodrigues(np.array([0.0, math.radians(-60), 0.0]))[0]
    for model in ('equidistant', 'plumb_bob'):
        camera = CameraModel.from_intrinsics(
            201, 101, (100, 0, 100, 0, 100, 50, 0, 0, 1), (0.0,) * 4, model, turn.ravel()
        )
        columns = rectification_maps(camera, camera.rectified)[0][50]
        assert np.all(columns[165:] == OUTSIDE)  # tan(30 deg) = 0.577: 90 degrees at 157.7
        assert np.all(columns[:150] > 100)


def test_example_calibration():
    camera = load_calibration(EXAMPLE)
    assert (camera.width, camera.height, camera.model) == (640, 480, 'plumb_bob')
    assert camera.matrix[0] == 602.4
    assert camera.distortion == (0.084, -0.217, 0.0009, -0.0012, 0.0)
    assert camera.rectified == PinholeCamera(640, 480, 606.8, 607.3, 317.9, 243.6)


def write_yaml(path, change=None):
    values = yaml.safe_load(EXAMPLE.read_text())
    if change:
        change(values)
    path.write_text(yaml.safe_dump(values))
    return path


def test_calibration_without_rectification(tmp_path):
    def change(values):
        del values['rectification_matrix'], values['projection_matrix']

    camera = load_calibration(write_yaml(tmp_path / 'c.yaml', change))
    assert camera.rotation == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert camera.rectified.fx == 602.4


def test_calibration_numbers_without_a_dot(tmp_path):
    path = tmp_path / 'c.yaml'
    path.write_text(EXAMPLE.read_text().replace('0.0009', '9e-04'))
    assert load_calibration(str(path)).distortion[2] == 0.0009


BAD_VALUES = {
    'a list': ('camera_matrix', [1, 2, 3]),
    'rows': ('camera_matrix', {'rows': 2, 'cols': 3, 'data': [1.0] * 6}),
    'too short': ('camera_matrix', {'rows': 3, 'cols': 3, 'data': [1.0] * 8}),
    'no data': ('projection_matrix', {'rows': 3, 'cols': 4}),
    'rows of another count': ('rectification_matrix', {'rows': 2, 'cols': 9, 'data': [1.0] * 9}),
    'count': ('distortion_coefficients', {'rows': 1, 'cols': 5, 'data': [0.0] * 4}),
    'nan': ('distortion_coefficients', {'rows': 1, 'cols': 2, 'data': [0.1, math.nan]}),
    'inf': ('camera_matrix', {'data': [math.inf] * 9}),
    'word': ('camera_matrix', {'data': ['five'] * 9}),
    'bool': ('camera_matrix', {'data': [True] * 9}),
    'width text': ('image_width', '640'),
    'width zero': ('image_width', 0),
    'height half': ('image_height', 480.5),
    'model number': ('distortion_model', 5),
}


@pytest.mark.parametrize('case', BAD_VALUES)
def test_calibration_with_a_bad_value(tmp_path, case):
    key, value = BAD_VALUES[case]
    path = write_yaml(tmp_path / 'c.yaml', lambda values: values.update({key: value}))
    with pytest.raises(CalibrationError) as caught:
        load_calibration(path)
    assert caught.value.reason == 'bad_file'
    assert key in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    'key',
    [
        'image_width',
        'image_height',
        'camera_matrix',
        'distortion_coefficients',
    ],
)
def test_calibration_without_a_key(tmp_path, key):
    path = write_yaml(tmp_path / 'c.yaml', lambda values: values.pop(key))
    with pytest.raises(CalibrationError, match=f'{key} is missing') as caught:
        load_calibration(path)
    assert caught.value.reason == 'bad_file'


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'a: [1, 2', 'not YAML'),
        (b'\xff\xd8\xff\xe0image', 'not YAML'),
        ('\ufeffjust words'.encode('utf-16-le'), 'holds a str'),
        (b'just words', 'holds a str'),
        (b'', 'holds a NoneType'),
        (b'!!python/object/apply:os.mkdir [made]', 'not YAML'),
    ],
)
def test_calibration_of_another_format(tmp_path, monkeypatch, content, words):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'c.yaml'
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=words) as caught:
        load_calibration(path)
    assert caught.value.reason == 'bad_file'
    assert str(path) in str(caught.value)
    assert not (tmp_path / 'made').exists()


def test_calibration_file_that_is_not_there(tmp_path):
    os.mkfifo(tmp_path / 'pipe.yaml')
    # Who opens a pipe waits for ever for a writer.
    for path in (tmp_path / 'none.yaml', tmp_path, tmp_path / 'pipe.yaml'):
        with pytest.raises(CalibrationError, match='cannot be read') as caught:
            load_calibration(path)
        assert caught.value.reason == 'bad_file'


def test_calibration_values_are_checked_and_the_file_is_named(tmp_path):
    zeros = {'rows': 3, 'cols': 3, 'data': [0.0] * 9}
    path = write_yaml(tmp_path / 'c.yaml', lambda values: values.update(camera_matrix=zeros))
    with pytest.raises(CalibrationError, match='c.yaml') as caught:
        load_calibration(path)
    assert caught.value.reason == 'uncalibrated'
