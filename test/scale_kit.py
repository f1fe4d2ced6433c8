"""A room with a level floor and a wall ahead, as a camera and a perfect network see it."""

from dataclasses import fields, replace

from doubles import FormulaEngine, make_facts
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.engines.foreign.facts import ForeignFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.votes import View
import numpy as np

CAMERA = PinholeCamera(160, 120, 130.0, 130.0, 79.5, 59.5)
POSE = Pose.of_camera(0.6, pitch=12, roll=3)
PLANE = GroundPlane.from_pose(POSE)
FLOOR, WALL = 4, 11
WALL_AT = 3.0
PLAIN = np.full((48, 64, 3), 120, np.uint8)
"""An image without edges, which says nothing of the pose."""


def make_depth(camera=CAMERA, pose=POSE, wall=WALL_AT):
    """Return (depth, label) of a floor and a wall that stands `wall` metres along x."""
    floor = GroundPlane.from_pose(pose).depth(camera).astype(np.float64)
    rays = np.dstack([camera.rays(), np.ones((camera.height, camera.width))])
    ahead = rays.astype(np.float64) @ np.array(pose.rotation[0])
    upright = (wall - pose.translation[0]) / np.where(ahead > 0, ahead, np.nan)
    depth = np.fmin(floor, upright).astype(np.float32)
    return depth, np.where(floor <= upright, FLOOR, WALL).astype(np.uint8)


def make_view(factor=1.0, camera=CAMERA, pose=POSE):
    """Return what a network says that sees everything `factor` times too near."""
    depth, label = make_depth(camera, pose)
    return View(depth / np.float32(factor), camera, label, np.full(label.shape, 255, np.uint8))


class RoomEngine(FormulaEngine):
    """See floor and wall `factor` times too near, by a camera with a field of view of 60 degrees.

    Without a floor all is wall. With a `power` other than 1, distances from 2 m are that power of
    what they are in truth.
    """

    grid = PinholeCamera(320, 240, 0.866 * 320, 0.866 * 320, 159.5, 119.5)

    def __init__(self, factor=1.4, pose=POSE, power=1.0):
        super().__init__(make_facts())
        self.factor, self.power, self.has_floor = factor, power, True
        self.depth, label = make_depth(self.grid, pose)
        self.label = np.where(label == FLOOR, 2, 3).astype(np.uint8)

    def _infer(self, images):
        label = self.label if self.has_floor else np.full_like(self.label, 3)
        depth = np.float32(2) * (self.depth / 2) ** np.float32(self.power)
        depth /= np.float32(self.factor)
        # 240 rows are 256 in the network's input, with borders above and below.
        border = (0, 0), ((images.shape[1] - 240) // 2,) * 2, (0, 0)
        maps = [np.pad(m[None], border, 'edge') for m in (depth, label, np.full_like(label, 255))]
        return RawOutput(*(np.repeat(m, len(images), axis=0) for m in maps))


def relative_numbers(depth, kind, scale=0.02, shift=0.3):
    """Return what a perfect network of a kind that is no metres says of depth in metres.

    Args:
        depth: any shape, metres.
        kind: one of `affine.KINDS`.
        scale: what the numbers are to be multiplied by.
        shift: what is to be added then; 0 of a kind that has none.

    """
    wanted = 1 / depth if kind.startswith('inverse') else depth
    return ((wanted - (shift if 'shift' in kind else 0.0)) / scale).astype(np.float32)


class RelativeRoomEngine(RoomEngine):
    """See the same room in numbers of a kind that is no metres: depth = scale x number + shift."""

    def __init__(self, kind, scale=0.02, shift=0.3, pose=POSE):
        super().__init__(1.0, pose)
        of_room = {f.name: getattr(self.facts, f.name) for f in fields(self.facts)}
        of_room['outputs'] = ('relative', 'semantic')
        maps = ('label', 'confidence', 'relative')
        self.facts = ForeignFacts(**of_room, maps=maps, has_focal_length=False, depth_kind=kind)
        self.kind, self.scale, self.shift = kind, scale, shift

    def _infer(self, images):
        raw = super()._infer(images)
        numbers = relative_numbers(raw.depth, self.kind, self.scale, self.shift)
        return replace(raw, depth=np.full_like(raw.depth, np.nan), relative=numbers)
