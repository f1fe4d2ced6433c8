"""The mutation run finds what it is told to change, and counts what comes of it."""

import json
from pathlib import Path
import shutil

from mutants import COPIED, FEWEST, MODULES, mutate, MutationError, PACKAGE, settings, summarize
import pytest
from script_kit import load_script

ROOT = Path(__file__).parents[2]

RESULTS = """
    monodepth_ros.camera.xǁCameraModelǁresized__mutmut_1: killed
    monodepth_ros.camera.x__floats__mutmut_2: survived
    monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_1: killed
    monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_2: timeout
    monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_10: no tests
    monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_11: killed
"""


def test_modules_and_their_tests_exist():
    for module, tests in MODULES.items():
        assert (ROOT / PACKAGE / f'{module}.py').is_file()
        assert tests and all((ROOT / test).is_file() for test in tests)
    assert all((ROOT / name).exists() for name in COPIED)


def test_settings_name_the_modules_and_their_tests():
    found = settings(['pipeline/edges', 'camera/grid'])['mutmut']
    assert found['only_mutate'].split() == [
        'monodepth_ros/pipeline/edges.py',
        'monodepth_ros/camera/grid.py',
    ]
    tests = {*MODULES['camera/grid'], *MODULES['pipeline/edges']}
    assert found['pytest_add_cli_args_test_selection'].split() == sorted(tests)


def test_counts_by_hand():
    report = summarize(RESULTS)
    assert report == {
        'camera': {
            'ends': {'killed': 1, 'survived': 1},
            'share': 0.5,
            'unnoticed': ['monodepth_ros.camera.x__floats__mutmut_2'],
        },
        'pipeline/edges': {
            'ends': {'killed': 2, 'timeout': 1, 'no tests': 1},
            'share': 0.75,
            'unnoticed': ['monodepth_ros.pipeline.edges.x_flying_pixels__mutmut_10'],
        },
    }


def test_missing_mutmut_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr('mutants.find_spec', lambda name: None)
    with pytest.raises(MutationError, match=r'pip install -e \.\[mutation\]'):
        mutate(ROOT, tmp_path, ['pipeline/edges'], print)


@pytest.mark.parametrize(('share', 'status'), [(FEWEST, 0), (FEWEST - 0.01, 1)])
def test_script_fails_where_a_module_has_too_few(monkeypatch, tmp_path, share, status):
    found = {
        'camera': {'ends': {'killed': 9}, 'share': 1.0, 'unnoticed': {}},
        'pipeline/edges': {'ends': {'killed': 8}, 'share': share, 'unnoticed': {}},
    }
    script = load_script('mutation')
    monkeypatch.setattr('mutants.mutate', lambda *_: found)
    monkeypatch.setattr(script.importlib.metadata, 'version', lambda name: '0')
    out = tmp_path / 'out.json'
    assert script.main(['--out', str(out)]) == status
    report = json.loads(out.read_text())
    assert report['kept'] is not bool(status) and report['modules'] == found


def small_checkout(folder):
    """Make a checkout with one module, two of whose three lines are tested."""
    shutil.copy(ROOT / 'pyproject.toml', folder)
    for name in ('config', 'test/pipeline', f'{PACKAGE}/pipeline'):
        (folder / name).mkdir(parents=True)
    for name in (PACKAGE, f'{PACKAGE}/pipeline'):
        (folder / name / '__init__.py').touch()
    (folder / PACKAGE / 'pipeline' / 'edges.py').write_text(
        'def total(a, b):\n    return a + b\n\n\ndef untold(a):\n    return a > 0\n'
    )
    tests = [folder / test for test in MODULES['pipeline/edges']]
    for path in tests:
        path.write_text('')
    tests[0].write_text(
        'from monodepth_ros.pipeline.edges import total\n\n\n'
        'def test_total():\n    assert total(2, 1) == 3\n'
    )


def test_real_run(tmp_path):
    pytest.importorskip('mutmut')
    root, folder = tmp_path / 'root', tmp_path / 'copy'
    root.mkdir()
    folder.mkdir()
    small_checkout(root)
    said = []
    report = mutate(root, folder, ['pipeline/edges'], said.append)
    assert list(report) == ['pipeline/edges']
    found = report['pipeline/edges']
    assert found['ends']['killed'] == 1 and 0 < found['share'] < 1
    assert all('untold' in name and '+' in text for name, text in found['unnoticed'].items())
    assert said[-1].startswith('pipeline/edges: ')
