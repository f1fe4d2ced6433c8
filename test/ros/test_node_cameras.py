"""Several cameras on one network: each has its own topics, intrinsics, figures and fate."""

import threading

from bench import CameraBench, make_camera_info, make_rgb, wait_until
from diagnostic_msgs.msg import DiagnosticStatus
from doubles import FormulaEngine
from message_reader import read_image
from monodepth_ros.ros import compat
from monodepth_ros.ros.camera_stream import FAILURES_TO_HALT
from monodepth_ros.ros.publishers import TOPICS
from monodepth_ros.ros.worker import PIPELINE_DEPTHS
import numpy as np
import pytest
from std_srvs.srv import SetBool
from test_calibration import YAML

# Scaled to the network's width, both have one size of input; the square one has another.
FRONT, REAR, SQUARE = (64, 48), (128, 96), (64, 64)
MAPS = ('depth/image_rect', 'segmentation/mask', 'segmentation/confidence')

both_depths = pytest.mark.parametrize('pipeline_depth', PIPELINE_DEPTHS)


class GatedEngine(FormulaEngine):
    """Hold a batch inside the network until the gate opens; note the batches, fail when told."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.shapes = []
        self.bad_height = None

    def _infer(self, images):
        self.shapes.append(images.shape[:3])
        self.entered.release()
        assert self.gate.wait(20)
        if images.shape[1] == self.bad_height:
            raise RuntimeError('out of memory')
        return super()._infer(images)

    def hold(self):
        """Hold the next batch."""
        while self.entered.acquire(blocking=False):
            pass
        self.shapes.clear()
        self.gate.clear()


@pytest.fixture
def make_cameras(make_bench):
    """Return a maker of a running node with cameras, each with its CameraInfo of its size."""

    def make(*sizes, names=('front', 'rear', 'top'), engine=None, topics=MAPS, **parameters):
        defaults = {'cameras': list(names[: len(sizes)]), 'depth.metric_scaling': 'scale'}
        bench = make_bench(engine, parameters={**defaults, **parameters}, topics=topics).start()
        others = [
            CameraBench(bench.node, bench.helper, place, topics) for place in range(1, len(sizes))
        ]
        for camera, size in zip((bench, *others), sizes):
            camera.start_listening()
            camera.wait_matched()
            camera.send_info(make_camera_info(*size))
        return [bench, *others]

    return make


def picture(size, value):
    """Return an image of one colour, from which the formula makes maps that tell the value."""
    return np.full((size[1], size[0], 3), (value, value, 255 - value), np.uint8)


def value_of(outputs, size, focal_length=259.43):
    """Return the value that all maps of a frame agree on, and check their size."""
    depth, mask, confidence = (read_image(outputs[topic]) for topic in MAPS)
    assert depth.shape == mask.shape == confidence.shape == size[::-1]
    (value,) = np.unique(255 - confidence)
    assert np.unique(mask).tolist() == [value % 4]
    # The formula's metres, times the share of the training focal length at 320 columns.
    scale = 0.866 * 320 / focal_length
    np.testing.assert_allclose(depth, (1 + value / 100) * scale, rtol=1e-5)
    return value


@both_depths
def test_each_camera_has_its_own_topics_size_and_intrinsics(make_cameras):
    cameras = make_cameras(FRONT, REAR, topics=tuple(TOPICS))
    for value, (camera, size) in enumerate(zip(cameras, (FRONT, REAR)), start=10):
        msg = camera.make_image(picture(size, value))
        outputs = camera.serve(msg)
        assert value_of(outputs, size) == value
        for topic, output in outputs.items():
            assert output.header == msg.header, topic
        assert outputs['depth/camera_info'].k[0] == pytest.approx(0.866 * size[0])
        assert camera.count('received') == camera.count('published') == 1
    node = cameras[0].node
    assert node.count_publishers('front/depth/points') == 1
    assert node.count_publishers('depth/points') == 0
    assert node.count_subscribers('image_raw') == node.count_subscribers('camera_info') == 0


def test_an_empty_name_is_the_nodes_own_namespace(make_cameras):
    own, rear = make_cameras(FRONT, REAR, names=('', 'rear'))
    assert own.images.topic == 'image_raw' and rear.images.topic == 'rear/image_raw'
    assert value_of(own.serve(own.make_image(picture(FRONT, 7))), FRONT) == 7
    assert value_of(rear.serve(rear.make_image(picture(REAR, 9))), REAR) == 9


@both_depths
def test_frames_that_wait_go_through_the_network_together(make_cameras):
    engine = GatedEngine()
    cameras = make_cameras(FRONT, REAR, SQUARE, engine=engine)
    engine.hold()
    front = cameras[0]
    front.images.publish(front.make_image(picture(FRONT, 1)))
    assert engine.entered.acquire(timeout=20)
    sent = []
    for value, camera, size in zip((2, 3, 4), cameras, (FRONT, REAR, SQUARE)):
        msg = camera.make_image(picture(size, value))
        camera.images.publish(msg)
        sent.append((camera, size, value, compat.stamp_to_ns(msg.header.stamp)))
    worker = front.node._worker
    depth = front.node.get_parameter('pipeline_depth').value
    waiting = worker._arrived if depth == 1 else worker._prepared
    wait_until(lambda: len(waiting._items) == 3, 'the waiting frames')
    engine.gate.set()
    for camera, size, value, stamp in sent:
        wait_until(
            lambda c=camera, s=stamp: all(s in c.received[topic] for topic in MAPS), 'outputs'
        )
        outputs = {topic: camera.received[topic][stamp] for topic in MAPS}
        assert value_of(outputs, size) == value
    # Together where the sizes agree, and the square one by itself; nobody lost a frame.
    assert sorted(engine.shapes) == [(1, 256, 320), (1, 320, 320), (2, 256, 320)]
    assert [camera.count('superseded') for camera in cameras] == [0, 0, 0]


@both_depths
def test_outputs_belong_to_their_own_image_whatever_comes_together(make_cameras):
    cameras = make_cameras(FRONT, REAR)
    sent = {}
    for value in range(40):
        for place, (camera, size) in enumerate(zip(cameras, (FRONT, REAR))):
            msg = camera.make_image(picture(size, 4 * value + place))
            camera.images.publish(msg)
            sent[place, compat.stamp_to_ns(msg.header.stamp)] = 4 * value + place
        # Now at the network's pace, now faster.
        if value % 4 == 3:
            for camera in cameras:
                wait_until(lambda c=camera: c.clock in c.received[MAPS[-1]], 'the newest frame')
    for place, (camera, size) in enumerate(zip(cameras, (FRONT, REAR))):
        stamps = list(camera.received[MAPS[-1]])
        assert stamps == sorted(stamps) and len(stamps) >= 10
        wait_until(
            lambda c=camera, s=stamps: all(set(s) == set(c.received[topic]) for topic in MAPS),
            'all maps',
        )
        for stamp in stamps:
            outputs = {topic: camera.received[topic][stamp] for topic in MAPS}
            assert value_of(outputs, size) == sent[place, stamp]
        wait_until(lambda c=camera, s=stamps: c.count('published') == len(s), 'the last count')
        assert camera.count('superseded') == camera.count('received') - len(stamps)


@both_depths
def test_a_dead_camera_holds_nobody_back(make_cameras):
    front, rear = make_cameras(FRONT, REAR)
    rear.serve(rear.make_image(make_rgb(*REAR)))
    rear.helper.destroy_publisher(rear.images)
    for _ in range(5):
        front.serve()
    assert front.count('published') == 5 and rear.count('published') == 1
    # As if it had been silent for long.
    rear.camera.statistics._last_image -= 3600
    front.serve()
    status, values = front.status('front')
    assert status.level == DiagnosticStatus.OK and values['camera'] == 'front'
    assert (status.name, status.hardware_id) == ('monodepth: front', 'none, front')
    status, values = front.status('rear')
    assert status.level == DiagnosticStatus.STALE and 'no image for 36' in status.message
    assert values['published'] == '1'


def test_a_camera_that_sends_rubbish_is_counted_by_itself(make_cameras, capfd):
    front, rear = make_cameras(FRONT, REAR)
    msg = rear.make_image()
    msg.step = 5
    rear.images.publish(msg)
    wait_until(lambda: rear.count('short_step') == 1, 'the dropped image')
    front.serve()
    assert front.count('short_step') == 0
    assert 'rear: frame dropped: image step is 5' in capfd.readouterr().err
    figures = [front.status(name)[1]['dropped.short_step'] for name in ('front', 'rear')]
    assert figures == ['0', '1']


@both_depths
def test_a_size_that_the_network_fails_on_halts_its_camera_only(make_cameras):
    engine = GatedEngine()
    front, square = make_cameras(FRONT, SQUARE, engine=engine)
    engine.bad_height = 320
    for number in range(1, FAILURES_TO_HALT + 1):
        square.images.publish(square.make_image(picture(SQUARE, 1)))
        wait_until(lambda n=number: square.count('inference_failed') == n, 'failure')
        front.serve()
    engine.bad_height = None
    square.images.publish(square.make_image(picture(SQUARE, 1)))
    wait_until(lambda: square.count('halted') == 1, 'the halted frame')
    front.serve()
    assert front.status('rear')[0].level == DiagnosticStatus.ERROR
    assert front.status('front')[0].level == DiagnosticStatus.OK
    front.run(front.node.trigger_deactivate)
    front.run(front.node.trigger_activate)
    for camera in (front, square):
        camera.wait_matched()
    square.serve(square.make_image(picture(SQUARE, 1)))


def test_the_rate_limit_is_of_each_camera(make_cameras):
    front, rear = make_cameras(FRONT, REAR)
    assert front.change('max_rate', 5.0).successful  # Every second frame of 10 Hz.
    for number in range(1, 5):
        for camera in (front, rear):
            camera.images.publish(camera.make_image())
            wait_until(
                lambda c=camera, n=number: c.count('max_rate') + c.count('published') == n, 'frame'
            )
    assert [(c.count('max_rate'), c.count('published')) for c in (front, rear)] == [(2, 2)] * 2


def test_enable_is_for_all_cameras(make_cameras):
    front, rear = make_cameras(FRONT, REAR)
    client = front.helper.create_client(SetBool, 'monodepth/enable')
    assert client.wait_for_service(20)
    assert client.call(SetBool.Request(data=False), timeout_sec=20).success
    for camera in (front, rear):
        camera.images.publish(camera.make_image())
        wait_until(lambda c=camera: c.count('disabled') == 1, 'the ignored frame')
    assert client.call(SetBool.Request(data=True), timeout_sec=20).success
    for camera in (front, rear):
        camera.serve()


def test_calibration_files_by_name(make_bench, tmp_path):
    for name, focal_length in (('front', '55.0'), ('rear', '70.0')):
        (tmp_path / f'{name}.yaml').write_text(YAML.replace('55.0', focal_length))
    url = f'file://{tmp_path}/${{NAME}}.yaml'
    engine = GatedEngine()
    bench = make_bench(engine, parameters={'cameras': ['front', 'rear'], 'camera.info_url': url})
    assert bench.run(bench.node.bring_up)
    expected = [camera.calibration.expected.matrix[0] for camera in bench.node._cameras]
    assert expected == [55.0, 70.0]
    assert bench.node.count_subscribers('front/camera_info') == 0


def test_a_missing_calibration_file_names_its_camera(make_bench, capfd):
    settings = {'cameras': ['front'], 'camera.info_url': '/no/such/${NAME}.yaml'}
    bench = make_bench(parameters=settings)
    assert not bench.run(bench.node.bring_up)
    assert '/no/such/front.yaml' in capfd.readouterr().err


def test_every_batch_size_is_warmed_up(make_bench):
    engine = GatedEngine()
    names = ['front', 'rear', 'top']
    bench = make_bench(engine, parameters={'cameras': names, 'depth.metric_scaling': 'scale'})
    bench.run(bench.node.trigger_configure)
    assert engine.shapes == [(1, 256, 320), (2, 256, 320), (3, 256, 320)]


def test_overrides_are_of_one_cameras_topic(make_bench):
    settings = {
        'cameras': ['front', 'rear'],
        'qos_overrides./front/image_raw.subscription.reliability': 'reliable',
        'qos_overrides./rear/depth/points.publisher.reliability': 'best_effort',
    }
    bench = make_bench(parameters=settings)
    assert bench.run(bench.node.bring_up)
    found = [
        bench.node.get_subscriptions_info_by_topic(f'/{name}/image_raw')[0].qos_profile
        for name in ('front', 'rear')
    ] + [
        bench.node.get_publishers_info_by_topic(f'/{name}/depth/points')[0].qos_profile
        for name in ('front', 'rear')
    ]
    expected = ['RELIABLE', 'BEST_EFFORT', 'RELIABLE', 'BEST_EFFORT']
    assert [profile.reliability.name for profile in found] == expected


def test_compressed_images_of_a_camera(make_cameras):
    front, _ = make_cameras(FRONT, REAR, image_transport='compressed')
    assert front.images.topic == 'front/image_raw/compressed'
    front.serve(front.make_compressed())


@pytest.mark.parametrize('names', [['front', 'front'], ['a b'], ['front/']])
def test_names_that_are_none_fail_configure(make_bench, capfd, names):
    bench = make_bench(parameters={'cameras': names})
    assert not bench.run(bench.node.bring_up)
    assert 'list of different namespaces' in capfd.readouterr().err
