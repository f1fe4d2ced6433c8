"""Frames by TF messages of a recording."""

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.tree import FrameTree
import numpy as np
import pytest


def _tree():
    tree = FrameTree()
    tree.put('/base', 'odom', Pose(translation=(5.0, 0.0, 0.0)))
    tree.put('camera', 'base', Pose(translation=(0.1, 0.0, 0.6)))
    tree.put('optical', 'camera', Pose.of_camera(0.0))
    tree.put('laser', 'base', Pose(translation=(0.3, 0.0, 0.2)))
    return tree


@pytest.mark.parametrize(
    ('frame', 'within', 'expected'),
    [
        ('camera', 'base', (0.1, 0, 0.6)),
        ('camera', 'odom', (5.1, 0, 0.6)),
        ('laser', 'camera', (0.2, 0, -0.4)),
        ('base', 'camera', (-0.1, 0, -0.6)),
        # 20 cm ahead of the camera and 40 cm below it.
        ('laser', '/optical', (0, 0.4, 0.2)),
        ('laser', 'laser', (0, 0, 0)),
        ('alone', 'alone', (0, 0, 0)),
    ],
)
def test_poses_go_through_the_common_ancestor(frame, within, expected):
    np.testing.assert_allclose(_tree().pose(frame, within).translation, expected, atol=1e-9)


def test_the_latest_word_counts():
    tree = _tree()
    tree.put('camera', 'base', Pose(translation=(0.1, 0.0, 0.9)))
    assert tree.pose('camera', 'base').translation[2] == pytest.approx(0.9)


def test_what_is_in_no_common_tree_is_said_with_what_is_known():
    with pytest.raises(
        ScaleError, match='where map is in base; its frames: base, camera'
    ) as found:
        _tree().pose('map', 'base')
    assert found.value.reason == 'no_transform'
    with pytest.raises(ScaleError, match='frames: none'):
        FrameTree().pose('', 'base')


def test_a_circle_is_no_endless_loop():
    tree = FrameTree()
    tree.put('a', 'b', Pose())
    tree.put('b', 'a', Pose())
    assert tree.pose('a', 'b').translation == (0, 0, 0)
