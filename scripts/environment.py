"""
Make the environments of scripts/demo, test and benchmark; the standard library only.

`.venv` has the ROS wheels of Kilted, `.venv-jazzy` those of Jazzy; nothing else differs. The
syntax is that of Python 3.6, so that an old Python can still say what is wrong. An environment is
made once and reused. A stamp written last says that it is complete and for which requirements:
without a stamp it is made anew, with one for other requirements it is updated. With the Python
and the platform of test/locks, all packages but torch are those of a lock, checked by sha256.
"""

from contextlib import contextmanager
import fcntl
import hashlib
import json
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
import sys
import time

if sys.version_info < (3, 10):
    sys.exit(
        'Python 3.10 or newer is needed, this is {} ({}): install one, such as python3.12 and '
        'python3.12-venv, and start this script with it'.format(
            platform.python_version(), sys.executable
        )
    )

ROOT = Path(__file__).resolve().parents[1]
# Installed before the package, so that the package takes this version whatever else there is.
TORCH = 'torch==2.13.0'
# For each distribution of ROS 2: the environment's folder, and the extras of setup.py in it.
DISTROS = {
    'kilted': ('.venv', 'pip-ros,train,openvino,onnxruntime,test'),
    'jazzy': ('.venv-jazzy', 'pip-ros-jazzy,train,openvino,onnxruntime,test'),
}
DEFAULT_DISTRO = 'kilted'
# What packages are built with that come as sources, and OpenCV for machines without a display.
BUILD_LOCK, HEADLESS_LOCK = 'build', 'headless'
LOCK_TITLE = '# CPython 3.11, Linux x86_64; written by scripts/lock'
COMMANDS = ('monodepth', 'monodepth_node')
MODULES = ('torch', 'cv2', 'numpy', 'yaml', 'tqdm', 'pytest', 'rclpy', 'sensor_msgs')
# Variables of a sourced ROS installation or another environment, which would mix with this one.
FOREIGN = (
    'AMENT_PREFIX_PATH',
    'COLCON_PREFIX_PATH',
    'PYTHONHOME',
    'PYTHONPATH',
    'RMW_IMPLEMENTATION',
    'ROS_DISTRO',
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
)


class EnvironmentFailure(Exception):
    """A step failed; the message names the step and the remedy."""


