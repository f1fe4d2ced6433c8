"""Whatever an engine does: output is right, or there is none and the node says why."""

import threading

from bench import make_rgb, wait_until
from doubles import FormulaEngine
from lifecycle_msgs.msg import Transition
from monodepth_ros.frames import RawOutput
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import TOPICS
from monodepth_ros.ros.worker import PIPELINE_DEPTHS
import numpy as np
import pytest
from rosgraph_msgs.msg import Clock
from test_node_lifecycle import LifecycleManager

both_depths = pytest.mark.parametrize('pipeline_depth', PIPELINE_DEPTHS)
SECOND = 1_000_000_000


def out_of_gpu_memory():
    """Return what torch raises where a GPU's memory is full; no GPU is needed to make one."""
    torch = pytest.importorskip('torch')
    return torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB')


ERRORS = {
    'gpu_memory': out_of_gpu_memory,
    'memory': MemoryError,
    'cpu_memory': lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    'exit': lambda: SystemExit(1),
}
any_error = pytest.mark.parametrize('error', ERRORS)


class FaultyEngine(FormulaEngine):
    """Raise, or change the maps, for images of a brightness in `faults`."""

    def __init__(self):
        super().__init__()
        self.faults = {}

    def _infer(self, images):
        raw = super()._infer(images)
        fault = self.faults.get(int(images[0, images.shape[1] // 2, 0, 0]))
        if isinstance(fault, BaseException):
            raise fault
        return raw if fault is None else fault(raw)


@pytest.fixture
def faulty(make_bench):
    """Return a running bench with an engine whose faults can be chosen."""
    bench = make_bench(FaultyEngine()).start()
    bench.change('depth.metric_scaling', 'none')
    bench.send_info()
    return bench


def grey(bench, brightness):
    """Return an image message of one brightness, whose depth is 1 m + brightness / 100."""
    return bench.make_image(np.full((48, 64, 3), brightness, np.uint8))


def send_bad(bench, brightness, times=1):
    """Send images that the engine fails on, one after the other."""
    for _ in range(times):
        before = bench.count('inference_failed')
        bench.images.publish(grey(bench, brightness))
        wait_until(lambda n=before: bench.count('inference_failed') == n + 1, 'the failure')


def depth_of(outputs):
    return np.frombuffer(outputs['depth/image_rect'].data, '<f4')


@both_depths
@any_error
def test_one_frame_is_lost_and_the_next_is_right(faulty, error):
    faulty.engine.faults[120] = ERRORS[error]()
    for brightness in (100, 120, 140, 120, 160):
        if brightness == 120:
            send_bad(faulty, brightness)
        else:
            outputs = faulty.serve(grey(faulty, brightness))
            np.testing.assert_allclose(depth_of(outputs), 1 + brightness / 100, rtol=1e-6)
    assert faulty.count('published') == 3 and faulty.count('inference_failed') == 2
    assert all(len(messages) == 3 for messages in faulty.received.values())


@both_depths
@any_error
def test_three_in_a_row_are_safe_and_a_lifecycle_manager_recovers_it(faulty, error):
    faulty.engine.faults[120] = ERRORS[error]()
    send_bad(faulty, 120, times=3)
    for number in range(1, 4):  # good ones, but nobody knows that
        faulty.images.publish(grey(faulty, 100))
        wait_until(lambda n=number: faulty.count('halted') == n, 'the halted frame')
    status, values = faulty.status()
    assert status.level == b'\x02' and type(ERRORS[error]()).__name__ in status.message
    assert 'deactivate and activate' in status.message
    assert values['dropped.inference_failed'] == '3' and values['dropped.halted'] == '3'
    assert not any(faulty.received.values())
    manager = LifecycleManager(faulty)
    assert manager.go(Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE)
    faulty.wait_matched()
    assert (depth_of(faulty.serve(grey(faulty, 100))) == 2.0).all()


def changed(**changes):
    """Return a function that changes maps of an output."""
    return lambda raw: RawOutput(
        **{name: changes.get(name, lambda v: v)(values) for name, values in vars(raw).items()}
    )


WRONG = {
    'nan': changed(depth=lambda v: np.full_like(v, np.nan)),
    'inf': changed(depth=lambda v: np.full_like(v, np.inf)),
    'negative': changed(depth=lambda v: -v),
    'zero': changed(depth=np.zeros_like),
    'small': changed(depth=lambda v: v[:, ::2, ::2]),
    'turned': changed(depth=lambda v: v.transpose(0, 2, 1)),
    'empty': changed(label=lambda v: v[:0]),
    'double': changed(depth=lambda v: v.astype(np.float64)),
    'millimetres': changed(depth=lambda v: (v * 1000).astype(np.uint16)),
    'no_such_class': changed(label=lambda v: np.full_like(v, 200)),
    'none': lambda raw: None,
}


@pytest.mark.parametrize('wrong', WRONG)
def test_wrong_output_is_no_output(faulty, wrong):
    faulty.engine.faults[120] = WRONG[wrong]
    send_bad(faulty, 120)
    assert (depth_of(faulty.serve(grey(faulty, 100))) == 2.0).all()
    send_bad(faulty, 120, times=3)
    assert faulty.camera.halted
    assert all(len(messages) == 1 for messages in faulty.received.values())


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf, 0.0, -1.0])
def test_wrong_pixels_are_invalid_and_no_others(faulty, value):
    def spoil(raw):
        raw.depth[:, ::4, ::4] = value
        return raw

    faulty.change('max_input_pixels', 32 * 32)  # so that the map is resized
    faulty.engine.faults[120] = spoil
    depth = depth_of(faulty.serve(grey(faulty, 120)))
    assert np.isnan(depth).any() and np.isfinite(depth).any()
    np.testing.assert_allclose(depth[~np.isnan(depth)], 2.2, rtol=1e-6)


class StepEngine(FormulaEngine):
    """Hold every frame until it is let through."""

    def __init__(self):
        super().__init__()
        self.entered, self.may_leave = threading.Semaphore(0), threading.Semaphore(0)
        self.holds = False

    def _infer(self, images):
        if self.holds:
            self.entered.release()
            assert self.may_leave.acquire(timeout=60)
        return super()._infer(images)


@both_depths
def test_a_slow_engine_is_one_frame_late_and_never_queues(make_bench):
    engine = StepEngine()
    bench = make_bench(engine).start()
    bench.send_info()
    engine.holds = True
    newest = []
    for number in range(6):
        for _ in range(4):
            msg = bench.make_image(make_rgb(seed=number))
            before = bench.count('received')
            bench.images.publish(msg)
            wait_until(lambda n=before: bench.count('received') == n + 1, 'the executor')
            if not newest:  # the first goes in at once, alone
                assert engine.entered.acquire(timeout=60)
                newest.append(compat.stamp_to_ns(msg.header.stamp))
        newest.append(compat.stamp_to_ns(msg.header.stamp))
        if len(bench.node._worker._threads) > 1:
            wait_until(lambda: waiting(bench) == newest[-1:], 'the newest to be prepared')
        engine.may_leave.release()
        assert engine.entered.acquire(timeout=60)
    engine.holds = False
    engine.may_leave.release()
    wait_until(lambda: all(newest[-1] in bench.received[t] for t in TOPICS), 'the last frame')
    for topic in TOPICS:
        assert list(bench.received[topic]) == newest
    assert bench.count('superseded') == bench.count('received') - len(newest)


def waiting(bench):
    """Return the stamps of the frames that wait for the network."""
    tasks = list(bench.node._worker._prepared._items.values())
    return [compat.stamp_to_ns(task.message.header.stamp) for task in tasks]


def test_an_engine_that_hangs_is_an_error(make_bench, monkeypatch):
    monkeypatch.setattr('monodepth_ros.ros.diagnostics.STUCK_AFTER_S', 0.2)
    engine = StepEngine()
    bench = make_bench(engine).start()
    bench.send_info()
    engine.holds = True
    bench.images.publish(bench.make_image())
    wait_until(lambda: 'the network hangs' in bench.status()[0].message, 'the diagnosis')
    assert bench.status()[0].level == b'\x02'
    engine.holds = False
    engine.may_leave.release()
    wait_until(lambda: bench.status()[0].level == b'\x00', 'the end of it')


@pytest.mark.parametrize('max_rate', [0.0, 20.0])
def test_simulated_time_may_go_backwards(make_bench, max_rate):
    bench = make_bench(parameters={'use_sim_time': True, 'max_rate': max_rate}).start()
    bench.send_info()
    clock = bench.helper.create_publisher(Clock, '/clock', 10)
    wait_until(clock.get_subscription_count, 'the clock subscription')

    def is_at(now):
        clock.publish(Clock(clock=compat.ns_to_stamp(now)))
        return bench.node.get_clock().now().nanoseconds == now

    for now in (100 * SECOND, 10 * SECOND, 0, 50 * SECOND, 49 * SECOND):
        wait_until(lambda n=now: is_at(n), 'the clock')
        # Stamps of the bag begin anew as well, ahead of the clock and behind it.
        for ahead in (-1, 2, 1):
            msg = bench.make_image()
            msg.header.stamp = compat.ns_to_stamp(max(now + ahead * SECOND // 10, 1))
            outputs = bench.serve(msg)
            assert all(output.header == msg.header for output in outputs.values())
    assert bench.count('published') == 15 and bench.count('lost_upstream') == 0
    assert bench.status()[0].level == b'\x00'
