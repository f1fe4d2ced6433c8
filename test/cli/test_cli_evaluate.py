"""The command `monodepth evaluate`."""

import hashlib
import json
import math

from monodepth_ros.cli.main import main
import pytest

FIGURES = {'abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10', 'silog'}
FIGURES |= {'delta1', 'delta2', 'delta3', 'miou', 'pixel_accuracy', 'mean_accuracy'}


@pytest.fixture
def evaluate(tiny_folder, tiny_model):
    def evaluate(*options):
        common = ['--dataset', 'folder', '--split', 'train', '--engine', 'torch']
        root = ['--root', str(tiny_folder)]
        return main(['evaluate', '--model', str(tiny_model), *common, *root, *map(str, options)])

    return evaluate


def test_figures_and_facts(evaluate, tiny_model, tmp_path, capsys):
    out = tmp_path / 'figures.json'
    assert evaluate('--out', out) == 0
    result = json.loads(out.read_text())
    assert set(result) >= FIGURES
    assert all(math.isfinite(result[key]) for key in FIGURES)
    assert result['n_images'] == 3
    assert result['model'] == 'dual_efficientnet_lite0'
    assert result['engine'] == 'torch' and result['device'].startswith('cpu')
    assert (result['dataset'], result['split']) == ('folder', 'train')
    assert result['metric_scaling'] == 'scale'
    assert result['checkpoint'] == tiny_model.name
    assert result['checkpoint_sha256'] == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    shown = capsys.readouterr().out
    assert all(key in shown for key in result)


def test_limit(evaluate, tmp_path):
    out = tmp_path / 'figures.json'
    assert evaluate('--limit', '2', '--out', out) == 0
    assert json.loads(out.read_text())['n_images'] == 2
    assert evaluate('--limit', '99', '--out', out) == 0
    assert json.loads(out.read_text())['n_images'] == 3


@pytest.mark.parametrize('limit', ['0', '-1', 'few', '1.5'])
def test_bad_limit(evaluate, capsys, limit):
    with pytest.raises(SystemExit):
        evaluate('--limit', limit)
    assert f"'{limit}', expected a whole number above 0" in capsys.readouterr().err


def test_missing_folder_for_the_figures_is_seen_first(evaluate, tmp_path, capfd):
    assert evaluate('--out', tmp_path / 'none' / 'figures.json') == 1
    captured = capfd.readouterr()
    assert f'the folder {tmp_path / "none"} does not exist' in captured.err
    assert 'abs_rel' not in captured.out


def test_damaged_image_is_named(evaluate, tiny_folder, capfd):
    (tiny_folder / 'depth' / '0001.png').write_bytes(b'')
    assert evaluate() == 1
    error = capfd.readouterr().err
    assert f'{tiny_folder}/depth/0001.png: 0 bytes' in error
    assert 'Traceback' not in error


def test_unknown_data_set(tiny_folder, tiny_model, capfd):
    arguments = ['--model', str(tiny_model), '--root', str(tiny_folder), '--dataset', 'kitti']
    assert main(['evaluate', *arguments]) == 1
    assert "unknown data set 'kitti'; known: nyu, folder" in capfd.readouterr().err
