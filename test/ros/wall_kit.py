"""A camera that drives along a wall, or over a floor, and a network that sees it."""

from bench import make_camera_info
import cv2
from doubles import FormulaEngine, make_facts
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.frames import RawOutput
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.pose import Pose
import numpy as np

FACTOR, WALL, SPEED = 1.3, 2.0, 0.5
"""By which the network sees the wall too near, its metres ahead, and metres a second aside."""
FOCAL = 0.866 * 320
BY_MOTION = {'scale.source': 'motion', 'depth.metric_scaling': 'none'}
STEP_NS = 100_000_007
"""From one stamp to the next, as the bench counts them."""


class WallEngine(FormulaEngine):
    """See a wall, `FACTOR` times too near."""

    def __init__(self):
        super().__init__(make_facts())

    def _infer(self, images):
        shape = images.shape[:3]
        label, sure = np.full(shape, 3, np.uint8), np.full(shape, 255, np.uint8)
        return RawOutput(np.full(shape, WALL / FACTOR, np.float32), label, sure)


def before_the_wall(make_bench):
    """Return a running bench with a wall before its camera."""
    bench = make_bench(WallEngine(), parameters=BY_MOTION, topics=('depth/image_rect',)).start()
    bench.send_info(make_camera_info(320, 240))
    wall = _pattern(60, 200, 8)

    def draw(stamp_ns):
        matrix = np.array([[1, 0, -place(bench, stamp_ns) / WALL * FOCAL], [0, 1, -100.0]])
        return cv2.warpAffine(wall, matrix, (320, 240))

    bench.draw, bench.begun = draw, bench.clock
    return bench


def _pattern(rows, columns, times):
    """Return noise that corners can be followed in, so many times as large."""
    noise = np.random.default_rng(0).integers(0, 255, (rows, columns), np.uint8)
    size = columns * times, rows * times
    return cv2.cvtColor(cv2.resize(noise, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2RGB)


OVER_FLOOR = Pose.of_camera(0.8, pitch=40)
"""Where the camera is that sees nothing but floor."""


class FloorEngine(FormulaEngine):
    """See the floor under `OVER_FLOOR` as it is."""

    def __init__(self):
        super().__init__(make_facts())
        grid = PinholeCamera(320, 240, FOCAL, FOCAL, 159.5, 119.5)
        self.depth = GroundPlane.from_pose(OVER_FLOOR).depth(grid)

    def _infer(self, images):
        # 240 rows are 256 in the network's input, with borders above and below.
        border = (0, 0), ((images.shape[1] - 240) // 2,) * 2, (0, 0)
        depth = np.pad(np.repeat(self.depth[None], len(images), 0), border, 'edge')
        label, sure = np.full(depth.shape, 2, np.uint8), np.full(depth.shape, 255, np.uint8)
        return RawOutput(depth, label, sure)


def over_the_floor(make_bench, parameters, *topics):
    """Return a running bench whose camera drives ahead over a floor."""
    bench = make_bench(
        FloorEngine(),
        parameters={'depth.metric_scaling': 'none', **parameters},
        topics=('depth/image_rect', *topics),
    ).start()
    bench.send_info(make_camera_info(320, 240))
    floor = _pattern(200, 400, 8)
    per_metre = 400
    turn = np.array(OVER_FLOOR.rotation)
    rays = np.linalg.inv([[FOCAL, 0, 159.5], [0, FOCAL, 119.5], [0, 0, 1]])

    def draw(stamp_ns):
        # A ray d meets the floor at its place + height d / -d_z, in homogeneous coordinates.
        at = place(bench, stamp_ns), 2.0
        to_floor = np.outer((*at, 1.0), -turn[2])
        to_floor[:2] += OVER_FLOOR.translation[2] * turn[:2]
        to_pixels = np.diag([per_metre, per_metre, 1.0]) @ to_floor @ rays
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpPerspective(floor, to_pixels, (320, 240), flags=how)

    bench.draw, bench.begun = draw, bench.clock
    return bench


def ahead(bench, stamp_ns):
    """Return where the camera of `over_the_floor` is in the frame of where it was at first."""
    return tuple(place(bench, stamp_ns) * np.array(OVER_FLOOR.rotation)[0])


def place(bench, stamp_ns):
    """Return metres from where the drive began."""
    return SPEED * (stamp_ns - bench.begun) * 1e-9


def drive(bench, frames=40, before=lambda stamp_ns: None):
    """
    Serve frames along the way; return the last one's depth.

    Args:
        bench: of `before_the_wall` or `over_the_floor`.
        frames: how many.
        before: called before each frame is sent, with its stamp.

    """
    watch = bench.camera.scale._motion_watch
    for _ in range(frames):
        stamp_ns = bench.clock + STEP_NS
        before(stamp_ns)
        image = bench.make_image(bench.draw(stamp_ns))
        msg = bench.serve(image)['depth/image_rect']
        # On a busy machine the look beside takes longer than the frames.
        if watch._future is not None:
            watch._future.result()
        watch._last = float('-inf')
    return np.frombuffer(msg.data, np.float32).reshape(240, 320)
