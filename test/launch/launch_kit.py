"""Run launch files with the real launch system, against stand-ins for what they start."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import yaml

ROOT = Path(__file__).parents[2]
LAUNCH = ROOT / 'launch'
TIMEOUT = 60.0

RUNNER = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
arguments = [argument.split(':=', 1) for argument in sys.argv[2:]]
# As `ros2 launch` does with no terminal, whose Ctrl-C would reach the programs by itself.
service = LaunchService(noninteractive=True)
include = IncludeLaunchDescription(
    AnyLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments
)
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""

STAND_IN = """#!{python}
import json, os, pathlib, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
arguments = sys.argv[1:]
files = {{
    path: pathlib.Path(path).read_text()
    for option, path in zip(arguments, arguments[1:])
    if option == '--params-file'
}}
record = {{'arguments': arguments, 'files': files, 'environment': dict(os.environ)}}
report = pathlib.Path({folder!r}, f'{{pathlib.Path(sys.argv[0]).name}}-{{os.getpid()}}')
report.with_suffix('.tmp').write_text(json.dumps(record))
report.with_suffix('.tmp').rename(report.with_suffix('.json'))
signal.sigwait([signal.SIGINT])
"""


def add_package(prefix, package):
    """Register a package in an install prefix; return the folder of its programs."""
    index = prefix / 'share' / 'ament_index' / 'resource_index' / 'packages'
    programs = prefix / 'lib' / package
    for folder in (index, prefix / 'share' / package, programs):
        folder.mkdir(parents=True, exist_ok=True)
    (index / package).touch()
    return programs


def add_program(prefix, package, name, source):
    """Install a Python program into a package of the prefix."""
    path = add_package(prefix, package) / name
    path.write_text(source)
    path.chmod(0o755)


def add_own_package(prefix):
    """Register our package, without the node, in an install prefix."""
    add_package(prefix, 'monodepth_ros')
    for folder in ('config', 'launch'):
        (prefix / 'share' / 'monodepth_ros' / folder).symlink_to(ROOT / folder)


def add_stand_ins(prefix, programs):
    """Install programs that record how they were started, as pairs of package and name."""
    (prefix / 'records').mkdir()
    source = STAND_IN.format(python=sys.executable, folder=str(prefix / 'records'))
    for package, name in programs:
        add_program(prefix, package, name, source)


def launch(prefix, file, *arguments, log=None):
    """Start a launch file of ours with what the prefix holds; return the process."""
    path = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    packages = [str(prefix), os.environ.get('AMENT_PREFIX_PATH', sys.prefix)]
    with (log or prefix / 'launch.log').open('w') as output:
        return subprocess.Popen(
            [sys.executable, '-c', RUNNER, str(LAUNCH / file), *arguments],
            env={
                **os.environ,
                'AMENT_PREFIX_PATH': os.pathsep.join(packages),
                'PYTHONPATH': os.pathsep.join(path),
                'PYTHONUNBUFFERED': '1',
                'ROS_LOG_DIR': str(prefix / 'log'),
            },
            stdout=output,
            stderr=subprocess.STDOUT,
        )


class Loader(yaml.SafeLoader):
    """Reads what launch_ros writes: it tags lists as Python tuples, which rcl does not mind."""


Loader.add_constructor('tag:yaml.org,2002:python/tuple', Loader.construct_sequence)


class Started:
    """How a stand-in was started."""

    def __init__(self, record):
        """Take apart the arguments as rcl would."""
        self.environment = record['environment']
        self.own_arguments, self.remappings, self.parameters = [], {}, {}
        arguments = iter(record['arguments'])
        for argument in arguments:
            if argument == '-r':
                self.remappings.update([next(arguments).split(':=', 1)])
            elif argument == '-p':
                name, value = next(arguments).split(':=', 1)
                self.parameters[name] = yaml.safe_load(value)
            elif argument == '--params-file':
                for node in yaml.load(record['files'][next(arguments)], Loader).values():
                    self.parameters.update(flatten(node['ros__parameters']))
            elif argument != '--ros-args':
                self.own_arguments.append(argument)

    @property
    def name(self):
        """Return the node's full name."""
        namespace = self.remappings.get('__ns', '').rstrip('/')
        return f'{namespace}/{self.remappings.get("__node", "")}'


def flatten(values, prefix=''):
    """Return nested parameters by their full names."""
    result = {}
    for key, value in values.items():
        inner = isinstance(value, dict)
        result.update(flatten(value, f'{prefix}{key}.') if inner else {f'{prefix}{key}': value})
    return result


def run(prefix, file, *arguments, count):
    """Launch a file, wait for the records of `count` stand-ins, end it; return them by program."""
    process = launch(prefix, file, *arguments)
    log = prefix / 'launch.log'
    deadline = time.monotonic() + TIMEOUT
    try:
        while len(list((prefix / 'records').glob('*.json'))) < count:
            assert time.monotonic() < deadline and process.poll() is None, log.read_text()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    text = log.read_text()
    assert 'Traceback' not in text and '[ERROR]' not in text, text
    started = {}
    for path in sorted((prefix / 'records').glob('*.json')):
        program = path.name.rsplit('-', 1)[0]
        started.setdefault(program, []).append(Started(json.loads(path.read_text())))
    assert sum(map(len, started.values())) == count
    return started
