"""The lifecycle node: parameters, topics and transitions around the worker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import wraps
import os
import signal
import threading
import time
from types import MappingProxyType
from typing import Any, Callable, Mapping, Optional, Union

from diagnostic_msgs.msg import DiagnosticArray
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError, ImageError, MonodepthError
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.ros import compat, fastdds, parameters
from monodepth_ros.ros.calibration import Calibration
from monodepth_ros.ros.conversions import view_image
from monodepth_ros.ros.diagnostics import make_status, NodeState, Statistics
from monodepth_ros.ros.inputs import subscribe
from monodepth_ros.ros.publishers import Outputs
from monodepth_ros.ros.rate_limit import RateLimit
from monodepth_ros.ros.throttle import Throttle
from monodepth_ros.ros.worker import FrameProcessor, Job, STOP_TIMEOUT_S, Worker
from rcl_interfaces.msg import SetParametersResult
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_srvs.srv import SetBool

EngineFactory = Callable[[str, str, str, int, str], Engine]

_ENGINE_PARAMETERS = ('model', 'engine', 'device', 'threads', 'precision')


def _create_engine(model: str, engine: str, device: str, threads: int, precision: str) -> Engine:
    from monodepth_ros.engines.factory import create_engine

    return create_engine(model, engine, device, threads, precision)


def _transition(callback):
    """Log why a transition failed: rclpy itself drops what the callback raises."""

    @wraps(callback)
    def wrapped(self, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return callback(self, state)
        except Exception as error:
            self.get_logger().error(f'{callback.__name__}: {type(error).__name__}: {error}')
            return TransitionCallbackReturn.ERROR

    return wrapped


class MonoDepthNode(LifecycleNode):
    """
    Depth, labels and a cloud from one camera; see README for topics and parameters.

    Transitions, like every callback, belong to the executor's thread.
    """

    def __init__(self, create_engine: EngineFactory = _create_engine, **node_arguments: Any):
        """
        Declare parameters and start diagnostics; nothing is loaded before configure.

        Args:
            create_engine: makes the engine from the parameters model, engine, device, threads
                and precision.
            node_arguments: for `rclpy.lifecycle.LifecycleNode`.

        """
        super().__init__('monodepth', **node_arguments)
        self._create_engine = create_engine
        self._engine: Optional[Engine] = None
        self._loaded: tuple = ()
        self._load_error = ''
        self._outputs: Optional[Outputs] = None
        self._worker: Optional[Worker] = None
        self._left_behind: Optional[Worker] = None
        self._inputs: list = []
        self._calibration = Calibration()
        self._statistics = Statistics()
        self._throttle = Throttle()
        self._rate_limit = RateLimit()
        self._calibration_throttle = Throttle(period=60.0)
        self._enabled = True
        self._values: Mapping[str, Any] = MappingProxyType({})
        self._refused: dict[str, str] = {}
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._refused = parameters.declare_parameters(self)
        self._start_diagnostics()
        self.create_service(SetBool, '~/enable', self._on_enable)

    @property
    def lifecycle_state(self) -> str:
        """Label of the lifecycle state, such as 'active'."""
        return self._state_machine.current_state[1]

    def bring_up(self) -> bool:
        """Configure and activate; return whether the node is active."""
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != TransitionCallbackReturn.SUCCESS:
                return False
        return True

    # Lifecycle

    @_transition
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and make the topics; where it cannot, log why in one line and FAIL."""
        if not self._load():
            return TransitionCallbackReturn.FAILURE
        self._outputs = Outputs(self)
        return super().on_configure(state)

    @_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the worker, then subscribe; load again what was changed while inactive."""
        if self._left_behind is not None and self._left_behind.is_alive:
            self.get_logger().error(
                'activate failed: the network is still busy with a frame from before; try again '
                'later, or clean up and configure'
            )
            return TransitionCallbackReturn.FAILURE
        self._left_behind = None
        if self._loaded != self._to_load() and not self._load():
            return TransitionCallbackReturn.FAILURE
        process = FrameProcessor(
            self._engine,
            self._outputs,
            self._statistics,
            self._calibration,
            lambda: self._values,
            lambda: self.get_clock().now().nanoseconds,
        )
        self._statistics.restart()
        self._worker = Worker(process, self._statistics, self._on_failure)
        result = super().on_activate(state)
        self._outputs.announce(self._engine.facts, self._values)
        self._inputs = subscribe(self, self._values, self._on_image, self._on_camera_info)
        return result

    @_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and end the worker after the frame in hand, or go on without it."""
        self._stop()
        return super().on_deactivate(state)

    @_transition
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back the model and the topics."""
        self.release()
        return super().on_cleanup(state)

    @_transition
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back everything, from whatever state."""
        self.release()
        return super().on_shutdown(state)

    @_transition
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Give back everything and be unconfigured again."""
        self.release()
        return super().on_error(state)

    def _to_load(self) -> tuple:
        """Return the values of the parameters that `_load` reads."""
        return tuple(self._values[name] for name in (*_ENGINE_PARAMETERS, 'camera.info_url'))

    def _load(self) -> bool:
        """Load engine and calibration in place of what was loaded; log why where it fails."""
        self._unload()
        try:
            self._load_or_raise()
        # An engine may raise anything, and rclpy drops silently what a transition raises.
        except Exception as error:
            known = isinstance(error, MonodepthError)
            text = ' '.join(str(error).split())
            self._load_error = text if known else f'{type(error).__name__}: {text}'
            self._unload()
            self.get_logger().error(f'configure failed: {self._load_error}')
            return False
        self._load_error = ''
        return True

    def _load_or_raise(self) -> None:
        if self._refused:
            raise ConfigError('; '.join(self._refused.values()))
        self._loaded = self._to_load()
        self._calibration = Calibration()
        if url := self._values['camera.info_url']:
            self._calibration.load(url)
        self._engine = self._create_engine(*(self._values[name] for name in _ENGINE_PARAMETERS))
        self._warm_up()
        parameters.declare_facts(self, self._engine.facts)
        engine = self._engine
        self.get_logger().info(
            f'{self._values["model"]} on engine {engine.name}, {engine.device}, '
            f'{engine.precision}{engine.reason and f"; {engine.reason}"}'
        )

    def _warm_up(self) -> None:
        """Run the network once, at the size of the camera where a calibration file tells it."""
        camera, facts = self._calibration.expected, self._engine.facts
        size = (camera.width, camera.height) if camera else (facts.input_width, facts.input_height)
        options = parameters.predictor_options(self._values)
        plan = Predictor(self._engine, options).plan(*size, camera)
        self._engine.warm_up(plan.height, plan.width)

    def _unload(self) -> None:
        parameters.undeclare_facts(self)
        # An engine that a frame left behind still runs on goes when that frame has ended.
        busy = self._left_behind is not None and self._left_behind.is_alive
        if self._engine is not None and not busy:
            self._engine.close()
        self._left_behind = None
        self._engine = None
        self._loaded = ()

    def _stop(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._worker is not None and not self._worker.stop(STOP_TIMEOUT_S):
            self._left_behind = self._worker
            self.get_logger().error(
                'the network has not ended its frame in time; the node goes on without it'
            )
        self._worker = None

    def release(self) -> None:
        """End the worker and give back topics and model; twice is safe."""
        self._stop()
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = None
        self._unload()

    # Input

    def _on_camera_info(self, msg: CameraInfo) -> None:
        self._calibration.update(msg)

    def _on_image(self, msg: Union[Image, CompressedImage]) -> None:
        received = time.monotonic()
        stamp_ns = compat.stamp_to_ns(msg.header.stamp)
        self._statistics.received(stamp_ns)
        if not self._enabled:
            self._statistics.count('disabled')
        elif not self._is_usable(msg):
            return
        elif not self._outputs.wanted():
            self._statistics.count('no_subscriber')
        # A camera without stamps has the time of arrival.
        elif not self._rate_limit.accepts(
            stamp_ns or int(received * 1e9), self._values['max_rate']
        ):
            self._statistics.count('max_rate')
        else:
            self._worker.submit(Job(msg, received))

    def _is_usable(self, msg: Union[Image, CompressedImage]) -> bool:
        """Check what can be seen at once; decoding, which takes time, is for the worker."""
        try:
            if isinstance(msg, Image):
                view_image(msg)
        except ImageError as error:
            self._statistics.count(error.reason)
            self._warn(error)
            return False
        return True

    def _on_failure(self, error: Exception) -> None:
        """Report what the worker has dropped a frame for, in the worker's thread."""
        if self._worker.halted:
            self.get_logger().error(self._worker.halted)
        elif isinstance(error, (ImageError, ConfigError)):
            self._warn(error)
        elif self._throttle.ready('inference_failed'):
            self.get_logger().error(f'frame dropped: {type(error).__name__}: {error}')

    def _warn(self, error: Union[ImageError, ConfigError]) -> None:
        if self._throttle.ready(getattr(error, 'reason', 'bad_config')):
            self.get_logger().warning(f'frame dropped: {error}')

    # Parameters and services

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        active = self._worker is not None
        reason = parameters.refusal(changes, self._values, active, self.has_parameter)
        if reason is not None:
            return SetParametersResult(successful=False, reason=reason)
        new = {p.name: p.value for p in changes if p.name in parameters.BY_NAME}
        # Replaced, never changed: the worker reads one consistent set for a frame.
        self._values = MappingProxyType({**self._values, **new})
        for name in new:
            self._refused.pop(name, None)
        return SetParametersResult(successful=True)

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        response.success = True
        response.message = 'enabled' if request.data else 'disabled: images are ignored'
        return response

    # Diagnostics

    def _start_diagnostics(self) -> None:
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 1)
        # Steady, since with use_sim_time the node's clock stands still until /clock comes.
        self.create_timer(
            self._values['diagnostics.period'],
            self._publish_diagnostics,
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )

    def _publish_diagnostics(self) -> None:
        error = self._calibration.error
        if error and self._worker and self._calibration_throttle.ready(str(error)):
            self.get_logger().warning(f'no cloud: {error}')
        state = NodeState(
            lifecycle=self.lifecycle_state,
            enabled=self._enabled,
            load_error=self._load_error,
            halted=self._worker.halted if self._worker else '',
            calibration=self._calibration.state,
            calibration_remedy=str(error or ''),
            model=self._values['model'],
            engine=self._engine.name if self._engine else '',
            device=self._engine.device if self._engine else '',
            precision=self._engine.precision if self._engine else '',
        )
        name = self.get_fully_qualified_name().lstrip('/')
        msg = DiagnosticArray(status=[make_status(name, state, self._statistics.report())])
        msg.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(msg)


