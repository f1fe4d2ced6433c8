"""Bags of ROS 1: the same frames as those of the ROS 2 bag with the same messages."""

from bag_kit import DELAY, make_predictor, read_bag, room_images, stamp, stamps
from monodepth_ros.errors import DatasetError
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.offline.runner import Plan, Pool, run
from monodepth_ros.offline.sinks import Products
from monodepth_ros.offline.sources import open_sources
import numpy as np
import pytest
from ros1_kit import write_ros1_bag

pytest.importorskip('rosbags', reason='rosbags is not installed')
SIZE = (64, 48)


def test_frames_are_those_that_were_recorded(tmp_path):
    images = room_images(3, SIZE)
    write_ros1_bag(tmp_path / 'old.bag', images)
    (source,) = open_sources([str(tmp_path / 'old.bag')], Intrinsics())
    assert (source.name, len(source), source.calibrated) == ('old', 3, True)
    assert source.fps == pytest.approx(10.0, rel=1e-3)
    for index, (job, image) in enumerate(zip(source.jobs(), images)):
        frame, note = job.load()
        np.testing.assert_array_equal(frame.image, image)
        assert (frame.stamp_ns, frame.frame_id, note) == (stamp(index), 'camera', '')
        assert job.time_ns == stamp(index) + DELAY
        assert (frame.camera.rectified.fx, frame.camera.rectified.cy) == (60.0, 23.5)


def test_it_becomes_a_bag_of_ros2(tmp_path):
    write_ros1_bag(tmp_path / 'old.bag', room_images(2, SIZE))
    (source,) = open_sources([str(tmp_path / 'old.bag')], Intrinsics())
    (tmp_path / 'out').mkdir()
    with Pool(make_predictor) as pool:
        list(run([source], pool, Plan(Products(tmp_path / 'out', ()))))
    found = read_bag(tmp_path / 'out' / 'old_monodepth')
    assert stamps(found['/depth/points']) == [stamp(0), stamp(1)]


def test_folder_of_bags(tmp_path):
    for name in ('b.bag', 'a.bag'):
        write_ros1_bag(tmp_path / name, room_images(1, SIZE))
    for name in ('._a.bag', '._a.mcap'):
        (tmp_path / name).write_text('')
    sources = open_sources([str(tmp_path)], Intrinsics())
    assert [source.name for source in sources] == ['a', 'b']
    # Images beside them are no less an input.
    (tmp_path / 'photo.png').write_text('')
    sources = open_sources([str(tmp_path)], Intrinsics())
    assert [source.name for source in sources] == ['images', 'a', 'b']


@pytest.mark.parametrize('keep', [0.0, 0.01, 0.5, 0.95])
def test_truncated(tmp_path, keep):
    path = tmp_path / 'old.bag'
    write_ros1_bag(path, room_images(5, SIZE))
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(DatasetError, match='cannot be read .*try: rosbag reindex$') as error:
        open_sources([str(path)], Intrinsics())
    assert '\n' not in str(error.value)


def test_calibration_of_the_user_comes_first(tmp_path):
    write_ros1_bag(tmp_path / 'old.bag', room_images(1, SIZE))
    (source,) = open_sources([str(tmp_path / 'old.bag')], Intrinsics(hfov=90.0))
    assert next(source.jobs()).load()[0].camera.rectified.fx == pytest.approx(32.0)
