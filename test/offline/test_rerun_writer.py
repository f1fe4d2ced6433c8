"""Recordings for the Rerun viewer."""

import shutil
import subprocess
import sys
from types import SimpleNamespace

import cv2
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ConfigError
from monodepth_ros.offline.rerun_frame import RerunFrame
from monodepth_ros.offline.rerun_writer import require_rerun, RrdWriter
import numpy as np
import pytest
import rerun_double

STAMP = 1_700_000_000_123_456_789
JPEG = cv2.imencode('.jpg', np.full((4, 6, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture
def rerun(monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', rerun_double)
    monkeypatch.setattr(rerun_double.RecordingStream, 'made', [])
    return rerun_double.RecordingStream.made


def frame(number=0, **changes):
    values = {
        'jpeg': JPEG,
        'depths': {'depth': np.full((4, 6), 1500, np.uint16)},
        'label': np.zeros((4, 6), np.uint8),
        'classes': ((0, 'wall', (1, 2, 3)),),
        'points': np.ones((5, 3), np.float32),
        'colors': np.zeros((5, 3), np.uint8),
        'camera': PinholeCamera(6, 4, 5.0, 5.0, 2.5, 1.5),
        'scalars': {'median_depth': 1.5 + number},
        'stamp_ns': STAMP + number,
        'frame_id': 'lens',
    }
    return RerunFrame(**{**values, **changes})


def write(path, frames, poses=None):
    writer = RrdWriter(path, poses)
    for one in frames:
        writer.add(0, one)
    writer.finish()


def test_everything_of_a_frame_is_logged(rerun, tmp_path):
    write(tmp_path / 'a.rrd', [frame(), frame(1)])
    (made,) = rerun
    assert made.of('/')[0].values == ([(0, 'wall', (1, 2, 3))],)
    assert len(made.of('/')) == 1  # the classes stay the same
    assert made.of('world') == ['rdf'] and not made.of('world/camera')
    pinhole = made.of('world/camera/image')[0].named
    # The middle of the first pixel is at .5.
    assert pinhole['image_from_camera'].tolist() == [[5, 0, 3], [0, 5, 2], [0, 0, 1]]
    assert pinhole['resolution'] == [6, 4]
    picture = made.of('world/camera/image/color')[0].named
    assert picture == {'contents': JPEG, 'media_type': 'image/jpeg'}
    depth = made.of('world/camera/image/depth')[0]
    assert depth.values[0][0, 0] == 1500 and depth.named == {'meter': 1000.0}
    assert made.of('world/camera/image/labels')[0].values[0].shape == (4, 6)
    assert made.of('world/camera/points')[0].values[0].shape == (5, 3)
    assert [value.values for value in made.of('plot/median_depth')] == [([1.5],), ([2.5],)]
    assert made.times('world/camera/points') == [
        {'frame': n, 'stamp': np.datetime64(STAMP + n, 'ns')} for n in (0, 1)
    ]


def test_frames_without_stamps_are_numbered(rerun, tmp_path):
    write(tmp_path / 'a.rrd', [frame(stamp_ns=0), frame(stamp_ns=0)])
    assert rerun[0].times('plot/median_depth') == [{'frame': 0}, {'frame': 1}]


def test_a_pose_places_the_camera_and_a_gap_hides_the_cloud(rerun, tmp_path):
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, 3
    poses = {('lens', STAMP): pose}
    write(tmp_path / 'a.rrd', [frame(), frame(1)], lambda *key: poses.get(key))
    (made,) = rerun
    assert made.of('world') == ['z up']
    (place,) = made.of('world/camera')
    assert place.named['translation'].tolist() == [1, 2, 3]
    np.testing.assert_array_equal(place.named['mat3x3'], np.eye(3))
    shown, hidden = made.of('world/camera/points')
    assert isinstance(shown, rerun_double.Points3D)
    assert isinstance(hidden, rerun_double.Clear) and hidden.named == {'recursive': True}


def test_only_a_whole_file_has_its_name(rerun, tmp_path):
    path = tmp_path / 'a.rrd'
    writer = RrdWriter(path)
    writer.finish()
    assert not list(tmp_path.iterdir())  # no frame, no file
    writer.add(0, frame())
    assert not path.exists()
    writer.abort()
    assert not list(tmp_path.iterdir())
    write(path, [frame()])
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [('a.rrd', b'whole')]


def test_a_full_disk_and_a_missing_folder_are_named(rerun, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r'cannot write .*no/a.rrd: No such file'):
        write(tmp_path / 'no' / 'a.rrd', [frame()])
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: SimpleNamespace(free=5 << 20))
    with pytest.raises(ConfigError, match='5 MiB free, expected at least 64; make room'):
        write(tmp_path / 'a.rrd', [frame()])


def test_a_library_that_is_missing_or_old_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'rerun', None)
    with pytest.raises(ConfigError, match='need the library rerun-sdk .*pip install'):
        require_rerun()
    for version in ('0.23.4', '0.9', 'x'):
        monkeypatch.setitem(sys.modules, 'rerun', SimpleNamespace(__version__=version))
        with pytest.raises(ConfigError, match=f'is {version}, expected 0.24 or later; install'):
            require_rerun()
    monkeypatch.setitem(sys.modules, 'rerun', SimpleNamespace())
    with pytest.raises(ConfigError, match='is unknown, expected 0.24'):
        require_rerun()


def test_the_viewer_reads_what_is_written(tmp_path):
    pytest.importorskip('rerun')
    path = tmp_path / 'walk.rrd'
    write(path, [frame(), frame(1)], lambda *key: np.eye(4))
    rerun = [sys.executable, '-m', 'rerun', 'rrd']
    verified = subprocess.run([*rerun, 'verify', str(path)], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
    shown = subprocess.run([*rerun, 'print', str(path)], capture_output=True, text=True).stdout
    for entity in ('world/camera/points', 'world/camera/image/depth', 'plot/median_depth'):
        assert f'/{entity}' in shown
    with pytest.raises(ConfigError, match='cannot write'):
        write(tmp_path / 'no' / 'a.rrd', [frame()])
