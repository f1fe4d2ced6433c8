"""The command `monodepth dataset`."""

import sys

import cv2
from monodepth_ros.cli.main import main
import numpy as np
import pytest
from recording_kit import Robot
import rerun_double

pytest.importorskip('rosbags', reason='rosbags is not installed')


def run(*arguments):
    return main(['dataset', *map(str, arguments)])


@pytest.fixture
def bag(tmp_path):
    (tmp_path / 'bags').mkdir()
    Robot(count=8).write(tmp_path / 'bags' / 'drive')
    return tmp_path / 'bags' / 'drive'


def test_a_data_set_and_its_page(bag, tmp_path, capsys):
    out = tmp_path / 'out'
    assert run(bag, '--out', out, '--max-blur', 1) == 0
    said = capsys.readouterr()
    assert f'8 frames in {out}: ' in said.out and f'report: {out}/index.html' in said.out
    page = (out / 'index.html').read_text()
    for words in ('drive', 'Distances', 'height, m', '0.4000', 'Where depth is known', 'Samples'):
        assert words in page
    for name in page.split('src="')[1:]:
        assert (out / name.partition('"')[0]).is_file()
    again = {p: p.stat().st_mtime_ns for p in (out / 'rgb').iterdir()}
    assert run(bag, '--out', out, '--max-blur', 1) == 0
    assert again == {p: p.stat().st_mtime_ns for p in (out / 'rgb').iterdir()}


def test_a_bad_recording_ends_with_status_1_and_the_rest_is_made(bag, tmp_path, capsys):
    (bag.parent / 'broken.mcap').write_bytes(b'no bag')
    assert run(bag.parent, '--out', tmp_path / 'out', '--max-blur', 1) == 1
    said = capsys.readouterr()
    assert 'broken: bag ' in said.err and 'cannot be read' in said.err
    assert '8 frames in' in said.out


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['nope'], 'nope does not exist; expected a bag'),
        (['.'], 'is no bag, and has none in it'),
        (['BAG', '--max-depth', '70'], '--max-depth is 70, expected above 0 and up to 65.535'),
        (['BAG', '--test-share', '0.9'], '--test-share is 0.9, expected 0 to 0.5'),
    ],
)
def test_wrong_arguments(bag, tmp_path, capsys, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    names = [str(bag) if a == 'BAG' else a for a in arguments]
    assert run(*names, '--out', tmp_path / 'out') == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('text', ['-1', 'x', 'inf', 'nan'])
def test_wrong_numbers(text, capsys):
    with pytest.raises(SystemExit):
        run('bag', '--out', 'out', '--tolerance', text)
    assert 'expected a number, 0 or more' in capsys.readouterr().err


def test_ray_that_is_not_installed(bag, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'ray', None)
    assert run(bag, '--out', tmp_path / 'out', '--ray', 'local') == 1
    assert '--ray needs the library ray' in capsys.readouterr().err


def test_a_recording_for_the_viewer(bag, tmp_path, capsys, monkeypatch):
    made = []
    monkeypatch.setitem(sys.modules, 'rerun', rerun_double)
    monkeypatch.setattr(rerun_double.RecordingStream, 'made', made)
    out = tmp_path / 'out'
    assert run(bag, '--out', out, '--max-blur', 1, '--write', 'rrd') == 0
    assert (
        f'8 of 8 frames in {out}/dataset.rrd; open it: monodepth view' in capsys.readouterr().out
    )
    assert (out / 'dataset.rrd').read_bytes() == b'whole'
    (recording,) = made
    names = sorted(path.stem for path in (out / 'rgb').iterdir())
    pictures = [v.named['contents'] for v in recording.of('world/camera/image/color')]
    assert pictures == [(out / 'rgb' / f'{name}.jpg').read_bytes() for name in names]
    truth = recording.of('world/camera/image/truth')[3].values[0]
    stored = cv2.imread(str(out / 'depth' / f'{names[3]}.png'), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(truth, stored)
    # By the robot's own drive: .2 m an image.
    places = np.array([v.named['translation'] for v in recording.of('world/camera')])
    np.testing.assert_allclose(np.diff(places[:, 0]), 0.2, atol=1e-4)
    assert len(recording.of('world/camera/points')[3].values[0]) == np.count_nonzero(stored)
    stamps = [times['stamp'] for times in recording.times('world/camera/image/truth')]
    assert stamps == sorted(stamps) and len(set(stamps)) == 8


def test_a_viewer_that_is_not_installed(bag, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert run(bag, '--out', tmp_path / 'out', '--write', 'rrd') == 1
    assert 'need the library rerun-sdk' in capsys.readouterr().err
    assert not (tmp_path / 'out' / 'rgb').exists()
    monkeypatch.setitem(sys.modules, 'rerun', rerun_double)
    pytest.importorskip('fsspec', reason='fsspec is not installed')
    assert run(bag, '--out', 'memory://data', '--write', 'rrd') == 1
    assert 'no folder of this machine, and --write rrd needs one' in capsys.readouterr().err
