"""Stamps that are no time, and texts without end, from a camera driver."""

from bench import make_camera_info, wait_until
from monodepth_ros.ros import compat
import pytest


@pytest.mark.parametrize('seconds, nanoseconds', [(5, 10**9), (2**31 - 1, 2**32 - 1)])
def test_a_stamp_that_is_no_time_is_counted(bench, seconds, nanoseconds):
    for number in range(1, 5):
        msg = bench.make_image()
        msg.header.stamp.sec, msg.header.stamp.nanosec = seconds, nanoseconds
        bench.images.publish(msg)
        wait_until(lambda n=number: bench.count('bad_stamp') == n, 'the dropped image')
    bench.serve()
    assert bench.status()[1]['dropped.bad_stamp'] == '4'


@pytest.mark.parametrize('seconds', [-(2**31), -1, 0, 2**31 - 1])
def test_any_time_comes_back_as_it_was(bench, seconds):
    msg = bench.make_image()
    msg.header.stamp.sec, msg.header.stamp.nanosec = seconds, 999_999_999
    outputs = bench.serve(msg)
    assert all(output.header == msg.header for output in outputs.values())
    assert compat.ns_to_stamp(compat.stamp_to_ns(msg.header.stamp)) == msg.header.stamp


def test_long_texts_are_told_shortly_and_not_kept(bench):
    for number in range(3):
        bench.send_info(make_camera_info(distortion_model=f'{number}' * 50_000, d=[0.1]))
        msg = bench.make_image()
        bench.serve(msg, topics=('depth/image_rect', 'segmentation/mask'))
        status, values = bench.status()
        assert values['calibration'] == 'bad_distortion'
        assert len(status.message) < 1000
    assert set(bench.camera._calibration_throttle._last) == {'bad_distortion'}
