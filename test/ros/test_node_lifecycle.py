"""Every transition, and parameters in every state."""

import threading

from bench import wait_until
from doubles import FormulaEngine, make_facts
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from message_reader import read_cloud
from monodepth_ros.errors import ConfigError
from monodepth_ros.pipeline.cloud import POINT_DTYPE
from monodepth_ros.ros import camera_stream
from monodepth_ros.ros import node as node_module
from monodepth_ros.ros.node import MonoDepthNode
from monodepth_ros.ros.parameters import AT_START, FACT_PARAMETERS, SPECS
from monodepth_ros.ros.publishers import TOPICS
from monodepth_ros.ros.worker import PIPELINE_DEPTHS
import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from test_calibration import YAML

both_depths = pytest.mark.parametrize('pipeline_depth', PIPELINE_DEPTHS)

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


class ClosingEngine(FormulaEngine):
    """Count how often it is closed."""

    closed = 0

    def close(self):
        self.closed += 1


def test_nothing_is_there_before_configure(make_bench):
    bench = make_bench()
    node = bench.node
    assert node.lifecycle_state == 'unconfigured'
    assert node._engine is None and bench.camera.outputs is None and node._worker is None
    assert node.count_publishers('depth/image_rect') == 0
    assert not node.has_parameter('class_names')


@both_depths
def test_up_and_down_and_up_again(make_bench):
    bench = make_bench(ClosingEngine())
    node = bench.node

    def go(transition, state, publishers, subscribers, closed):
        assert bench.run(getattr(node, f'trigger_{transition}')) == SUCCESS
        assert node.lifecycle_state == state
        assert bench.engine.closed == closed
        wait_until(lambda: node.count_publishers('depth/image_rect') == publishers, 'publishers')
        wait_until(lambda: node.count_subscribers('image_raw') == subscribers, 'subscribers')

    for cycle in (1, 2):
        go('configure', 'inactive', 1, 0, cycle - 1)
        go('activate', 'active', 1, 1, cycle - 1)
        go('deactivate', 'inactive', 1, 0, cycle - 1)
        go('cleanup', 'unconfigured', 0, 0, cycle)


@pytest.mark.parametrize('steps', [[], ['configure'], ['configure', 'activate']])
def test_shutdown_from_every_state(make_bench, steps):
    bench = make_bench(ClosingEngine())
    for step in steps:
        assert bench.run(getattr(bench.node, f'trigger_{step}')) == SUCCESS
    assert bench.run(bench.node.trigger_shutdown) == SUCCESS
    assert bench.node.lifecycle_state == 'finalized'
    assert bench.node._worker is None and bench.camera.outputs is None
    assert bench.engine.closed == (1 if steps else 0)


@both_depths
def test_serves_after_each_activation(bench):
    for _ in range(3):
        bench.serve()
        assert bench.run(bench.node.trigger_deactivate) == SUCCESS
        assert bench.run(bench.node.trigger_activate) == SUCCESS
        bench.wait_matched()
    bench.serve()
    assert bench.count('processed') == 4


def test_an_exception_in_a_transition_ends_unconfigured(make_bench, monkeypatch, capfd):
    bench = make_bench(ClosingEngine())
    assert bench.run(bench.node.trigger_configure) == SUCCESS

    def explode(*_):
        raise RuntimeError('unforeseen')

    with monkeypatch.context() as patch:
        patch.setattr(camera_stream, 'subscribe', explode)
        assert bench.run(bench.node.trigger_activate) == TransitionCallbackReturn.ERROR
    assert bench.node.lifecycle_state == 'unconfigured'
    assert bench.engine.closed == 1 and bench.node._worker is None
    assert 'unforeseen' in capfd.readouterr().err
    assert bench.run(bench.node.bring_up)


