"""Bags: what is read of them, what a written one holds, and what is said of bad ones."""

import errno
import os
import re
import shutil

from bag_kit import (
    BagKit,
    DELAY,
    IMAGE,
    INFO,
    make_predictor,
    read_bag,
    room_images,
    stamp,
    stamps,
    write_room_bag,
)
from monodepth_ros.errors import ConfigError, DatasetError
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.offline.runner import Plan, Pool, run
from monodepth_ros.offline.sinks import Products
from monodepth_ros.offline.sources import open_sources
import numpy as np
import pytest

bags = pytest.importorskip('monodepth_ros.offline.bags', reason='rosbags is not installed')
bag_writer = pytest.importorskip('monodepth_ros.offline.bag_writer')
recording = pytest.importorskip('monodepth_ros.offline.recording')

SIZE = (64, 48)
OURS = (
    '/depth/image_rect',
    '/depth/camera_info',
    '/depth/points',
    '/segmentation/mask',
    '/segmentation/confidence',
)


def convert(bag, out, workers=1, products=None, **plan):
    """Predict a bag into another; return the results and the messages by topic."""
    out.mkdir(exist_ok=True)
    source = open_sources([str(bag)], Intrinsics())[0]
    plan = Plan(products or Products(out, ()), **plan)
    with Pool(make_predictor, workers) as pool:
        results = [result for _, result in run([source], pool, plan)]
    return results, read_bag(plan.stream_path(source, 'bag'))


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_every_stamp_once_and_in_order(tmp_path, storage):
    expected = write_room_bag(tmp_path / 'room', 12, SIZE, storage)
    results, found = convert(tmp_path / 'room', tmp_path / 'out', storage=storage)
    assert [result.error + result.note for result in results] == [''] * 12
    assert set(found) == set(OURS)
    for topic in OURS:
        assert stamps(found[topic]) == expected
        assert [time_ns for time_ns, _ in found[topic]] == [ns + DELAY for ns in expected]
        assert {msg.header.frame_id for _, msg in found[topic]} == {'camera_optical_frame'}
    ending = {'mcap': '.mcap', 'sqlite3': '.db3'}[storage]
    names = sorted(path.name for path in (tmp_path / 'out' / 'room_monodepth').iterdir())
    assert names == ['metadata.yaml', f'room_monodepth{ending}']
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['room_monodepth']


def test_workers_keep_the_order(tmp_path):
    expected = write_room_bag(tmp_path / 'room', 12, SIZE)
    _, one = convert(tmp_path / 'room', tmp_path / 'one')
    _, two = convert(tmp_path / 'room', tmp_path / 'two', workers=2)
    for topic in OURS:
        assert stamps(two[topic]) == expected
    for (_, a), (_, b) in zip(one['/depth/image_rect'], two['/depth/image_rect']):
        np.testing.assert_array_equal(a.data, b.data)


def test_depth_is_that_of_the_image(tmp_path):
    """The formula's depth is 1 m + red / 100, and the input is not resampled at this focal."""
    with BagKit(tmp_path / 'flat') as bag:
        bag.info(stamp(0), size=(320, 256), focal=259.43)
        for index, red in enumerate((50, 150)):
            image = np.full((256, 320, 3), (red, 2, 3), np.uint8)
            bag.image(image, stamp(index))
    _, found = convert(tmp_path / 'flat', tmp_path / 'out')
    for (_, msg), depth in zip(found['/depth/image_rect'], (1.5, 2.5)):
        np.testing.assert_allclose(msg.data.view(np.float32), depth, rtol=1e-6)
    for (_, msg), depth in zip(found['/depth/points'], (1.5, 2.5)):
        first = msg.data[:16].view(np.float32)
        # Pixel (0, 0) of the room's camera scaled by half; the principal point is 159.5, 127.5.
        np.testing.assert_allclose(first[:2], -depth * np.array([159.5, 127.5]) / 259.43, 1e-5)
    assert {int(value) for _, msg in found['/segmentation/mask'] for value in msg.data} == {2}


