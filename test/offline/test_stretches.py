"""Stretches of sources: other processes read by themselves what the source itself would yield."""

import pickle
import re

from bag_kit import BagKit, room_images, stamp, write_room_bag, write_video
import cv2
from monodepth_ros.errors import ConfigError, DatasetError, MonodepthError
from monodepth_ros.offline.jobs import Held, Intrinsics
from monodepth_ros.offline.sources import open_sources
import numpy as np
import pytest
from ros1_kit import write_ros1_bag

SIZE = (64, 48)


def opened(path):
    return open_sources([str(path)], Intrinsics())[0]


def described(job):
    """Return all that comes of a job, as what can be compared."""
    try:
        frame, note = job.load()
    except MonodepthError as error:
        return job.name, job.label, str(error)
    focal = frame.camera and frame.camera.rectified.fx
    return job.name, job.label, job.time_ns, frame.image.tobytes(), frame.stamp_ns, focal, note


def read(source, length, readers=2):
    """Return the jobs of a source as processes read them that take its stretches in turn."""
    held = [Held() for _ in range(readers)]
    found = []
    for number, stretch in enumerate(source.stretches(length)):
        sent = pickle.loads(pickle.dumps(stretch))
        found.append([described(job) for job in sent.jobs(held[number % readers])])
    for one in held:
        one.close()
    return found


def assert_same(path, length, sizes):
    source = opened(path)
    found = read(source, length)
    assert [len(part) for part in found] == sizes
    expected = [described(job) for job in source.jobs()]
    assert [job for part in found for job in part] == expected
    again = list(source.stretches(length))
    # Backwards, so that nothing that is held can be gone on with.
    held = Held()
    back = [[described(job) for job in stretch.jobs(held)] for stretch in again[::-1]]
    held.close()
    assert back[::-1] == found


def zoom(path, storage='mcap', count=11):
    """Write a bag whose focal length changes now and then, some of the messages at one time."""
    with BagKit(path, storage) as bag:
        for index, image in enumerate(room_images(count, SIZE)):
            if index % 4 == 1:
                bag.info(stamp(index), SIZE, focal=60.0 + index)
            bag.image(image, stamp(index))
            if index == 5:
                bag.image(image[::-1].copy(), stamp(index))
                bag.info(stamp(index), SIZE, focal=200.0)


def test_images(tmp_path):
    (tmp_path / 'in').mkdir()
    for index, image in enumerate(room_images(5, SIZE)):
        cv2.imwrite(str(tmp_path / 'in' / f'{index}.png'), image)
    assert_same(tmp_path / 'in', 2, [2, 2, 1])


def test_a_video_is_read_on_and_back(tmp_path):
    write_video(tmp_path / 'walk.avi', room_images(8, SIZE), codec='MJPG')
    assert_same(tmp_path / 'walk.avi', 3, [3, 5])
    assert_same(tmp_path / 'walk.avi', 20, [8])


def test_a_video_that_ends_early(tmp_path):
    path = tmp_path / 'walk.avi'
    write_video(path, room_images(30, SIZE), codec='MJPG')
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = opened(path)
    found = [job for part in read(source, 4) for job in part]
    assert found == [described(job) for job in source.jobs()]
    assert 'of 30 frames' in found[-1][-1]


def test_a_video_that_is_damaged_once_it_runs(tmp_path):
    write_video(tmp_path / 'walk.avi', room_images(6, SIZE), codec='MJPG')
    source = opened(tmp_path / 'walk.avi')
    (tmp_path / 'walk.avi').write_bytes(b'')
    found = [job for part in read(source, 3) for job in part]
    assert len(found) == 2 and all('cannot be opened' in job[-1] for job in found)


@pytest.mark.parametrize('name', ['walk.avi', 'room'])
def test_a_machine_that_does_not_see_a_source(tmp_path, name):
    """It ends the run: as bad frames its share would be lost from a bag that counts as whole."""
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'room', 3, SIZE)
    write_video(tmp_path / 'walk.avi', room_images(3, SIZE), codec='MJPG')
    stretch = next(opened(tmp_path / name).stretches(2))
    (tmp_path / name).rename(tmp_path / 'elsewhere')
    with pytest.raises(ConfigError, match=f'{name} is not there on .*; every machine of a run'):
        list(stretch.jobs(Held()))


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_bag_whose_intrinsics_change(tmp_path, storage):
    pytest.importorskip('rosbags')
    zoom(tmp_path / 'zoom', storage)
    # The two images of one time are in one stretch.
    assert_same(tmp_path / 'zoom', 3, [3, 4, 3, 2])
    assert_same(tmp_path / 'zoom', 6, [7, 5])
    focals = [job[5] for part in read(opened(tmp_path / 'zoom'), 3) for job in part]
    assert focals[:5] == [61.0, 61.0, 61.0, 61.0, 61.0]
    assert focals[5:7] in ([65.0, 65.0], [200.0, 200.0]) and focals[-2:] == [69.0, 69.0]


def test_a_bag_of_ros1(tmp_path):
    pytest.importorskip('rosbags')
    write_ros1_bag(tmp_path / 'old.bag', room_images(5, SIZE))
    assert_same(tmp_path / 'old.bag', 2, [2, 2, 1])


