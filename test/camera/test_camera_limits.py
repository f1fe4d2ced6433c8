"""Sizes at the limit of what fits, and what is said of each flaw in a calibration file."""

import re

from monodepth_ros.camera import CameraModel, load_calibration
from monodepth_ros.errors import CalibrationError
import pytest
import yaml

K = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize('size', [(322, 240), (318, 240), (320, 241), (320, 239), (1, 1)])
def test_size_that_one_factor_explains_give_or_take_a_pixel(size):
    # 322 of 640: 321 to 323, so .5016 to .5047; 240 of 480: 239 to 241, so .4979 to .5021.
    camera = CameraModel.from_intrinsics(640, 480, K, image_size=size)
    assert (camera.width, camera.height) == size


@pytest.mark.parametrize('size', [(323, 240), (317, 240), (320, 242), (320, 238), (1, 0), (0, 1)])
def test_size_that_no_factor_explains(size):
    # 323: .5031 to .5063 against .4979 to .5021; 242: .5021 to .5063 against .4984 to .5016.
    with pytest.raises(CalibrationError) as caught:
        CameraModel.from_intrinsics(640, 480, K, image_size=size)
    assert caught.value.reason == 'bad_size'


def test_factors_that_only_touch():
    # 3 of 4 is at most a factor of 1 and 5 of 4 at least.
    with pytest.raises(CalibrationError, match='no common factor'):
        CameraModel.from_intrinsics(4, 4, K, image_size=(3, 5))


def entry(data, rows, cols):
    return {'rows': rows, 'cols': cols, 'data': data}


@pytest.fixture
def write(tmp_path):
    """Return a writer of a calibration file with changes; None leaves a key out."""
    path = tmp_path / 'camera.yaml'

    def write(**changes):
        values = {
            'image_width': 640,
            'image_height': 480,
            'camera_matrix': entry(K, 3, 3),
            'distortion_model': 'plumb_bob',
            'distortion_coefficients': entry([0.1, 0.0, 0.0, 0.0, 0.0], 1, 5),
            'rectification_matrix': entry([1, 0, 0, 0, 1, 0, 0, 0, 1], 3, 3),
            'projection_matrix': entry([450, 0, 310, -45, 0, 460, 250, 0, 0, 0, 1, 0], 3, 4),
            **changes,
        }
        path.write_text(yaml.safe_dump({k: v for k, v in values.items() if v is not None}))
        return path

    return write


def test_every_key_of_a_file_counts(write):
    turn = [0, -1, 0, 1, 0, 0, 0, 0, 1]
    camera = load_calibration(write(rectification_matrix=entry(turn, 3, 3)))
    assert (camera.width, camera.height, camera.model) == (640, 480, 'plumb_bob')
    assert camera.matrix == tuple(K)
    assert camera.distortion == (0.1, 0.0, 0.0, 0.0, 0.0)
    assert camera.rotation == tuple(turn)
    assert camera.projection == (450, 0, 310, -45, 0, 460, 250, 0, 0, 0, 1, 0)


def test_rows_and_cols_may_be_left_out(write):
    changes = {
        'camera_matrix': {'data': K},
        'projection_matrix': {'data': [450, 0, 310, -45, 0, 460, 250, 0, 0, 0, 1, 0]},
        'distortion_coefficients': {'data': [0.1, 0.0, 0.0, 0.0, 0.0]},
    }
    assert load_calibration(write(**changes)) == load_calibration(write())


@pytest.mark.parametrize(
    ('key', 'rows', 'cols'),
    [
        ('camera_matrix', 1, 9),
        ('distortion_coefficients', 5, 1),
        ('rectification_matrix', 9, 1),
        ('projection_matrix', 4, 3),
    ],
)
def test_rows_and_cols_only_tell_how_many_numbers_there_are(write, key, rows, cols):
    usual = load_calibration(write())
    values = yaml.safe_load(write().read_text())
    assert load_calibration(write(**{key: entry(values[key]['data'], rows, cols)})) == usual


def test_binning_and_roi_of_a_file_count(write):
    roi = {'x_offset': 160, 'y_offset': 120, 'width': 320, 'height': 240, 'do_rectify': False}
    camera = load_calibration(write(binning_x=2, binning_y=2, roi=roi))
    assert (camera.width, camera.height) == (160, 120)
    # 320 - 160 + 0.5, over 2, and - 0.5.
    assert camera.matrix[:3] == (250.0, 0.0, 79.75)
    whole = camera.for_image(320, 240)
    assert whole == load_calibration(write(binning_x=2, binning_y=2))
    zeros = dict.fromkeys(roi, 0)
    assert load_calibration(write(binning_x=0, binning_y=0, roi=zeros)) == load_calibration(
        write()
    )


