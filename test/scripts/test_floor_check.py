"""What scripts/floor_check measures: boxes in a view, floors before and after, its table."""

from argparse import Namespace
from dataclasses import replace
import json

from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import RawOutput
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.scale.pose import Pose
from monodepth_ros.training.datasets import Sample
import numpy as np
import pytest
from scale_kit import RoomEngine
from scene_kit import FLOOR, render
from script_kit import load_script

F = 0.866 * 320
CAMERA = CameraModel.from_intrinsics(320, 240, (F, 0, 159.5, 0, F, 119.5, 0, 0, 1))
GRID = PinholeCamera(320, 240, F, F, 159.5, 119.5)
HEIGHT, PITCH = 0.6, 15.0
BOX = (2.0, 0.1, 0.4, 0.3, 0.2)
"""Metres: distance of its face, its middle to the left, width, depth and height."""
OPTIONS = Namespace(degrees=0.0, height_error=0.0, seed=0)


@pytest.fixture(scope='module')
def script():
    return load_script('floor_check')


def _corners():
    """Return the corners of the box in the optical frame, the lower four and the upper four."""
    x, y, width, length, tall = BOX
    foot = [(x, y + width / 2), (x, y - width / 2)]
    foot += [(x + length, v) for _, v in reversed(foot)]
    base = np.array([(*p, z) for z in (0.0, tall) for p in foot])
    pose = Pose.of_camera(HEIGHT, PITCH)
    return (base - pose.translation) @ np.array(pose.rotation)


@pytest.fixture(scope='module')
def scene():
    """Return an image with floor, wall and box, and the box as scripts/rooms names it."""
    depth, label, _ = render(HEIGHT, PITCH, [BOX], camera=GRID)
    label = np.where(label == FLOOR, 2, 3).astype(np.uint8)
    image = np.full((240, 320, 3), 120, np.uint8)
    sample = Sample('view', image, depth, label, CAMERA)
    return sample, {'box': 0, 'height': BOX[-1], 'corners': _corners().tolist()}


class Seen(RoomEngine):
    """See what a scene has, its depth changed by a function."""

    def __init__(self, sample, change=lambda depth: depth):
        super().__init__()
        self.maps = change(sample.depth).astype(np.float32), sample.label

    def _infer(self, images):
        border = (0, 0), ((images.shape[1] - 240) // 2,) * 2, (0, 0)
        maps = [*self.maps, np.full_like(self.maps[1], 255)]
        return RawOutput(*(np.pad(m[None], border, 'edge') for m in maps))


def test_the_pixels_of_a_box_are_those_that_it_covers(script, scene):
    sample, box = scene
    up = render(HEIGHT, PITCH, camera=GRID)[2].up
    found = script.box_pixels(box, sample.depth, GRID, np.array(up))
    without = render(HEIGHT, PITCH, camera=GRID)[0]
    covered = np.abs(sample.depth - without) > 0.02
    assert covered.sum() > 500
    assert np.mean(found[covered]) > 0.97 and np.mean(covered[found]) > 0.95


def test_a_box_that_does_not_stand_is_refused(script, scene):
    sample, box = scene
    with pytest.raises(ConfigError, match='box 0 does not stand'):
        script.box_pixels(box, sample.depth, GRID, np.array((0.0, 0.0, -1.0)))


def test_true_depth_keeps_boxes_and_has_a_flat_floor(script, scene):
    sample, box = scene
    before, after = script.try_image(Predictor(Seen(sample)), sample, [box], (2,), OPTIONS)
    assert before.boxes == after.boxes == [(0.2, True)]
    assert np.abs(before.heights).max() < 0.01 and before.false == 0


def test_a_wavy_floor_is_flat_when_snapped(script, scene):
    sample, box = scene
    wave = 1 + 0.03 * np.sin(np.arange(240) / 9.0)[:, np.newaxis]
    predictor = Predictor(Seen(sample, lambda depth: depth * wave))
    before, after = script.try_image(predictor, sample, [box], (2,), OPTIONS)
    assert np.percentile(np.abs(before.heights), 95) > 0.012
    assert np.percentile(np.abs(after.heights), 95) < 0.004
    assert after.boxes == [(0.2, True)]


def test_a_box_that_is_not_seen_is_lost(script, scene):
    sample, box = scene
    flat = render(HEIGHT, PITCH, camera=GRID)[0]
    predictor = Predictor(Seen(sample, lambda depth: flat))
    found = script.try_image(predictor, sample, [box], (2,), OPTIONS)
    assert [one.boxes for one in found] == [[(0.2, False)]] * 2


def test_too_little_floor_is_no_use(script, scene):
    sample, box = scene
    walls = replace(sample, label=np.full_like(sample.label, 3))
    assert script.try_image(Predictor(Seen(walls)), walls, [box], (2,), OPTIONS) is None


def test_the_table_has_a_line_for_each_height(script):
    one = script.Floors(np.array([0.1, 0.2]), 4, [(0.05, True), (0.05, False), (0.2, True)])
    row = script.summary([one])
    assert (row['boxes_0.05m'], row['boxes_0.05m_kept'], row['boxes_0.2m_kept']) == (2, 0.5, 1)
    text = script.table({'none': row, 'snap': row})
    assert '| boxes of 0.05m kept, of 2 | 0.5 | 0.5 |' in text
    assert '| obstacle points that are floor, a frame | 4 | 4 |' in text


def test_boxes_are_read_by_view(script, tmp_path):
    (tmp_path / 'scenes').mkdir()
    views = [{'id': 'a', 'boxes': [{'box': 0}]}, {'id': 'b'}]
    (tmp_path / 'scenes' / '1.json').write_text(json.dumps({'views': views}))
    assert script.read_boxes(tmp_path) == {'a': [{'box': 0}], 'b': []}
