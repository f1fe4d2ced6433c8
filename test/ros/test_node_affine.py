"""Networks without metres in the running node, over DDS: metres once the robot knows them."""

from dataclasses import replace
from functools import partial

from bench import FRAME_ID, make_camera_info, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from foreign_kit import Output, StandIn
from message_reader import read_cloud, read_image
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.ros import scale_calibration
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
from monodepth_ros.scale.affine import INVERSE, KINDS
import numpy as np
import pytest
from scale_kit import make_depth, PLAIN, POSE, relative_numbers, RelativeRoomEngine
from std_srvs.srv import Trigger
import tf2_double

DEPTH = ('depth/image_rect',)
BY_HEIGHT = {
    'camera.height': 0.6,
    'camera.pitch': 12.0,
    'camera.roll': 3.0,
    'scale.source': 'ground',
}
GRID = PinholeCamera(64, 48, 0.866 * 64, 0.866 * 64, 31.5, 23.5)
TRUE, _ = make_depth(GRID, POSE)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def tf2(monkeypatch):
    return tf2_double.install(monkeypatch)


@pytest.fixture
def make(make_bench):
    """Return a maker of running benches with a room in front of the camera."""

    def start(kind=INVERSE, topics=DEPTH, **parameters):
        engine = RelativeRoomEngine(kind, *((1.5, 0.0) if kind == 'up_to_scale' else ()))
        given = {**BY_HEIGHT, **{k.replace('_', '.', 1): v for k, v in parameters.items()}}
        bench = make_bench(engine, parameters=given, topics=topics).start()
        bench.send_info()
        bench.make_image = partial(bench.make_image, PLAIN)
        return bench

    return start


def send(bench, frames):
    """Send frames, one by one, and wait until each was processed."""
    for _ in range(frames):
        before = bench.count('processed')
        bench.images.publish(bench.make_image())
        wait_until(lambda b=before: bench.count('processed') > b, 'a frame')


def error(bench, frames=1):
    """Send frames; return the largest error of the last one's depth but for the edges."""
    for _ in range(frames):
        msg = bench.serve(topics=DEPTH)['depth/image_rect']
    ratio = read_image(msg) / TRUE
    return float(np.nanpercentile(np.abs(ratio - 1), 95))


@pytest.mark.parametrize('kind', KINDS)
def test_a_floor_makes_metres(make, kind):
    bench = make(kind)
    send(bench, 2)
    assert not bench.received['depth/image_rect']
    assert error(bench, 3) < 0.03
    status, values = bench.status()
    assert status.level == DiagnosticStatus.OK
    assert (values['scale_source'], values['scale_held_for']) == ('ground', '')
    wanted = 1.5 if kind == 'up_to_scale' else 0.02
    assert float(values['scale_factor']) == pytest.approx(wanted, rel=0.03)
    shift = 0.0 if kind == 'up_to_scale' else 0.3
    assert float(values['scale_shift']) == pytest.approx(shift, abs=0.01)


def test_all_topics_come_with_the_metres(make):
    extra = ('depth/confidence', 'depth/obstacles')
    topics = (*TOPICS, *extra, 'depth/relative')
    assert set(extra) <= set(EXTRA_TOPICS)
    bench = make(topics=topics)
    send(bench, 3)
    outputs = bench.serve()
    cloud = read_cloud(outputs['depth/points'])
    np.testing.assert_array_equal(cloud['z'], read_image(outputs['depth/image_rect']))
    confidence = read_image(outputs['depth/confidence'])
    assert 0 < np.median(confidence) < 255
    relative = read_image(outputs['depth/relative'])
    assert 0 <= relative.min() < 0.05 and 0.95 < relative.max() <= 1


def test_the_confidence_alone_is_of_metres_too(make):
    bench = make(topics=('depth/confidence',))
    send(bench, 3)
    assert np.median(read_image(bench.serve()['depth/confidence'])) > 0


def test_without_a_source_there_are_no_metres_and_that_is_said(make, capfd):
    bench = make(topics=('depth/relative', 'segmentation/mask'), scale_source='none')
    heard = []
    for topic in ('depth/image_rect', 'depth/points'):
        bench.helper.create_subscription(TOPICS[topic], topic, heard.append, 10)
    for _ in range(5):
        bench.serve()
    status, values = bench.status()
    assert status.level == DiagnosticStatus.WARN and not heard
    assert 'shift, no metres' in status.message
    assert 'for metres set scale.source to ground, points or motion' in status.message
    assert values['scale_factor'] == 'nan'
    bench.status()
    lines = [line for line in capfd.readouterr().err.splitlines() if 'no metres' in line]
    assert len(lines) == 1


def test_a_floor_that_tf_knows_is_awaited_while_nobody_wants_depth(make, tf2):
    """It is looked for with the first image whose depth is wanted."""
    tf2.put(FRAME_ID, 'base_footprint', (-0.5, 0.5, -0.5, 0.5), (0.0, 0.0, 0.6))
    by_itself = {'camera_height': 0.0, 'scale_source': 'auto'}
    bench = make(topics=('segmentation/mask',), **by_itself)
    send(bench, 3)
    assert bench.status()[0].level == DiagnosticStatus.OK
    # Where TF does not know it, that is said once somebody does.
    tf2.known.clear()
    bench.listen_to(DEPTH[0])
    send(bench, 3)
    status, _ = bench.status()
    assert status.level == DiagnosticStatus.WARN
    assert 'let TF know the camera in base_footprint' in status.message