@pytest.mark.parametrize(
    ('changes', 'd', 'model', 'notes'),
    [
        ({'distortion_model': None}, [0.1] * 5, 'plumb_bob', 1),
        ({'distortion_model': None}, [0.0] * 5, 'plumb_bob', 0),
        ({'distortion_model': None}, [0.1] * 8, 'rational_polynomial', 1),
        ({'distortion_model': None, 'camera_model': 'pinhole'}, [0.1] * 5, 'plumb_bob', 1),
        ({'distortion_model': None, 'camera_model': 'equidistant'}, [0.1] * 4, 'equidistant', 0),
        ({'camera_model': 'equidistant'}, [0.1] * 5, 'plumb_bob', 0),
    ],
)
def test_model_under_another_key_or_none(write, changes, d, model, notes):
    changes['distortion_coefficients'] = entry(d, 1, len(d))
    camera = load_calibration(write(**changes))
    assert (camera.model, camera.distortion) == (model, tuple(d))
    assert [note.endswith(f'{model} is taken') for note in camera.notes] == [True] * notes


def test_image_of_one_pixel(write):
    camera = load_calibration(write(image_width=1, image_height=1))
    assert (camera.width, camera.height) == (1, 1)


SIZE = 'expected a positive whole number of pixels'


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'image_width': None}, 'the key image_width is missing'),
        ({'image_width': 0}, f'image_width is 0, {SIZE}'),
        ({'image_height': -2}, f'image_height is -2, {SIZE}'),
        ({'image_height': 480.5}, f'image_height is 480.5, {SIZE}'),
        ({'image_height': True}, f'image_height is True, {SIZE}'),
        ({'camera_matrix': None}, 'the key camera_matrix is missing'),
        ({'camera_matrix': 5}, 'camera_matrix is 5, expected rows, cols and a list data'),
        (
            {'camera_matrix': {'rows': 3}},
            "camera_matrix is {'rows': 3}, expected rows, cols and a list data",
        ),
        (
            {'camera_matrix': entry(K, 2, 9)},
            'camera_matrix has rows and cols (2, 9) and 9 numbers, expected 3 x 3',
        ),
        (
            {'projection_matrix': entry(K, 3, 3)},
            'projection_matrix has rows and cols (3, 3) and 9 numbers, expected 3 x 4',
        ),
        (
            {'camera_matrix': entry(K[:8], 3, 3)},
            'camera_matrix has rows and cols (3, 3) and 8 numbers, expected 3 x 3',
        ),
        (
            {'distortion_coefficients': entry([0.0] * 5, 5, -1)},
            'distortion_coefficients has rows and cols (5, -1) and 5 numbers, expected 1 x 5',
        ),
        (
            {'camera_matrix': entry(['five', *K[1:]], 3, 3)},
            "camera_matrix holds 'five', expected finite numbers",
        ),
        (
            {'camera_matrix': entry([False, *K[1:]], 3, 3)},
            'camera_matrix holds False, expected finite numbers',
        ),
        ({'distortion_model': 3}, 'distortion_model is 3, expected a name'),
        ({'binning_x': -1}, 'binning_x is -1, expected a whole number, 0 or more'),
        ({'binning_y': 1.5}, 'binning_y is 1.5, expected a whole number, 0 or more'),
        ({'roi': [0, 0, 1, 1]}, 'roi is [0, 0, 1, 1], expected x_offset, y_offset, width'),
        ({'roi': {'x_offset': 0}}, 'the key y_offset is missing'),
    ],
)
def test_message_names_file_key_value_and_remedy(write, changes, words):
    path = write(**changes)
    with pytest.raises(CalibrationError) as caught:
        load_calibration(path)
    assert caught.value.reason == 'bad_file'
    assert re.match(f'calibration file {re.escape(f"{path}: {words}")}.*; ', str(caught.value))


def test_numbers_that_yaml_takes_for_texts_are_read(write):
    path = write()
    path.write_text(path.read_text().replace('- 0.1\n', '- 1e-05\n'))
    assert load_calibration(path).distortion[0] == 1e-05


def test_file_that_is_none(tmp_path):
    missing = tmp_path / 'none.yaml'
    for path, why in ((tmp_path, 'not a file'), (missing, 'No such file or directory')):
        with pytest.raises(CalibrationError) as caught:
            load_calibration(path)
        assert str(caught.value).startswith(f'calibration file {path}: cannot be read ({why}); ')
