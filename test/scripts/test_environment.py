"""The environment is made once, reused, updated and repaired."""

import ast
import multiprocessing
import os
from pathlib import Path
import subprocess
import sys

import environment
from environment import clean_environ, diagnose, EnvironmentFailure, VirtualEnvironment
import pytest
from script_kit import load_script

SOURCE = Path(environment.__file__)


class FakeEnvironment(VirtualEnvironment):
    """Do what venv and pip do to the folder, in no time; the step `fail_at` raises `error`."""

    def __init__(self, root, fail_at='', error=None, distro='kilted'):
        super().__init__(root, distro)
        self.calls = []
        self.commands = []
        self.extras = None
        self.has_opencv = True
        self.missing = ''
        self._fail_at = fail_at
        self._error = error

    def _call(self, command):
        step = next((word for word in ('venv', '-e', '-c', '-r') if word in command), 'torch')
        self.calls.append(step)
        self.commands.append(command)
        if step == 'venv':
            self.python.parent.mkdir(parents=True)
            self.python.touch()
        if step == '-e':
            self.extras = command[-1]
            for name in environment.COMMANDS:
                (self.path / 'bin' / name).touch()
        if step == self._fail_at:
            with open(self._log, 'a') as log:
                log.write('ERROR: No space left on device\n')
            raise self._error

    def _runs(self, *arguments):
        if self.missing in arguments:
            return False
        return self.python.exists() and ('import cv2' not in arguments or self.has_opencv)


@pytest.fixture
def root(tmp_path):
    for name in ('setup.py', 'pyproject.toml'):
        (tmp_path / name).write_text('first\n')
    return tmp_path


NEW = ['venv', 'torch', '-e', '-c']
UPDATE = ['torch', '-e', '-c']


def _calls(root):
    """Return the steps that making sure of the environment takes."""
    fake = FakeEnvironment(root)
    assert fake.ensure() == root / '.venv' / 'bin' / 'python'
    return fake.calls


def test_made_once_and_reused(root):
    assert _calls(root) == NEW
    assert _calls(root) == []


def test_each_distro_has_an_environment_of_its_own(root):
    _calls(root)
    left_alone = (root / '.venv' / 'complete.json').stat().st_mtime_ns
    jazzy = FakeEnvironment(root, distro='jazzy')
    assert jazzy.ensure() == root / '.venv-jazzy' / 'bin' / 'python'
    assert jazzy.calls == NEW
    assert jazzy.extras == '.[pip-ros-jazzy,train,openvino,onnxruntime,test]'
    assert (root / '.venv' / 'complete.json').stat().st_mtime_ns == left_alone
    assert _calls(root) == []
    (root / '.venv-jazzy' / 'complete.json').unlink()
    assert FakeEnvironment(root, distro='jazzy').ensure()
    assert not (root / '.venv-jazzy.old').exists()
    assert _calls(root) == []


def test_each_distro_takes_extras_that_setup_has():
    setup = (SOURCE.parents[1] / 'setup.py').read_text()
    for _, extras in environment.DISTROS.values():
        assert [name for name in extras.split(',') if f"'{name}': [" not in setup] == []


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ([], ('kilted', False, [])),
        (['--distro', 'jazzy'], ('jazzy', False, [])),
        (['--coverage', '-x'], ('kilted', True, ['-x'])),
        (
            ['test/ros', '--distro=jazzy', '-k', 'not dds'],
            ('jazzy', False, ['test/ros', '-k', 'not dds']),
        ),
        (
            ['-x', '--cov', '--dist', 'no', 'a::b'],
            ('kilted', False, ['-x', '--cov', '--dist', 'no', 'a::b']),
        ),
    ],
)
def test_only_its_own_options_are_kept_from_pytest(arguments, expected):
    assert load_script('test').parse(arguments) == expected


def test_coverage_is_asked_of_all_tests_only():
    script = load_script('test')
    plain = list(script.commands(False, []))
    assert [command[0] for command in plain] == ['ruff', 'ruff', 'pytest']
    whole, selection = (list(script.commands(True, args)) for args in ([], ['test/cli', '-x']))
    assert whole[:2] == selection[:2] == plain[:2]
    assert whole[-1] == ['coverage', 'report', '--fail-under=90']
    assert selection[3] == ['coverage', 'run', '-m', 'pytest', 'test/cli', '-x']
    assert selection[-1] == ['coverage', 'report', '--fail-under=0']


def test_unknown_distro_is_told_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        load_script('test').parse(['--distro', 'foxy'])
    error = capsys.readouterr().err
    assert 'foxy' in error and 'kilted' in error and 'jazzy' in error


def test_new_requirements_update_it(root):
    _calls(root)
    (root / 'setup.py').write_text('second\n')
    assert _calls(root) == UPDATE
    assert _calls(root) == []


