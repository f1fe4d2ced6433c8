"""Recordings of a robot in a room whose distances are known: planes and one pillar."""

from dataclasses import dataclass, field
import math

from bag_kit import BagKit, DELAY, stamp
import numpy as np

ROOM = np.array([[-3.0, -2.0, 0.0], [3.0, 2.0, 2.5]])
PILLAR = np.array([[1.0, -0.3, 0.0], [1.3, 0.3, 2.5]])
SIZE, FOCAL = (96, 64), 70.0
OPTICAL = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
"""From optical axes (x right, y down, z forward) to those of a robot (x forward, z up)."""
HEIGHT, PITCH = 0.4, -6.0
"""Metres and degrees of the robot's camera; it looks down a little."""
COLOUR, DEPTH = '/camera/color/image_raw', '/camera/depth/image_raw'
LIDAR, SCAN = '/lidar/points', '/scan'


def pose(position, yaw=0.0, pitch=0.0):
    """Return the (4, 4) of an optical frame; degrees, yaw from +x to +y, pitch up."""
    y, p = math.radians(yaw), math.radians(-pitch)
    turn_yaw = [[math.cos(y), -math.sin(y), 0], [math.sin(y), math.cos(y), 0], [0, 0, 1]]
    turn_pitch = [[math.cos(p), 0, math.sin(p)], [0, 1, 0], [-math.sin(p), 0, math.cos(p)]]
    result = np.eye(4)
    result[:3, :3] = np.array(turn_yaw) @ np.array(turn_pitch) @ OPTICAL
    result[:3, 3] = position
    return result


def shoot(origin, directions):
    """Return the (n,) distances, in lengths of the (n, 3) directions, to what they hit."""
    with np.errstate(divide='ignore', invalid='ignore'):
        far = np.where(directions > 0, ROOM[1] - origin, ROOM[0] - origin) / directions
        walls = np.where(directions == 0, np.inf, far).min(axis=1)
        ends = (PILLAR[:, None] - origin) / directions
        enter, leave = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    hit = (enter < leave) & (enter > 0)
    return np.where(hit, enter, walls)


def view(camera, size=SIZE, focal=FOCAL):
    """Return (H, W, 3) uint8 RGB and (H, W) float32 metres along the axis, of a (4, 4) pose."""
    width, height = size
    u, v = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
    rays = np.stack((u / focal, v / focal, np.ones_like(u)), axis=-1).reshape(-1, 3)
    directions = rays @ camera[:3, :3].T
    depth = shoot(camera[:3, 3], directions)
    places = camera[:3, 3] + directions * depth[:, None]
    cells = np.floor(places * 4 + 1e-6).astype(int) @ np.array([7919, 104729, 1299709])
    greys = np.repeat(cells[:, None] * 3 % 211 + 30, 3, axis=1)
    return (
        greys.reshape(height, width, 3).astype(np.uint8),
        depth.reshape(height, width).astype(np.float32),
    )


@dataclass
class Robot:
    """What a robot records as it drives.

    Attributes:
        count: images, ten a second.
        speed: metres between two.
        truths: topics, of DEPTH, LIDAR and SCAN.
        offset: metres of the depth camera to the right of the colour camera.
        depth_size, depth_focal: of the depth camera.
        with_tf: record the robot's motion, and where the sensors are on it.
        late: seconds from the image's stamp to the measurement's.
        spoil: image numbers with a function that changes the image.

    """

    count: int = 6
    speed: float = 0.2
    truths: tuple = (DEPTH,)
    offset: float = 0.0
    depth_size: tuple = SIZE
    depth_focal: float = FOCAL
    with_tf: bool = True
    late: float = 0.0
    spoil: dict = field(default_factory=dict)

    def camera(self, number, offset=0.0, late=0.0):
        """Return the (4, 4) pose in odom at image `number`, or `late` seconds later."""
        x = -2.5 + self.speed * (number + 10 * late)
        return pose((x, 0.1 - offset, HEIGHT), 0.0, PITCH)

    def write(self, path):
        """Write the bag."""
        with BagKit(path) as bag:
            self._write_static(bag)
            for number in range(self.count):
                self._write_one(bag, number)
            if self.with_tf:
                self._write_base(bag, self.count)

    def _write_static(self, bag):
        sensors = {'color_frame': self._on_robot(0.0), 'depth_frame': self._on_robot(self.offset)}
        mount = np.eye(4)
        mount[:3, 3] = (0.0, 0.0, 1.0)
        sensors['lidar_frame'] = mount
        bag.transforms(stamp(0), {('base_link', n): m for n, m in sensors.items()}, '/tf_static')
        if self.with_tf:
            self._write_base(bag, -1)

    def _on_robot(self, offset):
        return pose((0.0, 0.1 - offset, HEIGHT), 0.0, PITCH)

    def base(self, number, late=0.0):
        """Return the (4, 4) of base_link in odom."""
        result = np.eye(4)
        result[0, 3] = -2.5 + self.speed * (number + 10 * late)
        return result

    def _write_base(self, bag, number):
        bag.transforms(stamp(number), {('odom', 'base_link'): self.base(number)}, '/tf')

    def _write_one(self, bag, number):
        image, _ = view(self.camera(number))
        image = self.spoil.get(number, lambda x: x)(image)
        time = stamp(number)
        if self.with_tf:
            self._write_base(bag, number)
        header = bag.header(time, 'color_frame')
        bag.pinhole(time, SIZE, FOCAL, f'{COLOUR.rpartition("/")[0]}/camera_info', 'color_frame')
        bag.image(image, time, COLOUR, header=header)
        later = time + round(self.late * 1e9)
        for topic in self.truths:
            getattr(self, {DEPTH: '_depth', LIDAR: '_lidar', SCAN: '_scan'}[topic])(
                bag, number, later
            )

    def _depth(self, bag, number, time):
        camera = self.camera(number, self.offset, self.late)
        _, depth = view(camera, self.depth_size, self.depth_focal)
        frame = 'depth_frame' if self.offset or self.depth_size != SIZE else 'color_frame'
        info = f'{DEPTH.rpartition("/")[0]}/camera_info'
        bag.pinhole(time, self.depth_size, self.depth_focal, info, frame)
        millimetres = np.rint(depth * 1000).astype(np.uint16)
        bag.image(millimetres, time, DEPTH, '16UC1', header=bag.header(time, frame))

    def _lidar(self, bag, number, time):
        origin = self.base(number, self.late)[:3, 3] + (0, 0, 1.0)
        yaw, rise = np.meshgrid(np.linspace(-0.8, 0.8, 161), np.linspace(-0.4, 0.2, 16))
        rays = np.stack((np.cos(yaw), np.sin(yaw), np.tan(rise)), axis=-1).reshape(-1, 3)
        points = rays * shoot(origin, rays)[:, None]
        bag.cloud(points, time, LIDAR, 'lidar_frame')

    def _scan(self, bag, number, time):
        origin = self.base(number, self.late)[:3, 3] + (0, 0, 1.0)
        yaw = np.linspace(-0.8, 0.8, 161)
        rays = np.stack((np.cos(yaw), np.sin(yaw), np.zeros_like(yaw)), axis=-1)
        bag.scan(shoot(origin, rays), (-0.8, 1.6 / 160), time, SCAN, 'lidar_frame')


__all__ = ['COLOUR', 'DELAY', 'DEPTH', 'LIDAR', 'Robot', 'SCAN', 'pose', 'shoot', 'view']
