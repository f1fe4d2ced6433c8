"""scripts/kills does it as often as told, writes what it found, and fails where it has to."""

import json

import pytest
from script_kit import load_script


@pytest.fixture
def script(monkeypatch):
    for name in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
        monkeypatch.setenv(name, '1')  # so that what the script sets is undone
    return load_script('kills')


@pytest.mark.parametrize(
    'what, function',
    [('node', 'kill_node'), ('training', 'kill_training'), ('signals', 'send_signals')],
)
@pytest.mark.parametrize('broken', [[], ['a promise']])
def test_figures_and_exit_code(script, monkeypatch, tmp_path, capsys, what, function, broken):
    counts = []

    def run(count, folder):
        assert folder.is_dir()
        counts.append(count)
        return {'kills': count, 'broken': broken, 'each': [{'after_s': 1.0}] * count}

    monkeypatch.setattr(script, function, run)
    out = tmp_path / 'figures.json'
    assert script.main([what, '--count', '3', '--out', str(out)]) == len(broken)
    shown = json.loads(capsys.readouterr().out)
    assert shown == {'kills': 3, 'broken': broken}
    written = json.loads(out.read_text())
    assert written['what'] == what and len(written['each']) == 3
    assert {'commit', 'versions', 'machine', 'seconds'} < set(written)
    assert script.main([what]) == len(broken)
    assert counts == [3, script.COUNTS[what]]
