"""Compressed images: decoded beside the executor, and dropped where they are damaged."""

import threading

from bench import FRAME_ID, make_rgb, wait_until
from doubles import FormulaEngine
from monodepth_ros.ros import diagnostics, processor
from monodepth_ros.ros.node import MonoDepthNode
import numpy as np
import pytest
from rclpy.parameter import Parameter


@pytest.fixture
def bench(make_bench):
    """Return a running bench of a calibrated camera that sends compressed images."""
    bench = make_bench(parameters={'image_transport': 'compressed'}).start()
    bench.send_info()
    return bench


def test_png_is_served_as_it_was(bench):
    bench.change('depth.metric_scaling', 'none')
    msg = bench.make_compressed(np.full((48, 64, 3), (150, 6, 77), np.uint8))
    outputs = bench.serve(msg)
    assert all(output.header == msg.header for output in outputs.values())
    assert outputs['depth/points'].header.frame_id == FRAME_ID
    depth = np.frombuffer(outputs['depth/image_rect'].data, '<f4')
    np.testing.assert_allclose(depth, 2.5)
    assert set(outputs['segmentation/confidence'].data) == {77}


def test_jpeg_is_served(bench):
    outputs = bench.serve(bench.make_compressed(make_rgb(128, 96), '.jpg'))
    assert {(m.width, m.height) for m in outputs.values()} == {(128, 96)}
    assert outputs['depth/camera_info'].k[0] == pytest.approx(0.866 * 128)


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
def test_damaged_images_are_counted_and_the_next_is_served(bench, capfd, extension):
    for number in range(1, 6):
        msg = bench.make_compressed(extension=extension)
        msg.data = msg.data[: len(msg.data) * number // 10]
        bench.images.publish(msg)
        wait_until(lambda n=number: bench.count('corrupt_data') == n, 'the damaged image')
    bench.serve(bench.make_compressed(extension=extension))
    assert bench.count('processed') == 1 and bench.count('inference_failed') == 0
    assert bench.status()[1]['dropped.corrupt_data'] == '5'
    lines = [line for line in capfd.readouterr().err.splitlines() if 'frame dropped' in line]
    assert len(lines) == 1 and 'compressed bgr8' in lines[0]


def test_decoding_is_not_the_executors_work(bench, monkeypatch):
    threads = []
    original = processor.image_to_rgb

    def decode(msg):
        threads.append(threading.current_thread().name)
        return original(msg)

    monkeypatch.setattr(processor, 'image_to_rgb', decode)
    bench.serve(bench.make_compressed())
    assert threads == ['monodepth_do_all']


def test_nothing_is_decoded_that_nobody_wants(make_bench, monkeypatch):
    bench = make_bench(parameters={'image_transport': 'compressed'}, topics=()).start()
    wait_until(lambda: not bench.camera.outputs.listened(), 'the end of former listeners')
    monkeypatch.setattr(processor, 'image_to_rgb', None)
    bench.images.publish(bench.make_compressed())
    wait_until(lambda: bench.count('no_subscriber') == 1, 'the ignored frame')
    assert bench.count('inference_failed') == 0


@pytest.mark.parametrize(
    'rules, topic',
    [
        ([], '/image_raw/compressed'),
        (['image_raw:=/camera/image'], '/camera/image/compressed'),
        (['image_raw/compressed:=/camera/jpeg'], '/camera/jpeg'),
        (['__ns:=/robot', 'image_raw:=image'], '/robot/image/compressed'),
    ],
)
def test_topic_follows_the_remapped_image(ros, rules, topic):
    node = MonoDepthNode(
        create_engine=lambda *_: FormulaEngine(),
        parameter_overrides=[Parameter('image_transport', value='compressed')],
        cli_args=['--ros-args', *(word for rule in rules for word in ('-r', rule))],
    )
    try:
        assert node.bring_up()
        assert len(node.get_subscriptions_info_by_topic(topic)) == 1
    finally:
        node.release()
        node.destroy_node()


def test_transport_that_never_delivers_is_told_and_mended(make_bench, monkeypatch):
    monkeypatch.setattr(diagnostics, 'SILENT_AFTER_S', 0.2)
    bench = make_bench()
    assert bench.change('image_transport', 'compressed').successful
    assert bench.run(bench.node.bring_up)
    wait_until(lambda: bench.status()[0].level == b'\x02', 'the error')
    assert 'image_transport' in bench.statuses[-1].message
    monkeypatch.undo()
    bench.run(bench.node.trigger_deactivate)
    assert bench.change('image_transport', 'raw').successful
    bench.start_listening()
    bench.run(bench.node.trigger_activate)
    bench.wait_matched()
    bench.send_info()
    bench.serve()
    assert bench.status()[0].level == b'\x00'
