"""The node over real DDS: what comes out is the frame that went in."""

import threading

from bench import FRAME_ID, make_camera_info, make_rgb, wait_until
from doubles import FormulaEngine, make_facts
from monodepth_ros.pipeline import predictor
from monodepth_ros.pipeline.cloud import POINT_DTYPE
from monodepth_ros.ros import compat, compressed_outputs, extra_outputs, pictures, result
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
from monodepth_ros.ros.stopwatch import STAGES
from monodepth_ros.ros.worker import PIPELINE_DEPTHS
import numpy as np
import pytest
from std_srvs.srv import SetBool

pytestmark = pytest.mark.parametrize('pipeline_depth', PIPELINE_DEPTHS)


def pixels(msg, dtype, channels=1):
    values = np.frombuffer(msg.data, dtype).reshape(msg.height, msg.width, channels)
    return values[..., 0] if channels == 1 else values


def test_every_output_has_the_inputs_stamp_and_frame(bench):
    sent = [bench.make_image(make_rgb(seed=i)) for i in range(5)]
    for msg in sent:
        outputs = bench.serve(msg)
        assert set(outputs) == set(TOPICS)
        for topic, output in outputs.items():
            assert output.header == msg.header, topic
    stamps = {compat.stamp_to_ns(msg.header.stamp) for msg in sent}
    for topic in TOPICS:
        assert set(bench.received[topic]) == stamps
    assert bench.count('received') == bench.count('processed') == bench.count('published') == 5


def test_maps_of_a_frame_share_one_grid(bench):
    outputs = bench.serve()
    sizes = {topic: (msg.width, msg.height) for topic, msg in outputs.items()}
    assert set(sizes.values()) == {(64, 48)}, sizes
    cloud, depth = outputs['depth/points'], outputs['depth/image_rect']
    z = np.frombuffer(cloud.data, POINT_DTYPE).reshape(48, 64)['z']
    np.testing.assert_array_equal(z, pixels(depth, '<f4'))
    assert cloud.header.frame_id == FRAME_ID


def test_values_are_the_networks(bench):
    # One colour everywhere: no resize changes it. Depth 1 + 150 / 100 at the training focal
    # length; the network's input has another, by which the pipeline scales the depth.
    bench.change('depth.metric_scaling', 'none')
    image = np.full((48, 64, 3), (150, 6, 77), np.uint8)
    outputs = bench.serve(bench.make_image(image))
    np.testing.assert_allclose(pixels(outputs['depth/image_rect'], '<f4'), 2.5)
    assert set(pixels(outputs['segmentation/mask'], 'u1').flat) == {6 % 4}
    assert set(pixels(outputs['segmentation/confidence'], 'u1').flat) == {77}
    color = np.array(make_facts().colors[2])
    assert (pixels(outputs['segmentation/color_mask'], 'u1', 3) == color).all()
    overlay = pixels(outputs['segmentation/overlay'], 'u1', 3).astype(float)
    np.testing.assert_allclose(
        overlay, np.broadcast_to((image[0, 0] + color) / 2, overlay.shape), atol=1
    )


def test_cloud_is_the_reprojection_of_the_depth(bench):
    outputs = bench.serve()
    info, depth = outputs['depth/camera_info'], pixels(outputs['depth/image_rect'], '<f4')
    fx, cx, fy, cy = info.k[0], info.k[2], info.k[4], info.k[5]
    u, v = np.meshgrid(np.arange(64), np.arange(48))
    cloud = np.frombuffer(outputs['depth/points'].data, POINT_DTYPE).reshape(48, 64)
    np.testing.assert_allclose(cloud['x'], (u - cx) / fx * depth, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(cloud['y'], (v - cy) / fy * depth, rtol=1e-5, atol=1e-6)
    assert (info.width, info.height, list(info.d)) == (64, 48, [0.0] * 5)


def test_cloud_carries_the_pictures_colours(bench):
    image = np.full((48, 64, 3), (10, 20, 30), np.uint8)
    cloud = bench.serve(bench.make_image(image))['depth/points']
    assert set(np.frombuffer(cloud.data, POINT_DTYPE)['rgb']) == {0x000A141E}


@pytest.mark.parametrize('reliable', [True, False])
def test_both_reliabilities_are_served(make_bench, reliable):
    bench = make_bench(reliable=reliable).start()
    bench.send_info()
    bench.serve()


COMPUTED = {
    'depth/camera_info': set(),
    'depth/image_rect': {'depth_on_grid'},
    'depth/points': {'depth_on_grid', 'rectify', 'make_cloud'},
    'segmentation/mask': {'label_on_grid'},
    'segmentation/confidence': {'confidence_on_grid'},
    'segmentation/color_mask': {'label_on_grid', 'colorize_label'},
    'segmentation/overlay': {'label_on_grid', 'rectify', 'overlay'},
    'depth/confidence': {'likely_error', 'error_on_grid', 'depth_confidence'},
    'depth/color': {'depth_on_grid', 'colorize_depth'},
    'depth/image_rect_color': {'rectify'},
    'small/mask': {'label_on_grid'},
    'small/confidence': {'confidence_on_grid'},
    'small/points': {'depth_on_grid', 'rectify', 'make_cloud'},
    'depth/obstacles': {'depth_on_grid', 'label_on_grid', 'likely_error', 'error_on_grid'},
    'depth/image_rect/compressedDepth': {'depth_on_grid', 'inverse_depth'},
    'depth/color/compressed': {'depth_on_grid', 'colorize_depth'},
    'depth/image_rect_color/compressed': {'rectify'},
    'segmentation/mask/compressed': {'label_on_grid'},
    'segmentation/color_mask/compressed': {'label_on_grid', 'colorize_label'},
    'segmentation/overlay/compressed': {'label_on_grid', 'rectify', 'overlay'},
}
MAKERS = (predictor, pictures, result, extra_outputs, compressed_outputs)


def test_only_what_is_subscribed_is_computed(make_bench, monkeypatch):
    made = set()
    for name in set().union(*COMPUTED.values()):
        module = next(module for module in MAKERS if hasattr(module, name))
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, n=name, f=original: made.add(n) or f(*a))
    # The floor, which the obstacles need.
    bench = make_bench(topics=(), parameters={'camera.height': 1.0}).start()
    bench.send_info(make_camera_info(d=[-0.1, 0.0, 0.0, 0.0, 0.0]))
    for topic in (*TOPICS, *EXTRA_TOPICS):
        bench.listen_to(topic)
        made.clear()
        bench.serve()
        assert made == COMPUTED[topic], topic


