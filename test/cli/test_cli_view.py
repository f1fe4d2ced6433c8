"""The command `monodepth view`."""

from pathlib import Path
import subprocess
import sys
from types import SimpleNamespace

from monodepth_ros.cli.main import main
import pytest
from recording_kit import Robot
import rerun_double


@pytest.fixture
def viewer(monkeypatch):
    """Return the commands that would have opened the viewer, with what the files held then."""
    opened = []

    def run(command, check):
        opened.append((command, Path(command[3]).read_bytes()))
        return SimpleNamespace(returncode=0)

    monkeypatch.setitem(sys.modules, 'rerun', rerun_double)
    monkeypatch.setattr(rerun_double.RecordingStream, 'made', [])
    monkeypatch.setattr(subprocess, 'run', run)
    monkeypatch.setenv('DISPLAY', ':0')
    return opened


def view(*arguments):
    return main(['view', *map(str, arguments)])


def test_a_recording_is_opened_as_it_is(viewer, tmp_path):
    path = tmp_path / 'walk.rrd'
    path.write_bytes(b'a recording')
    assert view(path) == 0 and view(path, '--web') == 0
    window = [sys.executable, '-m', 'rerun', str(path), '--bind', '127.0.0.1']
    assert viewer == [(window, b'a recording'), ([*window, '--web-viewer'], b'a recording')]


def test_an_input_becomes_a_recording_first(viewer, tiny_folder, tiny_model, tmp_path):
    image = tiny_folder / 'rgb' / '0001.png'
    arguments = (image, '--model', tiny_model, '--hfov', 60)
    assert view(*arguments) == 0
    ((command, data),) = viewer
    assert data == b'whole' and not Path(command[3]).exists()  # nothing is kept
    (made,) = rerun_double.RecordingStream.made
    assert len(made.of('world/camera/points')[0].values[0]) > 100
    assert view(*arguments, '--out', tmp_path / 'out') == 0
    kept = tmp_path / 'out' / '0001.png' / 'images_monodepth.rrd'
    assert viewer[1][0][3] == str(kept) and kept.exists()
    other = tiny_folder / 'rgb' / '0002.png'
    assert view(other, *arguments[1:], '--out', tmp_path / 'out') == 0
    assert viewer[2][0][3] == str(tmp_path / 'out' / '0002.png' / 'images_monodepth.rrd')


def test_a_data_set_with_a_broken_file(viewer, tmp_path, capsys):
    pytest.importorskip('rosbags', reason='rosbags is not installed')
    Robot(count=3).write(tmp_path / 'drive')
    data = tmp_path / 'data'
    assert main(['dataset', str(tmp_path / 'drive'), '--out', str(data), '--max-blur', '1']) == 0
    (broken,) = sorted((data / 'depth').glob('*.png'))[:1]
    broken.write_bytes(b'')
    assert view(data) == 1 and f'depth/{broken.name} is no image' in capsys.readouterr().err


def test_a_data_set_is_shown_with_its_truth(viewer, tmp_path):
    pytest.importorskip('rosbags', reason='rosbags is not installed')
    Robot(count=3).write(tmp_path / 'drive')
    data = tmp_path / 'data'
    assert main(['dataset', str(tmp_path / 'drive'), '--out', str(data), '--max-blur', '1']) == 0
    assert view(data) == 0
    (made,) = rerun_double.RecordingStream.made
    assert len(made.of('world/camera/image/truth')) == 3
    assert not list(data.glob('*.rrd'))


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['nope.rrd'], 'nope.rrd does not exist; expected an .rrd file, a data set or an input'),
        (['.'], 'no images and no bag in .'),
    ],
)
def test_what_cannot_be_shown(viewer, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(tmp_path)
    assert view(*arguments) == 1
    assert words in capsys.readouterr().err and not viewer


def test_an_input_of_which_nothing_comes(viewer, tiny_model, tmp_path, capsys):
    (tmp_path / 'a.png').write_bytes(b'no image')
    assert view(tmp_path / 'a.png', '--model', tiny_model) == 1
    assert 'nothing of ' in capsys.readouterr().err and not viewer


def test_no_display(viewer, tmp_path, monkeypatch, capsys):
    (tmp_path / 'a.rrd').write_bytes(b'')
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, 'platform', 'linux')
    assert view(tmp_path / 'a.rrd') == 1
    error = capsys.readouterr().err
    assert 'there is no display' in error and '--web' in error and error.count('\n') == 1
    assert view(tmp_path / 'a.rrd', '--web') == 0
    monkeypatch.setattr(sys, 'platform', 'darwin')
    assert view(tmp_path / 'a.rrd') == 0


def test_no_viewer(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert view(tmp_path) == 1
    assert 'need the library rerun-sdk' in capsys.readouterr().err
