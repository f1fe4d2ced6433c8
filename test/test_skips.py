"""Files that lack a package are skipped, and a new reason to skip is a failure."""

import os
from pathlib import Path
import subprocess
import sys

import pytest
from skip_kit import KNOWN_ONLY

TEST = Path(__file__).parent
SKIP = 'import pytest\ndef test_it():\n    pytest.skip({!r})\n'
IMPORT = 'raise ModuleNotFoundError("No module", name={!r})\n'


def run(folder, text, known_only='1', *arguments):
    """Run a test file under the hooks; return the exit status and what pytest printed."""
    (folder / 'conftest.py').write_text((TEST / 'conftest.py').read_text())
    (folder / 'test_it.py').write_text(text)
    environ = {**os.environ, 'PYTHONPATH': str(TEST), KNOWN_ONLY: known_only}
    command = [sys.executable, '-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', '-c']
    done = subprocess.run(
        [*command, os.devnull, '--rootdir', str(folder), *arguments, str(folder)],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_a_known_reason_passes(tmp_path):
    assert run(tmp_path, SKIP.format('no cv_bridge of ROS 2'))[0] == 0


@pytest.mark.parametrize(('known_only', 'status'), [('1', 1), ('', 0)])
def test_a_new_reason_fails_where_asked(known_only, status, tmp_path):
    found, shown = run(tmp_path, SKIP.format('a moon is not there'), known_only)
    assert found == status
    assert ('does not know: a moon is not there' in shown) is bool(status)


@pytest.mark.parametrize(('reason', 'status'), [('a moon is not there', 1), ('no vision_msgs', 0)])
def test_workers_tell_their_reasons(reason, status, tmp_path):
    pytest.importorskip('xdist', reason='pytest-xdist is not installed')
    found, shown = run(tmp_path, SKIP.format(reason), '1', '-n', '2')
    assert found == status and '1 skipped' in shown


DOMAIN = """
import os, pathlib
import pytest

@pytest.mark.parametrize('number', range({}))
def test_it(number):
    mine = os.environ['ROS_DOMAIN_ID'], os.environ.get('PYTEST_XDIST_WORKER')
    pathlib.Path(f'domain_{{number}}').write_text(' '.join(map(str, mine)))
"""


@pytest.mark.parametrize('given', ['60', '101'])
def test_each_worker_has_a_domain_of_its_own(tmp_path, monkeypatch, given):
    pytest.importorskip('xdist', reason='pytest-xdist is not installed')
    monkeypatch.setenv('ROS_DOMAIN_ID', given)
    status, shown = run(tmp_path, DOMAIN.format(8), '', '-n', '4')
    assert status == 0, shown
    found = {tuple(path.read_text().split()) for path in tmp_path.glob('domain_*')}
    assert len({worker for _, worker in found}) == 4
    assert len({domain for domain, _ in found}) == 4
    assert all(1 <= int(domain) <= 101 for domain, _ in found)


def test_a_file_that_lacks_a_package_is_skipped_with_the_reason(tmp_path):
    status, shown = run(tmp_path, IMPORT.format('hypothesis.strategies'), '')
    assert '1 skipped' in shown and 'hypothesis.strategies is not installed' in shown
    assert status == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_package_that_is_needed_is_an_error(tmp_path):
    status, shown = run(tmp_path, IMPORT.format('numpy'), '')
    assert status == pytest.ExitCode.INTERRUPTED and '1 error' in shown


def test_nothing_beside_the_checkout_decides_what_is_tested():
    """A test that reads data of this machine alone would pass here and fail elsewhere."""
    word = repr('shared')
    readers = [p.name for p in sorted(TEST.rglob('*.py')) if f'/ {word}' in p.read_text()]
    assert readers == ['test_resnet.py']  # a published file, skipped where it is not
