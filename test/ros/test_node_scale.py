"""The scale in the running node, over DDS: what comes out, what is said, and what it costs."""

from functools import partial
from types import MappingProxyType

from bench import FRAME_ID, make_camera_info, wait_until
import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from doubles import FormulaEngine
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.ros import camera_scale, scale_calibration, transforms
from monodepth_ros.ros.compat import ns_to_stamp, stamp_to_ns
from monodepth_ros.scale.pose import Pose
import numpy as np
import pytest
from rclpy.parameter import Parameter
from scale_kit import make_depth, PLAIN, POSE, RoomEngine, WALL_AT
from sensor_msgs.msg import LaserScan
from std_srvs.srv import Trigger
import tf2_double

HEIGHT, PITCH, ROLL = 0.6, 12.0, 3.0
DEPTH = ('depth/image_rect',)
BY_HEIGHT = {
    'camera.height': HEIGHT,
    'camera.pitch': PITCH,
    'camera.roll': ROLL,
    'scale.source': 'ground',
    'depth.metric_scaling': 'none',
}
BY_TF = {**BY_HEIGHT, 'camera.height': 0.0}
IN_BASE = ((-0.5, 0.5, -0.5, 0.5), (0.0, 0.0, HEIGHT))
"""A level camera, as TF has it."""


@pytest.fixture
def make(make_bench):
    """Return a maker of running benches with a room in front of the camera."""

    def start(parameters, engine=None, topics=DEPTH):
        bench = make_bench(engine or RoomEngine(), parameters=parameters, topics=topics).start()
        bench.send_info()
        bench.make_image = partial(bench.make_image, PLAIN)
        return bench

    return start


@pytest.fixture
def tf2(monkeypatch):
    return tf2_double.install(monkeypatch)


def serve(bench, frames=30):
    """Send frames, 0.1 s apart by their stamps; return what the last one's depth is off by."""
    for _ in range(frames):
        msg = bench.serve()['depth/image_rect']
    found = np.frombuffer(msg.data, np.float32).reshape(48, 64)
    grid = PinholeCamera(64, 48, 0.866 * 64, 0.866 * 64, 31.5, 23.5)
    return float(np.nanmedian(found / make_depth(grid, POSE)[0]))


def test_a_floor_by_parameters_corrects_the_depth(make):
    bench = make(BY_HEIGHT)
    assert serve(bench) == pytest.approx(1, rel=0.02)
    status, values = bench.status()
    assert float(values['scale_factor']) == pytest.approx(1.4, rel=0.02)
    assert (values['scale_source'], values['scale_held_for']) == ('ground', '')
    assert (int(values['scale_votes']), values['scale_age_s']) == (30, '0.000')
    assert float(values['scale_tilt_deg']) < 0.5 and 0 < float(values['scale_spread']) < 0.2
    assert status.level == DiagnosticStatus.WARN
    assert "check the camera's height and pitch" in status.message


def test_a_height_that_is_set_needs_no_source(make):
    bench = make({key: value for key, value in BY_HEIGHT.items() if key != 'scale.source'})
    assert bench.node._values['scale.source'] == 'auto'
    assert serve(bench, 10) == pytest.approx(1, rel=0.02)
    assert bench.status()[1]['scale_source'] == 'ground'


def test_a_height_is_left_alone_by_itself_where_the_model_knows_no_floor(make):
    bench = make({**BY_HEIGHT, 'scale.source': 'auto', 'scale.ground_classes': ['street']})
    assert serve(bench, 12) == pytest.approx(1 / 1.4, rel=1e-3)
    status, values = bench.status()
    assert (values['scale_source'], values['scale_held_for']) == ('', '')
    assert status.level == DiagnosticStatus.OK


def before_a_floor(make, parameters=MappingProxyType({}), topics=DEPTH):
    """Return a bench whose depth is 1.3 times too small, and nobody said what corrects it."""
    auto = {**BY_TF, 'scale.source': 'auto', **parameters}
    return make(auto, RoomEngine(1.3, Pose.of_camera(HEIGHT)), topics)


