"""Input plans worked by hand, and images with markers at known places."""

import cv2
from doubles import make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import CalibrationError, ConfigError, ImageError
from monodepth_ros.pipeline.preprocess import METRIC_SCALING, plan_input, prepare, rectify
import numpy as np
import pytest

BARREL = (-0.25, 0.06, 0.001, -0.001, 0.0)


def make_camera(width=640, height=480, fx=518.86, fy=None, d=(), model='plumb_bob', **more):
    k = (fx, 0, (width - 1) / 2, 0, fy or fx, (height - 1) / 2, 0, 0, 1)
    return CameraModel.from_intrinsics(width, height, k, d, model, **more)


def plan_for(camera, scaling='resample', *limit, **facts):
    return plan_input(camera.width, camera.height, camera, make_facts(**facts), scaling, *limit)


def sizes(plan):
    return plan.content_width, plan.content_height, plan.width, plan.height, plan.left, plan.top


def test_nyu_camera():
    k = (518.86, 0, 325.58, 0, 519.47, 253.74, 0, 0, 1)
    plan = plan_for(CameraModel.from_intrinsics(640, 480, k))
    assert sizes(plan) == (320, 240, 320, 256, 0, 8)
    assert plan.depth_scale == pytest.approx(1.0)
    assert plan.maps is None
    assert plan.rectify_maps is None
    assert plan.camera.cx == 325.58


def test_resampling_a_wide_camera():
    # 640 x 259.43 / 320 = 518.86 columns wanted, 512 are nearest: f is 256 instead of 259.43.
    plan = plan_for(make_camera(fx=320.0))
    assert sizes(plan) == (512, 384, 512, 384, 0, 0)
    assert plan.depth_scale == pytest.approx(256 / 259.43)


def test_resampling_a_tele_camera():
    # 640 x 259.43 / 4000 = 41.5 columns, 32 are nearest: f is 200; 24 rows between 4 and 4.
    plan = plan_for(make_camera(fx=4000.0))
    assert sizes(plan) == (32, 24, 32, 32, 0, 4)
    assert plan.depth_scale == pytest.approx(200 / 259.43)


def test_odd_border_is_larger_below():
    # 1280 x 721 to 320 columns: 180.25, so 180 rows in 192. With 183 rows: 4 above, 5 below.
    assert sizes(plan_for(make_camera(1280, 721, 1037.72))) == (320, 180, 320, 192, 0, 6)
    assert sizes(plan_for(make_camera(1280, 732, 1037.72))) == (320, 183, 320, 192, 0, 4)


def test_pixels_that_are_not_square_become_square():
    # fy is half of fx, as when every second row is missing: the content is twice as high.
    plan = plan_for(make_camera(640, 240, 518.86, 259.43))
    assert sizes(plan) == (320, 240, 320, 256, 0, 8)
    assert plan.depth_scale == pytest.approx(1.0)


def test_scale_keeps_the_training_width():
    plan = plan_for(make_camera(fx=320.0), 'scale')
    assert sizes(plan) == (320, 240, 320, 256, 0, 8)
    assert plan.depth_scale == pytest.approx(160 / 259.43)


def test_none_keeps_the_networks_depth():
    plan = plan_for(make_camera(fx=320.0), 'none')
    assert sizes(plan) == (320, 240, 320, 256, 0, 8)
    assert plan.depth_scale == 1.0
    assert plan.camera.fx == 320.0


@pytest.mark.parametrize('scaling', METRIC_SCALING)
def test_without_a_camera(scaling):
    plan = plan_input(1280, 720, None, make_facts(), scaling)
    assert sizes(plan) == (320, 180, 320, 192, 0, 6)
    assert plan.depth_scale == 1.0
    assert plan.camera is None


def test_max_input_pixels_shrinks_and_the_depth_scale_follows():
    # 512 x 384 = 196608 pixels; 480 x 360 pads to 480 x 384 = 184320.
    camera = make_camera(fx=320.0)
    assert plan_for(camera, 'resample', 196608).width == 512
    plan = plan_for(camera, 'resample', 196607)
    assert sizes(plan) == (480, 360, 480, 384, 0, 12)
    assert plan.depth_scale == pytest.approx(240 / 259.43)


def test_max_input_pixels_bounds_any_camera():
    plan = plan_for(make_camera(fx=1e-2), 'resample', 102_000)
    assert plan.width * plan.height <= 102_000
    assert plan.content_width == 352  # 352 x 288 padded is 101376; 384 x 288 is 110592


def test_max_input_pixels_too_small():
    with pytest.raises(ConfigError, match='max_input_pixels is 4096.*at least 10240'):
        plan_input(10, 100, None, make_facts(), 'none', 4096)


def test_rounding_up_never_exceeds_the_stated_need():
    assert plan_input(10, 100, None, make_facts(), 'none', 10240).height == 320


def test_bad_arguments():
    facts = make_facts()
    with pytest.raises(ConfigError, match="'sometimes'.*'resample'"):
        plan_input(640, 480, None, facts, 'sometimes')
    with pytest.raises(ImageError) as image_error:
        plan_input(0, 480, None, facts)
    assert image_error.value.reason == 'zero_size'
    with pytest.raises(CalibrationError) as size_error:
        plan_input(320, 240, make_camera(), facts)
    assert size_error.value.reason == 'bad_size'


def test_plain_resize_equals_the_mean_of_pixels():
    image = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    out = prepare(image, plan_for(make_camera()))
    mean = image.reshape(240, 2, 320, 2, 3).mean((1, 3))
    assert np.abs(out[8:248] - mean).max() <= 0.5
    np.testing.assert_array_equal(out[:8], np.tile(out[8], (8, 1, 1)))
    np.testing.assert_array_equal(out[248:], np.tile(out[247], (8, 1, 1)))


