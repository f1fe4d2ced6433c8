"""Votes from recordings: by tape, by height, by TF, by a scan and by a depth image in a bag."""

from dataclasses import replace

from bag_kit import BagKit, stamp
import cv2
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import ConfigError, MonodepthError, ScaleError
from monodepth_ros.offline.jobs import Intrinsics
from monodepth_ros.offline.places import EVERY, Place
from monodepth_ros.offline.sources import open_sources
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.scale.calibration import calibrate
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest
from scale_kit import make_depth, POSE, RoomEngine, WALL_AT

pytest.importorskip('rosbags', reason='rosbags is not installed')
scale = pytest.importorskip('monodepth_ros.offline.scale')

F = 0.866 * 64
CAMERA = CameraModel.from_intrinsics(64, 48, (F, 0, 31.5, 0, F, 23.5, 0, 0, 1))
LEVEL = Pose.of_camera(0.6)
OPTICAL = (-0.5, 0.5, -0.5, 0.5)
KNOWN = scale.Knowledge


def _transform(bag, child, parent, quaternion, translation, stamp_ns=0):
    vector = bag.make('geometry_msgs/msg/Vector3', **dict(zip('xyz', map(float, translation))))
    turn = bag.make('geometry_msgs/msg/Quaternion', **dict(zip('xyzw', map(float, quaternion))))
    return bag.make(
        'geometry_msgs/msg/TransformStamped',
        header=bag.header(stamp_ns, parent),
        child_frame_id=child,
        transform=bag.make('geometry_msgs/msg/Transform', translation=vector, rotation=turn),
    )


def _tf(bag, topic, *transforms, time_ns):
    msg = bag.make('tf2_msgs/msg/TFMessage', transforms=list(transforms))
    bag.write(topic, msg, time_ns)


def _compressed_depth(bag, stamp_ns):
    """Write the room's millimetres as image_transport's compressedDepth does."""
    millimetres = np.round(1000 * make_depth(CAMERA.rectified, LEVEL)[0]).astype(np.uint16)
    data = bytes(12) + cv2.imencode('.png', millimetres)[1].tobytes()
    msg = bag.make(
        'sensor_msgs/msg/CompressedImage',
        header=bag.header(stamp_ns),
        format='16UC1; compressedDepth png',
        data=np.frombuffer(data, np.uint8),
    )
    bag.write('/depth/compressedDepth', msg, stamp_ns)


def _scan(bag, stamp_ns):
    """Write a level scan of the wall, 20 cm up."""
    step = np.pi / 179
    ranges = WALL_AT / np.maximum(np.cos(-np.pi / 2 + step * np.arange(180)), 0.1)
    msg = bag.make(
        'sensor_msgs/msg/LaserScan',
        header=bag.header(stamp_ns, 'laser'),
        angle_min=-np.pi / 2,
        angle_max=np.pi / 2,
        angle_increment=step,
        time_increment=0.0,
        scan_time=0.0,
        range_min=0.1,
        range_max=20.0,
        ranges=ranges.astype(np.float32),
        intensities=np.empty(0, np.float32),
    )
    bag.write('/scan', msg, stamp_ns)


@pytest.fixture
def bag(tmp_path):
    """Return a bag of 8 images, late TF of the camera's height, scans and depth."""
    with BagKit(tmp_path / 'drive') as kit:
        for i in range(8):
            kit.image(np.zeros((48, 64, 3), np.uint8), stamp(i))
            kit.image(make_depth(CAMERA.rectified, LEVEL)[0], stamp(i), '/depth', '32FC1')
            _compressed_depth(kit, stamp(i))
            _scan(kit, stamp(i) - 10**7)
            lift = _transform(kit, 'mast', 'base_footprint', (0, 0, 0, 1), (0, 0, 0.6), stamp(i))
            _tf(kit, '/tf', lift, time_ns=stamp(i) - 10**6)
        camera = _transform(kit, 'camera_optical_frame', 'mast', OPTICAL, (0, 0, 0))
        laser = _transform(kit, 'laser', 'base_footprint', (0, 0, 0, 1), (0, 0, 0.2))
        _tf(kit, '/tf_static', camera, laser, time_ns=stamp(0) + 5)
    return tmp_path / 'drive'


def _votes(path, knowledge, every=1, engine=None):
    source = open_sources([str(path)], Intrinsics(CAMERA), '/camera/image_raw' * path.is_dir())[0]
    options = PredictorOptions(metric_scaling='none')
    predictor = Predictor(engine or RoomEngine(1.4, LEVEL), options)
    return list(scale.votes(source, predictor, knowledge, every))


@pytest.mark.parametrize(
    'knowledge',
    [
        KNOWN(),
        KNOWN(points_topic='/scan'),
        KNOWN(depth_topic='/depth'),
        KNOWN(depth_topic='/depth/compressedDepth'),
        KNOWN(plane=GroundPlane.from_pose(LEVEL)),
    ],
    ids=['tf', 'scan', 'depth', 'compressed depth', 'height'],
)
def test_a_bag_tells_the_factor(bag, knowledge):
    found = _votes(bag, knowledge)
    assert len(found) == 8
    # The depth image comes after its image: the first frame has none yet.
    votes = [vote for vote in found if not isinstance(vote, MonodepthError)]
    assert len(votes) >= 7
    assert calibrate(votes).factor == pytest.approx(1.4, rel=0.01)