def test_bags_compressed_by_file_by_message_and_by_chunk(tmp_path):
    recording = pytest.importorskip('monodepth_ros.offline.recording')
    write_room_bag(tmp_path / 'room', 5, SIZE)
    (file,) = (tmp_path / 'room').glob('*.mcap')
    packed = tmp_path / 'packed.mcap.zstd'
    packed.write_bytes(recording.zstd.compress(file.read_bytes()))
    assert_same(packed, 2, [2, 2, 1])
    for mode in ('file', 'message', 'storage'):
        with BagKit(tmp_path / mode, compression=mode) as bag:
            for index, image in enumerate(room_images(5, SIZE)):
                bag.info(stamp(index), SIZE)
                bag.image(image, stamp(index))
        assert_same(tmp_path / mode, 2, [2, 2, 1])


def split(folder, times):
    """Write a bag of several files, each with images of the given times, as rosbag2 splits it."""
    parts = []
    for number, indices in enumerate(times):
        part = folder.with_name(f'part{number}')
        with BagKit(part) as bag:
            for index in indices:
                bag.info(stamp(index), SIZE, focal=60.0 + index)
                bag.image(room_images(index + 1, SIZE)[index], stamp(index))
        parts.append(part)
    folder.mkdir()
    names = []
    for part in parts:
        (file,) = part.glob('*.mcap')
        names.append(file.rename(folder / file.name).name)
    text = (parts[0] / 'metadata.yaml').read_text()
    listed = ''.join(f'\n  - {name}' for name in names)
    text = re.sub(r'relative_file_paths:\s*\n\s*- \S+', f'relative_file_paths:{listed}', text)
    count = sum(map(len, times))
    text = re.sub(r'message_count: \d+', f'message_count: {count}', text)
    (folder / 'metadata.yaml').write_text(text)


def test_a_bag_of_several_files(tmp_path):
    pytest.importorskip('rosbags')
    split(tmp_path / 'one', [(0, 1, 2), (3, 4, 5)])
    assert_same(tmp_path / 'one', 2, [2, 2, 2])


def test_files_of_a_bag_that_overlap(tmp_path):
    """What is read out of the order of time cannot be found again by time: it stays together."""
    pytest.importorskip('rosbags')
    split(tmp_path / 'one', [(0, 1, 2, 4), (3, 5, 6, 7)])
    assert_same(tmp_path / 'one', 1, [1, 1, 3, 1, 1, 1])


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_a_bag_that_is_damaged_once_it_runs(tmp_path, storage):
    """All that is lost is said, in one line each."""
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'room', 8, SIZE, storage)
    source = opened(tmp_path / 'room')
    stretches = list(source.stretches(4))
    file = next(path for path in (tmp_path / 'room').iterdir() if path.suffix != '.yaml')
    file.write_bytes(b'')
    for stretch in stretches:
        (job,) = stretch.jobs(Held())
        with pytest.raises(DatasetError, match='cannot be read'):
            job.load()


def test_a_bag_that_was_made_anew_and_shorter(tmp_path):
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'room', 6, SIZE)
    stretches = list(opened(tmp_path / 'room').stretches(4))
    (tmp_path / 'room').rename(tmp_path / 'before')
    write_room_bag(tmp_path / 'room', 5, SIZE)
    found = [described(job) for stretch in stretches for job in stretch.jobs(Held())]
    assert len(found) == 6 and found[-1][-1] == 'is gone since the run began'


def test_only_the_last_file_is_held():
    closed = []

    class Thing:
        """Tells when it is closed."""

        def __init__(self, name):
            self.name = name

        def close(self):
            closed.append(self.name)

    held = Held()
    held.close()
    first = held.get('a', lambda: Thing('a'))
    assert held.get('a', lambda: Thing('other')) is first and closed == []
    held.get('b', lambda: Thing('b'))
    assert closed == ['a']
    with pytest.raises(ValueError, match='broken'):
        held.get('c', lambda: int('broken'))
    assert closed == ['a', 'b']
    assert held.get('b', lambda: Thing('new')).name == 'new'


@pytest.mark.parametrize(
    ('times', 'wanted', 'length', 'cuts'),
    [
        # A CameraInfo of the same time belongs to the image; the one before is told.
        (
            [1, 1, 2, 2, 3, 3],
            [0, 1, 0, 1, 0, 1],
            1,
            [(0, 1, None, 2, None), (1, 1, 2, 3, 1), (2, 1, 3, None, 2)],
        ),
        ([1, 2, 3], [1, 1, 1], 2, [(0, 2, None, 3, None), (2, 1, 3, None, None)]),
        ([1, 2, 2, 3], [1, 1, 1, 1], 2, [(0, 3, None, 3, None), (3, 1, 3, None, None)]),
        (
            [1, 3, 2, 4],
            [1, 1, 1, 1],
            1,
            [(0, 3, None, 4, None), (3, 1, 4, None, None)],
        ),
        ([], [], 2, []),
    ],
)
def test_cuts(times, wanted, length, cuts):
    order = pytest.importorskip('monodepth_ros.offline.order')
    found = order.Order(np.array(times, np.int64), np.array(wanted, bool)).cuts(length)
    assert list(map(tuple, found)) == cuts