@pytest.mark.parametrize(
    'error',
    [
        ConfigError('unknown model: choose one of a, b'),
        OSError('disk\non fire'),
        MemoryError('no room'),
        SystemExit('a library has had enough'),
    ],
)
def test_failed_configure_says_why_and_can_be_repeated(make_bench, capfd, error):
    bench = make_bench()
    engine, problems = FormulaEngine(), [error]

    def create(*_):
        if problems:
            raise problems.pop()
        return engine

    bench.node._create_engine = create
    assert not bench.run(bench.node.bring_up)
    assert bench.node.lifecycle_state == 'unconfigured'
    lines = [line for line in capfd.readouterr().err.splitlines() if 'configure failed' in line]
    text = ' '.join(str(error).split())
    assert len(lines) == 1 and text in lines[0]
    status, _ = bench.status()
    assert status.level == b'\x02' and text in status.message
    assert bench.run(bench.node.bring_up)
    assert bench.status()[0].level != b'\x02'


@pytest.mark.parametrize('error', [RuntimeError('CUDA out of memory'), SystemExit(3)])
def test_an_engine_that_cannot_be_warmed_up_is_given_back(make_bench, monkeypatch, error):
    def fail(*_):
        raise error

    bench = make_bench(ClosingEngine())
    with monkeypatch.context() as patch:
        patch.setattr(bench.engine, 'warm_up', fail)
        assert bench.run(bench.node.trigger_configure) == FAILURE
    assert bench.engine.closed == 1 and bench.node.lifecycle_state == 'unconfigured'
    assert bench.status()[0].level == b'\x02'
    assert bench.run(bench.node.bring_up)


@pytest.mark.parametrize('transition', ['configure', 'activate'])
def test_a_load_that_is_interrupted_fails_without_an_error(make_bench, capfd, transition):
    bench = make_bench()
    entered, gate = threading.Event(), threading.Event()

    def hang(*_):
        entered.set()
        assert gate.wait(60)
        return FormulaEngine()

    if transition == 'activate':
        assert bench.run(bench.node.trigger_configure) == SUCCESS
        assert bench.change('model', 'other').successful
    bench.node._create_engine = hang
    interrupter = threading.Thread(target=lambda: entered.wait(60) and bench.node.interrupt())
    interrupter.start()
    assert bench.run(getattr(bench.node, f'trigger_{transition}')) == FAILURE
    interrupter.join()
    gate.set()
    assert bench.node._engine is None and bench.node._worker is None
    log = capfd.readouterr().err
    assert 'loading the model was interrupted' in log and '_load' not in log
    assert 'ERROR' not in log and 'failed' not in log


def test_a_destroyed_node_is_gone_though_somebody_knows_it(ros):
    context = Context()
    rclpy.init(context=context)
    looker = rclpy.create_node('looker')
    node = MonoDepthNode(lambda *_: FormulaEngine(), context=context)
    wait_until(lambda: 'monodepth' in looker.get_node_names(), 'the node')
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    node.release()
    node.destroy_node()
    executor.shutdown()
    rclpy.try_shutdown(context=context)
    wait_until(lambda: 'monodepth' not in looker.get_node_names(), 'the end of the node')
    looker.destroy_node()


@pytest.mark.parametrize(
    'name, bad, good, words',
    [
        ('device', 'gpu', 'cpu', ['gpu', 'cuda:N']),
        ('depth.encoding', 'float', '32FC1', ['float', '32FC1', '16UC1']),
        ('point_cloud.stride', 0, 2, ['0', '1', '64']),
        ('depth.max_range', 5, 5.0, ['depth.max_range', 'float']),
        ('segmentation.overlay_alpha', 1.5, 0.5, ['1.5', 'Max: 1.0']),
        ('camera.info_url', '/no/such/file.yaml', '', ['/no/such/file.yaml']),
    ],
)
def test_a_bad_value_at_start_fails_configure_until_mended(
    make_bench, capfd, name, bad, good, words
):
    bench = make_bench(parameters={name: bad})
    assert not bench.run(bench.node.bring_up)
    lines = [line for line in capfd.readouterr().err.splitlines() if 'configure failed' in line]
    assert len(lines) == 1
    assert all(word in lines[0] for word in words), lines[0]
    assert bench.change(name, good).successful
    assert bench.run(bench.node.bring_up)


