"""Networks of others in the node: two files at once, depth without metres, and what is refused."""

from dataclasses import replace

from bench import make_camera_info, make_rgb
from foreign_kit import Output, StandIn, write_manifest
from message_reader import read_cloud, read_image
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import TOPICS
import numpy as np
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from reliability.watermark import draw, read

VGA = (640, 480)
DEPTH = StandIn([Output('d', of_brightness=True, after=())], size=('h', 'w'), batch='n')
DEPTH_MANIFEST = {
    'input': {'width': 322, 'height': 238, 'multiple': 14},
    'depth': {'kind': 'metres'},
}
LABELS = StandIn([Output('c', 2, 4, after=(), of_brightness=True, gain=-3.0)], size=(256, 256))
LABEL_MANIFEST = {
    'input': {'aspect': 'stretch'},
    'labels': {'kind': 'logits', 'classes': ['dark', 'bright']},
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep compiled artefacts out of the user's cache."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture
def make_known(make_bench):
    """Return a maker of benches whose node makes its engines from its own parameters."""

    def make(topics=tuple(TOPICS), **parameters):
        given = {'engine': 'onnxruntime', 'device': 'cpu', 'threads': 1}
        bench = make_bench(parameters={**given, **parameters}, topics=topics)
        bench.node._create_engine = bench.node._create_known_engine
        return bench

    return make


@pytest.fixture
def depth(tmp_path):
    return str(DEPTH.write(tmp_path / 'depth.onnx', DEPTH_MANIFEST))


@pytest.fixture
def labels(tmp_path):
    return str(LABELS.write(tmp_path / 'labels.onnx', LABEL_MANIFEST))


@pytest.mark.parametrize('at_once', [False, True])
def test_two_files_give_one_grid_and_stamp(make_known, depth, labels, at_once):
    bench = make_known(model=depth, semantic_model=labels, semantic_at_once=at_once).start()
    bench.send_info(make_camera_info(*VGA))
    for _ in range(3):
        stamp = bench.clock + 100_000_007
        grey = draw(stamp, *VGA)
        outputs = bench.serve(bench.make_image(np.repeat(grey[..., None], 3, axis=2)))
        assert {compat.stamp_to_ns(m.header.stamp) for m in outputs.values()} == {stamp}
        assert {(m.width, m.height) for m in outputs.values()} == {VGA}
        assert read(read_image(outputs['depth/image_rect']), is_depth=True) == stamp
        assert read(read_cloud(outputs['depth/points'])['z'], is_depth=True) == stamp
        assert read(read_image(outputs['segmentation/mask'])) == stamp
    assert bench.node.get_parameter('class_names').value == ['dark', 'bright']
    _, figures = bench.status()
    assert figures['engine'] == 'onnxruntime' and figures['dropped.inference_failed'] == '0'


def test_the_node_publishes_what_the_predictor_says(make_known, tmp_path):
    stand_in = StandIn([Output('d'), Output('c', 3, 4, after=(), bias=0.0)])
    manifest = {
        'input': {'aspect': 'stretch'},
        'depth': {'tensor': 'd', 'kind': 'metres', 'focal_length': 70.0},
        'labels': {'tensor': 'c', 'kind': 'logits', 'classes': ['ape', 'bee', 'cat']},
    }
    model = str(stand_in.write(tmp_path / 'net.onnx', manifest))
    info = make_camera_info(97, 61, d=[-0.2, 0.05, 0.001, 0.001, 0.0])
    bench = make_known(model=model).start()
    bench.send_info(info)
    camera = CameraModel(97, 61, tuple(info.k), tuple(info.d), 'plumb_bob')
    predictor = Predictor(create_engine(model, 'onnxruntime', 'cpu', 1))
    for seed in range(3):
        image = make_rgb(97, 61, seed)
        outputs = bench.serve(bench.make_image(image))
        expected = predictor.predict(Frame(image, camera))
        for topic, values in (
            ('depth/image_rect', expected.depth),
            ('segmentation/mask', expected.label),
            ('segmentation/confidence', expected.confidence),
        ):
            np.testing.assert_array_equal(read_image(outputs[topic]), values)
        assert np.isfinite(expected.depth).mean() > 0.9 and len(np.unique(expected.label)) > 1


def test_the_second_file_may_be_without_fault_and_no_pair(make_known, depth, labels):
    bench = make_known(model=labels, semantic_model=labels)
    assert not bench.run(bench.node.bring_up)
    assert 'gives no depth; set it as semantic_model' in bench.status()[0].message
    bench.change('model', depth)
    bench.change('semantic_model', depth)
    assert not bench.run(bench.node.bring_up)
    assert 'gives no labels, but depth; name another' in bench.status()[0].message
    bench.change('semantic_model', '')
    assert bench.run(bench.node.bring_up)


def test_depth_that_is_no_metres_is_not_published_as_such(make_known, tmp_path):
    manifest = {**DEPTH_MANIFEST, 'depth': {'kind': 'inverse_up_to_scale_and_shift'}}
    model = DEPTH.write(tmp_path / 'relative.onnx', manifest)
    topics = ('depth/relative', 'segmentation/mask')
    bench = make_known(topics, model=str(model)).start()
    heard = []
    for topic in ('depth/image_rect', 'depth/points'):
        bench.helper.create_subscription(TOPICS[topic], topic, lambda msg: heard.append(msg), 10)
    bench.send_info()
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 32:] = 255
    for _ in range(3):
        relative = bench.serve(bench.make_image(image))['depth/relative']
    assert relative.encoding == '32FC1' and not heard
    # What is bright has the larger disparity, and so is near.
    values = read_image(relative)
    np.testing.assert_allclose(values[:, :24], 1.0, atol=1e-4)
    np.testing.assert_allclose(values[:, 40:], 0.0, atol=1e-4)
    status, _ = bench.status()
    assert 'inverse up to scale and shift, no metres: it is published on' in status.message
    assert status.level == status.WARN


def test_metres_say_nothing_on_the_other_topic(make_known, depth):
    bench = make_known(('depth/image_rect', 'depth/relative'), model=depth).start()
    bench.serve(topics=('depth/image_rect',))
    bench.serve(topics=('depth/image_rect',))
    assert not bench.received['depth/relative']


def test_the_node_recovers_once_the_manifest_is_right(make_known, depth, tmp_path):
    path = tmp_path / 'depth.onnx'
    write_manifest(path, {**DEPTH_MANIFEST, 'depth': {'kind': 'feet'}})
    bench = make_known(model=depth)
    assert bench.run(bench.node.trigger_configure) == TransitionCallbackReturn.FAILURE
    status, _ = bench.status()
    assert "depth.yaml: depth.kind is 'feet', expected one of metres" in status.message
    write_manifest(path, DEPTH_MANIFEST)
    bench.start()
    bench.send_info()
    assert bench.serve()


def test_an_engine_that_lies_is_caught(make_known, depth, monkeypatch):
    from monodepth_ros.engines.onnxruntime_engine import OnnxRuntimeEngine

    honest = OnnxRuntimeEngine._infer

    def lie(*args):
        raw = honest(*args)
        return replace(raw, depth=raw.depth * np.float32(1.1))

    monkeypatch.setattr(OnnxRuntimeEngine, '_infer', lie)
    bench = make_known(model=depth)
    assert not bench.run(bench.node.bring_up)
    assert 'gives depth that is 10.0% off' in bench.status()[0].message
    bench.change('self_check', 'warn')
    bench.start()
    bench.send_info()
    bench.serve()
    status, _ = bench.status()
    assert status.level == status.WARN and 'depth that is 10.0% off' in status.message
