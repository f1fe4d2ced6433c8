"""Process that measures the middleware: `python -m monodepth_ros.benchmark.ros.middleware`."""

from __future__ import annotations

import array
import sys
import time

from monodepth_ros.benchmark.serve import serve
from monodepth_ros.errors import BenchmarkError
from monodepth_ros.ros import fastdds
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Empty

ANSWER_LIMIT_S = 5.0


class Prober:
    """Send messages to a process that runs `echo`, and time them."""

    def __init__(self):
        self._node = rclpy.create_node('benchmark_prober')
        qos = QoSProfile(depth=1)
        self._ping = self._node.create_publisher(Empty, 'benchmark/ping', qos)
        self._image = self._node.create_publisher(Image, 'benchmark/image', qos)
        self._node.create_subscription(Empty, 'benchmark/pong', self._on_pong, qos)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._answers = 0

    def _on_pong(self, msg):
        self._answers += 1

    def wait(self) -> dict:
        """Wait until the other process is there."""
        end = time.monotonic() + ANSWER_LIMIT_S * 6
        while not (
            self._ping.get_subscription_count()
            and self._image.get_subscription_count()
            and self._node.count_publishers('benchmark/pong')
        ):
            if time.monotonic() > end:
                raise BenchmarkError('the echo process has not appeared')
            time.sleep(0.05)
        time.sleep(0.5)  # for the other side to know of this one, too
        return {}

    def round_trip(self, count: int) -> dict:
        """Return the milliseconds of each empty message's way to the other process and back."""
        return {'ms': [self._round_trip() for _ in range(count)]}

    def _round_trip(self):
        answers, begun = self._answers, time.perf_counter()
        self._ping.publish(Empty())
        while self._answers == answers:
            self._executor.spin_once(timeout_sec=ANSWER_LIMIT_S)
            if time.perf_counter() - begun > ANSWER_LIMIT_S:
                raise BenchmarkError('an empty message was not answered')
        return (time.perf_counter() - begun) * 1e3

    def publish(self, sizes: list[int], count: int) -> dict:
        """Return the milliseconds that publishing messages made before takes, all sizes in turn.

        Args:
            sizes: bytes of each message.
            count: times that all are published.

        """
        messages = [Image(data=array.array('B', bytes(size))) for size in sizes]
        times = []
        for _ in range(count):
            begun = time.perf_counter()
            for message in messages:
                self._image.publish(message)
            times.append((time.perf_counter() - begun) * 1e3)
            time.sleep(0.02)
        return {'ms': times}


def echo() -> int:
    """Answer each empty message, and take in images without a look, until the process is ended."""
    node = rclpy.create_node('benchmark_echo')
    qos = QoSProfile(depth=1)
    pong = node.create_publisher(Empty, 'benchmark/pong', qos)
    node.create_subscription(Empty, 'benchmark/ping', pong.publish, qos)
    node.create_subscription(Image, 'benchmark/image', lambda _: None, qos, raw=True)
    rclpy.spin(node)
    return 0


def main() -> int:
    """Be the other side with the argument `echo`; else answer until standard input ends."""
    fastdds.use_default_profile()
    rclpy.init()
    if sys.argv[1:] == ['echo']:
        return echo()
    prober = Prober()
    return serve({'wait': prober.wait, 'round_trip': prober.round_trip, 'publish': prober.publish})


if __name__ == '__main__':
    sys.exit(main())