REFUSED_WHILE_ACTIVE = [
    ('model', 'other', ['model', 'active', 'deactivate']),
    ('device', 'cpu', ['deactivate']),
    ('autostart', False, ['read-only']),
    ('input_reliability', 'reliable', ['read-only']),
    ('device', 'gpu', ["'gpu'", 'cuda:N']),
    ('depth.encoding', '64FC1', ['32FC1, 16UC1']),
    ('depth.min_range', -1.0, ['depth.min_range', '-1.0']),
    ('depth.min_range', 11.0, ['depth.max_range']),
    ('depth.min_range', float('nan'), ['depth.min_range']),
    ('class_names', ['a'], ['weights']),
]


def test_refused_while_active_with_the_reason(make_bench):
    bench = make_bench(parameters={'depth.max_range': 10.0}).start()
    for name, value, words in REFUSED_WHILE_ACTIVE:
        before = bench.node.get_parameter(name).value
        result = bench.change(name, value)
        assert not result.successful, (name, value)
        assert all(word in result.reason for word in words), result.reason
        assert bench.node.get_parameter(name).value == before


def test_dynamic_parameters_act_on_the_next_frame(bench):
    grey = np.full((48, 64, 3), 200, np.uint8)  # 3 m, class 0, confidence 200 / 255

    def serve():
        return bench.serve(bench.make_image(grey))

    def change(name, value):
        assert bench.change(name, value).successful
        return serve()

    change('depth.metric_scaling', 'none')
    assert change('depth.encoding', '16UC1')['depth/image_rect'].encoding == '16UC1'
    assert set(np.frombuffer(serve()['depth/image_rect'].data, '<u2')) == {3000}
    change('depth.encoding', '32FC1')
    depth = np.frombuffer(change('depth.max_range', 2.5)['depth/image_rect'].data, '<f4')
    assert np.isposinf(depth).all()
    change('depth.max_range', 10.0)
    depth = np.frombuffer(change('depth.min_range', 3.5)['depth/image_rect'].data, '<f4')
    assert np.isneginf(depth).all()
    change('depth.encoding', '16UC1')
    assert set(np.frombuffer(serve()['depth/image_rect'].data, '<u2')) == {0}
    assert np.isnan(read_cloud(serve()['depth/points'])['z']).all()
    change('depth.encoding', '32FC1')
    change('depth.min_range', 0.0)
    cloud = change('point_cloud.stride', 5)['depth/points']
    assert (cloud.height, cloud.width) == (10, 13)  # ceil of 48 / 5 and 64 / 5
    assert np.isfinite(np.frombuffer(cloud.data, POINT_DTYPE)['z']).all()
    mask = change('segmentation.confidence_threshold', 0.9)['segmentation/mask']
    assert set(mask.data) == {255}
    change('segmentation.confidence_threshold', 0.0)
    overlay = change('segmentation.overlay_alpha', 0.0)['segmentation/overlay']
    assert set(overlay.data) == {200}
    overlay = change('segmentation.overlay_alpha', 1.0)['segmentation/overlay']
    assert list(overlay.data[:3]) == list(make_facts().colors[0])
    # Both of these reach the network's input or the outputs' size.
    small = change('max_input_pixels', 32 * 32)
    assert small['depth/image_rect'].width == 64
    small = change('output_resolution', 'network')
    assert {m.width for t, m in small.items() if t != 'depth/points'} == {32}
    assert small['depth/camera_info'].k[0] == pytest.approx(0.866 * 32)


def test_a_model_changed_while_inactive_is_loaded_at_activation(make_bench):
    bench = make_bench()
    requests = []

    def create(*request):
        requests.append(request)
        return FormulaEngine()

    bench.node._create_engine = create
    assert bench.run(bench.node.trigger_configure) == SUCCESS
    assert bench.change('model', 'other').successful
    assert bench.change('threads', 2).successful
    assert bench.run(bench.node.trigger_activate) == SUCCESS
    assert requests == [
        ('dual_efficientnet_lite0', 'auto', 'auto', 0, 'auto'),
        ('other', 'auto', 'auto', 2, 'auto'),
    ]
    bench.run(bench.node.trigger_deactivate)
    assert bench.run(bench.node.trigger_activate) == SUCCESS
    assert len(requests) == 2


