"""The lifecycle node: parameters, transitions and the network that its cameras share."""

from __future__ import annotations

from functools import partial, wraps
import sys
from types import MappingProxyType
from typing import Any, Callable, Mapping, Optional

from diagnostic_msgs.msg import DiagnosticArray
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.base import Engine
from monodepth_ros.engines.pair import create_one_or_pair
from monodepth_ros.errors import ConfigError, MonodepthError
from monodepth_ros.pipeline.predictor import infer, Predictor
from monodepth_ros.ros import fastdds, parameters
from monodepth_ros.ros.bond import LifeSign
from monodepth_ros.ros.camera_stream import CameraStream
from monodepth_ros.ros.diagnostics import NodeState
from monodepth_ros.ros.interruption import InterruptedCallError, Interruption
from monodepth_ros.ros.memory import give_back_freed_memory, keep_freed_memory
from monodepth_ros.ros.scale_calibration import ScaleCalibration
from monodepth_ros.ros.shared_memory import remove_left_over_segments
from monodepth_ros.ros.signals import catch_signals, PATIENCE_S, spin_until_signal, THREADS
from monodepth_ros.ros.startup import errors_of_ros, init_ros, unknown_parameters
from monodepth_ros.ros.witnesses import Witnesses
from monodepth_ros.ros.worker import STOP_TIMEOUT_S, Worker
from rcl_interfaces.msg import SetParametersResult
import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool

EngineFactory = Callable[[str, str, str, int, str], Engine]

LOADING = f'{THREADS}_load'
"""Name of the thread that loads an engine."""

