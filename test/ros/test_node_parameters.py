"""Every parameter does what the table says of it: at any time, not while active, at the start."""

from bench import wait_until
from monodepth_ros.ros.parameters import ANY_TIME, AT_START, NOT_WHILE_ACTIVE, SPECS
import numpy as np
import pytest

# Another value, and what has to be set before for it to show; by the picture of `make_picture`.
ANY_TIME_CHANGES = {
    'max_rate': (0.5, {}),
    'max_input_pixels': (32 * 32, {}),
    'output_resolution': ('network', {}),
    'depth.metric_scaling': ('none', {}),
    'depth.scale': (1.5, {}),
    'depth.encoding': ('16UC1', {}),
    'depth.min_range': (2.0, {}),
    'depth.max_range': (2.0, {}),
    'depth.edge_filter': (45.0, {}),
    'depth.max_error': (0.1, {}),
    'segmentation.confidence_threshold': (0.6, {}),
    'segmentation.overlay_alpha': (1.0, {}),
    'point_cloud.stride': (2, {}),
    'point_cloud.label': (True, {}),
    'point_cloud.error': (True, {}),
    'point_cloud.exclude': (['floor'], {}),
    'point_cloud.min_range': (2.0, {}),
    'point_cloud.max_range': (2.0, {}),
}

OF_ESTIMATE = {
    'camera.pitch',
    'camera.roll',
    'scale.ground_frame',
    'scale.odom_frame',
    'scale.ground_classes',
    'scale.max_tilt',
    'scale.time_constant',
    'scale.limits',
    'scale.bend',
}
"""Any time too, and tested with the estimate, which needs a floor in view."""

OF_EXTRA_OUTPUTS = {
    'depth.color_range',
    'depth.ground',
    'depth.temporal_filter',
    'obstacles.margin',
    'obstacles.max_height',
    'obstacles.max_range',
    'obstacles.min_height',
    'obstacles.min_points',
    'obstacles.voxel',
    'small.max_height',
    'small.max_width',
}
"""Likewise, and tested with those outputs, or with the floor."""

OTHER_VALUES = {
    'model': 'other',
    'semantic_model': 'other',
    'semantic_at_once': True,
    'self_check': 'warn',
    'engine': 'torch',
    'device': 'cpu',
    'threads': 2,
    'precision': 'float32',
    'autostart': False,
    'pipeline_depth': 2,
    'cameras': ['front', 'rear'],
    'image_transport': 'compressed',
    'input_reliability': 'reliable',
    'camera.hfov': 69.0,
    'camera.info_url': '/other.yaml',
    'camera.height': 1.0,
    'scale.source': 'ground',
    'scale.points_topic': 'points',
    'diagnostics.period': 2.0,
}


def names(changes):
    return [spec.name for spec in SPECS if spec.changes == changes]


def test_every_parameter_is_tested_here():
    elsewhere = OF_ESTIMATE | OF_EXTRA_OUTPUTS
    assert set(ANY_TIME_CHANGES) | elsewhere == set(names(ANY_TIME))
    assert set(OTHER_VALUES) == set(names(NOT_WHILE_ACTIVE)) | set(names(AT_START))


def make_picture():
    """Return a picture whose depth rises in steps from 1 m to 3 m, confidence from 0 to 1."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[..., 0] = (np.arange(64) // 16 * 66)[None]
    picture[..., 1] = 6
    picture[..., 2] = (np.arange(64) * 4)[None]
    return picture


def what_comes_out(bench):
    """Return all that two frames give, but for their stamps."""
    return [*outputs_of_a_frame(bench), *outputs_of_a_frame(bench)]


def outputs_of_a_frame(bench):
    limited = bench.count('max_rate')
    bench.images.publish(bench.make_image(make_picture()))
    seen = [bench.received[topic] for topic in bench.topics]
    wait_until(
        lambda: bench.count('max_rate') > limited or all(bench.clock in s for s in seen), 'a frame'
    )
    outputs = [messages[bench.clock] for messages in seen if bench.clock in messages]
    for output in outputs:
        output.header.stamp.sec = output.header.stamp.nanosec = 0
    return outputs


@pytest.mark.parametrize('name', ANY_TIME_CHANGES)
def test_any_time_acts_on_the_next_frame(bench, name):
    value, before = ANY_TIME_CHANGES[name]
    initial = bench.node.get_parameter(name).value
    for other, setting in before.items():
        assert bench.change(other, setting).successful
    first = what_comes_out(bench)
    assert len(first) == 2 * len(bench.topics)
    assert what_comes_out(bench) == first
    assert bench.change(name, value).successful
    assert what_comes_out(bench) != first
    assert bench.change(name, initial).successful
    assert what_comes_out(bench) == first


def test_not_while_active_is_refused_with_the_reason(bench):
    for name in names(NOT_WHILE_ACTIVE):
        before = bench.node.get_parameter(name).value
        result = bench.change(name, OTHER_VALUES[name])
        assert not result.successful, name
        assert name in result.reason and 'deactivate' in result.reason
        assert bench.node.get_parameter(name).value == before
    bench.run(bench.node.trigger_deactivate)
    for name in names(NOT_WHILE_ACTIVE):
        before = bench.node.get_parameter(name).value
        assert bench.change(name, OTHER_VALUES[name]).successful, name
        assert bench.node.get_parameter(name).value == OTHER_VALUES[name]
        assert bench.change(name, before).successful, name


@pytest.mark.parametrize('name', names(AT_START))
def test_at_start_is_never_changed(make_bench, name):
    bench = make_bench()
    before = bench.node.get_parameter(name).value
    result = bench.change(name, OTHER_VALUES[name])
    assert not result.successful and 'read-only' in result.reason
    assert bench.node.get_parameter(name).value == before


def test_a_limit_that_a_picture_does_not_fit_is_mended_without_a_restart(bench, capfd):
    tall = np.zeros((64, 48, 3), np.uint8)
    assert bench.change('max_input_pixels', 32 * 32).successful
    for number in range(1, 6):
        bench.images.publish(bench.make_image(tall))
        wait_until(lambda n=number: bench.count('bad_config') == n, 'the dropped frame')
    status, values = bench.status()
    assert values['dropped.bad_config'] == '5' and values['dropped.inference_failed'] == '0'
    lines = [line for line in capfd.readouterr().err.splitlines() if 'frame dropped' in line]
    assert len(lines) == 1 and 'max_input_pixels is 1024' in lines[0]
    assert bench.change('max_input_pixels', 64 * 64).successful
    uncalibrated = ('depth/image_rect', 'segmentation/mask')
    bench.serve(bench.make_image(tall), topics=uncalibrated)