def test_present_values_are_taken_while_active(bench):
    # As `ros2 param load` sets what `ros2 param dump` has written.
    names = [spec.name for spec in SPECS if spec.changes != AT_START]
    for name in (*names, *FACT_PARAMETERS):
        assert bench.change(name, bench.node.get_parameter(name).value).successful, name
    bench.serve()


def test_a_bad_value_that_cannot_be_set_later_names_file_and_restart(make_bench, capfd):
    bench = make_bench(parameters={'input_reliability': 'sometimes'})
    assert not bench.run(bench.node.bring_up)
    log = capfd.readouterr().err
    assert 'correct it in the parameter file and start the node again' in log
    assert 'param set' not in log


def test_class_facts_are_shown(bench):
    facts = make_facts()
    assert list(bench.node.get_parameter('class_names').value) == list(facts.classes)
    colors = list(bench.node.get_parameter('class_colors').value)
    assert colors == ['#ff0000', '#00ff00', '#0000ff', '#808080']


def test_qos_override_reaches_the_publisher(make_bench):
    name = 'qos_overrides./depth/image_rect.publisher.reliability'
    bench = make_bench(parameters={name: 'best_effort'}, reliable=False)
    assert bench.run(bench.node.trigger_configure) == SUCCESS
    info = bench.node.get_publishers_info_by_topic('/depth/image_rect')[0]
    assert info.qos_profile.reliability.name == 'BEST_EFFORT'
    info = bench.node.get_publishers_info_by_topic('/depth/points')[0]
    assert info.qos_profile.reliability.name == 'RELIABLE'


def test_input_reliability(make_bench):
    bench = make_bench(parameters={'input_reliability': 'reliable'}).start()
    info = bench.node.get_subscriptions_info_by_topic('/image_raw')[0]
    assert info.qos_profile.reliability.name == 'RELIABLE'


@both_depths
def test_inactive_node_publishes_nothing(make_bench):
    bench = make_bench(topics=('segmentation/mask',)).start()
    bench.serve()
    bench.run(bench.node.trigger_deactivate)
    wait_until(lambda: not bench.images.get_subscription_count(), 'unsubscription')
    assert bench.camera.outputs.listened()
    assert set(TOPICS) >= set(bench.received)
    assert bench.count('received') == 1