def test_latest_camera_info_counts(tmp_path):
    image = np.full((48, 64, 3), 100, np.uint8)
    with BagKit(tmp_path / 'zoom') as bag:
        bag.image(image, stamp(0))
        bag.info(stamp(1), SIZE, focal=60.0)
        bag.image(image, stamp(2))
        bag.info(stamp(3), SIZE, focal=80.0)
        bag.info(stamp(4), SIZE, focal=90.0)
        bag.image(image, stamp(5))
        bag.image(image, stamp(6))
    _, found = convert(tmp_path / 'zoom', tmp_path / 'out')
    # The image before the first CameraInfo has the first one.
    assert [msg.k[0] for _, msg in found['/depth/camera_info']] == [60.0, 60.0, 90.0, 90.0]


def test_compressed_topic_finds_its_camera_info(tmp_path):
    with BagKit(tmp_path / 'jpeg') as bag:
        bag.info(stamp(0), SIZE)
        bag.compressed(room_images(1, SIZE)[0], stamp(0))
    source = bags.BagSource(tmp_path / 'jpeg', Intrinsics())
    assert (source.calibrated, len(source)) == (True, 1)
    frame, note = next(source.jobs()).load()
    assert (frame.camera.width, note) == (64, '')


def test_overlay_labels_and_namespace(tmp_path):
    write_room_bag(tmp_path / 'room', 1, SIZE)
    products = Products(tmp_path / 'out', (), 2, with_labels=True, with_overlay=True)
    _, found = convert(tmp_path / 'room', tmp_path / 'out', products=products, namespace='/front/')
    assert set(found) == {f'/front{topic}' for topic in (*OURS, '/segmentation/overlay')}
    points = found['/front/depth/points'][0][1]
    assert (points.width, points.height) == (32, 24)
    assert [field.name for field in points.fields][-2:] == ['label', 'confidence']


def test_bad_frames_are_left_out(tmp_path):
    images = room_images(3, SIZE)
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), SIZE)
        bag.image(images[0], stamp(0))
        bag.image(images[1], stamp(1), encoding='rgb9')
        bag.image(images[2], stamp(2))
    results, found = convert(tmp_path / 'room', tmp_path / 'out')
    assert [bool(result.error) for result in results] == [False, True, False]
    assert "'rgb9'" in results[1].error
    assert f'{IMAGE} message 1 at 1700000000.230 s' in results[1].job.label
    assert stamps(found['/depth/points']) == [stamp(0), stamp(2)]


def test_bad_camera_info_is_noted(tmp_path):
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), (50, 48))
        bag.image(room_images(1, SIZE)[0], stamp(0))
    results, found = convert(tmp_path / 'room', tmp_path / 'out')
    assert results[0].error == '' and 'the image is 64 x 48' in results[0].note
    assert set(found) == set(OURS) - {'/depth/camera_info', '/depth/points'}


@pytest.fixture
def two_cameras(tmp_path):
    with BagKit(tmp_path / 'two') as bag:
        for side in ('left', 'right'):
            bag.image(room_images(1, SIZE)[0], stamp(0), f'/{side}/image_raw')
        bag.info(stamp(0), SIZE, '/right/camera_info')
    return tmp_path / 'two'


def test_topics_are_chosen_by_name(two_cameras):
    assert not bags.BagSource(two_cameras, Intrinsics(), '/left/image_raw').calibrated
    assert bags.BagSource(two_cameras, Intrinsics(), 'right/image_raw').calibrated
    info = 'right/camera_info'
    assert bags.BagSource(two_cameras, Intrinsics(), 'left/image_raw', info).calibrated