def test_enlarging_is_bilinear():
    # Columns 0..39 of value 4x: the enlarged ramp rises by 1 a pixel, centre on centre.
    image = np.repeat(np.tile(np.arange(0, 160, 4, np.uint8), (30, 1))[..., None], 3, axis=2)
    plan = plan_for(make_camera(40, 30, 64.8575))
    assert plan.content_width == 160
    ramp = prepare(image, plan)[plan.content][60, 8:-8, 1]
    np.testing.assert_allclose(ramp, (np.arange(8, 152) + 0.5) - 2, atol=0.51)


@pytest.mark.parametrize('d', [(), BARREL], ids=['resize', 'remap'])
def test_out_is_written_and_returned(d):
    image = np.random.default_rng(2).integers(0, 256, (480, 640, 3), np.uint8)
    plan = plan_for(make_camera(d=d))
    out = np.zeros((plan.height, plan.width, 3), np.uint8)
    assert prepare(image, plan, out) is out
    np.testing.assert_array_equal(out, prepare(image, plan))


def spot(column, row, width=640, height=480):
    """Return a black image with a round blurred spot that is brightest at (column, row)."""
    x, y = np.arange(width) - column, np.arange(height)[:, None] - row
    value = np.exp(-(x**2 + y**2) / (2 * 4.0**2))
    return np.repeat((value * 255).round().astype(np.uint8)[..., None], 3, axis=2)


def centre_of(image):
    weight = image[..., 0].astype(float)
    rows, columns = np.indices(weight.shape)
    return (columns * weight).sum() / weight.sum(), (rows * weight).sum() / weight.sum()


@pytest.mark.parametrize('model', ['plumb_bob', 'equidistant', 'resize'])
@pytest.mark.parametrize('place', [(100, 90), (500, 300)])
def test_a_marker_arrives_at_its_pinhole_pixel(model, place):
    d = {'plumb_bob': BARREL, 'equidistant': (0.01, -0.003, 0.001, 0.0), 'resize': ()}[model]
    camera = make_camera(d=d, model='plumb_bob' if model == 'resize' else model)
    matrix = np.reshape(camera.matrix, (3, 3))
    raw = np.array([[place]], float)
    if model == 'equidistant':
        pinhole = cv2.fisheye.undistortPoints(raw, matrix, np.array(d), P=matrix)
    else:
        pinhole = cv2.undistortPoints(raw, matrix, np.array(d or BARREL) * bool(d), P=matrix)
    column, row = pinhole.ravel()
    plan = plan_for(camera)
    image = spot(*place)
    np.testing.assert_allclose(centre_of(rectify(image, plan)), (column, row), atol=0.35)
    found = centre_of(prepare(image, plan)[plan.content])
    np.testing.assert_allclose(found, ((column - 0.5) / 2, (row - 0.5) / 2), atol=0.2)


def test_remap_of_the_border_repeats_the_contents_edge():
    image = np.random.default_rng(3).integers(0, 256, (480, 640, 3), np.uint8)
    plan = plan_for(make_camera(d=BARREL))
    assert sizes(plan) == (320, 240, 320, 256, 0, 8)
    out = prepare(image, plan)
    np.testing.assert_array_equal(out[:8], np.tile(out[8], (8, 1, 1)))
    np.testing.assert_array_equal(out[248:], np.tile(out[247], (8, 1, 1)))


def test_strong_shrinking_of_a_distorted_image_averages():
    # A checkerboard of single pixels is grey from afar; sampling it would give black and white.
    image = np.indices((960, 1280)).sum(0) % 2 * np.uint8(255)
    image = np.repeat(image.astype(np.uint8)[..., None], 3, axis=2)
    plan = plan_for(make_camera(1280, 960, 1556.58, d=BARREL))
    assert plan.content_width == 224
    assert plan.reduced_size == (426, 320)
    out = prepare(image, plan)[plan.content]
    assert out.min() > 100
    assert out.max() < 155


def test_image_is_passed_through_where_nothing_needs_rectifying():
    image = spot(10, 10)
    assert rectify(image, plan_for(make_camera())) is image


def test_what_the_raw_image_does_not_show():
    # Half of the focal length: the raw image fills the middle half of the rectified grid.
    p = (259.43, 0, 319.5, 0, 0, 259.43, 239.5, 0, 0, 0, 1, 0)
    plan = plan_for(make_camera(p=p))
    expected = np.ones((480, 640), bool)
    expected[120:360, 160:480] = False
    np.testing.assert_array_equal(plan.unseen, expected)
    white = np.full((480, 640, 3), 255, np.uint8)
    np.testing.assert_array_equal(rectify(white, plan)[100, :, 0], 0)
    assert rectify(white, plan)[121:359, 161:479].min() == 255


def test_unseen_is_none_where_all_is_seen():
    p = (700.0, 0, 319.5, 0, 0, 700.0, 239.5, 0, 0, 0, 1, 0)
    assert plan_for(make_camera(d=BARREL, p=p)).unseen is None


@pytest.mark.parametrize(
    'image', [np.zeros((480, 640), np.uint8), np.zeros((480, 640, 3), np.float32)]
)
def test_images_of_another_type_are_refused(image):
    with pytest.raises(ImageError) as caught:
        prepare(image, plan_for(make_camera()))
    assert caught.value.reason == 'unknown_encoding'


def test_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match='320 x 240, expected 640 x 480'):
        prepare(np.zeros((240, 320, 3), np.uint8), plan_for(make_camera()))