@pytest.mark.parametrize('lost', ['bin/python', 'bin/monodepth', 'complete.json'])
def test_what_is_damaged_is_made_anew(root, lost):
    _calls(root)
    (root / '.venv' / lost).unlink()
    left_over = root / '.venv' / 'left_over'
    left_over.touch()
    assert _calls(root) == NEW
    assert not left_over.exists()
    assert not (root / '.venv.old').exists()


def test_moved_checkout_is_made_anew(root, tmp_path_factory):
    _calls(root)
    moved = tmp_path_factory.mktemp('moved') / 'checkout'
    root.rename(moved)
    assert _calls(moved) == NEW


@pytest.mark.parametrize(
    ('is_update', 'step'), [(False, step) for step in NEW] + [(True, step) for step in UPDATE]
)
def test_failed_step_is_named_and_mended_by_the_next_run(root, is_update, step):
    if is_update:
        _calls(root)
        (root / 'setup.py').write_text('second\n')
    broken = FakeEnvironment(root, step, subprocess.CalledProcessError(1, 'pip'))
    with pytest.raises(EnvironmentFailure, match='failed: free some disk space') as failure:
        broken.ensure()
    assert '\n' not in str(failure.value)
    assert _calls(root) == NEW


def test_interrupted_step_is_mended_by_the_next_run(root):
    with pytest.raises(EnvironmentFailure, match='torch.* was interrupted: run this again'):
        FakeEnvironment(root, 'torch', KeyboardInterrupt()).ensure()
    assert _calls(root) == NEW


PINNED = ['venv', '-r', '-r', 'torch', '-e', '-c']


@pytest.fixture
def locked(root, monkeypatch):
    """Return a checkout with locks for this machine."""
    monkeypatch.setattr(environment, 'fits_lock', lambda: True)
    (root / 'test' / 'locks').mkdir(parents=True)
    for name in ('kilted', 'build', 'headless'):
        environment.lock_file(root, name).write_text('first\n')
    return root


def _pip_arguments(command):
    return command[3:]


def test_pinned_packages_come_from_the_lock_with_their_hashes(locked, capfd):
    fake = FakeEnvironment(locked)
    fake.ensure()
    assert fake.calls == PINNED
    locks = locked / 'test' / 'locks'
    hashed = ['install', '--require-hashes', '--no-deps']
    assert [_pip_arguments(command) for command in fake.commands[1:5]] == [
        [*hashed, '-r', str(locks / 'build.txt')],
        [*hashed, '--no-build-isolation', '-r', str(locks / 'kilted.txt')],
        ['install', environment.TORCH],
        ['install', '--no-deps', '--no-build-isolation', '-e', f'.[{fake._extras}]'],
    ]
    assert 'no lock' not in capfd.readouterr().out


def test_new_lock_updates_it(locked):
    _calls(locked)
    assert _calls(locked) == []
    environment.lock_file(locked, 'kilted').write_text('second\n')
    assert _calls(locked) == PINNED[1:]


def test_other_machines_and_distros_without_a_lock_say_so_in_one_line(locked, monkeypatch, capfd):
    jazzy = FakeEnvironment(locked, distro='jazzy')
    jazzy.ensure()
    monkeypatch.setattr(environment, 'fits_lock', lambda: False)
    kilted = FakeEnvironment(locked)
    kilted.ensure()
    for fake in (jazzy, kilted):
        assert fake.calls == NEW
        assert _pip_arguments(fake.commands[2]) == ['install', '-e', f'.[{fake._extras}]']
    assert capfd.readouterr().out.count('no lock for this Python and platform\n') == 2


@pytest.mark.parametrize(
    ('what', 'value', 'fits'),
    [
        ('python_version_tuple', ('3', '11', '0'), True),
        ('python_version_tuple', ('3', '12', '0'), False),
        ('python_version_tuple', ('3', '1', '0'), False),
        ('python_implementation', 'PyPy', False),
        ('system', 'Darwin', False),
        ('machine', 'aarch64', False),
    ],
)
def test_lock_is_for_one_python_and_platform(monkeypatch, what, value, fits):
    here = {
        'python_version_tuple': ('3', '11', '7'),
        'python_implementation': 'CPython',
        'system': 'Linux',
        'machine': 'x86_64',
        what: value,
    }
    for name, result in here.items():
        monkeypatch.setattr(environment.platform, name, lambda result=result: result)
    assert environment.fits_lock() == fits


def test_headless_opencv_is_pinned_as_well(locked, monkeypatch):
    fake = FakeEnvironment(locked)
    fake.has_opencv = False
    pips = []
    monkeypatch.setattr(fake, '_pip', lambda *arguments: pips.append(arguments))
    fake._check_opencv()
    lock = str(environment.lock_file(locked, 'headless'))
    hashed = ('--require-hashes', '--no-deps', '--force-reinstall')
    assert pips == [
        ('uninstall', '--yes', 'opencv-python'),
        ('install', *hashed, '-r', lock),
    ]


