"""Floors with boxes on them, rendered exactly: what a perfect depth camera would see."""

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
import numpy as np

FLOOR, BOX, WALL = 2, 1, 3
CAMERA = PinholeCamera(320, 240, 260.0, 260.0, 159.5, 119.5)


def render(height=0.6, pitch=15.0, boxes=(), wall=6.0, camera=CAMERA):
    """Return depth (metres), labels and plane of a room with a floor and a wall ahead.

    Args:
        height: of the camera over the floor, metres.
        pitch: degrees that it looks down.
        boxes: of each the distance of its face, its middle to the left, width, depth and height.
        wall: distance of the wall, metres.
        camera: the grid.

    """
    pose = Pose.of_camera(height, pitch)
    rays = np.dstack([camera.rays(), np.ones((camera.height, camera.width))])
    rays = rays @ np.array(pose.rotation).T
    origin = np.array(pose.translation)
    depth = np.full(rays.shape[:2], np.inf)
    label = np.full(depth.shape, 255, np.uint8)
    with np.errstate(divide='ignore', invalid='ignore'):
        for distance, kind in ((-height / rays[..., 2], FLOOR), (wall / rays[..., 0], WALL)):
            seen = (distance > 0) & (distance < depth)
            depth[seen], label[seen] = distance[seen], kind
        for x, y, width, length, tall in boxes:
            low, high = (x, y - width / 2, 0.0), (x + length, y + width / 2, tall)
            near, far = ((np.array(end) - origin) / rays for end in (low, high))
            enters = np.minimum(near, far).max(axis=-1)
            leaves = np.maximum(near, far).min(axis=-1)
            seen = (enters > 0) & (enters <= leaves) & (enters < depth)
            depth[seen], label[seen] = enters[seen], BOX
    return depth.astype(np.float32), label, GroundPlane.from_pose(pose)


def tilted(depth, top=1.15, bottom=0.92):
    """Return depth as a network that leans the floor has it: a factor that varies by row."""
    factors = np.linspace(top, bottom, depth.shape[0], dtype=np.float32)
    return depth * factors[:, None]


def errors(depth, value=0.1):
    return np.full(depth.shape, value, np.float32)