_ENGINE_PARAMETERS = ('model', 'engine', 'device', 'threads', 'precision')
_MORE_ENGINE_PARAMETERS = ('semantic_model', 'semantic_at_once', 'self_check')


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
    Depth, labels and a cloud from one camera or more; see README for topics and parameters.

    Transitions, like every callback, belong to the executor's thread.
    """

    def __init__(self, create_engine: Optional[EngineFactory] = None, **node_arguments: Any):
        """
        Declare parameters and start diagnostics; nothing is loaded before configure.

        Args:
            create_engine: makes an engine from the parameters model, engine, device, threads
                and precision; None for the one that has all engines.
            node_arguments: for `rclpy.lifecycle.LifecycleNode`.

        Raises:
            ConfigError: ROS makes no node of that.

        """
        with errors_of_ros():
            super().__init__('monodepth', **node_arguments)
        self._create_engine = create_engine or self._create_known_engine
        self._engine: Optional[Engine] = None
        self._loaded: tuple = ()
        self._load_error = ''
        self._worker: Optional[Worker] = None
        self._left_behind: Optional[Worker] = None
        self._interruption = Interruption()
        self._life_sign = LifeSign(self)
        self._values: Mapping[str, Any] = MappingProxyType({})
        self._refused: dict[str, str] = {}
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._refused = parameters.declare_parameters(self)
        self._witnesses = Witnesses()
        self._cameras = [
            CameraStream(self, name, lambda: self._values, self._witnesses)
            for name in self._values['cameras']
        ]
        self._start_diagnostics()
        self.create_service(SetBool, '~/enable', self._on_enable)
        scales = {camera.name: camera.scale for camera in self._cameras}
        self._scale_calibration = ScaleCalibration(self, scales, lambda: self._values)

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
        for camera in self._cameras:
            camera.create_outputs()
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
        self._worker = Worker(partial(infer, self._engine), self._values['pipeline_depth'])
        result = super().on_activate(state)
        self._witnesses.start(self, self._values)
        for camera in self._cameras:
            camera.announce(self._engine.facts)
            camera.start(self._engine, self._worker.submit)
        self._life_sign.start()
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
        names = (*_ENGINE_PARAMETERS, *_MORE_ENGINE_PARAMETERS, 'camera.info_url')
        return tuple(self._values[name] for name in names)

    def _load(self) -> bool:
        """Load engine and calibration in place of what was loaded; log why where it fails."""
        self._unload()
        try:
            self._load_or_raise()
        except InterruptedCallError:
            self._unload()
            self.get_logger().info('loading the model was interrupted: the process is to end')
            return False
        # An engine may raise anything, and rclpy drops silently what a transition raises.
        except BaseException as error:
            known = isinstance(error, MonodepthError)
            text = ' '.join(str(error).split())
            self._load_error = text if known else f'{type(error).__name__}: {text}'
            self._unload()
            self.get_logger().error(f'configure failed: {self._load_error}')
            return False
        self._load_error = ''
        give_back_freed_memory()
        return True

    def _load_or_raise(self) -> None:
        if self._refused:
            raise ConfigError('; '.join(self._refused.values()))
        self._loaded = self._to_load()
        models = [camera.load_calibration() for camera in self._cameras]
        self._engine = self._interruption.call(partial(self._make_engine, models), LOADING)
        if reason := parameters.class_refusal(self._values, self._engine.facts.classes):
            raise ConfigError(reason)
        parameters.declare_facts(self, self._engine.facts)
        engine = self._engine
        self.get_logger().info(
            f'{self._values["model"]} on engine {engine.name}, {engine.device}, '
            f'{engine.precision}{engine.reason and f"; {engine.reason}"}'
        )
        if engine.warning:
            self.get_logger().warning(engine.warning)

    def _create_known_engine(self, *values: Any) -> Engine:
        from monodepth_ros.engines.factory import create_engine

        return create_engine(*values, self_check=self._values['self_check'])

    def _create_engines(self) -> Engine:
        """Return the engine, or the two engines of two models as one."""
        model, *options = (self._values[name] for name in _ENGINE_PARAMETERS)
        return create_one_or_pair(
            lambda name: self._create_engine(name, *options),
            model,
            self._values['semantic_model'],
            self._values['semantic_at_once'],
        )

    def _make_engine(self, models: list[Optional[CameraModel]]) -> Engine:
        engine = self._create_engines()
        try:
            self._warm_up(engine, models)
        except BaseException:
            engine.close()
            raise
        return engine

    def _warm_up(self, engine: Engine, models: list[Optional[CameraModel]]) -> None:
        """Run the network at each batch size, and image size where a calibration file tells it."""
        facts = engine.facts
        predictor = Predictor(engine, parameters.predictor_options(self._values))
        views = [
            (model.width, model.height, model)
            if model
            else (facts.input_width, facts.input_height, None)
            for model in models
        ]
        by_size: dict[tuple[int, int], list] = {}
        for view in views:
            plan = predictor.plan(*view)
            by_size.setdefault((plan.height, plan.width), []).append(view)
        for alike in by_size.values():
            for batch in range(1, len(alike) + 1):
                predictor.warm_up(*alike[-1], batch)

    def _unload(self) -> None:
        parameters.undeclare_facts(self)
        # An engine that a frame left behind still runs on goes when that frame has ended.
        busy = self._left_behind is not None and self._left_behind.is_alive
        if self._engine is not None and not busy:
            self._engine.close()
        self._left_behind = None
        self._engine = None
        self._loaded = ()
        give_back_freed_memory()

    def _stop(self, timeout: Optional[float] = None) -> None:
        self._life_sign.end()
        for camera in self._cameras:
            camera.stop()
        timeout = STOP_TIMEOUT_S if timeout is None else timeout
        if self._worker is not None and not self._worker.stop(timeout):
            self._left_behind = self._worker
            self.get_logger().error(
                'the network has not ended its frame in time; the node goes on without it'
            )
        self._worker = None
        self._witnesses.stop()

    def interrupt(self) -> None:
        """Have a transition that loads an engine end without it; the process is to end."""
        self._interruption.interrupt()

    def release(self, timeout: Optional[float] = None) -> None:
        """
        End the worker and give back topics and model; twice is safe.

        Args:
            timeout: seconds to wait for a frame in hand; None for those of a transition.

        """
        self._stop(timeout)
        for camera in self._cameras:
            camera.release()
        self._unload()

    def destroy_node(self) -> None:
        """Take the node down now; rclpy forgets its state machine, which keeps all else up."""
        super().destroy_node()
        self._state_machine.destroy_when_not_in_use()

    # Parameters and services

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        active = self._worker is not None
        reason = parameters.refusal(changes, self._values, active, self._fact)
        if reason is not None:
            return SetParametersResult(successful=False, reason=reason)
        new = {p.name: p.value for p in changes if p.name in parameters.BY_NAME}
        # Replaced, never changed: the worker reads one consistent set for a frame.
        self._values = MappingProxyType({**self._values, **new})
        for name in new:
            self._refused.pop(name, None)
        return SetParametersResult(successful=True)

    def _fact(self, name: str) -> Any:
        return self.get_parameter(name).value if self.has_parameter(name) else None

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        for camera in self._cameras:
            camera.enabled = request.data
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
        engine = self._engine
        state = NodeState(
            name=self.get_fully_qualified_name().lstrip('/'),
            lifecycle=self.lifecycle_state,
            load_error=self._load_error,
            model=self._values['model'],
            engine=engine.name if engine else '',
            device=engine.device if engine else '',
            precision=engine.precision if engine else '',
            warning=engine.warning if engine else '',
        )
        msg = DiagnosticArray(status=[camera.status(state) for camera in self._cameras])
        msg.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(msg)


def main(args: Optional[list[str]] = None, create_engine: Optional[EngineFactory] = None) -> int:
    """Run the node until SIGINT or SIGTERM; return the exit code, 1 where it cannot start."""
    pipe = catch_signals()
    keep_freed_memory()
    fastdds.use_default_profile()
    removed = remove_left_over_segments()
    try:
        init_ros(args)
        node = MonoDepthNode(create_engine)
    except ConfigError as error:
        print(f'monodepth_node: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return 1
    for warning in unknown_parameters(node._parameter_overrides):
        node.get_logger().warning(warning)
    if removed:
        node.get_logger().info(
            f'removed {removed} shared-memory segments of processes that were killed'
        )
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    if node.get_parameter('autostart').value:
        executor.create_task(node.bring_up)

    def end():
        node.release(PATIENCE_S)
        node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()

    spin_until_signal(executor, pipe, node.interrupt, end)
    return 0