def test_a_floor_that_tf_knows_is_taken_by_itself_once_it_is_known(make, tf2, capfd):
    bench = before_a_floor(make)
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_source'], values['scale_factor']) == ('', '1.0000')
    assert status.level == DiagnosticStatus.OK
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    for _ in range(20):
        bench.serve()
    values = bench.status()[1]
    assert (values['scale_source'], values['scale_held_for']) == ('ground', '')
    assert float(values['scale_factor']) == pytest.approx(1.3, rel=0.02)
    assert capfd.readouterr().err.count(f'TF knows {FRAME_ID} in base_footprint') == 1
    tf2.known.clear()
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_held_for'], status.level) == ('no_transform', DiagnosticStatus.WARN)
    assert tf2.listeners == []


def test_a_floor_that_moves_is_not_taken_by_itself(make, tf2):
    """All of TF costs too much to be heard unasked."""
    bench = before_a_floor(make)
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE, stamp_ns=bench.clock)
    for _ in range(3):
        bench.serve()
    assert bench.status()[1]['scale_source'] == ''


def test_a_floor_that_moves_is_not_taken_where_obstacles_have_it_heard(make, tf2):
    bench = before_a_floor(make, topics=(*DEPTH, 'depth/obstacles'))
    place = IN_BASE[1]
    tf2.put_moving(FRAME_ID, 'base_footprint', lambda ns: place, 2**62)
    tf2.turn = IN_BASE[0]
    for _ in range(3):
        bench.serve()
    assert len(tf2.listeners) == 1
    values = bench.status()[1]
    assert (values['scale_source'], values['scale_factor']) == ('', '1.0000')


@pytest.mark.parametrize('source', ['auto', 'ground'])
def test_a_bodys_frame_in_the_images_is_named(make, tf2, capfd, source):
    """Many drivers name `camera_link`, whose x is forward, not its optical frame."""
    tf2.put(FRAME_ID, 'base_footprint', (0.0, 0.0, 0.0, 1.0), (0.0, 0.0, HEIGHT))
    bench = before_a_floor(make, {'scale.source': source})
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_held_for'], status.level) == ('bad_pose', DiagnosticStatus.WARN)
    assert f'TF has {FRAME_ID} looking up by 90 degrees' in status.message
    assert 'the floor corrects the depth' not in capfd.readouterr().err


def test_the_cameras_own_frame_is_no_floor(make, tf2, capfd):
    bench = before_a_floor(make, {'scale.ground_frame': FRAME_ID})
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_held_for'], status.level) == ('under_ground', DiagnosticStatus.WARN)
    assert (values['scale_factor'], 'TF knows' in capfd.readouterr().err) == ('1.0000', False)


