"""The command `monodepth evaluate` on recordings."""

import json

from monodepth_ros.cli.main import main
import pytest
from recording_kit import LIDAR, Robot, SCAN

pytest.importorskip('rosbags', reason='rosbags is not installed')


@pytest.fixture
def evaluate(tiny_model):
    def evaluate(*options):
        model = ['--model', str(tiny_model), '--engine', 'torch']
        return main(['evaluate', *map(str, options), *model])

    return evaluate


def figures(path):
    return json.loads(path.read_text())


def test_figures_are_those_of_the_data_set_made_of_it(evaluate, tmp_path, capsys):
    Robot(count=6).write(tmp_path / 'drive')
    assert evaluate(tmp_path / 'drive', '--out', tmp_path / 'a.json') == 0
    shown = capsys.readouterr().out
    assert 'scale\n' in shown and 'at best with any scale' in shown
    made = ['dataset', tmp_path / 'drive', '--out', tmp_path / 'data', '--max-blur', '1']
    assert main(list(map(str, made))) == 0
    folder = ['--root', tmp_path / 'data', '--dataset', 'folder', '--split', 'all']
    assert evaluate(*folder, '--out', tmp_path / 'b.json') == 0
    one, other = figures(tmp_path / 'a.json'), figures(tmp_path / 'b.json')
    assert one['n_images'] == other['n_images'] == 6
    for key in ('abs_rel', 'rmse', 'delta1', 'silog'):
        assert one[key] == pytest.approx(other[key], rel=0.02, abs=0.005)  # JPEG
    assert one['by_camera_height'][0]['n_images'] == 6


def test_points_of_a_lidar_and_a_report(evaluate, tmp_path):
    Robot(count=4, truths=(LIDAR, SCAN)).write(tmp_path / 'drive')
    options = ['--truth', SCAN, '--report', tmp_path / 'report', '--examples', 2]
    assert evaluate(tmp_path / 'drive', *options, '--out', tmp_path / 'a.json') == 0
    page = (tmp_path / 'report' / 'index.html').read_text()
    assert 'What another scale would gain' in page and 'Worst images' in page
    found = figures(tmp_path / 'a.json')
    assert found['depth_edges'] == {} and found['n_images'] == 4
    assert set(found['scale_gain']) == {'as_it_is', 'factor', 'ground', 'by_image'}


def test_a_frame_that_cannot_be_used_is_left_out(evaluate, tmp_path, capsys):
    # The first is more than 4 m from the pillar and more than 5 from the wall ahead.
    Robot(count=8, truths=(SCAN,)).write(tmp_path / 'drive')
    out = tmp_path / 'a.json'
    assert (
        evaluate(tmp_path / 'drive', '--max-depth', 2.5, '--out', out, '--report', tmp_path) == 0
    )
    found = figures(out)
    (left,) = found['left_out']
    assert 'fewer than 20 points within 2.5 m' in left and left in capsys.readouterr().err
    assert 0 < found['n_images'] == 8 - int(left.split()[0]) < 8


def test_several_recordings_are_a_table(evaluate, tmp_path, capsys):
    (tmp_path / 'bags').mkdir()
    for name in ('one', 'two'):
        Robot(count=2).write(tmp_path / 'bags' / name)
    assert evaluate(tmp_path / 'bags') == 0
    assert 'sets' in capsys.readouterr().out


@pytest.mark.parametrize(
    'arguments, words',
    [
        ([], 'expected either recordings, or --root DIR'),
        (['BAG', '--root', '.'], 'expected either recordings, or --root DIR'),
        (['BAG', '--truth', '/nope'], '/nope is not a depth image'),
    ],
)
def test_wrong_arguments(evaluate, tmp_path, capsys, arguments, words):
    Robot(count=2).write(tmp_path / 'drive')
    names = [str(tmp_path / 'drive') if a == 'BAG' else a for a in arguments]
    assert evaluate(*names) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    'option, words',
    [
        (['--temporal-filter', '0.5'], '--temporal-filter goes with --sequence'),
        (['--sequence', '-3'], '--sequence is -3 Hz'),
        (['--lens', '0.5'], '--lens is 0.5'),
        (['--lens-root', 'x'], '--lens-root goes with --root'),
        (['--hfov', '60', '70'], '--hfov has 2 values'),
    ],
)
def test_options_are_checked_before_anything_is_read(option, words, tmp_path, capsys):
    bag = tmp_path / 'none.mcap'
    assert main(['evaluate', str(bag), *option]) == 1
    assert words in capsys.readouterr().err
