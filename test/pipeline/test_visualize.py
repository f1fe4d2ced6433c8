"""Colours of depth and labels, and what a panel shows."""

import math

import cv2
from doubles import make_facts
from monodepth_ros.frames import Prediction, UNLABELLED
from monodepth_ros.pipeline.visualize import (
    colorize_depth,
    colorize_label,
    NO_DEPTH_COLOR,
    overlay,
    panel,
)
import numpy as np
import pytest

COLORS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128))
SIDE = 16 + 2 * (480 + 16)  # first column right of the margin and two pictures with their gaps


def turbo(index):
    """Return OpenCV's colour of an index as RGB."""
    return cv2.applyColorMap(np.array([[index]], np.uint8), cv2.COLORMAP_TURBO)[0, 0, ::-1]


def make_prediction(width=64, height=48):
    depth = np.tile(np.linspace(0.5, 3.2, width, dtype=np.float32), (height, 1))
    label = np.zeros((height, width), np.uint8)
    label[:10] = 2
    image = np.full((height, width, 3), 90, np.uint8)
    return Prediction(depth, label, np.full_like(label, 255), image)


def shows(picture, color):
    """Return whether an area has the colour; the edges of letters can have any grey."""
    same = (picture == np.array(color)).all(-1).astype(np.uint8)
    return bool(cv2.erode(same, np.ones((1, 12))).any())


def test_depth_colors():
    depth = np.array([[1.0, 2.0, 3.0, 0.2, 9.0]], np.float32)
    colors = colorize_depth(depth, 1.0, 3.0)
    for place, index in enumerate((0, 128, 255, 0, 255)):
        np.testing.assert_array_equal(colors[0, place], turbo(index))
    assert colors.dtype == np.uint8


def test_near_is_blue_and_far_is_red():
    red, _, blue = colorize_depth(np.array([[0.2, 0.8]], np.float32), 0, 1)[0].T.astype(int)
    assert blue[0] > red[0]
    assert red[1] > blue[1]


def test_what_is_too_near_has_the_nearest_colour():
    colors = colorize_depth(np.array([[-np.inf, 1.0]], np.float32), 1.0, 2.0)
    assert colors[0, 0].tolist() == colors[0, 1].tolist() != list(NO_DEPTH_COLOR)


def test_depth_without_a_value():
    depth = np.array([[math.nan, math.inf, -math.inf]], np.float32)
    colors = colorize_depth(depth, 0.0, 10.0)[0].tolist()
    assert colors == [[0, 0, 0], [128, 128, 128], [48, 18, 59]]  # Turbo begins at 48 18 59.


def test_pictures_are_written_where_they_shall_be():
    prediction = make_prediction()
    for make in (
        lambda out: colorize_label(prediction.label, COLORS, out),
        lambda out: overlay(prediction.image, prediction.label, COLORS, 0.3, out),
    ):
        out = np.full(prediction.image.shape, 7, np.uint8)
        assert make(out) is out
        np.testing.assert_array_equal(out, make(None))


def test_no_classes_no_colours():
    assert not colorize_label(np.array([[0, 3, UNLABELLED]], np.uint8), ()).any()


@pytest.mark.parametrize('limits', [(1.0, 1.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0)])
def test_bad_depth_limits(limits):
    with pytest.raises(ValueError, match='depth range'):
        colorize_depth(np.ones((2, 2), np.float32), *limits)


def test_label_colors():
    label = np.array([[0, 2, 3, UNLABELLED, 4]], np.uint8)
    expected = [[255, 0, 0], [0, 0, 255], [128] * 3, [0] * 3, [0] * 3]
    assert colorize_label(label, COLORS)[0].tolist() == expected


def test_overlay():
    image = np.full((1, 3, 3), 100, np.uint8)
    label = np.array([[0, 3, UNLABELLED]], np.uint8)
    blend = overlay(image, label, COLORS, 0.25)
    # 0.75 x 100 + 0.25 x 255 is 138.75; 75 + 32 is 107; unlabelled stays.
    assert blend[0].tolist() == [[139, 75, 75], [107] * 3, [100] * 3]
    assert image.min() == 100


def test_panel_shows_the_pictures_and_the_classes_seen():
    prediction = make_prediction()
    picture = panel(prediction, make_facts(colors=COLORS))
    assert picture.dtype == np.uint8
    assert picture.shape[0] > 2 * 360
    assert picture.shape[1] > 2 * 480
    for color in ((90, 90, 90), (255, 0, 0), (0, 0, 255)):
        assert shows(picture, color)
    # Swatches of the two classes only, in the column on the right.
    side = picture[:, SIDE:]
    assert shows(side, (255, 0, 0))
    assert shows(side, (0, 0, 255))
    assert not shows(side, (0, 255, 0))
    # The scale runs to the next full metre, 4 m, and not only to what occurs.
    assert shows(side, turbo(255))
    assert shows(side, turbo(0))
    assert not shows(picture[:, :SIDE], turbo(255))


def test_panel_names_what_has_no_depth_or_label():
    prediction = make_prediction()
    plain = panel(prediction, make_facts(colors=COLORS))
    prediction.depth[0, :20], prediction.depth[1, :20] = math.nan, math.inf
    prediction.label[-5:] = UNLABELLED
    picture = panel(prediction, make_facts(colors=COLORS))
    side = (slice(None), slice(SIDE, None))
    for color in ((0, 0, 0), (128, 128, 128)):
        assert shows(picture[side], color)
        assert not shows(plain[side], color)


def test_panel_with_a_given_scale():
    prediction = make_prediction()
    depth_tile = panel(prediction, make_facts(), max_depth=6.4)[50:390, 520:990]
    # 3.2 m at the right edge is half of the scale.
    np.testing.assert_allclose(depth_tile[100, -1].astype(int), turbo(127), atol=8)


@pytest.mark.parametrize('size', [(48, 64), (7, 300), (1280, 720), (1, 1)])
def test_panel_of_any_size(size):
    picture = panel(make_prediction(*size), make_facts())
    assert picture.ndim == 3
    assert max(picture.shape) < 1600


@pytest.mark.parametrize('size', [(64, 48), (640, 10), (10, 640)])
def test_fixed_panels_of_a_video_have_one_size(size):
    first, second = make_prediction(*size), make_prediction(*size)
    second.depth[:] = math.nan
    second.depth[0] = math.inf
    second.label[:] = UNLABELLED
    pictures = [panel(p, make_facts(), 10.0, fixed=True) for p in (first, second)]
    assert pictures[0].shape == pictures[1].shape
    side = pictures[0][:, -140:]
    assert all(shows(side, color) for color in ((128, 128, 128), (0, 0, 0), *COLORS[:3]))


def test_panel_of_a_frame_without_valid_depth():
    prediction = make_prediction()
    prediction.depth[:] = math.nan
    assert panel(prediction, make_facts()).any()


def test_panel_of_a_model_without_classes_has_one_row():
    prediction = make_prediction()
    prediction.label[:] = UNLABELLED
    picture = panel(prediction, make_facts(classes=(), colors=(), outputs=('depth',)))
    whole = panel(prediction, make_facts())
    assert 2 * picture.shape[0] - whole.shape[0] < 40
    assert not shows(picture, (0, 0, 0))
    assert shows(picture[:, SIDE:], turbo(255))
