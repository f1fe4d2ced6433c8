"""The way that the robot goes as a witness of the scale, in the running node, over DDS."""

from bench import FRAME_ID, make_camera_info
import cv2
from diagnostic_msgs.msg import DiagnosticStatus
from doubles import FormulaEngine, make_facts
from monodepth_ros.frames import RawOutput
import numpy as np
import pytest
import tf2_double

FACTOR, WALL, SPEED = 1.3, 2.0, 0.5
"""By which the network sees the wall too near, its metres ahead, and metres a second aside."""
FOCAL = 0.866 * 320
BY_MOTION = {'scale.source': 'motion', 'depth.metric_scaling': 'none'}


class WallEngine(FormulaEngine):
    """See a wall, `FACTOR` times too near."""

    def __init__(self):
        super().__init__(make_facts())

    def _infer(self, images):
        shape = images.shape[:3]
        label, sure = np.full(shape, 3, np.uint8), np.full(shape, 255, np.uint8)
        return RawOutput(np.full(shape, WALL / FACTOR, np.float32), label, sure)


@pytest.fixture
def tf2(monkeypatch):
    return tf2_double.install(monkeypatch)


@pytest.fixture
def bench(make_bench):
    bench = make_bench(WallEngine(), parameters=BY_MOTION, topics=('depth/image_rect',)).start()
    bench.send_info(make_camera_info(320, 240))
    noise = np.random.default_rng(0).integers(0, 255, (60, 200), np.uint8)
    wall = cv2.resize(noise, (1600, 480), interpolation=cv2.INTER_CUBIC)
    bench.wall = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)
    bench.begun = bench.clock
    return bench


def _place(bench, stamp_ns):
    """Return metres to the right of where the drive began."""
    return SPEED * (stamp_ns - bench.begun) * 1e-9


def _drive(bench, frames=40):
    """Serve frames along the wall; return the last one's depth."""
    watch = bench.camera.scale._motion_watch
    for _ in range(frames):
        shift = _place(bench, bench.clock + 100_000_007) / WALL * FOCAL
        matrix = np.array([[1, 0, -shift], [0, 1, -100.0]])
        image = bench.make_image(cv2.warpAffine(bench.wall, matrix, (320, 240)))
        msg = bench.serve(image)['depth/image_rect']
        # On a busy machine the look beside takes longer than the frames.
        if watch._future is not None:
            watch._future.result()
        watch._last = float('-inf')
    return np.frombuffer(msg.data, np.float32).reshape(240, 320)


def test_the_way_by_tf_corrects_the_depth(bench, tf2):
    tf2.put_moving(FRAME_ID, 'odom', lambda ns: (_place(bench, ns), 0, 0), 2**62)
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)
    depth = _drive(bench)
    assert np.median(depth) == pytest.approx(WALL, rel=0.03)
    status, values = bench.status()
    assert (values['scale_source'], status.level) == ('motion', DiagnosticStatus.OK)
    assert values['scale_height_ratio'] == 'nan'


def test_without_odometry_the_depth_goes_on_and_it_is_said(bench, tf2):
    bench.node._witnesses.transforms.stop()
    bench.node._witnesses.transforms.start(bench.node)
    depth = _drive(bench, 16)
    assert np.median(depth) == pytest.approx(WALL / FACTOR, rel=1e-3)
    status, values = bench.status()
    assert status.level == DiagnosticStatus.WARN
    assert values['scale_held_for'] == 'no_transform'
    assert f'where {FRAME_ID} was in odom' in status.message
    assert bench.change('scale.odom_frame', 'map').successful
    _drive(bench, 3)
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
