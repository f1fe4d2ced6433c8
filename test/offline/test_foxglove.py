"""Bags that are written open in Foxglove: schemas, encodings, frames and intrinsics."""

import struct

from bag_kit import make_predictor, room_images, stamp
from monodepth_ros.camera import CameraModel
from monodepth_ros.frames import Frame
from monodepth_ros.offline.bag_writer import BagWriter
from monodepth_ros.offline.messages import make_messages, TOPICS, typestore
from monodepth_ros.offline.recording import Recording
import numpy as np
import pytest

CAMERA = CameraModel(320, 256, (259.43, 0, 159.5, 0, 259.43, 127.5, 0, 0, 1))
# https://docs.foxglove.dev/docs/visualization/panels/image/ has the list.
ENCODINGS = {'mono8', 'rgb8', '32FC1'}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp('bags') / 'walk'
    predictor, writer = make_predictor(), BagWriter(path)
    frame = Frame(room_images(1, (320, 256))[0], CAMERA, stamp(0), 'camera_optical_frame')
    writer.add(stamp(0), make_messages(predictor.predict(frame), predictor.engine.facts, 1, 0, 1))
    writer.finish()
    return path


@pytest.fixture(scope='module')
def messages(folder):
    recording = Recording(folder)
    found = recording.messages(list(recording.topics))
    return {m.topic: typestore().deserialize_cdr(m.data, m.kind) for m in found}


def strings_after(data, word):
    """Return the two strings of MCAP that follow a name: each a length and UTF-8."""
    at = data.index(struct.pack('<I', len(word)) + word) + 4 + len(word)
    size = struct.unpack_from('<I', data, at)[0]
    start = at + 4
    end = start + size
    return data[start:end]


def test_the_file_says_how_to_read_it(folder):
    data = next(folder.glob('*.mcap')).read_bytes()
    assert data[9:21] == struct.pack('<QI', struct.unpack_from('<Q', data, 9)[0], 4)
    assert data[21:25] == b'ros2'
    for kind in set(TOPICS.values()):
        assert strings_after(data, kind.encode()) == b'ros2msg'
    for topic in TOPICS:
        assert strings_after(data, f'/{topic}'.encode()) == b'cdr'


def test_all_is_in_one_frame_on_one_grid(messages):
    assert set(messages) == {f'/{topic}' for topic in TOPICS}
    assert {msg.header.frame_id for msg in messages.values()} == {'camera_optical_frame'}
    assert len({(m.header.stamp.sec, m.header.stamp.nanosec) for m in messages.values()}) == 1
    assert {(m.width, m.height) for m in messages.values()} == {(320, 256)}


def test_images_have_encodings_that_foxglove_shows(messages):
    images = {t: m for t, m in messages.items() if hasattr(m, 'encoding')}
    assert len(images) == 4 and {m.encoding for m in images.values()} == ENCODINGS
    for msg in images.values():
        assert not msg.is_bigendian and len(msg.data) == msg.step * msg.height


def test_intrinsics_put_the_cloud_on_the_image(messages):
    cloud, info = messages['/depth/points'], messages['/depth/camera_info']
    fields = {field.name: field.offset for field in cloud.fields}
    assert fields == {'x': 0, 'y': 4, 'z': 8, 'rgb': 12}
    points = cloud.data.view('<f4').reshape(256, 320, 4)[..., :3].astype(float)
    projected = points @ info.p.reshape(3, 4)[:, :3].T
    u, v = np.meshgrid(np.arange(320), np.arange(256))
    np.testing.assert_allclose(projected[..., 0] / projected[..., 2], u, atol=1e-3)
    np.testing.assert_allclose(projected[..., 1] / projected[..., 2], v, atol=1e-3)
