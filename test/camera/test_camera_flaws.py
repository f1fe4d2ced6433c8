"""What is said of intrinsics that no lens has, and which ones are just still taken."""

import math

from monodepth_ros.camera import CameraModel, HOW_TO_CALIBRATE
from monodepth_ros.errors import CalibrationError
import pytest

K = (500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0)
P = (450.0, 0.0, 310.0, -45.0, 0.0, 460.0, 250.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def changed(values, changes):
    """Return numbers with those at some places replaced."""
    return tuple(changes.get(place, value) for place, value in enumerate(values))


def make(**changes):
    return CameraModel.from_intrinsics(**{'width': 640, 'height': 480, 'k': K, **changes})


def flaw(**changes):
    """Return the reason and the message, whose end is the remedy."""
    with pytest.raises(CalibrationError) as caught:
        make(**changes)
    message, _, remedy = str(caught.value).rpartition(f'; {HOW_TO_CALIBRATE}')
    assert remedy == ''
    return caught.value.reason, message


# Each flaw: what is changed in K (or P), and what the message says that it found.
LENSES = [
    ({0: 0.0}, 'fx 0.0, fy 510.0, cx 320.0, cy 240.0'),
    ({4: -1.0}, 'fx 500.0, fy -1.0, cx 320.0, cy 240.0'),
    ({0: math.nan}, 'fx nan, fy 510.0, cx 320.0, cy 240.0'),
    ({2: math.inf}, 'fx 500.0, fy 510.0, cx inf, cy 240.0'),
    ({0: 0.0099, 4: 0.0099}, 'fx 0.0099, fy 0.0099, cx 320.0, cy 240.0'),
    ({0: 1.1e7, 4: 1e7}, 'fx 11000000.0, fy 10000000.0, cx 320.0, cy 240.0'),
    ({0: 5100.1}, 'fx 5100.1, fy 510.0, cx 320.0, cy 240.0'),
    ({4: 5000.1}, 'fx 500.0, fy 5000.1, cx 320.0, cy 240.0'),
    ({2: 1.1e7}, 'fx 500.0, fy 510.0, cx 11000000.0, cy 240.0'),
    ({5: -1.1e7}, 'fx 500.0, fy 510.0, cx 320.0, cy -11000000.0'),
]


@pytest.mark.parametrize(('changes', 'found'), LENSES)
def test_matrix_of_no_lens(changes, found):
    reason, message = flaw(k=changed(K, changes))
    assert reason == 'bad_focal_length'
    start = f'K has {found}; expected finite values with fx and fy above 0, of '
    assert message.startswith(start)


@pytest.mark.parametrize(('changes', '_'), LENSES[1:])
def test_projection_of_no_lens(changes, _):
    # fx, fy, cx and cy are at places 0, 4, 2 and 5 of K, and at 0, 5, 2 and 6 of P.
    places = {0: 0, 2: 2, 4: 5, 5: 6}
    values = {0: 500.0, 5: 510.0, **{places[at]: value for at, value in changes.items()}}
    reason, message = flaw(p=changed(P, values))
    assert reason == 'bad_focal_length'
    assert message.startswith('P is (') and 'expected 12 finite numbers' in message


@pytest.mark.parametrize(
    'changes',
    [
        {0: 0.01, 4: 0.01},
        {0: 1e7, 4: 1e7},
        {0: 5100.0},
        {4: 5000.0},
        {2: -1e7},
        {5: 1e7},
    ],
)
def test_matrix_of_just_a_lens(changes):
    k = changed(K, changes)
    assert make(k=k).matrix == k


def test_matrix_of_other_sizes_and_shapes():
    with pytest.raises(CalibrationError, match='^K has 8 numbers, expected 9$') as caught:
        make(k=K[:8])
    assert caught.value.reason == 'bad_focal_length'
    reason, message = flaw(k=(0.0,) * 9)
    assert (reason, message) == (
        'uncalibrated',
        'K is all zero: the camera is not calibrated',
    )


@pytest.mark.parametrize('place', [1, 3, 6, 7])
def test_matrix_with_a_number_where_none_belongs(place):
    k = changed(K, {place: 0.5})
    assert flaw(k=k) == ('bad_focal_length', f'K is {k}, expected [fx 0 cx, 0 fy cy, 0 0 1]')


@pytest.mark.parametrize('last', [0.0, 2.0])
def test_last_number_of_the_matrix_is_one_whatever_is_sent(last):
    assert make(k=changed(K, {8: last})).matrix == K


@pytest.mark.parametrize(
    ('model', 'd', 'words'),
    [
        (
            'thin_prism',
            (0.1,) * 4,
            "distortion model 'thin_prism' with D of 4 numbers is not known; known: "
            "['equidistant', 'none', 'plumb_bob', 'rational_polynomial']",
        ),
        ('none', (0.1,), "distortion model 'none' has D of 1 numbers, expected 0"),
        ('plumb_bob', (0.1,) * 8, "distortion model 'plumb_bob' has D of 8 numbers, expected "),
        (
            'plumb_bob',
            (0.1, math.nan, 0.0, 0.0, 0.0),
            'D is (0.1, nan, 0.0, 0.0, 0.0), expected finite numbers',
        ),
    ],
)
def test_distortion_of_no_lens(model, d, words):
    reason, message = flaw(model=model, d=d)
    assert reason == 'bad_distortion' and message.startswith(words)


def test_rotation_that_is_none():
    for r in ((1.0, 0.0, 0.0), (1.0,) * 9, changed(K, {0: 1.0})):
        reason, message = flaw(r=r)
        assert reason == 'bad_distortion'
        assert message.startswith('R is (') and message.endswith(', expected a 3 x 3 rotation')


def test_rotation_give_or_take_a_thousandth():
    # R R^T has 1.0009 and 1.0021 on its diagonal; 0.001 is let pass, as files are rounded.
    good, bad = (changed((1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), {0: x}) for x in (1.00045, 1.00105))
    assert make(r=good).rotation == good
    assert flaw(r=bad)[0] == 'bad_distortion'


def test_window_and_binning_that_leave_nothing():
    with pytest.raises(CalibrationError) as caught:
        make(roi=(0, 0, 10, 20), binning_x=11, binning_y=2)
    assert caught.value.reason == 'bad_size'
    assert str(caught.value) == (
        'camera_info bins 10 x 20 pixels by 11 x 2, which leaves no pixel; correct binning or roi '
        'in the camera driver'
    )
    last = make(roi=(0, 0, 10, 20), binning_x=10, binning_y=20)
    assert (last.width, last.height) == (1, 1)


@pytest.mark.parametrize(
    'roi', [(-1, 0, 10, 10), (0, -1, 10, 10), (631, 0, 10, 10), (0, 471, 10, 10)]
)
def test_window_beside_the_sensor(roi):
    x, y, w, h = roi
    with pytest.raises(CalibrationError) as caught:
        make(roi=roi)
    assert caught.value.reason == 'bad_size'
    assert str(caught.value) == (
        f'camera_info has size 640 x 480 and region of interest {w} x {h} at ({x}, {y}); expected '
        'a region of one pixel or more inside the image; correct it in the camera driver'
    )


@pytest.mark.parametrize('roi', [(0, 0, 1, 1), (639, 479, 1, 1), (630, 470, 10, 10)])
def test_window_at_the_edge_of_the_sensor(roi):
    camera = make(roi=roi)
    assert (camera.width, camera.height) == roi[2:]


@pytest.mark.parametrize('roi', [(5, 5, 0, 10), (5, 5, 10, 0)])
def test_window_of_no_size_means_all(roi):
    assert make(roi=roi) == make()