@pytest.mark.parametrize(
    ('topics', 'words'),
    [
        (('', ''), ['several image topics', '--image-topic', '/left/image_raw', '/right/image_r']),
        (('/up/image_raw', ''), ['no image topic /up/image_raw', '/right/camera_info (sensor_']),
        (('/right/camera_info', ''), ['no image topic /right/camera_info']),
        (('/left/image_raw', '/nope'), ['no camera_info topic /nope', '/left/image_raw (sensor_']),
    ],
)
def test_unknown_topics(two_cameras, topics, words):
    with pytest.raises(ConfigError) as error:
        bags.BagSource(two_cameras, Intrinsics(), *topics)
    assert all(word in str(error.value) for word in words)


def test_no_image_topic(tmp_path):
    with BagKit(tmp_path / 'bag') as bag:
        bag.info(stamp(0))
    with pytest.raises(ConfigError, match=f'no image topic; its topics: {INFO}'):
        bags.BagSource(tmp_path / 'bag', Intrinsics())


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
@pytest.mark.parametrize('keep', [0.0, 0.02, 0.5, 0.95])
def test_truncated_bag(tmp_path, storage, keep):
    """It is refused in one line, or read as far as it goes with the damage as the last result."""
    write_room_bag(tmp_path / 'room', 30, SIZE, storage)
    file = next(path for path in (tmp_path / 'room').iterdir() if path.suffix != '.yaml')
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep)])
    try:
        results, _ = convert(tmp_path / 'room', tmp_path / 'out')
    except DatasetError as error:
        message = str(error)
    else:
        assert len(results) < 31 and not any(result.error for result in results[:-1])
        message = results[-1].error
    assert 'cannot be read' in message and 'truncated' in message and '\n' not in message


@pytest.mark.parametrize('name', ['bag.mcap', 'bag.db3'])
def test_not_a_bag(tmp_path, name):
    (tmp_path / name).write_bytes(b'something else' * 100)
    with pytest.raises(DatasetError, match=f'bag .*{name} cannot be read'):
        bags.BagSource(tmp_path / name, Intrinsics())


def test_bag_without_images(tmp_path):
    (tmp_path / 'bag').mkdir()
    (tmp_path / 'bag' / 'metadata.yaml').write_text('rosbag2_bagfile_information: 3')
    with pytest.raises(DatasetError, match='cannot be read'):
        bags.BagSource(tmp_path / 'bag', Intrinsics())


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_single_file_and_folder_without_metadata(tmp_path, storage):
    write_room_bag(tmp_path / 'room', 3, SIZE, storage)
    file = next(path for path in (tmp_path / 'room').iterdir() if path.suffix != '.yaml')
    assert len(bags.BagSource(file, Intrinsics())) == 3
    (tmp_path / 'room' / 'metadata.yaml').unlink()
    assert len(open_sources([str(tmp_path / 'room')], Intrinsics())[0]) == 3
    shutil.copy(file, file.with_name(f'second{file.suffix}'))
    with pytest.raises(ConfigError, match='ros2 bag reindex'):
        bags.BagSource(tmp_path / 'room', Intrinsics())


def pack(path):
    """Compress a file as `ros2 bag record --compression-mode file` does; return the new one."""
    packed = path.with_name(f'{path.name}.zstd')
    packed.write_bytes(recording.zstd.compress(path.read_bytes()))
    path.unlink()
    return packed


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_compressed_by_the_file(tmp_path, storage):
    write_room_bag(tmp_path / 'room', 3, SIZE, storage)
    file = next(path for path in (tmp_path / 'room').iterdir() if path.suffix != '.yaml')
    packed = pack(file)
    (source,) = open_sources([str(packed)], Intrinsics())
    assert (source.name, len(source)) == ('room', 3)
    assert [job.load()[0].stamp_ns for job in source.jobs()] == [stamp(i) for i in range(3)]
    metadata = tmp_path / 'room' / 'metadata.yaml'
    text = metadata.read_text().replace(file.name, packed.name)
    text = re.sub('compression_format: .*', 'compression_format: zstd', text)
    metadata.write_text(re.sub('compression_mode: .*', 'compression_mode: FILE', text))
    assert len(list(open_sources([str(tmp_path / 'room')], Intrinsics())[0].jobs())) == 3
    metadata.unlink()
    assert len(open_sources([str(tmp_path / 'room')], Intrinsics())[0]) == 3