def main(args: Optional[list[str]] = None, create_engine: EngineFactory = _create_engine) -> int:
    """Run the node until SIGINT or SIGTERM; return the exit code."""
    ending, end = _catch_signals()
    fastdds.use_default_profile()
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node = MonoDepthNode(create_engine)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    if node.get_parameter('autostart').value:
        executor.create_task(node.bring_up)
    stop = threading.Event()
    with ThreadPoolExecutor(1, 'monodepth_executor') as thread:
        spinning = thread.submit(_spin, executor, stop)
        spinning.add_done_callback(lambda _: os.write(end, b'.'))
        os.read(ending, 1)
        stop.set()
        executor.create_task(lambda: None)  # `spin_once` returns after some work only.
    node.release()
    node.destroy_node()
    executor.shutdown()
    rclpy.try_shutdown()
    spinning.result()  # Raises what has ended the executor, if it was no signal.
    return 0


def _catch_signals() -> tuple[int, int]:
    """
    Have SIGINT and SIGTERM write to a pipe; return its ends to read from and to write to.

    rclpy's own handlers would take the middleware down in the middle of a transition or of a
    frame. Blocking the signals is not enough: libraries have started threads at import, which
    would take them. A second Ctrl-C, as `ros2 launch` can send, changes nothing.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return reader, writer


def _spin(executor: SingleThreadedExecutor, stop: threading.Event) -> None:
    """Run callbacks until told to stop; `Executor.shutdown` is not safe from another thread."""
    while not stop.is_set():
        executor.spin_once()
