"""Calibration files of other packages: read, or refused by the name of their format."""

import cv2
from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import CalibrationError
import numpy as np
import pytest

K = (458.5, 0.0, 367.25, 0.0, 457.5, 248.0, 0.0, 0.0, 1.0)
D = (-0.28, 0.07, 0.0002, 0.00002)
PLAIN = CameraModel(752, 480, K, D, 'plumb_bob')
FISHEYE = CameraModel(752, 480, K, D, 'equidistant')

INI = """# Camera intrinsics

[image]

width
752

height
480

[narrow_stereo]

camera matrix
458.5 0 367.25
0 457.5 248
0 0 1

distortion
-0.28 0.07 0.0002 0.00002 0

rectification
1 0 0
0 1 0
0 0 1

projection
440 0 360 0
0 441 240 0
0 0 1 0
"""
OPENCV = """%YAML:1.0
---
calibration_time: "Mon 01 Jan 2024 10:00:00"
image_width: 752
image_height:480
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 4.585e+02, 0., 367.25, 0., 4.575e+02, 248., 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ -2.8e-01, 7.0e-02, 2.0e-04, 2.0e-05, 0. ]
"""
CAMCHAIN = """cam0:
  cam_overlaps: []
  camera_model: pinhole
  distortion_coeffs: [-0.28, 0.07, 0.0002, 0.00002]
  distortion_model: radtan
  intrinsics: [458.5, 457.5, 367.25, 248.0]
  resolution: [752, 480]
  rostopic: /cam0/image_raw
"""
VINS = """%YAML:1.0
---
model_type: PINHOLE
camera_name: camera
image_width: 752
image_height: 480
distortion_parameters:
   k1: -0.28
   k2: 0.07
   p1: 0.0002
   p2: 2.0e-05
projection_parameters:
   fx: 4.585e+02
   fy: 4.575e+02
   cx: 367.25
   cy: 248.
"""
VINS_FISHEYE = """%YAML:1.0
---
model_type: KANNALA_BRANDT
camera_name: camera
image_width: 752
image_height: 480
projection_parameters:
   k2: -0.28
   k3: 0.07
   k4: 0.0002
   k5: 2.0e-05
   mu: 458.5
   mv: 457.5
   u0: 367.25
   v0: 248.0
"""


def read(tmp_path, text, name='camera.yaml'):
    path = tmp_path / name
    path.write_text(text)
    return load_calibration(path)


def refusal(tmp_path, text):
    with pytest.raises(CalibrationError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f'calibration file {tmp_path / "camera.yaml"}: ')
    assert caught.value.reason in ('bad_file', 'bad_distortion')
    return str(caught.value)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        (CAMCHAIN, PLAIN),
        (CAMCHAIN.replace('radtan', 'equidistant'), FISHEYE),
        (VINS, PLAIN),
        (VINS.replace('%YAML:1.0\n---\n', ''), PLAIN),
        (VINS_FISHEYE, FISHEYE),
        (OPENCV.replace('rows: 5', 'rows: 4').replace(', 0. ]\n', ' ]\n'), PLAIN),
    ],
)
def test_one_camera_in_many_formats(tmp_path, text, expected):
    assert read(tmp_path, text) == expected


def test_a_pose_in_a_storage_is_no_rectification(tmp_path):
    turned = 'rows: 3\n   cols: 3\n   data: [ 0., -1., 0., 1., 0., 0., 0., 0., 1. ]\n'
    moved = 'rows: 3\n   cols: 4\n   data: [ 900., 0, 0, 0, 0, 900., 0, 0, 0, 0, 1, 0 ]\n'
    pose = f'R: !!opencv-matrix\n   {turned}P: !!opencv-matrix\n   {moved}'
    assert read(tmp_path, OPENCV + pose) == read(tmp_path, OPENCV)
    named = pose.replace('R:', 'rectification_matrix:').replace('P:', 'projection_matrix:')
    camera = read(tmp_path, OPENCV + named)
    assert camera.rotation[1] == -1.0 and camera.rectified.fx == 900.0


