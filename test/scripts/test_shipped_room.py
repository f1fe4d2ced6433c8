"""The sequence that ships with the demo: whole, and true to its own poses and labels."""

import csv
from functools import lru_cache
from pathlib import Path

import cv2
from monodepth_ros.camera import load_calibration
import numpy as np
import pytest
from rooms_app.classes import CLASSES
from rooms_app.credits import COLUMNS, LICENCES

ROOM = Path(__file__).parents[2] / 'scripts' / 'room'
NAMES = [f'{k:04d}' for k in range(36)]
SOME = NAMES[::7]


@lru_cache(maxsize=None)
def read(part, name):
    return cv2.imread(str(ROOM / part / f'{name}.png'), cv2.IMREAD_UNCHANGED)


def table(name):
    with open(ROOM / name, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def poses():
    """Return the 4 x 4 camera-to-world matrices by name."""
    return {
        row['id']: np.array([float(row[f'm{i}{j}']) for i in range(4) for j in range(4)]).reshape(
            4, 4
        )
        for row in table('poses.csv')
    }


def world_points(name):
    """Return (480, 640, 3) points in the room's frame, whose z is 0 on the floor, metres."""
    camera, depth = load_calibration(ROOM / 'camera.yaml').rectified, read('depth', name) / 1000
    v, u = np.indices(depth.shape)
    rays = [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones_like(depth)]
    pose = poses()[name]
    return (np.stack(rays, -1) * depth[..., None]) @ pose[:3, :3].T + pose[:3, 3]


def test_parts_match_and_fit():
    for part, suffix in (('rgb', 'jpg'), ('depth', 'png'), ('label13', 'png')):
        found = sorted(path.name for path in (ROOM / part).iterdir())
        assert found == [f'{name}.{suffix}' for name in NAMES]
    assert (ROOM / 'all.txt').read_text().split() == NAMES == sorted(poses())
    assert sum(p.stat().st_size for p in ROOM.rglob('*') if p.is_file()) <= 6e6


def test_calibration_is_a_kinects_and_that_of_the_table():
    camera = load_calibration(ROOM / 'camera.yaml')
    assert (camera.width, camera.height, camera.model) == (640, 480, 'plumb_bob')
    assert list(camera.matrix) == [525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0]
    for row in table('intrinsics.csv'):
        stated = [float(row[key]) for key in ('width', 'height', 'fx', 'fy', 'cx', 'cy')]
        assert stated == [640, 480, 525, 525, 319.5, 239.5]


def test_depth_and_labels_are_of_the_image():
    for name in SOME:
        image = cv2.imread(str(ROOM / 'rgb' / f'{name}.jpg'))
        depth, label = read('depth', name), read('label13', name)
        assert image.shape == (480, 640, 3) and depth.shape == label.shape == (480, 640)
        assert depth.dtype == np.uint16 and label.dtype == np.uint8
        assert ((label < len(CLASSES)) == (depth > 0)).all()
        assert np.mean(depth > 0) > 0.999
        assert 0.5 < depth[depth > 0].min() / 1000 and depth.max() / 1000 < 15
        # Each picture shows light and dark, and little that is overexposed.
        assert 60 < image.mean() < 190 and image.std() > 25
        assert np.mean(image.min(-1) > 250) < 0.1


def test_many_classes_are_seen_at_indoor_distances():
    counts = np.zeros(256, int)
    for name in SOME:
        counts += np.bincount(read('label13', name).ravel(), minlength=256)
    seen = {CLASSES[k] for k in np.flatnonzero(counts[: len(CLASSES)] > 300)}
    assert seen >= {'floor', 'wall', 'furniture', 'objects', 'chair', 'books'}
    assert len(seen) >= 9
    assert 1.5 < np.median([np.median(read('depth', name)) for name in SOME]) / 1000 < 4


@pytest.mark.parametrize('name', SOME)
def test_what_is_called_floor_is_the_floor(name):
    z, label = world_points(name)[..., 2], read('label13', name)
    floor = label == CLASSES.index('floor')
    assert floor.mean() > 0.03
    # Rugs are floor and lie on it; a millimetre of depth and six digits of a pose are lost.
    assert -0.005 < z[floor].min() and np.quantile(z[floor], 0.99) < 0.05
    assert np.median(np.abs(z[floor])) < 0.005
    # Nothing is below it, and little that is nothing else lies flat on it.
    assert z.min() > -0.01
    assert np.mean(floor[np.abs(z) < 0.002]) > 0.9


def test_the_camera_walks_smoothly_at_its_height():
    matrices = np.array([poses()[name] for name in NAMES])
    turns = matrices[:, :3, :3]
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), [np.eye(3)] * 36, atol=1e-5)
    assert 0.5 < np.linalg.norm(matrices[-1, :2, 3] - matrices[0, :2, 3])
    assert np.linalg.norm(np.diff(matrices[:, :3, 3], axis=0), axis=1).max() < 0.12
    for row, matrix in zip(table('intrinsics.csv'), matrices):
        assert float(row['camera_height_m']) == pytest.approx(matrix[2, 3], abs=1e-3)
        pitch = np.degrees(np.arcsin(matrix[2, 2]))
        assert float(row['pitch_deg']) == pytest.approx(pitch, abs=0.01)


def test_authors_and_licences_are_named():
    rows, note = table('credits.csv'), (ROOM / 'NOTE.md').read_text()
    assert list(rows[0]) == list(COLUMNS) and len(rows) > 5
    for row in rows:
        assert row['licence'] == LICENCES[row['library']]
        assert row['author'].strip() and '\\' not in row['author'] + row['model']
        assert row['library'] in note and row['author'] in note
    facts = (ROOM / 'facts.json').read_text()
    assert f'"seed": {table("intrinsics.csv")[0]["seed"]}' in facts
    assert f'--seed {table("intrinsics.csv")[0]["seed"]} ' in note
