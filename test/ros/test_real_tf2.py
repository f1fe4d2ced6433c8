"""TF by the real tf2_ros, over DDS, where it is installed: what `tf2_double` stands for."""

import threading

from bench import FRAME_ID, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from monodepth_ros.errors import ScaleError
from monodepth_ros.ros import transforms
from monodepth_ros.ros.compat import ns_to_stamp
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rosgraph_msgs.msg import Clock
from scale_kit import PLAIN, RoomEngine
import tf2_double
from wall_kit import before_the_wall, drive, FACTOR, place, WALL

pytest.importorskip('tf2_ros', reason='tf2_ros comes with ROS and is not on PyPI')
TFMessage = pytest.importorskip('tf2_msgs.msg').TFMessage

OPTICAL = (-0.5, 0.5, -0.5, 0.5)
LEVEL = (0.0, 0.0, 0.0, 1.0)
ODOMETRY_NS = 20_000_000


def transform(frame, within, rotation, translation, stamp_ns=0):
    """Return where a frame is in another one, as TF says it."""
    msg = tf2_double.message(stamp_ns, rotation, translation)
    msg.child_frame_id, msg.header.frame_id = frame, within
    return msg


@pytest.fixture
def say():
    """Return a function that publishes transforms, latched where they are static."""
    publishers = {}

    def say(bench, *transforms, static=False):
        topic = '/tf_static' if static else '/tf'
        if topic not in publishers:
            latched = QoSDurabilityPolicy.TRANSIENT_LOCAL
            qos = QoSProfile(depth=100, **({'durability': latched} if static else {}))
            publishers[topic] = bench.helper.create_publisher(TFMessage, topic, qos)
            wait_until(publishers[topic].get_subscription_count, f'listener of {topic}')
        publishers[topic].publish(TFMessage(transforms=list(transforms)))

    return say


def knows(bench, frame, within, stamp_ns=1):
    """Say whether the node's TF has a pose."""
    try:
        bench.node._witnesses.transforms.pose(frame, within, stamp_ns)
    except ScaleError:
        return False
    return True


@pytest.mark.parametrize(
    ('source', 'before'),
    [
        ('ground', ('no_transform', DiagnosticStatus.WARN)),
        ('auto', ('', DiagnosticStatus.OK)),
    ],
)
def test_a_floor_by_a_chain_of_static_frames_corrects_the_depth(make_bench, say, source, before):
    parameters = {'scale.source': source, 'depth.metric_scaling': 'none'}
    engine = RoomEngine(FACTOR, Pose.of_camera(0.6))
    bench = make_bench(engine, parameters=parameters, topics=('depth/image_rect',)).start()
    bench.send_info()
    for _ in range(14):
        bench.serve(bench.make_image(PLAIN))
    status, values = bench.status()
    assert (values['scale_held_for'], status.level) == before
    say(
        bench,
        transform('base_link', 'base_footprint', LEVEL, (0, 0, 0.1)),
        transform(FRAME_ID, 'base_link', OPTICAL, (0.2, 0, 0.5)),
        static=True,
    )
    wait_until(lambda: knows(bench, FRAME_ID, 'base_footprint'), 'the static frames')
    for _ in range(20):
        bench.serve(bench.make_image(PLAIN))
    values = bench.status()[1]
    assert (values['scale_source'], values['scale_held_for']) == ('ground', '')
    assert float(values['scale_factor']) == pytest.approx(FACTOR, rel=0.02)