@pytest.fixture
def moving_bag(tmp_path):
    """Return a bag of a camera that goes along a wall, 2 m ahead, 5 cm an image."""
    noise = np.random.default_rng(0).integers(0, 255, (60, 160), np.uint8)
    wall = cv2.resize(noise, (1280, 480), interpolation=cv2.INTER_CUBIC)
    wall = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)
    with BagKit(tmp_path / 'moving') as kit:
        for i in range(15):
            matrix = np.array([[1, 0, -0.05 * i / 2.0 * 277.12], [0, 1, -100.0]])
            kit.image(cv2.warpAffine(wall, matrix, (320, 240)), stamp(i))
            place = (0.0, -0.05 * i, 0.6)
            base = _transform(kit, 'camera_optical_frame', 'odom', OPTICAL, place, stamp(i))
            _tf(kit, '/tf', base, time_ns=stamp(i) + 10**6)
    return tmp_path / 'moving'


class WallEngine(RoomEngine):
    """See that wall 1.4 times too near."""

    def _infer(self, images):
        raw = super()._infer(images)
        return replace(raw, depth=np.full_like(raw.depth, 2.0 / 1.4))


def test_odometry_in_a_bag_tells_the_factor(moving_bag):
    found = _votes(moving_bag, KNOWN(odom_frame='odom'), engine=WallEngine())
    votes = [vote for vote in found if not isinstance(vote, MonodepthError)]
    assert len(found) == 15 and len(votes) >= 10
    assert calibrate(votes).factor == pytest.approx(1.4, rel=0.03)
    # Those that do not vote are followed all the same.
    found = _votes(moving_bag, KNOWN(odom_frame='odom'), every=7, engine=WallEngine())
    assert [isinstance(vote, MonodepthError) for vote in found] == [True, False, False]


def test_a_bag_without_odometry_is_said(bag, moving_bag, photo):
    with pytest.raises(ConfigError, match='--odom-frame is odom, which the TF of .* frames: base'):
        _votes(bag, KNOWN(odom_frame='odom'))
    with pytest.raises(ConfigError, match='is no bag, which alone has odometry'):
        _votes(photo, KNOWN(odom_frame='odom'))
    lost = _votes(moving_bag, KNOWN(odom_frame='odom'), every=15)
    assert [error.reason for error in lost] == ['no_motion']


def test_every_other_frame_can_be_left_out(bag):
    assert len(_votes(bag, KNOWN(), every=3)) == 3


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / 'photo.png'
    cv2.imwrite(str(path), np.zeros((48, 64, 3), np.uint8))
    return path


def test_a_tape_measure_tells_the_factor_from_one_photo(photo):
    depth = make_depth(CAMERA.rectified, POSE)[0]
    u, v = 50, 40
    ray = np.hypot(np.hypot((u - 31.5) / F, (v - 23.5) / F), 1)
    knowledge = KNOWN({EVERY: (Place(u, v, float(depth[v, u] * ray)),)})
    (vote,) = _votes(photo, knowledge, engine=RoomEngine(1.4))
    assert vote.factor == pytest.approx(1.4, rel=0.01)


def test_what_a_photo_lacks_is_said(photo):
    with pytest.raises(ConfigError, match='photo is no bag|images is no bag|is no bag'):
        _votes(photo, KNOWN())


@pytest.mark.parametrize(
    ('knowledge', 'words'),
    [
        (KNOWN(points_topic='/lidar'), 'has no /lidar of type .*LaserScan or .*PointCloud2'),
        (KNOWN(points_topic='/depth'), 'has no /depth of type'),
        (KNOWN(depth_topic='/scan'), 'has no /scan of type .*/Image or .*/CompressedImage; its '),
    ],
)
def test_a_topic_that_a_bag_lacks_is_said(bag, knowledge, words):
    with pytest.raises(ConfigError, match=words):
        _votes(bag, knowledge)


def test_a_frame_without_a_vote_says_why_and_the_others_go_on(bag):
    found = _votes(bag, KNOWN(ground_frame='map'))
    assert [error.reason for error in found] == ['no_transform'] * 8
    found = _votes(bag, KNOWN(classes=('street',)))
    assert {error.reason for error in found} == {'no_labels'}


def test_points_that_are_old_are_not_used(tmp_path):
    with BagKit(tmp_path / 'drive') as kit:
        _tf(kit, '/tf_static', _transform(kit, 'a', 'b', (0, 0, 0, 1), (0, 0, 0)), time_ns=1)
        _scan(kit, stamp(0))
        kit.image(np.zeros((48, 64, 3), np.uint8), stamp(0) + 2 * 10**9)
    (error,) = _votes(tmp_path / 'drive', KNOWN(points_topic='/scan'))
    assert isinstance(error, ScaleError) and '2.0 s away' in str(error)


def test_without_intrinsics_it_says_what_to_give(photo):
    source = open_sources([str(photo)], Intrinsics())[0]
    (error,) = scale.votes(source, Predictor(RoomEngine()), KNOWN({EVERY: (Place(0, 0, 1.0),)}))
    assert isinstance(error, ConfigError) and '--camera-info or --hfov' in str(error)
