"""The command `monodepth evaluate`."""

from dataclasses import replace
import hashlib
import json
import math
import re

import cv2
from monodepth_ros.cli.main import main
from monodepth_ros.networks.checkpoint import load_checkpoint, save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.datasets import nyu
import numpy as np
import pytest
from tiny_folder import write_tiny_folder

LABEL_FIGURES = {'miou', 'pixel_accuracy', 'mean_accuracy'}
FIGURES = {'abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'log10', 'silog'}
FIGURES |= {'delta1', 'delta2', 'delta3'} | LABEL_FIGURES


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
    assert result['precision'] == 'float32'
    protocol = {'crop': None, 'min_depth_m': 0.001, 'max_depth_m': 10.0, 'scales': 1}
    assert result['protocol'] == protocol
    assert {'monodepth_ros', 'python', 'numpy', 'torch'} <= set(result['versions'])
    shown = capsys.readouterr().out
    assert all(key in shown for key in result if key != 'confusion')


def test_details(evaluate, tmp_path):
    out = tmp_path / 'figures.json'
    assert evaluate('--out', out) == 0
    result = json.loads(out.read_text())
    assert set(result['median_scaled']) == {key for key in FIGURES if key not in LABEL_FIGURES}
    assert set(result['median_ratio']) == {'mean', 'std'}
    assert set(result['one_factor']) == {'value', 'spread_percent', 'abs_rel', 'delta1'}
    assert [g['to_m'] for g in result['by_distance']] == [2.0, 4.0, 6.0, 10.0]
    assert sum(g['share'] for g in result['by_distance']) == pytest.approx(1.0)
    edges = result['depth_edges']
    assert set(edges) == {'near', 'away', 'accuracy_px', 'completeness_px'}
    assert edges['near']['share'] + edges['away']['share'] == pytest.approx(1.0)
    assert list(result['iou']) == list(nyu.CLASSES)
    known = [value for value in result['iou'].values() if value is not None]
    assert sum(known) / len(known) == pytest.approx(result['miou'])
    assert [len(row) for row in result['confusion']] == [14] * 13


def test_limits_of_the_data_set_count(evaluate, tiny_folder, tmp_path):
    # Depth is 1.4 to 5.7 m; a folder of one's own says what counts.
    crop = 'crop: {rows: [8, 40], columns: [0, 64]}'
    (tiny_folder / 'dataset.yaml').write_text(f'max_depth: 3.5\n{crop}\n')
    out = tmp_path / 'figures.json'
    assert evaluate('--out', out) == 0
    result = json.loads(out.read_text())
    assert result['protocol']['max_depth_m'] == 3.5
    assert result['protocol']['crop'] == {'rows': [8, 40], 'columns': [0, 64]}
    assert [g['to_m'] for g in result['by_distance']] == [2.0, 3.5]


def test_report(evaluate, tmp_path, capsys):
    folder = tmp_path / 'report'
    assert evaluate('--report', folder, '--examples', '1') == 0
    assert f'report: {folder / "index.html"}' in capsys.readouterr().out
    page = (folder / 'index.html').read_text()
    assert page.count('<img') == 2 * 6
    assert len(list(folder.glob('*.jpg'))) == 2 * 6
    assert len((folder / 'images.csv').read_text().splitlines()) == 1 + 3


def test_bad_folder_for_the_report_is_seen_first(evaluate, tmp_path, capfd):
    assert evaluate('--report', tmp_path / 'none' / 'report') == 1
    captured = capfd.readouterr()
    assert f'--report {tmp_path / "none" / "report"}: No such file' in captured.err
    assert 'abs_rel' not in captured.out


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
    assert "unknown data set 'kitti'; known: nyu, nyu40, " in capfd.readouterr().err


@pytest.fixture
def evaluate_sets(tiny_folder, tiny_model, tmp_path):
    """Return a function that evaluates the folder and another of one image."""
    other = write_tiny_folder(tmp_path / 'other', count=1, split='test', camera=False)

    def evaluate_sets(*options):
        roots = ['--root', str(tiny_folder), str(other)]
        common = ['--model', str(tiny_model), '--engine', 'torch', '--dataset', 'folder']
        return main(['evaluate', *common, *roots, *map(str, options)])

    return evaluate_sets


def test_several_data_sets(evaluate_sets, tmp_path, capsys):
    out, report = tmp_path / 'figures.json', tmp_path / 'report'
    options = ['--split', 'train', 'test', '--hfov', '0', '90', '--out', out, '--report', report]
    assert evaluate_sets(*options) == 0
    first, second = json.loads(out.read_text())['sets']
    assert [(r['root'], r['split'], r['n_images']) for r in (first, second)] == [
        ('data', 'train', 3),
        ('other', 'test', 1),
    ]
    table = capsys.readouterr().out.partition('\nsets\n')[2].splitlines()
    assert table[0].split()[:4] == ['n_images', 'delta1', 'rmse', 'abs_rel']
    assert table[1].split()[:5] == ['folder', 'data', 'train', '3', f'{first["delta1"]:.4f}']
    mean = (first['rmse'] + second['rmse']) / 2
    assert table[3].split()[0] == 'mean' and table[3].split()[3] == f'{mean:.4f}'
    assert (report / '1_data' / 'index.html').is_file()
    assert (report / '2_other' / 'index.html').is_file()


def test_options_for_each_data_set_are_as_many(evaluate_sets, capfd):
    assert evaluate_sets('--split', 'train', 'test', 'test') == 1
    words = '--split has 3 values for 2 of --root; give one for all, or one for each'
    assert words in capfd.readouterr().err
    assert evaluate_sets('--camera-info', 'x.yaml') == 1
    assert '--camera-info is for one data set, --root names 2' in capfd.readouterr().err


def test_lens(evaluate, tiny_folder, tmp_path):
    out = tmp_path / 'figures.json'
    assert evaluate('--lens', '1.6', '--limit', '2', '--out', out) == 0
    lens = json.loads(out.read_text())['lens']
    assert (lens['n_images'], lens['true_ratio']) == (2, pytest.approx(1.6))
    assert 0.5 < lens['ratio'] < 2.0
    other = write_tiny_folder(tmp_path / 'tele', count=2)
    text = (other / 'camera.yaml').read_text().replace('100.0', '150.0')
    (other / 'camera.yaml').write_text(text)
    assert evaluate('--lens-root', other, '--out', out) == 0
    lens = json.loads(out.read_text())['lens']
    assert (lens['n_images'], lens['true_ratio']) == (2, pytest.approx(1.5))


@pytest.mark.parametrize('factor', ['1', '0.5', 'nan', '20'])
def test_bad_lens(evaluate, capfd, factor):
    assert evaluate('--lens', factor) == 1
    assert 'expected above 1 and below 10' in capfd.readouterr().err


def test_flicker_of_a_sequence_and_what_the_filter_leaves(evaluate, tiny_folder, tmp_path, capsys):
    random, path = np.random.default_rng(0), tiny_folder / 'rgb' / '0000.png'
    still = cv2.imread(str(path)).astype(np.float32)
    for number in range(3):
        image = still + random.normal(0, 6, still.shape)
        file = tiny_folder / 'rgb' / f'000{number}.png'
        cv2.imwrite(str(file), np.clip(image, 0, 255).astype(np.uint8))
    out, found = tmp_path / 'figures.json', {}
    for seconds in ('0', '5'):
        assert evaluate('--sequence', '10', '--temporal-filter', seconds, '--out', out) == 0
        found[seconds] = json.loads(out.read_text())['flicker']
    assert found['0']['pairs'] == 2 and found['0']['share'] > 0.9
    # Weights of 1 - exp(-0.1 / 5).
    assert found['5']['change'] < 0.2 * found['0']['change']
    assert '\nflicker\n' in capsys.readouterr().out
    assert evaluate('--out', out) == 0
    assert 'flicker' not in json.loads(out.read_text())


@pytest.mark.parametrize(
    'options, word',
    [
        (('--sequence', '0'), '--sequence is 0 Hz, expected above 0 to 1000'),
        (('--sequence', 'nan'), '--sequence is nan Hz'),
        (('--temporal-filter', '1'), '--temporal-filter goes with --sequence HZ'),
        (('--sequence', '5', '--temporal-filter', '-1'), 'temporal_filter is -1.0 s'),
    ],
)
def test_bad_sequences(evaluate, capfd, options, word):
    assert evaluate(*options) == 1
    assert word in capfd.readouterr().err


def test_figures_by_camera_are_shown(evaluate, tiny_folder, tmp_path, capsys):
    lines = [f'{i:04},128,96,{60 + 40 * i},{60 + 40 * i},63.5,47.5,0.{i}' for i in range(3)]
    head = 'id,width,height,fx,fy,cx,cy,camera_height_m\n'
    (tiny_folder / 'intrinsics.csv').write_text(head + '\n'.join(lines) + '\n')
    assert evaluate('--report', tmp_path / 'report', '--examples', '1') == 0
    shown = capsys.readouterr().out
    assert '\nby_camera_height\n' in shown and '\nby_focal_length\n' in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ['0', 'to', '0.5', '3'] in [row[:4] for row in rows]
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert '<h2>By camera</h2>' in page and 'With one factor for all images, ' in page
    assert 'camera_height' in (tmp_path / 'report' / 'images.csv').read_text()


def test_the_learned_error_is_shown(evaluate, tiny_model, tiny_folder, tmp_path, capsys):
    network, facts = load_checkpoint(tiny_model)
    options = {**facts.options, 'error': True}
    careful = create_network(facts.network, classes=13, **options)
    facts = replace(facts, options=options, outputs=('depth', 'semantic', 'error'))
    path = tmp_path / 'careful.safetensors'
    save_checkpoint(path, careful, facts)
    assert evaluate('--model', path, '--report', tmp_path / 'report', '--examples', '1') == 0
    shown = capsys.readouterr().out
    assert '\nerror\n' in shown and 'ause 0.' in shown and 'ratio ' in shown
    assert '<h2>Learned error</h2>' in (tmp_path / 'report' / 'index.html').read_text()


def test_depth_of_a_wrong_scale_is_refused(evaluate, tiny_folder, capsys):
    (tiny_folder / 'dataset.yaml').write_text('depth_scale: 5000')
    assert evaluate() == 1
    error = capsys.readouterr().err
    assert 'none of 3 images looked at has a depth between 0 and 10 m' in error


def test_a_class_that_never_occurs_is_mentioned(evaluate, tiny_folder, capsys):
    for path in (tiny_folder / 'label13').iterdir():
        label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(path), np.where(label == 12, 255, label))
    assert evaluate() == 0
    error = capsys.readouterr().err
    assert re.search('none of 3 images looked at has a label of .*window\n', error)