def test_headless_opencv_where_the_other_does_not_load(root, monkeypatch):
    monkeypatch.setattr(subprocess, 'check_output', lambda *_, **__: '4.10.0\n')
    fake = FakeEnvironment(root)
    fake.has_opencv = False
    pips = []
    monkeypatch.setattr(fake, '_pip', lambda *arguments: pips.append(arguments))
    fake._check_opencv()
    assert pips == [
        ('uninstall', '--yes', 'opencv-python'),
        ('install', '--force-reinstall', '--no-deps', 'opencv-python-headless==4.10.0'),
    ]


def test_extras_are_added_where_they_are_missing(root):
    _calls(root)
    fake = FakeEnvironment(root)
    fake.add('tensorrt', 'tensorrt')
    assert fake.calls == []
    fake.missing = 'tensorrt'
    fake.add('tensorrt', 'tensorrt')
    assert (fake.calls, fake.extras) == (['-e'], '.[tensorrt]')
    assert _calls(root) == [], 'an extra more is no reason to make the environment anew'


def test_an_extra_that_cannot_be_had_is_done_without(root, capfd):
    _calls(root)
    (root / '.venv.log').unlink()
    fake = FakeEnvironment(root, '-e', subprocess.CalledProcessError(1, 'pip'))
    fake.missing = 'tensorrt'
    fake.add('tensorrt', 'tensorrt')
    out = capfd.readouterr().out
    assert 'tensorrt failed: free some disk space' in out and 'going on without tensorrt' in out


def _hold_lock(root, held, release):
    with VirtualEnvironment(root)._lock():
        held.set()
        release.wait(30)


def test_a_second_process_waits_for_the_first(root, capfd):
    context = multiprocessing.get_context('fork')
    held, release, done = context.Event(), context.Event(), context.Event()
    first = context.Process(target=_hold_lock, args=(root, held, release))
    second = context.Process(target=lambda: (_calls(root), done.set()))
    first.start()
    assert held.wait(30)
    second.start()
    assert not done.wait(0.3)
    release.set()
    assert done.wait(30)
    first.join(30)
    second.join(30)
    assert 'waiting for it' in capfd.readouterr().out


def test_other_ros_installations_stay_out():
    before = {
        'AMENT_PREFIX_PATH': '/opt/ros/jazzy:/home/me/ws/install/a',
        'HOME': '/home/me',
        'LD_LIBRARY_PATH': os.pathsep.join(
            ['/opt/ros/jazzy/lib', '/usr/local/cuda/lib64', '/v/site-packages/ros_rcl.libs']
        ),
        'PATH': '/usr/bin',
        'PYTHONPATH': '/opt/ros/jazzy/lib/python3.12/site-packages',
        'RMW_IMPLEMENTATION': 'rmw_cyclonedds_cpp',
        'ROS_DISTRO': 'jazzy',
        '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
    }
    assert clean_environ(Path('/c/.venv'), before) == {
        'HOME': '/home/me',
        'LD_LIBRARY_PATH': '/usr/local/cuda/lib64',
        'PATH': '/c/.venv/bin:/usr/bin',
        'VIRTUAL_ENV': '/c/.venv',
    }


@pytest.mark.parametrize(
    ('log', 'remedy'),
    [
        ('The virtual environment was not created: ensurepip is not available', 'apt install'),
        (
            'WARNING: Retrying after NewConnectionError(...)\n'
            'ERROR: No matching distribution found for torch==2.13.0',
            'check the network',
        ),
        (
            'ERROR: No matching distribution found for torch==2.13.0',
            'torch==2.13.0 is not published for Python',
        ),
        (
            'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If',
            'pip said: THESE PACKAGES DO NOT MATCH THE HASHES',
        ),
        ('OSError: [Errno 28] No space left on device', 'free some disk space'),
        ('Collecting x\nERROR: Hash of x is wrong\n', 'pip said: Hash of x is wrong'),
        ('Segmentation fault', 'read the end of the log'),
    ],
)
def test_failure_comes_with_a_remedy(log, remedy):
    assert remedy in diagnose(log)


def test_old_python_gets_one_clear_line():
    program = (
        'import platform, runpy, sys\n'
        'sys.version_info = (3, 8, 10)\n'
        "platform.python_version = lambda: '3.8.10'\n"
        f'runpy.run_path({str(SOURCE)!r})\n'
    )
    result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count('\n') == 1
    assert 'Python 3.10 or newer is needed, this is 3.8.10' in result.stderr


@pytest.mark.parametrize('name', ['environment.py', 'benchmark', 'demo', 'test'])
def test_old_python_can_parse_it(name):
    ast.parse((SOURCE.parent / name).read_text(), feature_version=(3, 6))