def test_before_the_first_fit_there_are_no_metres(make):
    bench = make(topics=('depth/relative', *DEPTH))
    bench.engine.has_floor = False
    for _ in range(4):
        bench.serve(topics=('depth/relative',))
    status, values = bench.status()
    assert not bench.received['depth/image_rect']
    assert status.level == DiagnosticStatus.WARN and values['scale_held_for'] == 'no_floor'
    assert 'scale.source knows no metres yet: ground: ' in status.message
    bench.engine.has_floor = True
    send(bench, 3)
    assert error(bench) < 0.03


def test_a_floor_out_of_view_holds_scale_and_shift(make):
    bench = make()
    send(bench, 5)
    bench.engine.has_floor = False
    assert error(bench, 30) < 0.03
    status, values = bench.status()
    assert (status.level, values['scale_held_for']) == (DiagnosticStatus.OK, 'no_floor')
    assert float(values['scale_age_s']) == pytest.approx(3.0, abs=0.01)


def test_a_change_of_the_networks_unit_is_followed(make):
    bench = make(scale_time_constant=0.5)
    send(bench, 10)
    bench.engine.scale, bench.engine.shift = 0.2, 0.05
    assert error(bench, 1) > 0.2
    assert error(bench, 12) < 0.03


def test_time_that_jumps_back_costs_nothing(make):
    bench = make()
    bench.clock += 100_000_000_000
    send(bench, 5)
    bench.clock -= 100_000_000_000
    bench.received.clear()
    assert error(bench, 2) < 0.03
    assert bench.status()[0].level == DiagnosticStatus.OK


def _other_network(kind):
    engine = RelativeRoomEngine(kind, scale=0.2)
    engine.facts = replace(engine.facts, network='another')
    return engine


@pytest.mark.parametrize(
    'other', [lambda: RelativeRoomEngine('up_to_scale_and_shift'), lambda: _other_network(INVERSE)]
)
def test_scale_and_shift_survive_a_deactivation_and_no_other_network(make, other):
    bench = make()
    send(bench, 5)
    bench.run(bench.node.trigger_deactivate)
    bench.run(bench.node.trigger_activate)
    bench.wait_matched()
    bench.send_info(make_camera_info(binning_x=1, binning_y=1))
    bench.engine.has_floor = False
    assert error(bench) < 0.03
    bench.run(bench.node.trigger_deactivate)
    bench.run(bench.node.trigger_cleanup)
    bench.engine = other()
    bench.engine.has_floor = False
    bench.start()
    bench.send_info()
    bench.received.clear()
    send(bench, 3)
    assert not bench.received['depth/image_rect']


def test_without_intrinsics_there_are_no_metres(make_bench):
    topics = ('depth/relative',)
    bench = make_bench(RelativeRoomEngine(INVERSE), parameters=BY_HEIGHT, topics=topics).start()
    heard = []
    bench.helper.create_subscription(TOPICS[DEPTH[0]], DEPTH[0], heard.append, 10)
    for _ in range(4):
        bench.serve()
    status, values = bench.status()
    assert not heard and status.level == DiagnosticStatus.WARN
    assert values['calibration'] == 'uncalibrated' and values['scale_factor'] == 'nan'


def test_a_factor_is_not_calibrated_for_them(make, monkeypatch):
    monkeypatch.setattr(scale_calibration, 'COLLECT_S', 1.0)
    bench = make()
    client = bench.helper.create_client(Trigger, 'monodepth/calibrate_scale')
    wait_until(client.service_is_ready, 'the service')
    future = client.call_async(Trigger.Request())
    wait_until(future.done, 'an answer')
    assert not future.result().success and 'gives no metres' in future.result().message


def test_files_of_others_become_metric(make_bench, tmp_path):
    """The whole way: an image whose brightness is inverse depth, and ONNX files that read it."""
    grid = PinholeCamera(640, 480, 0.866 * 640, 0.866 * 640, 319.5, 239.5)
    true, label = make_depth(grid, POSE)
    numbers = relative_numbers(true, INVERSE, 0.01, 0.0)
    grey = np.clip(np.rint(numbers), 0, 255).astype(np.uint8)
    size = {'width': 322, 'height': 238, 'multiple': 14}
    depth = StandIn([Output('d', of_brightness=True, after=())], size=('h', 'w'), batch='n')
    model = depth.write(
        tmp_path / 'relative.onnx', {'input': size, 'depth': {'kind': INVERSE, 'nearest': 0.3}}
    )
    # What is brighter than the wall is floor.
    wall = [float(np.median(numbers[label != 4])) + 2] * 3
    labels = StandIn([Output('c', 2, 1, after=(), of_brightness=True, gain=-90.0, bias=0.0)])
    labels.size, labels.batch = ('h', 'w'), 'n'
    names = {'kind': 'logits', 'classes': ['wall', 'floor']}
    second = labels.write(
        tmp_path / 'labels.onnx', {'input': {**size, 'mean': wall}, 'labels': names}
    )
    given = {'engine': 'onnxruntime', 'device': 'cpu', 'threads': 1, 'model': str(model)}
    bench = make_bench(
        parameters={**BY_HEIGHT, **given, 'semantic_model': str(second)}, topics=DEPTH
    )
    bench.node._create_engine = bench.node._create_known_engine
    bench.start()
    bench.send_info(make_camera_info(640, 480))
    picture = np.repeat(grey[..., None], 3, axis=2)
    for _ in range(4):
        before = bench.count('processed')
        msg = bench.make_image(picture)
        bench.images.publish(msg)
        wait_until(lambda b=before: bench.count('processed') > b, 'a frame')
    msg = bench.serve(bench.make_image(picture))['depth/image_rect']
    ratio = read_image(msg) / true
    assert np.nanpercentile(np.abs(ratio - 1), 90) < 0.03
    assert bench.status()[0].level == DiagnosticStatus.OK
