"""Stamps that are no times, and what is announced of the classes."""

from types import SimpleNamespace

from builtin_interfaces.msg import Time
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ImageError
from monodepth_ros.ros import compat
from monodepth_ros.ros.conversions import check_stamp, make_label_info, pinhole_to_camera_info
import pytest
from std_msgs.msg import Header

STAMP = Time(sec=7, nanosec=5)


@pytest.mark.parametrize(('sec', 'nanosec'), [(0, 0), (-1, 5), (2**31 - 1, 999_999_999)])
def test_stamps_that_are_times(sec, nanosec):
    check_stamp(Header(stamp=Time(sec=sec, nanosec=nanosec)))


@pytest.mark.parametrize('nanosec', [1_000_000_000, 2**32 - 1])
def test_stamp_of_too_many_nanoseconds(nanosec):
    with pytest.raises(ImageError) as caught:
        check_stamp(Header(stamp=Time(sec=-3, nanosec=nanosec)))
    assert caught.value.reason == 'bad_stamp'
    assert str(caught.value) == (
        f'the stamp is -3 s {nanosec} ns, expected less than 1000000000 ns; correct it in the '
        'camera driver'
    )


def test_label_info_has_every_class_by_its_index(monkeypatch):
    for name in ('LabelInfo', 'VisionClass'):
        monkeypatch.setattr(compat, name, SimpleNamespace)
    header = Header(stamp=STAMP, frame_id='map')
    msg = make_label_info(header, ('bed', 'wall'), 0.25)
    assert msg.header is header and msg.threshold == 0.25
    assert [(c.class_id, c.class_name) for c in msg.class_map] == [(0, 'bed'), (1, 'wall')]


def test_camera_info_of_a_grid_by_hand():
    header = Header(stamp=STAMP, frame_id='optical')
    msg = pinhole_to_camera_info(header, PinholeCamera(64, 48, 50.0, 51.0, 31.5, 23.5))
    assert (msg.header.stamp, msg.header.frame_id) == (STAMP, 'optical')
    assert (msg.width, msg.height, msg.distortion_model) == (64, 48, 'plumb_bob')
    assert msg.d.tolist() == [0.0] * 5
    assert msg.k.tolist() == [50.0, 0.0, 31.5, 0.0, 51.0, 23.5, 0.0, 0.0, 1.0]
    assert msg.r.tolist() == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    assert msg.p.tolist() == [50.0, 0, 31.5, 0, 0, 51.0, 23.5, 0, 0, 0, 1.0, 0]
    assert (msg.binning_x, msg.binning_y, msg.roi.width, msg.roi.height) == (0, 0, 0, 0)
