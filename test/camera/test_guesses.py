"""What drivers leave out of a CameraInfo: what is taken in its place, and said of it."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError
import pytest

K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)
P = (450.0, 0.0, 310.0, -45.0, 0.0, 460.0, 250.0, 0.0, 0.0, 0.0, 1.0, 0.0)
UNSET = (0.0,) * 9


def make(width=640, height=480, k=K, **changes):
    return CameraModel.from_intrinsics(width, height, k, **changes)


def test_nothing_is_guessed_of_a_whole_calibration():
    assert make(p=P, roi=(100, 40, 400, 300), binning_x=2, image_size=(200, 300)).notes == ()


@pytest.mark.parametrize('k', [UNSET, (*UNSET[:8], 1.0)])
def test_projection_stands_for_a_matrix_that_is_not_set(k):
    camera = make(k=k, p=P, d=(0.0,) * 5, model='plumb_bob', r=UNSET)
    assert camera.matrix == (450.0, 0.0, 310.0, 0.0, 460.0, 250.0, 0.0, 0.0, 1.0)
    assert not camera.is_distorted
    assert camera.notes == ('K is all zero: P is taken in its place',)


def test_images_that_only_have_a_projection_are_rectified_whatever_the_lens():
    camera = make(k=UNSET, p=P, d=(0.0,) * 4, model='equidistant')
    # With a matrix, zeros are those of an ideal fisheye lens.
    assert not camera.is_distorted and make(d=(0.0,) * 4, model='equidistant').is_distorted


@pytest.mark.parametrize(
    'changes',
    [
        {},
        {'p': (0.0,) * 12},
        {'p': P, 'd': (0.1,) * 5, 'model': 'plumb_bob'},
        {'p': P, 'r': (0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)},
    ],
)
@pytest.mark.parametrize('k', [UNSET, (*UNSET[:8], 1.0)])
def test_no_matrix_and_nothing_in_its_place(k, changes):
    with pytest.raises(CalibrationError) as caught:
        make(k=k, **changes)
    assert caught.value.reason == 'uncalibrated'


def test_a_size_of_zero_is_that_of_the_image():
    camera = make(0, 0, image_size=(640, 480))
    assert camera == make() and 'width and height of camera_info are 0' in camera.notes[0]
    # Binned, the image has a half and a third of the sensor's pixels.
    binned = make(0, 0, binning_x=2, binning_y=3, image_size=(320, 160))
    assert binned == make(binning_x=2, binning_y=3)
    with pytest.raises(CalibrationError, match='size 0 x 480'):
        make(0, 480, image_size=(640, 480))


def test_image_of_the_whole_sensor_although_a_region_is_set():
    # Half the width and height: by its size alone it could be a region that was enlarged.
    camera = make(p=P, roi=(160, 120, 320, 240), image_size=(640, 480))
    assert camera == make(p=P)
    assert camera.rectified.fx == 450.0
    assert 'taken for the whole sensor; correct roi in the camera driver' in camera.notes[0]


def test_binned_image_of_the_whole_sensor_although_a_region_is_set():
    camera = make(roi=(160, 120, 320, 240), binning_x=2, binning_y=2, image_size=(320, 240))
    assert camera == make(binning_x=2, binning_y=2)


def test_image_of_a_region_and_one_of_a_region_that_was_resized():
    region = {'roi': (160, 120, 320, 240)}
    assert make(**region, image_size=(320, 240)) == make(**region)
    small = make(**region, image_size=(160, 120))
    assert small == make(**region).resized(160, 120)
    assert 'has 320 x 240 pixels: taken for a resized region' in small.notes[0]


@pytest.mark.parametrize(
    ('cx', 'cy', 'notes'),
    [
        (319.5, 239.5, 0),
        (479.0, 359.0, 0),
        (160.0, 120.0, 0),
        (480.0, 240.0, 1),
        (320.0, 119.0, 1),
    ],
)
def test_principal_point_more_than_a_quarter_off_is_doubted_and_used(cx, cy, notes):
    camera = make(k=(500.0, 0.0, cx, 0.0, 510.0, cy, 0.0, 0.0, 1.0))
    assert (camera.matrix[2], camera.matrix[5]) == (cx, cy)
    assert len(camera.notes) == notes
    assert all('another resolution' in note for note in camera.notes)


def test_a_region_may_lie_beside_the_principal_point():
    assert make(roi=(0, 0, 100, 100)).notes == ()


def test_notes_make_no_other_camera():
    plain, noted = CameraModel(640, 480, K), CameraModel(640, 480, K, notes=('guessed',))
    assert plain == noted and hash(plain) == hash(noted)