def test_what_lags_a_little_is_taken_and_what_is_missing_is_named(make_bench, say):
    bench = make_bench(RoomEngine(), parameters={'scale.source': 'ground'}).start()
    heard, now = bench.node._witnesses.transforms, 50_000_000_000
    pan = (0.0, 0.0, 0.7071068, 0.7071068)
    say(bench, transform('camera', 'pan', pan, (0, 0, 1), now))
    wait_until(lambda: knows(bench, 'camera', 'pan', now), 'the joint')
    for beside in (-400_000_000, 0, 400_000_000):
        pose = heard.pose('/camera', 'pan', now + beside)
        np.testing.assert_allclose(pose.apply(np.array([1.0, 0, 0])), [0, 1, 1], atol=1e-6)
    words = [(now + 2_000_000_000, 'is 2.0 s before'), (now - 2_000_000_000, 'is 2.0 s after')]
    for stamp_ns, word in words:
        with pytest.raises(ScaleError, match=word) as caught:
            heard.pose('camera', 'pan', stamp_ns)
        assert caught.value.reason == 'no_transform'
    # What is no rotation tf2 takes in from nobody.
    say(bench, transform('camera', 'tilt', (0, 0, 0, 0), (0, 0, 1), now))
    say(bench, transform('arm', 'pan', LEVEL, (0, 0, 1), now))
    wait_until(lambda: knows(bench, 'arm', 'pan', now), 'what was said after it')
    for frame, within in (('camera', 'tilt'), ('camera', 'nowhere'), ('', 'pan')):
        with pytest.raises(ScaleError, match='TF does not know where') as caught:
            heard.pose(frame, within, now)
        assert '\n' not in str(caught.value)


def test_what_moves_is_known_again_after_time_has_jumped_back(make_bench, say):
    """A bag that loops, with `use_sim_time`."""
    parameters = {'scale.source': 'ground', 'use_sim_time': True}
    bench = make_bench(RoomEngine(), parameters=parameters).start()
    clocks = bench.helper.create_publisher(Clock, '/clock', 10)
    wait_until(clocks.get_subscription_count, 'the clock')
    say(bench, transform('camera', 'arm', LEVEL, (0, 0, 1)), static=True)
    for seconds in (100, 5):
        now = seconds * 1_000_000_000
        clocks.publish(Clock(clock=ns_to_stamp(now)))
        wait_until(lambda now=now: bench.node.get_clock().now().nanoseconds == now, 'the time')
        say(bench, transform('arm', 'base_link', LEVEL, (seconds, 0, 0), now))
        wait_until(lambda now=now: knows(bench, 'camera', 'base_link', now), 'the arm')
    found = bench.node._witnesses.transforms.pose('camera', 'base_link', now)
    assert found.translation == (5, 0, 1)


@pytest.mark.parametrize('late_s', [0.0, 0.1])
def test_the_way_by_odometry_corrects_the_depth(make_bench, say, monkeypatch, late_s):
    """Odometry at 50 Hz, of which what is around an image may come after it."""
    bench = before_the_wall(make_bench)
    say(bench, transform(FRAME_ID, 'base_link', OPTICAL, (0.2, 0, 0.5)), static=True)
    monkeypatch.setattr(transforms, 'PATIENCE_S', 20.0)
    told, one_at_a_time, timers = [bench.begun], threading.Lock(), []

    def tell(stamp_ns):
        """Say where the robot was up to just after a time; its left is y."""
        with one_at_a_time:
            while told[-1] < stamp_ns:
                told.append(told[-1] + ODOMETRY_NS)
                at = (0.0, -place(bench, told[-1]), 0.0)
                say(bench, transform('base_link', 'odom', LEVEL, at, told[-1]))

    def before(stamp_ns):
        if not late_s:
            tell(stamp_ns)
            wait_until(lambda: knows(bench, FRAME_ID, 'odom', stamp_ns), 'odometry')
            return
        timers.append(threading.Timer(late_s, tell, [stamp_ns]))
        timers[-1].start()

    say(bench, transform('base_link', 'odom', LEVEL, (0, 0, 0), bench.begun))
    try:
        depth = drive(bench, 40, before)
    finally:
        for timer in timers:
            timer.join()
    assert np.median(depth) == pytest.approx(WALL, rel=0.03)
    status, values = bench.status()
    assert (values['scale_source'], status.level) == ('motion', DiagnosticStatus.OK)
