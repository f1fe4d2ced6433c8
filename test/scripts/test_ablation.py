"""One part changed at a time: what a row is, what is printed, and a whole small ablation."""

import json
from pathlib import Path

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.config import make_config
import pytest
from script_kit import load_script
from tiny_folder import write_tiny_folder
import yaml

ROOT = Path(__file__).parents[2]
ABLATION = ROOT / 'config' / 'ablation.yaml'


@pytest.fixture(scope='module')
def script():
    return load_script('ablation')


def test_changes_reach_into_mappings_and_leave_the_base(script):
    base = {'a': {'x': 1, 'y': 2}, 'b': [1], 'c': 3}
    assert script.merged(base, {'a': {'y': 5}, 'b': [2]}) == {
        'a': {'x': 1, 'y': 5},
        'b': [2],
        'c': 3,
    }
    assert base == {'a': {'x': 1, 'y': 2}, 'b': [1], 'c': 3}


@pytest.mark.parametrize('name, count', [('ablation', 9), ('ablation_cameras', 8)])
def test_rows_of_the_configuration_differ_and_can_be_trained(script, name, count):
    rows = script.load_rows(ROOT / 'config' / f'{name}.yaml')
    assert len(rows) == count
    assert len({json.dumps(row) for row in rows.values()}) == len(rows)
    for row in rows.values():
        config = make_config(row)
        create_network(config.network, classes=13, **config.options)


NO_SPLIT = 'base: {}\nrows: {}\nsets: {a: {dataset: nyu, root: x}}'


@pytest.mark.parametrize('text', ['[]', 'base: {}', 'base: {}\nrows: [1]', '{', NO_SPLIT])
def test_a_configuration_without_base_and_rows_is_refused(script, tmp_path, text):
    path = tmp_path / 'x.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError, match=r'x\.yaml: expected mappings base and rows'):
        script.load_rows(path)


def test_rmse_beyond_a_distance_is_pooled_over_pixels(script):
    bands = [
        {'from_m': 0.0, 'to_m': 4.0, 'share': 0.6, 'rmse': 9.0},
        {'from_m': 4.0, 'to_m': 6.0, 'share': 0.3, 'rmse': 1.0},
        {'from_m': 6.0, 'to_m': 10.0, 'share': 0.1, 'rmse': 3.0},
    ]
    # (0.3 * 1 + 0.1 * 9) / 0.4 = 3
    assert script.rmse_beyond(bands, 4.0) == pytest.approx(3.0**0.5)
    assert script.rmse_beyond([{'from_m': 4.0, 'to_m': 6.0, 'share': 0.0}], 4.0) is None
    assert script.rmse_beyond([], 4.0) is None


def test_table_pairs_the_seeds(script):
    results = {
        'base': [{'delta1': 0.70, 'miou': 0.5}, {'delta1': 0.72, 'miou': 0.5}],
        'row': [{'delta1': 0.69}, {'delta1': 0.73}],
    }
    lines = script.table(results, script.columns_of({})).splitlines()
    assert lines[2].startswith('| base | 0.710 | - |')
    assert lines[3].startswith('| row | 0.710 (-0.010, +0.010) | - |')
    assert lines[2].endswith('| 0.500 |')
    assert lines[3].endswith('| - |')


def test_a_table_has_columns_for_each_set(script):
    sets = script.load_sets(ROOT / 'config' / 'ablation_cameras.yaml')
    assert list(sets) == ['NYU', 'rooms', 'world'] and script.load_sets(ABLATION) == {}
    columns = script.columns_of({'a': {}, 'b': {}})
    results = {'base': [{'a delta1': 0.5}], 'row': [{'a delta1': 0.6, 'b miou': 0.25}]}
    lines = script.table(results, columns).splitlines()
    assert lines[0] == '| Row | a delta1 | a scaled | a mIoU | b delta1 | b scaled | b mIoU |'
    assert lines[2] == '| base | 0.500 | - | - | - | - | - |'
    assert lines[3] == '| row | 0.600 (+0.100) | - | - | - | - | 0.250 |'


def test_several_sets_are_measured_as_each_row_gives_metres(script, tmp_path, monkeypatch):
    calls, options = [], script.parse(['x', '--root', 'data', '--out', 'y'])
    one = {'delta1': 0.5, 'median_scaled': {'delta1': 0.7}, 'miou': None}

    def run(command, *arguments):
        calls.append([command, *map(str, arguments)])
        if command == 'evaluate':
            Path(arguments[-1]).write_text(json.dumps({'sets': [one, {**one, 'miou': 0.2}]}))

    monkeypatch.setattr(script, 'monodepth', run)
    sets = {
        n: {'dataset': d, 'root': n, 'split': 'test'} for n, d in (('a', 'nyu'), ('b', 'folder'))
    }
    found = script.measure(tmp_path / 'base', {}, sets, options)
    assert found == {
        'a delta1': 0.5,
        'a scaled_delta1': 0.7,
        'b delta1': 0.5,
        'b scaled_delta1': 0.7,
        'b miou': 0.2,
    }
    words = ' '.join(calls[1])
    assert '--root data/a data/b --dataset nyu folder --split test test' in words
    assert 'metric-scaling' not in words
    with pytest.raises(ConfigError, match='base was measured on other sets'):
        script.measure(tmp_path / 'base', {}, {'a': sets['a']}, options)
    script.measure(tmp_path / 'row', {'augment': {'focal_normalisation': False}}, sets, options)
    assert '--metric-scaling none' in ' '.join(calls[3])


def test_a_whole_ablation_is_done_once(script, tmp_path, capfd):
    root = write_tiny_folder(tmp_path / 'data', count=4)
    (root / 'test.txt').write_text('0000\n0001\n')
    base = {
        'network': 'dual_efficientnet_lite0',
        'options': {'widths': [4, 4, 4, 4]},
        'dataset': 'folder',
        'held_out': 0,
        'width': 64,
        'height': 64,
        'epochs': 1,
        'batch_size': 2,
    }
    path = tmp_path / 'ablation.yaml'
    path.write_text(
        yaml.safe_dump({'base': base, 'rows': {'no skips': {'options': {'encoder_skips': False}}}})
    )
    out = tmp_path / 'out'
    arguments = [str(path), '--root', str(root), '--out', str(out), '--seeds', '3']
    arguments += ['--threads', '1']
    assert script.main(arguments) == 0
    text = capfd.readouterr().out
    assert (out / 'table.md').read_text() in text
    results = json.loads((out / 'results.json').read_text())
    assert list(results) == ['base', 'no skips']
    for runs in results.values():
        assert len(runs) == 1
        assert 0 <= runs[0]['delta1'] <= 1
    states = {p: p.stat().st_mtime_ns for p in out.rglob('best.safetensors')}
    assert len(states) == 2
    assert script.main(arguments) == 0
    assert {p: p.stat().st_mtime_ns for p in out.rglob('best.safetensors')} == states
    with pytest.raises(ConfigError, match=r"\['other'\]: no such rows; known: base, no skips"):
        script.main([*arguments, '--only', 'other'])
