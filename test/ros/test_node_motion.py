"""The way that the robot goes as a witness of the scale, in the running node, over DDS."""

from bench import FRAME_ID
from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
import tf2_double
from wall_kit import before_the_wall, BY_MOTION, drive, FACTOR, place, WALL, WallEngine


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
