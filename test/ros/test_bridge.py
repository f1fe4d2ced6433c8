"""With cv_bridge and without it an image gives the same pixels, whatever its rows."""

import importlib.util

from cv_bridge_double import CODES, CvBridge, install
from monodepth_ros import image_encodings
from monodepth_ros.ros import bridge, conversions
import numpy as np
import pytest
from sensor_msgs.msg import Image

HEIGHT, WIDTH = 6, 8


def make_image(encoding, padding=0, is_bigendian=False):
    step = WIDTH * bridge._PIXEL_BYTES[encoding] + padding
    data = np.random.default_rng(1).integers(0, 256, HEIGHT * step, np.uint8)
    return Image(
        height=HEIGHT,
        width=WIDTH,
        step=step,
        encoding=encoding,
        is_bigendian=int(is_bigendian),
        data=data.tobytes(),
    )


def in_package(msg):
    return image_encodings.decode(*conversions._fields(msg))


@pytest.fixture
def double(monkeypatch):
    install(monkeypatch)
    monkeypatch.setattr(conversions, '_BRIDGE', bridge.Bridge())


def test_the_double_knows_what_is_given_to_cv_bridge():
    assert set(CODES) == set(bridge._PIXEL_BYTES) < set(conversions.ENCODINGS)


@pytest.mark.parametrize('encoding', CODES)
def test_pixels_are_the_same(double, encoding):
    for pixels in (0, 3):
        msg = make_image(encoding, pixels * bridge._PIXEL_BYTES[encoding])
        np.testing.assert_array_equal(conversions.image_to_rgb(msg), in_package(msg))
    assert CvBridge.calls == 2


@pytest.mark.parametrize('encoding, padding', [('bgr8', 1), ('bgra8', 2), ('rgb16', 4)])
def test_rows_that_it_would_skew_are_decoded_here(double, encoding, padding):
    msg = make_image(encoding, padding)
    assert not np.array_equal(CvBridge().imgmsg_to_cv2(msg, 'rgb8'), in_package(msg))
    np.testing.assert_array_equal(conversions.image_to_rgb(msg), in_package(msg))
    assert CvBridge.calls == 1


def test_big_endian_images_are_decoded_here(double):
    msg = make_image('mono16', is_bigendian=True)
    np.testing.assert_array_equal(conversions.image_to_rgb(msg), in_package(msg))
    assert CvBridge.calls == 0


def test_one_that_fails_is_given_up(double, monkeypatch):
    def fail(self, *_):
        CvBridge.calls += 1
        raise AttributeError('_ARRAY_API not found')

    monkeypatch.setattr(CvBridge, 'imgmsg_to_cv2', fail)
    for _ in range(3):
        msg = make_image('bgr8')
        np.testing.assert_array_equal(conversions.image_to_rgb(msg), in_package(msg))
    assert CvBridge.calls == 1


@pytest.mark.parametrize('encoding', CODES)
def test_the_real_one_gives_the_same_pixels(encoding):
    if importlib.util.find_spec('cv_bridge') is None:
        pytest.skip('no cv_bridge of ROS 2')
    msg = make_image(encoding)
    np.testing.assert_array_equal(bridge.Bridge().to_rgb(msg), in_package(msg))
