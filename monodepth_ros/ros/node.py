"""The lifecycle node: parameters, topics and transitions around the worker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import wraps
import os
import signal
import threading
import time
from types import MappingProxyType
from typing import Any, Callable, Mapping, Optional

from diagnostic_msgs.msg import DiagnosticArray
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError, ImageError, MonodepthError
from monodepth_ros.pipeline.preprocess import MULTIPLE
from monodepth_ros.ros import compat, fastdds, parameters
from monodepth_ros.ros.calibration import Calibration
from monodepth_ros.ros.conversions import view_image
from monodepth_ros.ros.diagnostics import make_status, NodeState, Statistics
from monodepth_ros.ros.publishers import Outputs
from monodepth_ros.ros.throttle import Throttle
from monodepth_ros.ros.worker import FrameProcessor, Job, Worker
from rcl_interfaces.msg import SetParametersResult
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CameraInfo, Image
from std_srvs.srv import SetBool

EngineFactory = Callable[[str, str, str, int], Engine]

_ENGINE_PARAMETERS = ('model', 'engine', 'device', 'threads')

_IMAGE_TOPICS = {'raw': 'image_raw'}

_ENDING = (signal.SIGINT, signal.SIGTERM)


def _create_engine(model: str, engine: str, device: str, threads: int) -> Engine:
    from monodepth_ros.engines.factory import create_engine

    return create_engine(model, engine, device, threads)


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
            create_engine: makes the engine from the parameters model, engine, device, threads.
            node_arguments: for `rclpy.lifecycle.LifecycleNode`.

        """
        super().__init__('monodepth', **node_arguments)
        self._create_engine = create_engine
        self._engine: Optional[Engine] = None
        self._loaded: tuple = ()
        self._load_error = ''
        self._outputs: Optional[Outputs] = None
        self._worker: Optional[Worker] = None
        self._inputs: list = []
        self._calibration = Calibration()
        self._statistics = Statistics()
        self._throttle = Throttle()
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
        if self._loaded != self._to_load() and not self._load():
            return TransitionCallbackReturn.FAILURE
        process = FrameProcessor(
            self._engine,
            self._outputs,
            self._statistics,
            lambda: self._values,
            lambda: self.get_clock().now().nanoseconds,
        )
        self._statistics.restart()
        self._worker = Worker(process, self._statistics, self._on_failure)
        result = super().on_activate(state)
        self._subscribe()
        return result

    @_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and end the worker after the frame in hand."""
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
        facts = self._engine.facts
        self._engine.warm_up(_round_up(facts.input_height), _round_up(facts.input_width))
        parameters.declare_facts(self, facts)
        self.get_logger().info(
            f'{self._values["model"]} on engine {self._engine.name}, {self._engine.device}'
        )

    def _unload(self) -> None:
        parameters.undeclare_facts(self)
        if self._engine is not None:
            self._engine.close()
        self._engine = None
        self._loaded = ()

    def _stop(self) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        if self._worker is not None:
            self._worker.stop()
        self._worker = None

    def release(self) -> None:
        """End the worker and give back topics and model; twice is safe."""
        self._stop()
        if self._outputs is not None:
            self._outputs.destroy()
        self._outputs = None
        self._unload()

    # Input

    def _subscribe(self) -> None:
        reliability = QoSReliabilityPolicy[self._values['input_reliability'].upper()]
        inputs = [(Image, _IMAGE_TOPICS[self._values['image_transport']], self._on_image)]
        if not self._values['camera.info_url']:
            inputs.append((CameraInfo, 'camera_info', self._on_camera_info))
        for kind, topic, callback in inputs:
            subscription = self.create_subscription(
                kind,
                topic,
                callback,
                QoSProfile(depth=1, reliability=reliability),
                qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            )
            self._inputs.append(subscription)

    def _on_camera_info(self, msg: CameraInfo) -> None:
        self._calibration.update(msg)

    def _on_image(self, msg: Image) -> None:
        received = time.monotonic()
        self._statistics.received(compat.stamp_to_ns(msg.header.stamp))
        if not self._enabled:
            self._statistics.count('disabled')
            return
        try:
            view_image(msg)
        except ImageError as error:
            self._statistics.count(error.reason)
            if self._throttle.ready(error.reason):
                self.get_logger().warning(f'image dropped: {error}')
            return
        camera = self._calibration.camera(msg.width, msg.height)
        if not self._outputs.wanted():
            self._statistics.count('no_subscriber')
            return
        self._worker.submit(Job(msg, camera, received))

    def _on_failure(self, error: Exception) -> None:
        """Report a failure of the worker, in the worker's thread."""
        if self._worker.halted:
            self.get_logger().error(self._worker.halted)
        elif self._throttle.ready('inference_failed'):
            self.get_logger().error(f'frame dropped: {type(error).__name__}: {error}')

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
        )
        name = self.get_fully_qualified_name().lstrip('/')
        msg = DiagnosticArray(status=[make_status(name, state, self._statistics.report())])
        msg.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(msg)


def _round_up(pixels: int) -> int:
    return -(-pixels // MULTIPLE) * MULTIPLE


def main(args: Optional[list[str]] = None, create_engine: EngineFactory = _create_engine) -> int:
    """Run the node until SIGINT or SIGTERM; return the exit code."""
    # rclpy's own handlers would take the middleware down in the middle of a transition or of a
    # frame. Blocked here and so in every thread, the signals wait to be taken below; a second
    # Ctrl-C, as `ros2 launch` can send, waits for ever.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
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
        spinning.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
        signal.sigwait(_ENDING)
        stop.set()
        executor.create_task(lambda: None)  # `spin_once` returns after some work only.
    node.release()
    node.destroy_node()
    executor.shutdown()
    rclpy.try_shutdown()
    spinning.result()  # Raises what has ended the executor, if it was no signal.
    return 0


def _spin(executor: SingleThreadedExecutor, stop: threading.Event) -> None:
    """Run callbacks until told to stop; `Executor.shutdown` is not safe from another thread."""
    while not stop.is_set():
        executor.spin_once()
