"""scripts/test: which tests run beside each other."""

import pytest
from script_kit import load_script


@pytest.fixture
def script():
    return load_script('test')


@pytest.mark.parametrize(
    ('cores', 'arguments', 'processes'),
    [
        (2, [], 2),
        (3, ['test/ros', 'test/launch'], 3),
        (64, [], 4),
        (1, [], None),
        (8, ['test/test_masks.py'], None),
        (8, ['test/ros', '-k', 'scale'], None),
        (8, ['-n', '0'], None),
    ],
)
def test_all_tests_or_those_of_folders_run_beside_each_other(script, cores, arguments, processes):
    found = script.in_processes(arguments, cores)
    how = ['--dist', 'loadfile', '--no-loadscope-reorder']
    assert found == ([] if processes is None else ['-n', str(processes), *how])


def test_the_checks_run_them_so(script, monkeypatch):
    monkeypatch.setattr(script.os, 'sched_getaffinity', lambda pid: {0, 1, 5})
    (tests,) = (check for check in script.commands(False, ['test/ros']) if 'pytest' in check)
    assert tests == ['pytest', *script.in_processes(['test/ros'], 3), 'test/ros']


def test_coverage_is_of_one_process(script):
    checks = [check for check in script.commands(True, []) if 'pytest' in check]
    assert checks == [['coverage', 'run', '-m', 'pytest']]
