"""The way that the robot goes as a witness of the scale, in the running node, over DDS."""

from bench import FRAME_ID
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
import tf2_double
from wall_kit import (
    ahead,
    before_the_wall,
    BY_MOTION,
    drive,
    FACTOR,
    OVER_FLOOR,
    over_the_floor,
    place,
    STEP_NS,
    WALL,
    WallEngine,
)


@pytest.fixture
def tf2(monkeypatch):
    return tf2_double.install(monkeypatch)


@pytest.fixture
def bench(make_bench):
    return before_the_wall(make_bench)


def test_the_way_by_tf_corrects_the_depth(bench, tf2):
    tf2.put_moving(FRAME_ID, 'odom', lambda ns: (place(bench, ns), 0, 0), 2**62)
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)
    depth = drive(bench)
    assert np.median(depth) == pytest.approx(WALL, rel=0.03)
    status, values = bench.status()
    assert (values['scale_source'], status.level) == ('motion', DiagnosticStatus.OK)
    assert values['scale_height_ratio'] == 'nan'


def test_without_odometry_the_depth_goes_on_and_it_is_said(bench, tf2):
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)
    depth = drive(bench, 16)
    assert np.median(depth) == pytest.approx(WALL / FACTOR, rel=1e-3)
    status, values = bench.status()
    assert status.level == DiagnosticStatus.WARN
    assert values['scale_held_for'] == 'no_transform'
    assert f'where {FRAME_ID} was in odom' in status.message
    assert bench.change('scale.odom_frame', 'map').successful
    drive(bench, 3)
    assert f'where {FRAME_ID} was in map' in bench.status()[0].message


@pytest.mark.parametrize('source', ['motion,ground', 'points,motion,ground'])
def test_sources_may_have_any_order(make_bench, tf2, source):
    bench = make_bench(WallEngine(), parameters={**BY_MOTION, 'scale.source': source}).start()
    assert bench.node._values['scale.source'] == source


@pytest.mark.parametrize('source', ['motion,motion', 'wheels', 'ground,', 'none,ground'])
def test_other_sources_are_refused(make_bench, source):
    bench = make_bench(WallEngine())
    result = bench.change('scale.source', source)
    assert not result.successful
    assert 'none, or ground, points, motion, each at most once' in result.reason


@pytest.mark.parametrize('height', [0.6, 1.1])
def test_a_wrong_height_gives_way_to_what_the_way_has_measured(make_bench, tf2, height):
    known = {'camera.height': height, 'camera.pitch': 40.0}
    bench = over_the_floor(make_bench, {'scale.source': 'motion,ground', **known})
    tf2.put_moving(FRAME_ID, 'odom', lambda ns: ahead(bench, ns), 2**62)
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)
    true = OVER_FLOOR.translation[2]
    # By the floor alone, first.
    depth = drive(bench, 1)
    off = np.median(depth / bench.engine.depth)
    assert off == pytest.approx(height / true, rel=0.25) and abs(off - 1) > 0.05
    depth = drive(bench, 60)
    assert np.median(depth / bench.engine.depth) == pytest.approx(1.0, abs=0.03)
    status, values = bench.status()
    assert float(values['scale_height_ratio']) == pytest.approx(true / height, rel=0.03)
    assert values['scale_source'] == 'motion,ground'
    assert status.level == DiagnosticStatus.WARN
    assert f'the camera is {true:.2f} m over the floor' in status.message


def test_what_stands_on_the_floor_is_judged_by_the_measured_height(make_bench, tf2):
    # Taken for 1.1 m over it, the camera has all of the floor .3 m up: one obstacle.
    known = {'camera.height': 1.1, 'camera.pitch': 40.0, 'scale.limits': [0.9, 1.1]}
    bench = over_the_floor(
        make_bench, {'scale.source': 'motion,ground', **known}, 'depth/obstacles'
    )
    tf2.put_moving(FRAME_ID, 'odom', lambda ns: ahead(bench, ns), 2**62)
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)

    def obstacles():
        return bench.serve(bench.make_image(bench.draw(bench.clock + STEP_NS)))['depth/obstacles']

    assert obstacles().width > 100
    drive(bench, 60)
    assert obstacles().width == 0
