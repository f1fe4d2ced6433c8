"""Messages without ROS: the same as the node's, and frames from any image message."""

from bag_kit import BagKit, make_predictor, room_images, stamp
from doubles import make_facts
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import DatasetError, ImageError
from monodepth_ros.frames import Frame, Prediction, UNLABELLED
from monodepth_ros.offline.sources import Intrinsics
import numpy as np
import pytest

messages = pytest.importorskip('monodepth_ros.offline.messages', reason='rosbags is not installed')

DEFAULTS = {
    'depth.encoding': '32FC1',
    'point_cloud.stride': 1,
    'point_cloud.label': False,
    'point_cloud.error': False,
    'point_cloud.exclude': [''],
    'point_cloud.min_range': 0.0,
    'point_cloud.max_range': 1000.0,
    'segmentation.overlay_alpha': 0.5,
}


def make_prediction(camera=True):
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.5, 9, (6, 10)).astype(np.float32)
    depth[0, :3] = np.nan, np.inf, 70.0
    label = rng.integers(0, 4, (6, 10)).astype(np.uint8)
    label[1, 1] = UNLABELLED
    confidence = rng.integers(0, 256, (6, 10)).astype(np.uint8)
    image = rng.integers(0, 256, (6, 10, 3)).astype(np.uint8)
    grid = PinholeCamera(10, 6, 8.25, 8.5, 4.75, 2.125) if camera else None
    return Prediction(depth, label, confidence, image, grid, stamp(3), 'camera_optical_frame')


@pytest.mark.parametrize(('stride', 'labels'), [(1, False), (3, True)])
def test_same_messages_as_the_node(stride, labels):
    """Read by rclpy they are equal in every field; the bytes that only align may differ."""
    serialization = pytest.importorskip('rclpy.serialization')
    publishers = pytest.importorskip('monodepth_ros.ros.publishers')
    prediction, facts = make_prediction(), make_facts()
    values = {**DEFAULTS, 'point_cloud.stride': stride, 'point_cloud.label': labels}
    made = dict(messages.make_messages(prediction, facts, stride, labels, True))
    assert list(made) == list(messages.TOPICS)
    for topic, data in made.items():
        expected = publishers.make_message(topic, prediction, facts, values)
        kind = '/'.join(type(expected).__module__.split('.')[:2] + [type(expected).__name__])
        assert kind == messages.TOPICS[topic]
        assert len(data) == len(serialization.serialize_message(expected))
        assert serialization.deserialize_message(data, type(expected)) == expected, topic


def test_defaults_are_those_of_the_node():
    parameters = pytest.importorskip('monodepth_ros.ros.parameters')
    found = {spec.name: spec.default for spec in parameters.SPECS if spec.name in DEFAULTS}
    assert found == DEFAULTS


def test_topics_are_those_of_the_node():
    publishers = pytest.importorskip('monodepth_ros.ros.publishers')
    assert set(messages.TOPICS) <= set(publishers.TOPICS)


def test_without_intrinsics_there_are_no_points():
    made = dict(messages.make_messages(make_prediction(camera=False), make_facts()))
    expected = ['depth/image_rect', 'segmentation/mask', 'segmentation/confidence']
    assert list(made) == expected


@pytest.fixture
def read(tmp_path):
    """Return a function that writes one message and reads it as a frame, with a CameraInfo."""

    def read(write, intrinsics=None, **info):
        with BagKit(tmp_path / 'bag') as bag:
            write(bag)
            bag.info(stamp(0), size=(64, 48), **info)
        from rosbags.rosbag2 import Reader

        with Reader(tmp_path / 'bag') as reader:
            found = {c.msgtype: bytes(data) for c, _, data in reader.messages()}
        info = found.pop(messages.CAMERA_INFO)
        kind, data = found.popitem()
        return messages.read_frame(data, kind, info, intrinsics or Intrinsics())

    return read


@pytest.mark.parametrize('encoding', ['rgb8', 'bgr8', 'mono16'])
def test_image_encodings(read, encoding):
    image = room_images(1, (64, 48))[0]
    values = image[..., ::-1].copy() if encoding == 'bgr8' else image
    if encoding == 'mono16':
        values = image[..., 0].astype('>u2') * 257
        image = image[..., :1].repeat(3, 2)
    big = int(encoding == 'mono16')
    frame, note = read(lambda bag: bag.image(values, stamp(0), 'i', encoding, is_bigendian=big))
    np.testing.assert_array_equal(frame.image, image)
    assert note == ''


def test_stamp_frame_and_intrinsics(read):
    frame, _ = read(lambda bag: bag.image(room_images(1, (64, 48))[0], stamp(7)))
    assert (frame.stamp_ns, frame.frame_id) == (stamp(7), 'camera_optical_frame')
    # The room's 525 px at 640 wide, and its pixel centre 319.5, at a tenth of the size.
    assert frame.camera.matrix == pytest.approx((52.5, 0, 31.5, 0, 52.5, 23.5, 0, 0, 1))


def test_compressed(read):
    image = room_images(1, (64, 48))[0]
    frame, _ = read(lambda bag: bag.compressed(image, stamp(1)))
    np.testing.assert_array_equal(frame.image, image)
    assert frame.stamp_ns == stamp(1)


def test_intrinsics_of_the_user_come_first(read):
    image = room_images(1, (64, 48))[0]
    frame, _ = read(lambda bag: bag.image(image, stamp(0)), Intrinsics(hfov=90.0))
    assert frame.camera.matrix[0] == pytest.approx(32.0)


def test_bad_camera_info_costs_the_cloud_only(read):
    image = room_images(1, (64, 48))[0]
    frame, note = read(lambda bag: bag.image(image, stamp(0)), k=np.zeros(9), p=np.zeros(12))
    assert frame.camera is None
    assert 'no cloud' in note and 'K is all zero' in note
    assert np.isfinite(make_predictor().predict(Frame(frame.image)).depth).all()


def test_bad_image(read):
    image = room_images(1, (64, 48))[0]
    with pytest.raises(ImageError, match='step is 100 bytes'):
        read(lambda bag: bag.image(image, stamp(0), step=100))


def test_stamp_that_is_no_time(read):
    def write(bag):
        header = bag.header(stamp(0))
        header.stamp.nanosec = 2_000_000_000
        bag.image(room_images(1, (64, 48))[0], stamp(0), header=header)

    with pytest.raises(DatasetError, match='2000000000 ns, which is no time'):
        read(write)


@pytest.mark.parametrize('size', [0, 3, 20, 90])
def test_bytes_that_are_no_message(size):
    image = room_images(1, (64, 48))[0]
    prediction = make_predictor().predict(Frame(image))
    data = dict(messages.make_messages(prediction, make_facts()))['segmentation/mask']
    with pytest.raises(DatasetError, match='no whole sensor_msgs/msg/Image'):
        messages.read_frame(data[:size], messages.IMAGE, None, Intrinsics())
