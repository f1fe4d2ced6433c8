"""What happens to a node in its life, each thing while images go on; see `EVENTS`."""

from __future__ import annotations

from contextlib import contextmanager
import os
import random
import subprocess
import sys
from typing import Callable, Iterator

from builtin_interfaces.msg import Time
from monodepth_ros.image_encodings import ENCODINGS
from monodepth_ros.ros.publishers import TOPICS
import rclpy
from rclpy.signals import SignalHandlerOptions
from rig import ACTIVATE, CLEANUP, CONFIGURE, DEACTIVATE, Rig
from rosgraph_msgs.msg import Clock

SIZES = {
    32: ((32, 32), (40, 40), (48, 48), (64, 64), (96, 96)),
    64: ((64, 64), (64, 48), (48, 64), (128, 96), (160, 120), (320, 240)),
}
"""Images of which a network with an input of so many pixels can read the board."""
JUMPS_S = (-1e8, -86_400.0, -1.0, 1.0, 3_600.0, 1e8)

_DEFAULTS = {
    'depth.encoding': '32FC1',
    'output_resolution': 'input',
    'depth.metric_scaling': 'scale',
    'depth.max_range': float('inf'),
    'max_rate': 0.0,
    'segmentation.confidence_threshold': 0.0,
    'segmentation.overlay_alpha': 0.5,
    'point_cloud.label': False,
    'point_cloud.stride': 1,
}
_OTHERS = {
    'depth.encoding': '16UC1',
    'output_resolution': 'network',
    'depth.metric_scaling': 'resample',
    'depth.max_range': 100.0,
    'max_rate': 15.0,
    'segmentation.confidence_threshold': 0.3,
    'segmentation.overlay_alpha': 0.2,
    'point_cloud.label': True,
    'point_cloud.stride': 2,
}
"""Values that leave the board readable in every output."""


EVERYTHING = {
    'camera.height': 0.95,
    'camera.pitch': 82.0,
    'scale.source': 'ground',
    'scale.ground_classes': ['dark'],
    'scale.max_tilt': 39.0,
    'depth.ground': 'snap',
    'depth.max_error': 5.0,
    'depth.temporal_filter': 0.2,
    'point_cloud.error': True,
}
"""All that may be done to depth besides. The board's dark cells are the floor, and are snapped to
it: it is near enough to them all over for the board to be readable. In an upright image, the
tallest view, the far corner is 13 % of the way from black to white over the near one; at a pitch
of 75 degrees it is 23 %, and some frames were not readable."""


def change_parameters(rig: Rig, rng: random.Random) -> None:
    """Set some parameters, one by one, and set them back all at once."""
    for name in rng.sample(sorted(_OTHERS), 5):
        rig.set_parameters({name: _OTHERS[name]})
        rig.wait_for_output()
    rig.set_parameters(_DEFAULTS)
    rig.wait_for_output()


def visit(rig: Rig, rng: random.Random) -> None:
    """Let a participant subscribe to every output, and one of this side to a few; both go."""
    context = rclpy.Context()
    rclpy.init(context=context, signal_handler_options=SignalHandlerOptions.NO)
    visitor = rclpy.create_node('visitor', context=context)
    prefixes = [f'{camera.name}/' if camera.name else '' for camera in rig.cameras]
    names = [(prefix + topic, kind) for prefix in prefixes for topic, kind in TOPICS.items()]
    for name, kind in names:
        visitor.create_subscription(kind, name, _ignore, 1, raw=True)
    near = [rig.node.create_subscription(k, n, _ignore, 1) for n, k in rng.sample(names, 3)]
    rig.pump(1.0)
    rig.wait_for_output()
    for subscription in near:
        rig.node.destroy_subscription(subscription)
    visitor.destroy_node()
    rclpy.shutdown(context=context)
    rig.wait_for_output()


def _ignore(msg) -> None:
    """Take a message for nothing."""


