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


def run(folder, text, known_only='1'):
    """Run a test file under the hooks; return the exit status and what pytest printed."""
    (folder / 'conftest.py').write_text((TEST / 'conftest.py').read_text())
    (folder / 'test_it.py').write_text(text)
    environ = {**os.environ, 'PYTHONPATH': str(TEST), KNOWN_ONLY: known_only}
    command = [sys.executable, '-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', '-c']
    done = subprocess.run(
        [*command, os.devnull, '--rootdir', str(folder), str(folder)],
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
