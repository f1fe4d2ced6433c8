"""Groups of images by their camera."""

import json

from monodepth_ros.camera import CameraModel
from monodepth_ros.training.camera_groups import by_camera, camera_facts, floor_counts
from monodepth_ros.training.datasets import Sample
import numpy as np
import pytest


def test_facts_of_a_camera():
    image = np.zeros((48, 64, 3), np.uint8)
    sample = Sample('x', image, image[..., 0], image[..., 0])
    assert camera_facts(sample) == {}
    camera = CameraModel.from_field_of_view(64, 48, 90.0)
    sample = Sample('x', image, image[..., 0], image[..., 0], camera, 0.25)
    assert camera_facts(sample) == pytest.approx({'camera_height': 0.25, 'focal_length': 0.5})


def test_floor_counts():
    target = np.array([[1, 1, 1, 1, 1, 0, 255]], np.uint8)
    label = np.array([[1, 1, 2, 255, 1, 1, 1]], np.uint8)
    mask = np.array([[True] * 4 + [False] + [True] * 2])
    classes = ('bed', 'floor', 'wall')
    counts = floor_counts(label, target, mask, classes)
    assert counts == {'floor_pixels': 4, 'floor_as_floor': 2, 'floor_as_wall': 1}
    assert floor_counts(label, target, mask, ('bed', 'floor', 'x')) == {
        'floor_pixels': 4,
        'floor_as_floor': 2,
    }
    assert floor_counts(label, target, mask, ('bed', 'x', 'wall')) == {}


def record(height, focal_length=0.6, **more):
    return {'name': 'x', 'camera_height': height, 'focal_length': focal_length, **more}


def test_groups():
    images = [
        record(0.2, 0.45, delta1=0.5, floor_pixels=100, floor_as_floor=80, floor_as_wall=5),
        record(0.49, 0.9, delta1=0.7, floor_pixels=300, floor_as_floor=300, floor_as_wall=0),
        record(0.5, 1.3, delta1=0.1),
        record(0.69, 0.9, floor_pixels=0, floor_as_floor=0, floor_as_wall=0),
        record(1.2, 0.9, delta1=0.9),
        {'name': 'y', 'delta1': 0.3},
    ]
    found = by_camera(images)
    low, middle, high = found['by_camera_height']
    assert (low['from'], low['to'], low['n_images']) == (0.0, 0.5, 2)
    assert low['delta1'] == pytest.approx(0.6)
    assert (low['floor_as_floor'], low['floor_as_wall']) == (0.95, 0.0125)
    assert (middle['n_images'], middle['delta1']) == (2, 0.1)
    assert high == {'from': 1.2, 'to': None, 'n_images': 1, 'delta1': 0.9}
    assert [g['n_images'] for g in found['by_focal_length']] == [1, 0, 3, 1]
    assert found['low_floor']['n_images'] == 4 and found['low_floor']['floor_as_floor'] == 0.95
    assert json.loads(json.dumps(found)) == found


def test_what_does_not_differ_is_not_grouped():
    assert by_camera([{'name': 'x', 'focal_length': 0.8}] * 3) == {}
    assert by_camera([]) == {}
    assert 'low_floor' not in by_camera([record(0.3)])
