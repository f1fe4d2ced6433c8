"""Messages to arrays and back."""

import array
import math

from builtin_interfaces.msg import Time
import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.errors import ImageError
from monodepth_ros.frames import Prediction
from monodepth_ros.ros import compat
from monodepth_ros.ros.conversions import (
    camera_info_key,
    ENCODINGS,
    image_to_rgb,
    make_header,
    pinhole_to_camera_info,
    view_image,
)
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header


def rgb_image(**changes):
    data = array.array('B', range(36))
    return Image(
        **{'encoding': 'rgb8', 'width': 4, 'height': 3, 'step': 12, 'data': data, **changes}
    )


def test_every_field_of_an_image_counts():
    values = np.random.default_rng(0).integers(0, 65536, (3, 4, 3), np.uint16)
    msg = Image(encoding='bgr16', width=4, height=3, step=26, is_bigendian=1)
    msg.data = array.array(
        'B', np.pad(values.reshape(3, 12), ((0, 0), (0, 1))).astype('>u2').tobytes()
    )
    expected = ((values[..., ::-1].astype(np.uint32) + 128) // 257).astype(np.uint8)
    np.testing.assert_array_equal(image_to_rgb(msg), expected)


def test_every_field_of_a_compressed_image_counts():
    # The format says that the grey file is a mosaic.
    mosaic = np.tile(np.uint8([[200, 90], [90, 17]]), (3, 4))
    file = cv2.imencode('.png', mosaic)[1]
    msg = CompressedImage(data=array.array('B', file.tobytes()))
    np.testing.assert_array_equal(image_to_rgb(msg)[..., 1], mosaic)
    msg.format = 'bayer_rggb8; png compressed '
    rgb = image_to_rgb(msg)
    np.testing.assert_array_equal(rgb, np.broadcast_to((200, 90, 17), rgb.shape))


def test_view_does_not_copy():
    msg = rgb_image()
    pixels = view_image(msg)
    msg.data[12] ^= 255
    assert pixels[1, 0, 0] == msg.data[12]


@pytest.mark.parametrize(
    'changes, reason, words',
    [
        ({'width': 0}, 'zero_size', ['0 x 3']),
        ({'height': 0}, 'zero_size', ['4 x 0']),
        ({'encoding': 'rgb9'}, 'unknown_encoding', ["'rgb9'", *ENCODINGS]),
        ({'encoding': ''}, 'unknown_encoding', ["''", 'rgb8']),
        ({'step': 11}, 'short_step', ['11', '12', 'rgb8']),
        ({'step': 0}, 'short_step', ['0', '12']),
        ({'step': 13}, 'short_data', ['36', '39', 'step 13', 'height 3']),
        ({'height': 4}, 'short_data', ['36', '48']),
        ({'width': 2**32 - 1}, 'short_step', ['4294967295']),
        ({'height': 2**32 - 1}, 'short_data', ['36']),
        ({'data': []}, 'short_data', ['0 bytes', '36']),
    ],
)
def test_bad_images_say_why(changes, reason, words):
    msg = rgb_image()
    for name, value in changes.items():
        setattr(msg, name, value)
    with pytest.raises(ImageError) as caught:
        image_to_rgb(msg)
    assert caught.value.reason == reason
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    'nanoseconds, seconds, rest',
    [
        (0, 0, 0),
        (1_234_567_890_987_654_321, 1_234_567_890, 987_654_321),
        (999_999_999, 0, 999_999_999),
    ],
)
def test_stamps_are_exact(nanoseconds, seconds, rest):
    stamp = compat.ns_to_stamp(nanoseconds)
    assert stamp == Time(sec=seconds, nanosec=rest)
    assert compat.stamp_to_ns(stamp) == nanoseconds


def test_header_is_the_frames():
    empty = np.zeros((1, 1), np.uint8)
    prediction = Prediction(empty, empty, empty, empty, None, 5_000_000_001, 'optical')
    assert make_header(prediction) == Header(stamp=Time(sec=5, nanosec=1), frame_id='optical')


def test_messages_do_not_share_memory_with_the_array():
    label = np.zeros((2, 2), np.uint8)
    msg = compat.make_image(Header(), label, 'mono8')
    label[:] = 9
    assert list(msg.data) == [0, 0, 0, 0]


def test_slices_become_tight_images():
    whole = np.arange(24, dtype=np.uint8).reshape(4, 6)
    msg = compat.make_image(Header(), whole[::2, 1::2], 'mono8')
    assert msg.step == 3
    assert list(msg.data) == [1, 3, 5, 13, 15, 17]


def test_camera_info_of_the_rectified_grid():
    info = pinhole_to_camera_info(
        Header(frame_id='o'), PinholeCamera(64, 48, 50.0, 51.0, 31.5, 23.0)
    )
    assert (info.width, info.height, info.header.frame_id) == (64, 48, 'o')
    assert info.distortion_model == 'plumb_bob'
    assert list(info.d) == [0, 0, 0, 0, 0]
    assert list(info.k) == [50, 0, 31.5, 0, 51, 23, 0, 0, 1]
    assert list(info.p) == [50, 0, 31.5, 0, 0, 51, 23, 0, 0, 0, 1, 0]
    assert list(info.r) == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert (info.binning_x, info.binning_y) == (0, 0)
    assert (info.roi.width, info.roi.height, info.roi.do_rectify) == (0, 0, False)


def test_camera_info_carries_roi_and_binning():
    info = CameraInfo(width=640, height=480, distortion_model='plumb_bob', d=[0.0] * 5)
    info.k = [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]
    info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height = 100, 50, 320, 240
    info.binning_x = info.binning_y = 2
    model = CameraModel.from_camera_info(info, (160, 120))
    assert (model.width, model.height) == (160, 120)
    # Crop moves the centre, binning halves the scale: (320 - 100 + 0.5) / 2 - 0.5.
    assert model.rectified.fx == pytest.approx(250)
    assert model.rectified.cx == pytest.approx(109.75)
    assert model.rectified.cy == pytest.approx(94.75)


def test_camera_info_key_tells_calibrations_apart():
    def info(**changes):
        return CameraInfo(**{'width': 4, 'height': 3, 'd': [0.1], 'k': [math.nan] * 9, **changes})

    assert camera_info_key(info()) == camera_info_key(info())
    stamped = info(header=Header(stamp=Time(sec=5)))
    assert camera_info_key(stamped) == camera_info_key(info())
    for change in (
        {'width': 5},
        {'d': [0.2]},
        {'k': [1.0] * 9},
        {'binning_x': 2},
        {'r': [1.0] * 9},
    ):
        assert camera_info_key(info(**change)) != camera_info_key(info())