def clean_environ(venv: Path, environ: dict) -> dict:
    """Return `environ` for programs of `venv`, free of other ROS installations."""
    foreign = [p for p in environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    libraries = [
        entry
        for entry in environ.get('LD_LIBRARY_PATH', '').split(os.pathsep)
        if entry
        and not any(Path(prefix) in Path(entry).parents for prefix in foreign)
        and not re.fullmatch(r'ros_\w+\.libs', Path(entry).name)
    ]
    clean = {key: value for key, value in environ.items() if key not in FOREIGN}
    clean.pop('LD_LIBRARY_PATH', None)
    if libraries:
        clean['LD_LIBRARY_PATH'] = os.pathsep.join(libraries)
    clean['VIRTUAL_ENV'] = str(venv)
    clean['PATH'] = os.pathsep.join([str(venv / 'bin'), environ.get('PATH', os.defpath)])
    return clean


def lock_file(root: Path, name: str) -> Path:
    """Return the list of pinned packages with this name."""
    return root / 'test' / 'locks' / '{}.txt'.format(name)


def fits_lock() -> bool:
    """Say whether the locks are for the running Python and platform."""
    version = '.'.join(platform.python_version_tuple()[:2])
    here = '{} {}, {} {}'.format(
        platform.python_implementation(), version, platform.system(), platform.machine()
    )
    return LOCK_TITLE.startswith('# {};'.format(here))


def diagnose(log: str) -> str:
    """Return what to do about the failure that the text of a pip or venv log shows."""
    if 'ensurepip' in log:
        version = f'{sys.version_info.major}.{sys.version_info.minor}'
        return f'install the venv module, such as: sudo apt install python{version}-venv'
    if 'No space left on device' in log:
        return 'free some disk space (about 6 GB are enough), then run this again'
    if re.search(r'NewConnectionError|name resolution|timed out|ProxyError|SSLError', log):
        return 'check the network connection and proxy settings, then run this again'
    missing = re.findall(r'No matching distribution found for (\S+)', log)
    if missing:
        return (
            f'{missing[-1]} is not published for Python {platform.python_version()} on '
            f'{platform.machine()}: use Python 3.10 to 3.14 on 64-bit Linux'
        )
    errors = re.findall(r'^(?:ERROR|Error|error): ?(.+)$', log, re.MULTILINE)
    return f'pip said: {errors[-1]}' if errors else 'read the end of the log'


class VirtualEnvironment:
    """
    The environment of a checkout for one of `DISTROS`.

    Attributes:
        path: its folder.
        python: its interpreter.

    """

    def __init__(self, root: Path = ROOT, distro: str = DEFAULT_DISTRO):
        folder, self._extras = DISTROS[distro]
        self._root = root
        self._lock_path = lock_file(root, distro)
        self._is_pinned = self._lock_path.is_file() and fits_lock()
        self.path = root / folder
        self.python = self.path / 'bin' / 'python'
        self._log = root / f'{folder}.log'
        self._stamp = self.path / 'complete.json'

    def ensure(self) -> Path:
        """
        Make, update or repair the environment where needed and return its interpreter.

        Raises:
            EnvironmentFailure: a step failed, or was interrupted.

        """
        with self._lock():
            if self._read_stamp() != self._wanted_stamp() or not self.is_sound():
                self._make()
        return self.python

    def add(self, extra: str, module: str) -> None:
        """
        Install an extra of setup.py where its module is missing.

        Not every machine has a wheel of it: then say so, and go on without.
        """
        with self._lock():
            if self._has(module):
                return
            self._log.touch()
            try:
                self._step(extra, lambda: self._pip('install', '-e', f'.[{extra}]'))
            except EnvironmentFailure as failure:
                print(f'{failure}; going on without {module}', flush=True)

    def environ(self) -> dict:
        """Return the process environment for programs of this environment."""
        return clean_environ(self.path, dict(os.environ))

    def is_sound(self) -> bool:
        """Say whether the interpreter runs, finds all modules, and the commands are there."""
        if not all((self.path / 'bin' / name).is_file() for name in COMMANDS):
            return False
        return self._has(*MODULES, 'monodepth_ros')

    def _has(self, *modules):
        """Say whether the interpreter runs and finds all modules."""
        program = (
            'import importlib.util, sys; '
            'sys.exit(not all(importlib.util.find_spec(m) for m in sys.argv[1:]))'
        )
        return self._runs('-c', program, *modules)

    def _wanted_stamp(self):
        wanted = [TORCH, self._extras, *MODULES]
        wanted += [(self._root / name).read_text() for name in ('setup.py', 'pyproject.toml')]
        if self._is_pinned:
            wanted.append(self._lock_path.read_text())
        digest = hashlib.sha256('\0'.join(wanted).encode()).hexdigest()
        # A moved checkout needs a new environment: its programs hold the path.
        return {'checkout': str(self._root), 'requirements': digest}

    def _read_stamp(self):
        try:
            return json.loads(self._stamp.read_text())
        except (OSError, ValueError):
            return {}

    @contextmanager
    def _lock(self):
        """Keep a second process from making this or another environment at the same time."""
        # One lock for all: pip writes into the checkout, too, where it installs from.
        with open(self._root / '.venv.lock', 'w') as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print('another process is making an environment: waiting for it', flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _make(self):
        started = time.monotonic()
        can_update = self._read_stamp().get('checkout') == str(self._root) and self.is_sound()
        self._log.write_text('')
        print(f'{"Updating" if can_update else "Making"} {self.path} (log: {self._log})')
        if can_update:
            self._stamp.unlink()
        else:
            self._step('virtual environment', self._create)
        if self._is_pinned:
            self._step('pinned packages', self._install_pinned)
        else:
            print('  packages as the index has them: no lock for this Python and platform')
        self._step(TORCH, lambda: self._pip('install', TORCH))
        # What is pinned is there by now, and setuptools to build with.
        pinned = ('--no-deps', '--no-build-isolation') if self._is_pinned else ()
        package = ('install', *pinned, '-e', f'.[{self._extras}]')
        self._step('package, ROS, tools', lambda: self._pip(*package))
        self._step('OpenCV', self._check_opencv)
        self._step('import check', self._check_imports)
        self._stamp.write_text(json.dumps(self._wanted_stamp()))
        print(f'  ready in {time.monotonic() - started:.0f} s', flush=True)

    def _step(self, name, action):
        """Run one step; show its name, the time it takes and, where it fails, the remedy."""
        started = time.monotonic()
        self._step_line = f'  {name:<22}'
        print(self._step_line, end='', flush=True)
        position = self._log.stat().st_size
        try:
            action()
        except subprocess.CalledProcessError:
            print('failed')
            with open(self._log, errors='replace') as log:
                log.seek(position)
                remedy = diagnose(log.read())
            raise EnvironmentFailure(f'{name} failed: {remedy} (log: {self._log})') from None
        except KeyboardInterrupt:
            print('interrupted')
            raise EnvironmentFailure(f'{name} was interrupted: run this again') from None
        clear = '\r\033[K' + self._step_line if sys.stdout.isatty() else ''
        print(f'{clear}{time.monotonic() - started:5.0f} s', flush=True)

    def _create(self):
        if self.path.exists() or self.path.is_symlink():
            trash = self.path.with_name(f'{self.path.name}.old')
            shutil.rmtree(trash, ignore_errors=True)
            self.path.rename(trash)
            shutil.rmtree(trash)
        self._call([sys.executable, '-m', 'venv', str(self.path)])

    def _pip(self, *arguments):
        self._call([str(self.python), '-m', 'pip', *arguments])

    def _install_pinned(self):
        self._pip_locked(lock_file(self._root, BUILD_LOCK))
        # Isolated, a build would fetch what no digest is known of.
        self._pip_locked(self._lock_path, '--no-build-isolation')

    def _pip_locked(self, lock, *options):
        hashed = ('--require-hashes', '--no-deps', *options)
        self._pip('install', *hashed, '-r', str(lock))

    def _check_opencv(self):
        """Take the headless OpenCV, of the same version, where libGL and its like are missing."""
        if self._runs('-c', 'import cv2'):
            return
        uninstall = ('uninstall', '--yes', 'opencv-python')
        if self._is_pinned:
            self._pip(*uninstall)
            self._pip_locked(lock_file(self._root, HEADLESS_LOCK), '--force-reinstall')
            return
        program = "import importlib.metadata as m; print(m.version('opencv-python'))"
        version = subprocess.check_output(
            [self.python, '-c', program], env=self.environ(), text=True
        ).strip()
        self._pip(*uninstall)
        headless = f'opencv-python-headless=={version}'
        self._pip('install', '--force-reinstall', '--no-deps', headless)

    def _check_imports(self):
        self._call([str(self.python), '-c', f'import {", ".join(MODULES)}, monodepth_ros'])

    def _runs(self, *arguments):
        """Say whether the environment's interpreter runs with these arguments and succeeds."""
        try:
            result = subprocess.run(
                [self.python, *arguments],
                cwd=self.path,
                env=self.environ(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return False
        return result.returncode == 0

    def _call(self, command):
        """Run a command with its output in the log, and show on a terminal how far it is."""
        with open(self._log, 'a') as log:
            process = subprocess.Popen(
                command,
                cwd=self._root,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            while True:
                try:
                    code = process.wait(timeout=1.0)
                    break
                except subprocess.TimeoutExpired:
                    self._show_progress()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        if code:
            raise subprocess.CalledProcessError(code, command)

    def _show_progress(self):
        if not sys.stdout.isatty():
            return
        lines = self._log.read_text(errors='replace').split('\n')
        room = shutil.get_terminal_size().columns - len(self._step_line) - 1
        telling = ('Collecting ', 'Downloading ', 'Building ', 'Installing ')
        steps = (line.strip() for line in reversed(lines))
        last = next((line for line in steps if line.startswith(telling)), '')
        print(f'\r\033[K{self._step_line}{last[: max(room, 0)]}', end='', flush=True)


def ensure_environment(distro: str = DEFAULT_DISTRO) -> VirtualEnvironment:
    """Return the complete environment of this checkout; end with one line where it fails."""
    environment = VirtualEnvironment(distro=distro)
    try:
        environment.ensure()
    except EnvironmentFailure as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit('interrupted: run this again')
    return environment


if __name__ == '__main__':
    print(ensure_environment().python)