def test_a_floor_that_was_found_holds_while_the_node_is_inactive(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = before_a_floor(make)
    for _ in range(20):
        bench.serve()
    bench.run(bench.node.trigger_deactivate)
    tf2.known.clear()
    bench.run(bench.node.trigger_activate)
    bench.wait_matched()
    bench.send_info(make_camera_info(binning_x=1, binning_y=1))
    bench.serve()
    values = bench.status()[1]
    assert values['scale_held_for'] == 'no_transform'
    assert float(values['scale_factor']) == pytest.approx(1.3, rel=0.03)


def test_another_frame_of_the_floor_is_looked_for(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = before_a_floor(make)
    for _ in range(3):
        bench.serve()
    assert bench.status()[1]['scale_source'] == 'ground'
    assert bench.change('scale.ground_frame', 'nowhere').successful
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_source'], status.level) == ('', DiagnosticStatus.OK)
    assert bench.change('scale.ground_frame', 'base_footprint').successful
    bench.serve()
    assert bench.status()[1]['scale_source'] == 'ground'


def test_classes_that_become_floors_later_are_taken_and_said(make, tf2, capfd):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = before_a_floor(make, {'scale.ground_classes': ['street']})
    for _ in range(3):
        bench.serve()
    assert bench.status()[1]['scale_source'] == ''
    assert bench.change('scale.ground_classes', ['floor']).successful
    for _ in range(3):
        bench.serve()
    assert bench.status()[1]['scale_source'] == 'ground'
    assert capfd.readouterr().err.count(f'TF knows {FRAME_ID} in base_footprint') == 1


@pytest.mark.parametrize(
    'parameters', [{'scale.source': 'none'}, {'scale.ground_classes': ['street']}]
)
def test_a_floor_that_tf_knows_is_left_alone(make, tf2, capfd, parameters):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = before_a_floor(make, parameters)
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_source'], values['scale_factor']) == ('', '1.0000')
    assert status.level == DiagnosticStatus.OK
    assert 'TF knows' not in capfd.readouterr().err


def test_a_height_that_is_set_goes_before_tf(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', IN_BASE[0], (0.0, 0.0, 5.0))
    bench = before_a_floor(
        make, {'camera.height': HEIGHT, 'camera.pitch': 0.0, 'camera.roll': 0.0}
    )
    for _ in range(20):
        bench.serve()
    assert float(bench.status()[1]['scale_factor']) == pytest.approx(1.3, rel=0.02)
    assert tf2.listeners == []


def test_tf_that_has_the_camera_under_the_floor_is_said_by_itself(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', IN_BASE[0], (0.0, 0.0, -0.1))
    bench = before_a_floor(make)
    for _ in range(12):
        bench.serve()
    status, values = bench.status()
    assert (values['scale_held_for'], status.level) == ('under_ground', DiagnosticStatus.WARN)


def test_a_depth_that_is_bent_is_straightened(make):
    bench = make(BY_HEIGHT, RoomEngine(1.2, power=0.8))
    assert serve(bench, 10) == pytest.approx(1, rel=0.04)
    msg = bench.serve()['depth/image_rect']
    found = np.frombuffer(msg.data, np.float32).reshape(48, 64)
    grid = PinholeCamera(64, 48, 0.866 * 64, 0.866 * 64, 31.5, 23.5)
    off = np.log(found / make_depth(grid, POSE)[0])
    low, high = np.nanpercentile(off, (2, 98))
    # By a factor alone they would be 0.25 apart.
    assert high - low < 0.08
    values = bench.status()[1]
    assert float(values['scale_by_depth']) == pytest.approx(1 / 0.8 - 1, abs=0.07)
    assert abs(float(values['scale_by_column'])) < 0.05
    assert 0.4 < float(values['scale_at_column']) < 0.6
    assert bench.change('scale.bend', False).successful
    bench.serve()
    values = bench.status()[1]
    assert (values['scale_by_depth'], values['scale_at_depth']) == ('0.0000', 'nan')


@pytest.mark.parametrize('without', [{'scale.source': 'none'}, {'camera.height': 0.0}])
def test_without_a_source_nothing_is_looked_at(make, tf2, monkeypatch, without):
    def fail(*args):
        raise AssertionError('looked at')

    for name in ('ScaleSettings', 'ground_vote'):
        monkeypatch.setattr(camera_scale, name, fail)
    monkeypatch.setattr('monodepth_ros.pipeline.predictor.View', fail)
    bench = make({**BY_HEIGHT, 'scale.source': 'auto', **without, 'depth.scale': 1.2})
    assert serve(bench, 3) == pytest.approx(1.2 / 1.4, rel=1e-4)
    values = bench.status()[1]
    assert (values['scale_factor'], values['scale_source']) == ('1.2000', '')
    # By itself what is static is heard, and without a source nothing.
    assert tf2.listeners == []
    assert bench.node._witnesses.transforms.is_listening == ('scale.source' not in without)


def test_a_floor_by_tf_corrects_the_depth(make, tf2):
    level = RoomEngine(1.3, Pose.of_camera(HEIGHT))
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = make(BY_TF, level)
    for _ in range(20):
        bench.serve()
    values = bench.status()[1]
    assert float(values['scale_factor']) == pytest.approx(1.3, rel=0.02)
    assert len(tf2.listeners) == 1
    bench.run(bench.node.trigger_deactivate)
    assert tf2.listeners == []


def test_a_floor_out_of_view_holds_the_scale(make):
    bench = make({**BY_HEIGHT, 'depth.scale': 1.4})
    serve(bench, 20)
    bench.engine.has_floor = False
    assert serve(bench, 50) == pytest.approx(1, rel=0.02)
    status, values = bench.status()
    assert status.level == DiagnosticStatus.OK
    assert values['scale_held_for'] == 'no_floor'
    assert float(values['scale_age_s']) == pytest.approx(5.0, abs=0.01)


def _scan(bench, stamp_ns, angles=180):
    """Return a level scan of the wall from where the camera stands, 20 cm up."""
    step = np.pi / (angles - 1)
    ranges = WALL_AT / np.maximum(np.cos(-np.pi / 2 + step * np.arange(angles)), 0.1)
    scan = LaserScan(angle_min=-np.pi / 2, angle_increment=step, range_min=0.1, range_max=20.0)
    scan.header.frame_id, scan.header.stamp = 'laser', ns_to_stamp(stamp_ns)
    ranges[::7], ranges[::11] = np.nan, np.inf
    scan.ranges = [float(r) for r in ranges]
    return scan


def test_a_scan_corrects_the_depth(make, tf2):
    back = np.array(POSE.inverse().rotation)
    # The laser's frame is level, below the camera; a quaternion of the rotation by its trace.
    w = np.sqrt(1 + np.trace(back)) / 2
    x, y, z = (
        (back[2, 1] - back[1, 2]) / (4 * w),
        (back[0, 2] - back[2, 0]) / (4 * w),
        (back[1, 0] - back[0, 1]) / (4 * w),
    )
    place = POSE.inverse().apply(np.array([0.0, 0.0, 0.2]))
    tf2.put('laser', FRAME_ID, (x, y, z, w), place)
    bench = make({**BY_TF, 'scale.source': 'points', 'scale.time_constant': 1.0})
    scans = bench.helper.create_publisher(LaserScan, 'scan', 10)
    wait_until(scans.get_subscription_count, 'subscription of scan')
    for _ in range(20):
        scans.publish(_scan(bench, bench.clock))
        wait_until(lambda: bench.node._witnesses.scanner._message, 'a scan')
        bench.serve()
    assert serve(bench, 2) == pytest.approx(1, rel=0.02)
    status, values = bench.status()
    assert (values['scale_source'], status.level) == ('points', DiagnosticStatus.OK)
    # The scanner falls silent: after half a second its last scan is too old, and what two seconds
    # have shown is not all held.
    assert serve(bench, 20) == pytest.approx(1, rel=0.05)
    status, values = bench.status()
    assert values['scale_held_for'] == 'no_points' and status.level == DiagnosticStatus.WARN
    assert 'scan is 2.' in status.message


def _warned(bench, frames=12, factor=1.0):
    """Return the warning after frames whose depth stays multiplied by `factor`."""
    assert serve(bench, frames) == pytest.approx(factor / bench.engine.factor, rel=0.02)
    status, values = bench.status()
    assert status.level == DiagnosticStatus.WARN
    return values['scale_held_for'], status.message


def test_no_tf_is_said_and_the_depth_goes_on(make, tf2, capfd):
    bench = make(BY_TF)
    reason, words = _warned(bench)
    assert reason == 'no_transform' and f'where {FRAME_ID} is in base_footprint' in words
    _warned(bench)
    lines = [line for line in capfd.readouterr().err.splitlines() if 'without votes' in line]
    assert len(lines) == 1
    assert bench.change('scale.ground_frame', 'map').successful
    assert f'where {FRAME_ID} is in map' in _warned(bench)[1]


def test_tf_that_is_too_old_is_said(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE, stamp_ns=1_000)
    reason, words = _warned(make(BY_TF))
    assert reason == 'no_transform' and 'before the image' in words


def test_without_tf2_the_parameters_are_named(make, monkeypatch):
    monkeypatch.setattr(transforms, 'is_installed', lambda: False)
    reason, words = _warned(make(BY_TF))
    assert reason == 'no_transform' and 'set camera.height, camera.pitch and camera.roll' in words


def test_a_camera_under_the_floor_is_said(make, tf2):
    tf2.put(FRAME_ID, 'base_footprint', IN_BASE[0], (0, 0, -0.2))
    reason, words = _warned(make(BY_TF))
    assert reason == 'under_ground' and 'the camera is -0.2 m over the ground frame' in words


def test_a_factor_beyond_the_limits_is_not_applied(make):
    bench = make(BY_HEIGHT, RoomEngine(3.0))
    reason, words = _warned(bench)
    assert reason == 'beyond_limits' and 'expected 0.4..2.5 of scale.limits' in words
    assert bench.change('scale.limits', [0.4, 3.5]).successful
    assert serve(bench, 30) == pytest.approx(1, rel=0.02)


def test_a_pose_that_the_image_contradicts_is_said_within_two_seconds(make):
    bench = make({**BY_HEIGHT, 'camera.pitch': 32.0})
    reason, words = _warned(bench, 20)
    assert reason == 'tilted' and 'leans by 20 degrees' in words
    assert bench.change('camera.pitch', PITCH).successful
    assert serve(bench) == pytest.approx(1, rel=0.02)
    assert bench.change('camera.roll', 23.0).successful
    serve(bench, 12)
    assert bench.status()[1]['scale_held_for'] == 'tilted'
    assert bench.change('scale.max_tilt', 25.0).successful
    serve(bench, 1)
    assert bench.status()[1]['scale_held_for'] != 'tilted'


def test_a_pose_that_the_edges_contradict_is_said_and_not_used(make):
    level = RoomEngine(1.4, Pose.of_camera(HEIGHT))
    bench = make({**BY_HEIGHT, 'camera.pitch': 0.0, 'camera.roll': 10.0}, level)
    tiles = np.full((48, 64, 3), 60, np.uint8)
    for u in range(4, 64, 12):
        for v in range(4, 48, 12):
            cv2.rectangle(tiles, (u, v), (u + 7, v + 7), (200, 200, 200), -1)
    bench.make_image = partial(type(bench).make_image, bench, tiles)
    for _ in range(20):
        bench.serve()
    status, values = bench.status()
    assert status.level == DiagnosticStatus.WARN
    assert (values['scale_held_for'], values['scale_factor']) == ('leaning', '1.0000')
    assert 'the edges in the image lean by about 10 degrees' in status.message
    assert bench.change('camera.roll', 0.0).successful
    wait_until(
        lambda: bench.serve() and bench.status()[1]['scale_held_for'] == '', 'the floor votes'
    )
    for _ in range(40):
        bench.serve()
    values = bench.status()[1]
    assert float(values['scale_factor']) == pytest.approx(1.4, rel=0.02)


def test_classes_that_the_model_lacks_are_said(make):
    bench = make({**BY_HEIGHT, 'scale.ground_classes': ['street']})
    reason, words = _warned(bench)
    assert reason == 'no_labels' and 'scale.ground_classes' in words
    assert bench.change('scale.ground_classes', ['street', 'Floor']).successful
    assert serve(bench) == pytest.approx(1, rel=0.02)


def test_the_time_constant_is_that_of_the_mean_which_is_held(make):
    def after(has_floor):
        bench.engine.has_floor = has_floor
        serve(bench, 20)
        return float(bench.status()[1]['scale_factor'])

    bench = make({**BY_HEIGHT, 'depth.scale': 1.4})
    after(True)
    assert bench.change('scale.time_constant', 60.0).successful
    bench.engine.factor = 1.2
    assert after(True) == pytest.approx(1.2, rel=0.02)
    slow = after(False)
    assert slow > 1.3
    assert bench.change('scale.time_constant', 0.1).successful
    after(True)
    assert after(False) < slow - 0.02


def test_time_that_jumps_back_costs_nothing(make):
    bench = make({**BY_HEIGHT, 'depth.scale': 1.4})
    serve(bench, 20)
    bench.clock -= 100_000_000_000
    bench.clock += 200_000_000_000 if bench.clock < 0 else 0
    bench.received.clear()
    assert serve(bench, 3) == pytest.approx(1, rel=0.02)
    assert bench.status()[0].level == DiagnosticStatus.OK


def test_without_intrinsics_there_is_no_estimate(make_bench):
    bench = make_bench(RoomEngine(), parameters=BY_HEIGHT, topics=DEPTH).start()
    assert serve(bench, 3) == pytest.approx(1 / 1.4, rel=0.02)
    assert bench.status()[1]['scale_factor'] == '1.0000'


def test_an_estimate_survives_a_deactivation(make):
    bench = make({**BY_HEIGHT, 'depth.scale': 1.4})
    bench.engine.factor = 1.5
    serve(bench)
    bench.run(bench.node.trigger_deactivate)
    bench.run(bench.node.trigger_activate)
    bench.wait_matched()
    bench.send_info(make_camera_info(binning_x=1, binning_y=1))
    bench.engine.has_floor = False
    assert serve(bench, 2) == pytest.approx(1, rel=0.02)


def _listen(bench):
    received = []
    name = bench.name('scale')
    bench.helper.create_subscription(DiagnosticArray, name, received.append, 10)
    wait_until(bench.camera.scale.listened, 'a listener of scale')
    return received


def test_the_topic_carries_the_scale_of_each_frame(make):
    bench = make(BY_HEIGHT)
    received = _listen(bench)
    serve(bench, 3)
    wait_until(lambda: len(received) >= 3, 'scale')
    msg = received[-1]
    assert stamp_to_ns(msg.header.stamp) == bench.clock and msg.header.frame_id == FRAME_ID
    (status,) = msg.status
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == 'scale' and values['source'] == 'ground'
    assert 1.3 < float(values['factor']) < 1.41
    assert list(values) == [
        'factor',
        'spread',
        'votes',
        'age_s',
        'tilt_deg',
        'height_ratio',
        'source',
        'held_for',
        'shift',
        'by_depth',
        'by_column',
        'at_depth',
        'at_column',
        'from_depth',
        'to_depth',
        'from_column',
        'to_column',
    ]


def test_who_wants_the_scale_alone_gets_it(make):
    bench = make(BY_HEIGHT, topics=())
    received = _listen(bench)
    bench.images.publish(bench.make_image())
    wait_until(lambda: received, 'scale')
    assert received[0].status[0].values[2].value == '1'


def test_the_topic_says_the_users_factor_where_nothing_is_estimated(make):
    bench = make({'depth.scale': 1.2}, FormulaEngine())
    received = _listen(bench)
    bench.serve()
    wait_until(lambda: received, 'scale')
    assert received[0].status[0].values[0].value == '1.2000'


@pytest.fixture
def call(monkeypatch):
    """Return a caller of the service, which collects for a second."""
    monkeypatch.setattr(scale_calibration, 'COLLECT_S', 1.0)

    def ask(bench, meanwhile=lambda: None):
        client = bench.helper.create_client(Trigger, 'monodepth/calibrate_scale')
        wait_until(client.service_is_ready, 'the service')
        future = client.call_async(Trigger.Request())
        wait_until(lambda: meanwhile() or future.done(), 'an answer')
        return future.result()

    return ask


def test_the_service_finds_the_factor_and_sets_it(make, call):
    bench = make(BY_HEIGHT)
    answer = call(bench, lambda: bench.serve() and None)
    assert answer.success
    assert answer.message.startswith('depth.scale: 1.400 (spread 0.')
    assert bench.node.get_parameter('depth.scale').value == pytest.approx(1.4, abs=2e-3)
    assert serve(bench, 10) == pytest.approx(1, rel=0.01)
    # What was much for a network alone is now known to be right.
    assert bench.status()[0].level == DiagnosticStatus.OK


def test_the_service_needs_nobody_else_to_listen(make, call):
    bench = make(BY_HEIGHT, topics=())

    def send():
        bench.images.publish(bench.make_image())

    assert call(bench, send).success
    assert not bench.camera.scale.listened()


def test_the_service_finds_the_floor_that_tf_knows(make, tf2, call):
    """Also where nobody has wanted an image yet, and nothing is known when it is called."""
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    bench = before_a_floor(make, topics=())

    def send():
        bench.images.publish(bench.make_image())

    answer = call(bench, send)
    assert answer.success and answer.message.startswith('depth.scale: 1.30')


def test_the_service_says_what_to_set_where_tf_knows_no_floor(make, tf2, call):
    bench = before_a_floor(make)
    answer = call(bench, lambda: bench.serve() and None)
    assert not answer.success and 'let TF know the camera in base_footprint' in answer.message


def test_the_service_blames_no_tf_where_there_are_no_images(make, tf2, call):
    tf2.put(FRAME_ID, 'base_footprint', *IN_BASE)
    answer = call(before_a_floor(make))
    assert not answer.success and answer.message.startswith('0 frames gave a factor')


def test_the_service_asks_for_a_model_that_knows_floors(make, call):
    known = {'scale.source': 'auto', 'scale.ground_classes': ['street']}
    answer = call(make({**BY_HEIGHT, **known}))
    assert not answer.success and 'set camera.height' not in answer.message
    assert 'take a model that has one of the classes in scale.ground_classes' in answer.message


def test_the_service_asks_for_activation(make_bench, call):
    answer = call(make_bench(RoomEngine(), parameters=BY_HEIGHT))
    assert not answer.success and answer.message == 'the node is not active; activate it first'


def test_the_service_finds_what_is_beyond_the_limits(make, call):
    bench = make(BY_HEIGHT, RoomEngine(3.0))
    assert call(bench, lambda: bench.serve() and None).success
    assert bench.node.get_parameter('depth.scale').value == pytest.approx(3.0, abs=2e-3)


@pytest.mark.parametrize(
    ('source', 'words'),
    [
        ('none', 'set scale.source to ground'),
        ('auto', 'set camera.height, let TF know the camera in base_footprint'),
        ('auto', 'or set scale.source to points or motion (tf2_ros, which'),
    ],
)
def test_the_service_says_what_to_set(make, call, source, words):
    answer = call(make({**BY_HEIGHT, 'camera.height': 0.0, 'scale.source': source}))
    assert not answer.success and f'scale.source is {source}, so that' in answer.message
    assert words in answer.message


def test_the_service_says_where_nothing_voted(make, call):
    bench = make(BY_HEIGHT)
    answer = call(bench)
    assert not answer.success and '0 frames gave a factor' in answer.message
    assert bench.node.get_parameter('depth.scale').value == 1.0


def test_one_calibration_at_a_time(make, call):
    bench = make(BY_HEIGHT)
    client = bench.helper.create_client(Trigger, 'monodepth/calibrate_scale')
    wait_until(client.service_is_ready, 'the service')
    futures = [client.call_async(Trigger.Request()) for _ in range(2)]
    wait_until(lambda: all(future.done() for future in futures) or bench.serve() and None, 'both')
    good, refused = sorted((f.result() for f in futures), key=lambda answer: not answer.success)
    assert good.success and not refused.success
    assert 'under way' in refused.message


def test_several_cameras_are_not_calibrated_together(make_bench, call):
    bench = make_bench(RoomEngine(), parameters={**BY_HEIGHT, 'cameras': ['left', 'right']})
    assert bench.run(bench.node.bring_up)
    answer = call(bench)
    assert not answer.success and 'left, right' in answer.message


def test_each_camera_has_its_own_scale(make_bench):
    bench = make_bench(
        RoomEngine(),
        parameters={**BY_HEIGHT, 'cameras': ['left', 'right']},
        topics=DEPTH,
    ).start()
    bench.send_info()
    bench.make_image = partial(bench.make_image, PLAIN)
    serve(bench, 10)
    left, right = (camera.scale.state for camera in bench.node._cameras)
    assert left.estimate.votes == 10 and right is None


def test_a_parameter_of_the_wrong_kind_is_refused(make):
    bench = make(BY_HEIGHT)
    change = [Parameter('scale.limits', value=[2.0, 0.5])]
    result = bench.run(lambda: bench.node.set_parameters(change)[0])
    assert not result.successful and 'expected 2 rising in 0.01..100' in result.reason