def test_damaged_compression(tmp_path):
    (tmp_path / 'x.mcap.zstd').write_bytes(b'no zstd')
    with pytest.raises(DatasetError, match='bag .*x.mcap.zstd cannot be read'):
        bags.BagSource(tmp_path / 'x.mcap.zstd', Intrinsics())


def test_the_only_intrinsics_of_a_bag(tmp_path):
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), SIZE, '/info', focal=60.0)
        bag.image(room_images(1, SIZE)[0], stamp(0))
    source = bags.BagSource(tmp_path / 'room', Intrinsics())
    assert next(source.jobs()).load()[0].camera.rectified.fx == 60.0
    assert source.remark.endswith(f'the intrinsics of {IMAGE} are taken from /info')
    assert bags.BagSource(tmp_path / 'room', Intrinsics(hfov=60.0)).remark == ''


def test_topics_without_a_slash(tmp_path):
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), SIZE, 'front/camera_info', focal=60.0)
        bag.image(room_images(1, SIZE)[0], stamp(0), 'front/image_raw')
    source = bags.BagSource(tmp_path / 'room', Intrinsics(), '/front/image_raw')
    assert next(source.jobs()).load()[0].camera.rectified.fx == 60.0


def test_names_that_are_not_utf8(tmp_path):
    strange = os.fsdecode(b'caf\xe9')
    write_room_bag(tmp_path / 'room', 1, SIZE)
    (tmp_path / 'room').rename(tmp_path / strange)
    results, _ = convert(tmp_path / strange, tmp_path / 'out')
    assert [result.error for result in results] == ['']
    write_room_bag(tmp_path / 'room', 1, SIZE, 'sqlite3')
    shutil.rmtree(tmp_path / strange)
    (tmp_path / 'room').rename(tmp_path / strange)
    with pytest.raises(DatasetError, match='cannot be read: SQLite takes names in UTF-8 only'):
        convert(tmp_path / strange, tmp_path / 'three')


def test_aborted_bag_leaves_nothing(tmp_path):
    write_room_bag(tmp_path / 'room', 6, SIZE)
    source = bags.BagSource(tmp_path / 'room', Intrinsics())
    (tmp_path / 'out').mkdir()
    with Pool(make_predictor) as pool:
        results = run([source], pool, Plan(Products(tmp_path / 'out', ())))
        next(results)
        assert [path.name for path in (tmp_path / 'out').iterdir()] == ['room_monodepth.partial']
        results.close()
    assert list((tmp_path / 'out').iterdir()) == []


def test_leftovers_of_a_killed_run_are_replaced(tmp_path):
    write_room_bag(tmp_path / 'room', 2, SIZE)
    leftover = tmp_path / 'out' / 'room_monodepth.partial' / 'room_monodepth'
    leftover.mkdir(parents=True)
    (leftover / 'room_monodepth.mcap').write_bytes(b'half')
    _, found = convert(tmp_path / 'room', tmp_path / 'out')
    assert len(found['/depth/points']) == 2
    assert not leftover.parent.exists()


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_folder_that_cannot_be_written(tmp_path, storage):
    (tmp_path / 'file').write_text('')
    writer = bag_writer.BagWriter(tmp_path / 'file' / 'bag', storage)
    with pytest.raises(ConfigError, match='cannot write bag .*Not a directory'):
        writer.add(0, [('segmentation/mask', b'')])
    writer.abort()


def test_full_disk(tmp_path, monkeypatch):
    write_room_bag(tmp_path / 'room', 2, SIZE)

    def full(*_):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr('rosbags.rosbag2.Writer.write', full)
    with pytest.raises(ConfigError, match='cannot write bag .*: No space left on device'):
        convert(tmp_path / 'room', tmp_path / 'out')
    assert list((tmp_path / 'out').iterdir()) == []
