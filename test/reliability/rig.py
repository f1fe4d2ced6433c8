"""The real node in a process of its own, and everything around it in one thread of this one."""

from __future__ import annotations

from contextlib import ExitStack
import json
import os
from pathlib import Path
import sys
import time
from typing import Any, Callable, Collection, Mapping

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from monodepth_ros.processes import Child
from monodepth_ros.ros.publishers import TOPICS
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from truth import Checker, WatermarkCamera
from watermark_model import write_watermark_model

ROOT = Path(__file__).resolve().parents[2]
NODE = 'monodepth'
NAMESPACE = f'/rig{os.getpid()}'
"""Apart from the nodes of other tests, should they share the domain."""
PATIENCE_S = 60.0
"""After so long, what must happen has not; the machine may be busy with much else."""

DEACTIVATE = (Transition.TRANSITION_DEACTIVATE, 'inactive')
CLEANUP = (Transition.TRANSITION_CLEANUP, 'unconfigured')
CONFIGURE = (Transition.TRANSITION_CONFIGURE, 'inactive')
ACTIVATE = (Transition.TRANSITION_ACTIVATE, 'active')
"""Transitions, and the states that they lead to."""


class BrokenPromiseError(Exception):
    """The node has not done what it must."""


class Rig:
    """
    Cameras, a listener and a client of the node, and the node's process; use it in `with`.

    All of this process runs in `pump`: it sends each image when it is due, and takes in what has
    come in between. Whatever waits for something pumps, so that images go on meanwhile.

    Attributes:
        cameras: the cameras.
        checker: checks all outputs.
        node: this side's node.
        process: the node's process.
        side: columns and rows of the network's input.
        period: seconds from one image of a camera to the next.
        in_flight: images that a camera sends before depth of one of them has come, instead of one
            each `period`; 0 for a steady rate.
        cycles: times that the node was taken down to unconfigured and up again.
        pipeline_depth: the node's parameter.
        chores: called with the time at least every 10 ms or so.

    """

    def __init__(
        self,
        folder: Path,
        names: Collection[str] = ('',),
        parameters: Mapping[str, Any] = {},  # noqa: B006 - read only
        topics: Collection[str] = tuple(TOPICS),
        side: int = 64,
        rate: float = 30.0,
        keeps_order: bool = False,
    ):
        """
        Start the node and wait until it serves every camera.

        Args:
            folder: for the checkpoint, caches and logs.
            names: the cameras' namespaces.
            parameters: of the node, beside those for the cameras; without `model`, it is the
                network of `write_watermark_model`.
            topics: outputs to check.
            side: the network's input in pixels, and the images'.
            rate: images a second of each camera.
            keeps_order: as of `Checker`.

        """
        self.side, self.period, self.in_flight = side, 1.0 / rate, 0
        self.cycles, self.pipeline_depth = 0, 1
        self.chores: list[Callable[[float], None]] = []
        self._stack = ExitStack()
        try:
            self._start_node(folder, names, parameters, side)
            self._start_here(names, topics, side, keeps_order)
            self.wait_for(lambda: all(c.is_heard for c in self.cameras), 'the node subscribes')
            self.wait_for_output()
        except BaseException:
            self._stack.close()
            raise

    def _start_node(self, folder, names, parameters, side):
        values = {'device': 'cpu', 'threads': 1, 'cameras': list(names), **parameters}
        if 'model' not in values:
            model = write_watermark_model(folder / f'watermark_{side}.safetensors', side)
            values['model'] = str(model)
        arguments = ['--ros-args', '-r', f'__ns:={NAMESPACE}']
        for name, value in values.items():
            arguments += ['-p', f'{name}:={json.dumps(value)}']
        environ = {
            **os.environ,
            'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
            'XDG_CACHE_HOME': str(folder / 'cache'),
            'ROS_LOG_DIR': str(folder),
        }
        self.log = folder / 'node.log'
        command = [sys.executable, '-m', 'monodepth_ros.benchmark.ros.our_node', *arguments]
        self.process = Child('node', command, environ, self.log, None)
        self._stack.callback(self.process.stop)

    def _start_here(self, names, topics, side, keeps_order):
        self.node = rclpy.create_node('rig', namespace=NAMESPACE, start_parameter_services=False)
        self._stack.callback(self.node.destroy_node)
        self._executor = SingleThreadedExecutor()
        self._stack.callback(self._executor.shutdown)
        self._executor.add_node(self.node)
        self.cameras = [
            WatermarkCamera(self.node, name, place, (side, side))
            for place, name in enumerate(names)
        ]
        for camera in self.cameras:
            camera.plug_in()
        self.checker = Checker(self.node, self.cameras, topics, keeps_order)
        self._due = [0.0] * len(self.cameras)
        self._clients = {
            kind: self.node.create_client(kind, f'{NODE}/{service}')
            for kind, service in (
                (ChangeState, 'change_state'),
                (GetState, 'get_state'),
                (SetParameters, 'set_parameters'),
            )
        }

    def __enter__(self) -> Rig:
        return self

    def __exit__(self, *exception) -> None:
        self._stack.close()

    # Time goes on

    def pump(self, seconds: float) -> None:
        """Send and take in for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._step(end)

    def wait_for(self, condition: Callable[[], Any], what: str, timeout: float = PATIENCE_S):
        """Pump until a condition holds; raise BrokenPromiseError where it does not in time."""
        end = time.monotonic() + timeout
        while not (result := condition()):
            self._step(end)
            if time.monotonic() > end:
                raise BrokenPromiseError(f'waited {timeout:.0f} s in vain: {what}')
        return result

    def _step(self, end: float) -> None:
        now = time.monotonic()
        for place, camera in enumerate(self.cameras):
            if camera.is_on and self._is_due(place, camera, now):
                camera.send()
        for chore in self.chores:
            chore(now)
        soon = min([end, now + 0.01, *(due for due in self._due if due > now)])
        self._executor.spin_once(timeout_sec=max(0.0, soon - time.monotonic()))
        if self.process.ended:
            raise BrokenPromiseError(f'the node ended: {self.process.last_words()}')

    def _is_due(self, place, camera, now) -> bool:
        if self.in_flight and camera.count - 1 - self.checker.newest[camera.name] < self.in_flight:
            self._due[place] = now + self.period
            return True
        if now < self._due[place]:
            return False
        # What was missed while this process waited for its core is not made up for.
        self._due[place] = max(self._due[place] + self.period, now)
        return True

    # The node

    def wait_for_output(self) -> None:
        """Wait until depth of an image that is not yet sent has come from every camera."""
        first = {camera.name: camera.count for camera in self.cameras}
        self.wait_for(
            lambda: all(self.checker.newest[name] >= number for name, number in first.items()),
            'depth of new images comes',
        )

    def call(self, kind: type, request: Any) -> Any:
        """Call a service of the node, and return the answer."""
        client = self._clients[kind]
        self.wait_for(client.service_is_ready, f'the service {client.srv_name}')
        future = client.call_async(request)
        self.wait_for(future.done, f'an answer of {client.srv_name}')
        return future.result()

    def transit(self, *transitions: tuple[int, str]) -> None:
        """Take the node through lifecycle transitions."""
        for number, state in transitions:
            request = ChangeState.Request(transition=Transition(id=number))
            answer = self.call(ChangeState, request)
            now = self.call(GetState, GetState.Request()).current_state.label
            if not answer.success or now != state:
                raise BrokenPromiseError(f'the transition to {state!r} led to {now!r}')

    def set_parameters(self, values: Mapping[str, Any]) -> None:
        """Set parameters of the node by name."""
        parameters = [
            Parameter(name, value=value).to_parameter_msg() for name, value in values.items()
        ]
        answer = self.call(SetParameters, SetParameters.Request(parameters=parameters))
        refused = [result.reason for result in answer.results if not result.successful]
        if refused:
            raise BrokenPromiseError(f'parameters were refused: {"; ".join(refused)}')

    def set_pipeline_depth(self, depth: int) -> None:
        """Set the parameter of the inactive node, and remember it."""
        self.set_parameters({'pipeline_depth': depth})
        self.pipeline_depth = depth
