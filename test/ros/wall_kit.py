"""A camera that drives along a wall, which the network sees too near."""

from bench import make_camera_info
import cv2
from doubles import FormulaEngine, make_facts
from monodepth_ros.frames import RawOutput
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
    noise = np.random.default_rng(0).integers(0, 255, (60, 200), np.uint8)
    wall = cv2.resize(noise, (1600, 480), interpolation=cv2.INTER_CUBIC)
    bench.wall = cv2.cvtColor(wall, cv2.COLOR_GRAY2RGB)
    bench.begun = bench.clock
    return bench


def place(bench, stamp_ns):
    """Return metres to the right of where the drive began."""
    return SPEED * (stamp_ns - bench.begun) * 1e-9


def drive(bench, frames=40, before=lambda stamp_ns: None):
    """
    Serve frames along the wall; return the last one's depth.

    Args:
        bench: of `before_the_wall`.
        frames: how many.
        before: called before each frame is sent, with its stamp.

    """
    watch = bench.camera.scale._motion_watch
    for _ in range(frames):
        stamp_ns = bench.clock + STEP_NS
        before(stamp_ns)
        matrix = np.array([[1, 0, -place(bench, stamp_ns) / WALL * FOCAL], [0, 1, -100.0]])
        image = bench.make_image(cv2.warpAffine(bench.wall, matrix, (320, 240)))
        msg = bench.serve(image)['depth/image_rect']
        # On a busy machine the look beside takes longer than the frames.
        if watch._future is not None:
            watch._future.result()
        watch._last = float('-inf')
    return np.frombuffer(msg.data, np.float32).reshape(240, 320)
