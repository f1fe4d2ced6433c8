"""The locks pin what setup.py asks for, each package with the sha256 of its files."""

import re
import runpy
from types import SimpleNamespace

from environment import DISTROS, lock_file, LOCK_TITLE, ROOT, TORCH
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest
from script_kit import load_script
import setuptools

NAMES = (*DISTROS, 'build', 'headless')
ENTRY = re.compile(r'([a-z0-9-]+)==(\S+)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)')


def pins(name):
    """Return version by package of a lock, all of which has to be entries with hashes."""
    title, _, text = lock_file(ROOT, name).read_text().partition('\n')
    assert title == LOCK_TITLE
    assert ENTRY.sub('', text).strip() == ''
    found = ENTRY.findall(text)
    assert len({package for package, _, _ in found}) == len(found)
    return {package: version for package, version, _ in found}


def requirements(distro, monkeypatch):
    """Return what setup.py asks for with the extras of a distribution, as text."""
    seen = {}
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(setuptools, 'setup', seen.update)
    runpy.run_path('setup.py')
    asked = list(seen['install_requires'])
    for extra in DISTROS[distro][1].split(','):
        asked += seen['extras_require'][extra]
    return asked


@pytest.mark.parametrize('name', NAMES)
def test_every_package_has_hashes(name):
    assert pins(name)


@pytest.mark.parametrize('distro', DISTROS)
def test_what_setup_asks_for_is_pinned(distro, monkeypatch):
    locked = pins(distro)
    for text in requirements(distro, monkeypatch):
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        version = TORCH.split('==')[1] if name == 'torch' else locked.get(name, 'none')
        assert version in wanted.specifier, f'{text}, but {version}: run scripts/lock'


@pytest.mark.parametrize('distro', DISTROS)
def test_torch_and_its_needs_on_gpus_are_left_to_the_machine(distro):
    assert not [p for p in pins(distro) if re.match('torch|triton|nvidia-|cuda-', p)]


def test_versions_of_the_small_locks_are_those_of_the_large_ones():
    for distro in DISTROS:
        locked = pins(distro)
        assert pins('build') == {'setuptools': locked['setuptools']}
        assert pins('headless') == {'opencv-python-headless': locked['opencv-python']}


LOCKED = """\
numpy==2.0.1 \\
    --hash=sha256:aa
nvidia-nccl-cu13==2.3 \\
    --hash=sha256:bb \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
torchlike==1.0 \\
    --hash=sha256:ee"""


def test_torch_is_taken_out_with_its_hashes():
    script = load_script('lock')
    kept = script.without_torch(LOCKED)
    assert re.findall('==|sha256:..', kept) == ['==', 'sha256:aa', '==', 'sha256:ee']
    assert script.pin_of('numpy', kept) == 'numpy==2.0.1'


def test_index_is_asked_for_the_platform_of_the_title(monkeypatch):
    script = load_script('lock')
    calls = []

    def run(command, **options):
        calls.append((command, options['input']))
        return SimpleNamespace(stdout=f'{LOCKED}\n')

    monkeypatch.setattr(script.subprocess, 'run', run)
    assert script.resolve('numpy\n', '--no-deps') == LOCKED
    ((command, asked),) = calls
    assert asked == 'numpy\n' and command[-1] == '--no-deps' and '--generate-hashes' in command
    assert LOCK_TITLE.startswith(f'# CPython {command[command.index("--python-version") + 1]}, ')
    assert command[command.index('--python-platform') + 1].startswith('x86_64-manylinux')