def test_ini(tmp_path):
    camera = read(tmp_path, INI, 'camera.ini')
    p = (440.0, 0.0, 360.0, 0.0, 0.0, 441.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    assert camera == CameraModel(752, 480, K, (*D, 0.0), 'plumb_bob', projection=p)
    # Eight numbers are a rational polynomial; the ending of the name does not matter.
    rational = read(tmp_path, INI.replace('0.00002 0', '0.00002 0 0.1 0.2 0.3'), 'camera.cal')
    assert rational.model == 'rational_polynomial'
    assert rational.distortion == (*D, 0.0, 0.1, 0.2, 0.3)


def test_storage_that_opencv_itself_wrote(tmp_path):
    path = tmp_path / 'camera.yml'
    storage = cv2.FileStorage(str(path), cv2.FileStorage_WRITE)
    storage.write('image_width', 752)
    storage.write('image_height', 480)
    storage.write('cameraMatrix', np.reshape(K, (3, 3)))
    storage.write('distCoeffs', np.array([[*D, 0.0]]))
    storage.release()
    assert '!!opencv-matrix' in path.read_text()
    camera = load_calibration(path)
    assert camera == CameraModel(752, 480, K, (*D, 0.0), 'plumb_bob')
    assert camera.notes == ('the calibration file names no distortion_model: plumb_bob is taken',)


@pytest.mark.parametrize('line', ['fisheye_model: 1\n', 'distortion_model: equidistant\n'])
def test_storage_of_a_fisheye_lens(tmp_path, line):
    camera = read(tmp_path, OPENCV + line)
    assert camera == FISHEYE and camera.notes == ()


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (
            '<?xml version="1.0"?>\n<opencv_storage>\n</opencv_storage>\n',
            'is an OpenCV FileStorage in XML; write it as YAML',
        ),
        ('%YAML:1.0\n---\nkeys: 1\n', 'the key distortion_coefficients is missing'),
        (OPENCV.replace('image_height', 'rows_'), 'the key image_height is missing'),
        (CAMCHAIN + CAMCHAIN.replace('cam0', 'cam1'), "2 whole cameras ['cam0', 'cam1']"),
        ('cam0: {camera_model: pinhole}\n', 'with 0 whole cameras [], expected one'),
        (CAMCHAIN.replace('pinhole', 'omni'), "camera_model 'omni', expected pinhole"),
        (CAMCHAIN.replace('radtan', 'fov'), "distortion model 'fov' with D of 4 numbers"),
        (CAMCHAIN.replace('[752, 480]', '752'), 'resolution is 752, expected a list of 2'),
        (CAMCHAIN.replace('[752, 480]', '[752.5, 480]'), 'resolution is 752.5 x 480'),
        (VINS.replace('PINHOLE', 'MEI'), "model_type 'MEI', expected one of ['KANNALA_BRANDT'"),
        (VINS.replace('   fx', '   f'), 'the key fx is missing'),
        (VINS.replace('distortion_p', 'p'), 'the key distortion_parameters is missing'),
        (VINS.replace('k1: -0.28', 'k1: x'), "k1 holds 'x', expected finite numbers"),
        (INI.replace('projection', 'other'), "the key 'projection' of an .ini file is missing"),
        (INI.replace('0 0 1 0', ''), "'projection' has [['440', '0', '360', '0'], ['0', '441', "),
        (INI.replace('458.5 0', '458.5'), "'camera matrix' has [['458.5', '367.25'], "),
        (INI.replace('752', '752.5'), 'width and height are 752.5 and 480, expected whole'),
        (INI.replace('-0.28', 'nan'), "distortion holds 'nan', expected finite numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    assert words in refusal(tmp_path, text)


def test_a_byte_order_mark_is_no_key(tmp_path):
    path = tmp_path / 'camera.yaml'
    path.write_bytes(b'\xef\xbb\xbf' + CAMCHAIN.encode())
    assert load_calibration(path) == PLAIN
