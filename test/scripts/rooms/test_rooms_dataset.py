"""The folder of views: whole files, whole scenes, tables of what is finished."""

import csv
import json

import cv2
import numpy as np
import pytest
from rooms_app.cameras import Camera
from rooms_app.dataset import Folder, view_row
from rooms_app.failure import RoomsFailure

CAMERA = Camera(64, 48, 60.0, (1.0, 2.0, 0.4), 0.5, 0.1, -0.2)


def add_scene(folder, seed, views=2):
    """Write a scene of grey views."""
    names = [f'{seed:06d}_{k:02d}' for k in range(views)]
    for name in names:
        picture = np.full((48, 64, 3), 90, np.uint8)
        depth = np.full((48, 64), 1.2344, np.float32)
        labels = np.full((48, 64), 11, np.uint8)
        depth[0, 0], labels[0, 0] = 0.0, 255
        folder.write_view(name, picture, depth, labels)
    rows = [view_row(name, CAMERA, 0.4, 'office', seed) for name in names]
    facts = {'scene': f'{seed:06d}', 'kind': 'office', 'seed': seed, 'views': rows}
    folder.finish_scene(f'{seed:06d}', facts)


def test_views_and_tables(tmp_path):
    folder = Folder(tmp_path)
    add_scene(folder, 3)
    add_scene(folder, 1)
    assert folder.write_tables({'seed': 1}) == 4
    ids = ['000001_00', '000001_01', '000003_00', '000003_01']
    assert (tmp_path / 'all.txt').read_text().split() == ids
    assert (tmp_path / 'train.txt').read_text().split() == ids
    depth = cv2.imread(str(tmp_path / 'depth/000003_01.png'), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16 and depth[5, 5] == 1234 and depth[0, 0] == 0
    labels = cv2.imread(str(tmp_path / 'label13/000003_01.png'), cv2.IMREAD_UNCHANGED)
    assert labels[5, 5] == 11 and labels[0, 0] == 255
    with open(tmp_path / 'intrinsics.csv') as file:
        row = next(csv.DictReader(file))
    assert list(row)[:8] == ['id', 'width', 'height', 'fx', 'fy', 'cx', 'cy', 'camera_height_m']
    assert (row['cx'], row['cy'], row['fx'], row['seed']) == ('31.5', '23.5', '60.0000', '1')
    with open(tmp_path / 'poses.csv') as file:
        pose = [float(v) for k, v in next(csv.DictReader(file)).items() if k != 'id']
    np.testing.assert_allclose(np.reshape(pose, (4, 4)), CAMERA.pose(), atol=1e-6)
    facts = json.loads((tmp_path / 'facts.json').read_text())
    assert facts['seeds'] == [1, 3] and facts['views_by_kind'] == {'office': 4}


def test_whole_rooms_are_held_out(tmp_path):
    folder = Folder(tmp_path)
    for seed in range(4):
        add_scene(folder, seed)
    folder.write_tables({}, holdout=2)
    test = (tmp_path / 'test.txt').read_text().split()
    train = (tmp_path / 'train.txt').read_text().split()
    assert {i[:6] for i in test} == {'000001', '000003'} and not set(test) & set(train)


def test_a_scene_that_was_cut_off_is_not_in_the_tables(tmp_path):
    folder = Folder(tmp_path)
    add_scene(folder, 0)
    folder.write_view('000001_00', *views())
    assert not folder.is_done('000001') and folder.is_done('000000')
    assert folder.write_tables({}) == 2


def views():
    """Return one picture, depth and labels."""
    return np.zeros((4, 4, 3), np.uint8), np.ones((4, 4)), np.zeros((4, 4), np.uint8)


def test_a_full_disk_is_named_and_leaves_no_part(tmp_path, monkeypatch):
    folder = Folder(tmp_path)

    def full(self, data):
        open(self, 'wb').close()
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_bytes', full)
    with pytest.raises(RoomsFailure, match='rgb/x.jpg: No space left on device; make room'):
        folder.write_view('x', *views())
    assert list((tmp_path / 'rgb').iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RoomsFailure, match='Not a directory; choose another --out'):
        Folder(tmp_path / 'file')