def stop_camera(rig: Rig, rng: random.Random) -> None:
    """Stop one camera, take its topics down, and let it come back."""
    camera = rng.choice(rig.cameras)
    camera.is_on = False
    rig.pump(1.0)
    camera.unplug()
    rig.pump(0.5)
    camera.plug_in()
    rig.wait_for(lambda: camera.is_heard, 'the node finds the camera again')
    camera.is_on = True
    rig.wait_for_output()


def switch_resolution(rig: Rig, rng: random.Random) -> None:
    """Change size and encoding of each camera's images from one image to the next."""
    before = [camera.size for camera in rig.cameras]
    for size in rng.sample(SIZES[rig.side], 4):
        for camera in rig.cameras:
            camera.size, camera.encoding = size, rng.choice(ENCODINGS)
        rig.wait_for_output()
    for camera, size in zip(rig.cameras, before):
        camera.size, camera.encoding = size, 'rgb8'
    rig.wait_for_output()


def jump_in_time(rig: Rig, rng: random.Random) -> None:
    """Shift the stamps forwards and backwards, and back to the time of the day."""
    for seconds in rng.sample(JUMPS_S, 3):
        for camera in rig.cameras:
            camera.shift_ns = int(seconds * 1e9)
        rig.wait_for_output()
    for camera in rig.cameras:
        camera.shift_ns = 0
    rig.wait_for_output()


def simulate_time(rig: Rig, rng: random.Random) -> None:
    """Give the node a clock of its own, which runs, stands and jumps back; take it away again."""
    clock = rig.node.create_publisher(Clock, '/clock', 1)
    rig.set_parameters({'use_sim_time': True})
    rig.wait_for(clock.get_subscription_count, 'the node listens to the clock')
    for seconds in (1000, 1001, 5000, 10, 11):
        clock.publish(Clock(clock=Time(sec=seconds)))
        rig.wait_for_output()
    rig.set_parameters({'use_sim_time': False})
    rig.node.destroy_publisher(clock)
    rig.wait_for_output()


def cycle(rig: Rig, rng: random.Random) -> None:
    """Take the node down to nothing and up again, with the other pipeline depth."""
    _down_and_up(rig, 3 - rig.pipeline_depth)


def _down_and_up(rig: Rig, pipeline_depth: int) -> None:
    rig.transit(DEACTIVATE)
    rig.set_pipeline_depth(pipeline_depth)
    rig.transit(CLEANUP, CONFIGURE, ACTIVATE)
    rig.cycles += 1
    rig.wait_for_output()


def pause(rig: Rig, rng: random.Random) -> None:
    """Deactivate and activate, with the network kept."""
    rig.transit(DEACTIVATE, ACTIVATE)
    rig.wait_for_output()


def starve(rig: Rig, rng: random.Random) -> None:
    """Load every core that the node may use with other work."""
    with busy_cores():
        rig.pump(2.0)
        rig.wait_for_output()


@contextmanager
def busy_cores() -> Iterator[None]:
    """Keep every core that this process may use busy with a process that never waits."""
    busy = [
        subprocess.Popen([sys.executable, '-c', 'while True: pass'])
        for _ in os.sched_getaffinity(0)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def flood(rig: Rig, rng: random.Random) -> None:
    """Send images far faster than the node can take them."""
    period, rig.period = rig.period, 0.001
    rig.pump(1.0)
    rig.period = period
    rig.wait_for_output()


EVENTS: tuple[Callable[[Rig, random.Random], None], ...] = (
    change_parameters,
    visit,
    stop_camera,
    switch_resolution,
    jump_in_time,
    simulate_time,
    cycle,
    pause,
    starve,
    flood,
)


def settle(rig: Rig, seconds: float) -> None:
    """
    Come back to one and the same state, in which what the node holds can be compared.

    A network that is loaded anew is compiled for the one size of the images that come.
    """
    _down_and_up(rig, 1)
    rig.pump(seconds)