def test_times_of_the_stages_are_reported(bench):
    for _ in range(3):
        bench.serve()
    values = bench.status()[1]
    stages = {stage: float(values[f'stage_ms_{stage}']) for stage in STAGES}
    assert all(milliseconds > 0 for milliseconds in stages.values()), stages
    assert float(values['host_ms_median']) < float(values['receive_to_publish_ms_p95'])


def test_without_subscribers_nothing_runs(make_bench):
    bench = make_bench(topics=()).start()
    warmed_up = bench.engine.calls
    for number in (1, 2, 3):
        bench.images.publish(bench.make_image())
        wait_until(lambda n=number: bench.count('no_subscriber') == n, 'the ignored frame')
    assert bench.engine.calls == warmed_up
    status, values = bench.status()
    assert values['ignored.no_subscriber'] == '3' and values['processed'] == '0'


def test_enable_service(bench):
    client = bench.helper.create_client(SetBool, 'monodepth/enable')
    assert client.wait_for_service(20)
    off = client.call(SetBool.Request(data=False), timeout_sec=20)
    assert off.success and 'disabled' in off.message
    bench.images.publish(bench.make_image())
    wait_until(lambda: bench.count('disabled') == 1, 'the ignored frame')
    assert client.call(SetBool.Request(data=True), timeout_sec=20).success
    bench.serve()
    assert bench.count('processed') == 1


class GatedEngine(FormulaEngine):
    """Hold a frame inside the network until the gate opens."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def _infer(self, images):
        self.entered.set()
        assert self.gate.wait(20)
        return super()._infer(images)


def test_a_slow_network_gets_the_newest_frame(make_bench):
    engine = GatedEngine()
    bench = make_bench(engine).start()
    bench.send_info()
    engine.gate.clear()
    engine.entered.clear()
    messages = [bench.make_image() for _ in range(6)]
    bench.images.publish(messages[0])
    assert engine.entered.wait(20)
    for number, msg in enumerate(messages[1:], start=2):
        bench.images.publish(msg)
        # The executor stays free while the network is busy.
        wait_until(lambda n=number: bench.count('received') == n, 'the executor')
    engine.gate.set()
    newest = compat.stamp_to_ns(messages[-1].header.stamp)
    first = compat.stamp_to_ns(messages[0].header.stamp)
    wait_until(lambda: all(newest in bench.received[t] for t in TOPICS), 'the newest frame')
    for topic in TOPICS:
        assert set(bench.received[topic]) == {first, newest}
    assert bench.count('superseded') == 4


class FailingEngine(FormulaEngine):
    """Fail while `failing` is set."""

    failing = False

    def _infer(self, images):
        if self.failing:
            raise RuntimeError('out of memory')
        return super()._infer(images)


def test_inference_that_keeps_failing_stops_until_reactivated(make_bench):
    engine = FailingEngine()
    bench = make_bench(engine).start()
    bench.send_info()
    engine.failing = True
    for number in (1, 2, 3):
        bench.images.publish(bench.make_image())
        wait_until(lambda n=number: bench.count('inference_failed') == n, 'failure')
    engine.failing = False
    bench.images.publish(bench.make_image())
    wait_until(lambda: bench.count('halted') == 1, 'the halted frame')
    status, values = bench.status()
    assert status.level == b'\x02' and 'out of memory' in status.message
    assert values['dropped.inference_failed'] == '3' and values['dropped.halted'] == '1'
    assert not any(bench.received.values())
    bench.run(bench.node.trigger_deactivate)
    bench.run(bench.node.trigger_activate)
    bench.wait_matched()
    bench.serve()
    assert bench.status()[0].level == b'\x00'


def test_one_failure_is_not_the_end(make_bench):
    engine = FailingEngine()
    bench = make_bench(engine).start()
    bench.send_info()
    engine.failing = True
    bench.images.publish(bench.make_image())
    wait_until(lambda: bench.count('inference_failed') == 1, 'failure')
    engine.failing = False
    bench.serve()


def test_sim_time_without_a_clock_does_not_stop_the_node(make_bench):
    bench = make_bench(parameters={'use_sim_time': True}).start()
    bench.send_info()
    bench.serve()
    assert bench.status()[1]['processed'] == '1'


def test_resolution_may_change(bench):
    # The first size is the CameraInfo's; half and double of it are one factor away.
    for size in ((64, 48), (32, 24), (128, 96), (64, 48)):
        outputs = bench.serve(bench.make_image(make_rgb(*size)))
        assert {(m.width, m.height) for m in outputs.values()} == {size}
        assert outputs['depth/camera_info'].k[0] == pytest.approx(0.866 * size[0])