class StuckEngine(ClosingEngine):
    """Hold a frame inside the network until the gate opens; note the sizes that were run."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.sizes = []

    def _infer(self, images):
        self.entered.set()
        assert self.gate.wait(60)
        self.sizes.append(images.shape[1:3])
        return super()._infer(images)


@pytest.fixture
def stuck(make_bench, monkeypatch):
    """Return a bench whose network holds a frame, of a node that waits shortly for it."""
    monkeypatch.setattr(node_module, 'STOP_TIMEOUT_S', 0.05)
    bench = make_bench(StuckEngine()).start()
    bench.engine.entered.clear()
    bench.engine.gate.clear()
    bench.images.publish(bench.make_image())
    assert bench.engine.entered.wait(20)
    yield bench
    bench.engine.gate.set()


@both_depths
def test_deactivation_does_not_wait_for_ever(stuck, capfd):
    assert stuck.run(stuck.node.trigger_deactivate) == SUCCESS
    assert 'has not ended its frame' in capfd.readouterr().err
    # Two frames at once would be too many for an engine.
    assert stuck.run(stuck.node.trigger_activate) == FAILURE
    assert 'still busy' in capfd.readouterr().err
    assert stuck.node.lifecycle_state == 'inactive'
    left_behind = stuck.node._left_behind
    stuck.engine.gate.set()
    wait_until(lambda: not left_behind.is_alive, 'the end of the frame')
    assert stuck.run(stuck.node.trigger_activate) == SUCCESS
    stuck.wait_matched()
    stuck.send_info()
    stuck.serve()
    assert stuck.count('inference_failed') == 0
    # What the frame gave that was left behind was for nobody.
    assert all(len(messages) == 1 for messages in stuck.received.values())


@both_depths
def test_cleanup_leaves_a_busy_engine_alone(stuck):
    left_behind = stuck.node._worker
    assert stuck.run(stuck.node.trigger_deactivate) == SUCCESS
    assert stuck.run(stuck.node.trigger_cleanup) == SUCCESS
    assert stuck.engine.closed == 0
    fresh = ClosingEngine()
    stuck.node._create_engine = lambda *_: fresh
    assert stuck.run(stuck.node.bring_up)
    stuck.wait_matched()
    stuck.send_info()
    stuck.serve()
    stuck.engine.gate.set()
    wait_until(lambda: not left_behind.is_alive, 'the end of the frame')
    stuck.serve()
    assert stuck.count('inference_failed') == 0 and not stuck.camera.halted


def test_warm_up_is_at_the_size_of_the_calibrated_camera(make_bench, tmp_path):
    # 1280 x 720 at fx 1000 is 332.07 columns at the training focal length: 320 x 180, padded.
    (tmp_path / 'camera.yaml').write_text(
        YAML.replace('image_width: 64', 'image_width: 1280')
        .replace('image_height: 48', 'image_height: 720')
        .replace('55.0', '1000.0')
    )
    bench = make_bench(
        StuckEngine(), parameters={'camera.info_url': str(tmp_path / 'camera.yaml')}
    )
    assert bench.run(bench.node.trigger_configure) == SUCCESS
    assert bench.engine.sizes == [(192, 320)]
    assert bench.camera.calibration.state == 'waiting'


def test_warm_up_without_a_calibration_is_at_the_training_size(make_bench):
    bench = make_bench(StuckEngine())
    assert bench.run(bench.node.trigger_configure) == SUCCESS
    assert bench.engine.sizes == [(256, 320)]


class LifecycleManager:
    """What nav2_lifecycle_manager asks of a node, with the bond switched off."""

    GOALS = {
        Transition.TRANSITION_CONFIGURE: State.PRIMARY_STATE_INACTIVE,
        Transition.TRANSITION_ACTIVATE: State.PRIMARY_STATE_ACTIVE,
        Transition.TRANSITION_DEACTIVATE: State.PRIMARY_STATE_INACTIVE,
        Transition.TRANSITION_CLEANUP: State.PRIMARY_STATE_UNCONFIGURED,
        Transition.TRANSITION_UNCONFIGURED_SHUTDOWN: State.PRIMARY_STATE_FINALIZED,
    }

    def __init__(self, bench):
        self.change = bench.helper.create_client(ChangeState, 'monodepth/change_state')
        self.get = bench.helper.create_client(GetState, 'monodepth/get_state')
        assert self.change.wait_for_service(20) and self.get.wait_for_service(20)

    def go(self, *transitions):
        """Go through transitions; stop where the node does not follow, as the manager does."""
        for transition in transitions:
            request = ChangeState.Request(transition=Transition(id=transition))
            accepted = self.change.call(request, timeout_sec=20).success
            state = self.get.call(GetState.Request(), timeout_sec=20).current_state.id
            if not accepted or state != self.GOALS[transition]:
                return False
        return True


STARTUP = (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE)
RESET = (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)


@both_depths
def test_nav2_lifecycle_manager_can_drive_it(make_bench):
    bench = make_bench()
    manager = LifecycleManager(bench)
    assert manager.go(*STARTUP)
    bench.start_listening()
    bench.wait_matched()
    bench.send_info()
    bench.serve()
    # Pause and resume, reset and startup, shutdown.
    assert manager.go(Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE)
    assert manager.go(*RESET, *STARTUP)
    bench.wait_matched()
    bench.send_info()
    bench.serve()
    assert manager.go(*RESET, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)


def test_nav2_lifecycle_manager_is_told_of_a_failure_and_may_try_again(make_bench):
    bench = make_bench(parameters={'camera.info_url': '/no/such/file.yaml'})
    manager = LifecycleManager(bench)
    assert not manager.go(*STARTUP)
    assert bench.node.lifecycle_state == 'unconfigured'
    assert bench.change('camera.info_url', '').successful
    assert manager.go(*STARTUP)
