"""Start camera, node and recorder, show how far they are, and end them in order."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
import queue
import random
import sys
import tempfile
import time

from demo_app.plan import describe_camera, make_plan, Plan
from demo_app.report import clear, table, write_summary
from demo_app.sources import open_source
from monodepth_ros.errors import MonodepthError
from monodepth_ros.processes import Child
from monodepth_ros.ros.fastdds import profile_environment
from monodepth_ros.ros.publishers import TOPICS
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
START_LIMIT_S = 180.0
FINISH_LIMIT_S = 60.0
INTERRUPTED = 130
OUTPUT_DEPTH = 10


class DemoFailure(Exception):
    """A process ended or failed; the message is one line for the user."""


class Interrupted(Exception):
    """Ctrl-C came when there was nothing to finish, or a second time."""


def child_environ(domain: int) -> dict:
    """Return the environment of the three processes: this machine alone, in a ROS domain."""
    environ = {**os.environ, **profile_environment()}
    environ['ROS_DOMAIN_ID'] = str(domain)
    environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    environ['RCUTILS_COLORIZED_OUTPUT'] = '0'
    return environ


class Demo:
    """One run: its processes from start to end."""

    def __init__(self, plan: Plan, scratch: Path, domain: int, interrupts: list):
        """
        Start nothing yet.

        Args:
            plan: what to do.
            scratch: folder for logs and what the processes hand on; it holds plan.json.
            domain: ROS_DOMAIN_ID.
            interrupts: grows by one with each Ctrl-C or SIGTERM.

        """
        self._plan = plan
        self._interrupts = interrupts
        self._allowed_interrupts = 0
        self._out = Path(plan.out)
        self._scratch = scratch
        self._environ = {**child_environ(domain), 'ROS_LOG_DIR': str(scratch)}
        self._messages: queue.Queue = queue.Queue()
        self._children: dict[str, Child] = {}
        self._needed = ('node', 'recorder', 'camera')
        self._bar: tqdm | None = None

    def run(self) -> dict:
        """Run to the end and return the recorder's last message; stop everything in any case."""
        try:
            self._start()
            self._publish()
            return self._finish()
        finally:
            if self._bar is not None:
                self._bar.close()
            for child in reversed(self._children.values()):
                child.stop()

    def _start(self):
        """Start node and recorder, and wait until they have found each other."""
        started = time.monotonic()
        self._launch('node', self._node_command(), speaks=False)
        self._launch('recorder', self._module_command('recorder'))
        self._wait_for('ready', START_LIMIT_S, interruptible=False)
        print(f'  node ready after {time.monotonic() - started:.1f} s', flush=True)

    def _publish(self):
        """Start the camera, and wait until it has published all or Ctrl-C comes."""
        self._launch('camera', self._module_command('camera'))
        self._bar = tqdm(unit=' frames', desc='  processed', disable=None)
        self._wait_for('ended', float('inf'), interruptible=True)
        self._children['camera'].interrupt()

    def _finish(self) -> dict:
        """Have the recorder take in what is on its way and write the results."""
        # One more Ctrl-C than the one that led here breaks it off.
        self._allowed_interrupts = len(self._interrupts)
        self._needed = ('node', 'recorder')
        self._children['recorder'].interrupt()
        return self._wait_for('result', FINISH_LIMIT_S, interruptible=False)

    def _launch(self, name, command, speaks=True):
        log = (self._out if name == 'node' else self._scratch) / f'{name}.log'
        messages = self._messages if speaks else None
        self._children[name] = Child(name, command, self._environ, log, messages)

    def _module_command(self, name):
        return [sys.executable, str(HERE / f'{name}.py'), str(self._scratch / 'plan.json')]

    def _node_command(self):
        parameters = {'model': self._plan.model, 'device': self._plan.device}
        if self._plan.height:
            parameters['scale.source'] = 'ground'
            parameters['camera.height'] = self._plan.height
            parameters['camera.pitch'] = self._plan.pitch
        for topic in TOPICS:
            # A robot wants the newest frame alone; a record wants all that was sent, resent if
            # need be.
            parameters[f'qos_overrides./{topic}.publisher.depth'] = OUTPUT_DEPTH
        command = [str(Path(sys.executable).with_name('monodepth_node')), '--ros-args']
        for name, value in parameters.items():
            # As JSON, for ROS reads values as YAML: the name of a model may look like a number.
            command += ['-p', f'{name}:={json.dumps(value)}']
        return command

    def _wait_for(self, key, seconds, interruptible):
        """Follow the processes until a message has `key`, and return it; None if interrupted."""
        end = time.monotonic() + seconds
        while True:
            if len(self._interrupts) > self._allowed_interrupts:
                if interruptible:
                    return None
                raise Interrupted
            if time.monotonic() > end:
                raise DemoFailure(f'no answer for {seconds:.0f} s; see {self._out}/node.log')
            try:
                message = self._messages.get(timeout=0.1)
            except queue.Empty:
                self._check_children()
                continue
            if 'failed' in message:
                raise DemoFailure(message['failed'])
            self._show(message)
            if key in message:
                return message

    def _check_children(self):
        """Raise DemoFailure if a process is gone that should be there."""
        for name, child in self._children.items():
            if name in self._needed and child.is_silent and self._messages.empty():
                raise DemoFailure(f'{name} ended with {child.last_words()}')

    def _show(self, message):
        if self._bar is None:
            return
        if message.get('expected'):
            self._bar.total = message['expected']
        if 'published' in message:
            self._bar.set_postfix(published=message['published'], refresh=False)
        if 'processed' in message:
            self._bar.update(message['processed'] - self._bar.n)


def run_demo(options: argparse.Namespace, interrupts: list) -> int:
    """
    Run the demo, write summary.json, print the table and return the exit status.

    Args:
        options: of the command line.
        interrupts: grows by one with each Ctrl-C or SIGTERM.

    """
    # Up to 101, domains keep clear of the ports that Linux gives out by itself.
    domain = random.randint(1, 101) if options.domain is None else options.domain
    try:
        with tempfile.TemporaryDirectory(prefix='monodepth_demo_') as folder:
            scratch = Path(folder)
            plan = make_plan(options, scratch / 'stamps.tsv')
            open_source(plan)  # Better now than after the model has been loaded.
            plan.save(scratch / 'plan.json')
            Path(plan.stamps).touch()
            clear(Path(plan.out))
            print(f'{plan.kind} {plan.source}, {plan.model}, ROS_DOMAIN_ID {domain}')
            print(f'  {describe_camera(plan)}', flush=True)
            message = Demo(plan, scratch, domain, interrupts).run()
    except (MonodepthError, DemoFailure, OSError) as error:
        print(f'scripts/demo: {error}', file=sys.stderr)
        return 1
    except Interrupted:
        print('interrupted')
        return INTERRUPTED
    write_summary(Path(plan.out), message['result'])
    print(table(message['result']))
    for problem in message['problems']:
        print(f'  {problem}')
    print(f'  {plan.out}: summary.json, {", ".join(message["files"])}')
    return 0
