"""Process that takes in what nodes publish: `python -m monodepth_ros.benchmark.ros.listener`."""

from __future__ import annotations

import argparse
from collections import defaultdict
from functools import partial
import struct
import sys
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray
from monodepth_ros.benchmark.serve import serve
from monodepth_ros.errors import BenchmarkError
from monodepth_ros.ros import fastdds
from monodepth_ros.ros.publishers import TOPICS
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile

QUEUE = 20
"""Deep, so that a moment's pause here loses nothing."""
READY_LIMIT_S = 180.0


def read_stamp(serialized: bytes) -> int:
    """Return the stamp, in nanoseconds, of a serialised message that begins with a header.

    CDR: four bytes of encapsulation, of which the second tells the byte order (0 big, 1 little
    endian), then the header's seconds (int32) and nanoseconds (uint32).
    """
    order = '<' if serialized[1] & 1 else '>'
    seconds, nanoseconds = struct.unpack_from(f'{order}iI', serialized, 4)
    return seconds * 1_000_000_000 + nanoseconds


class Listener:
    """Note when the last of a frame's messages came, and what the nodes say of themselves."""

    def __init__(self, namespaces: list[str], topics: list[str]):
        self._node = rclpy.create_node('benchmark_listener')
        self._topics = topics
        self._namespaces = namespaces
        self._lock = threading.Lock()
        self._arrivals: dict = {name: defaultdict(dict) for name in namespaces}
        self._statuses: dict[str, dict] = {}
        self._failure = ''
        for name in namespaces:
            for topic in topics:
                # Serialised as they come: making messages of them would take the node's core.
                self._node.create_subscription(
                    TOPICS[topic],
                    f'{name}/{topic}',
                    partial(self._on_message, name, topic),
                    QoSProfile(depth=QUEUE),
                    raw=True,
                )
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, QUEUE)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        threading.Thread(target=self._executor.spin, daemon=True).start()

    def _on_message(self, name, topic, serialized, info):
        arrival = info['received_timestamp'] or time.time_ns()
        with self._lock:
            self._arrivals[name][read_stamp(serialized)][topic] = arrival

    def _on_status(self, msg):
        with self._lock:
            for status in msg.status:
                values = {pair.key: pair.value for pair in status.values}
                self._statuses[status.name] = values
                if 'configure failed' in status.message:
                    self._failure = f'{status.name}: {status.message}'

    def wait(self, statuses: int) -> dict:
        """Wait until /diagnostics tells of so many active cameras and all topics have a writer."""
        end = time.monotonic() + READY_LIMIT_S
        while not self._is_ready(statuses):
            if self._failure:
                raise BenchmarkError(self._failure)
            if time.monotonic() > end:
                raise BenchmarkError(f'not all nodes are up after {READY_LIMIT_S:.0f} s')
            time.sleep(0.1)
        return {}

    def _is_ready(self, statuses):
        with self._lock:
            active = [s for s in self._statuses.values() if s.get('state') == 'active']
        return len(active) >= statuses and all(
            self._node.count_publishers(f'/{name}/{topic}')
            for name in self._namespaces
            for topic in self._topics
        )

    def collect(self, clear: bool = False) -> dict:
        """
        Return what has come since it was last cleared.

        `complete`: by namespace, stamp and arrival (ns) of each frame of which every topic came;
        `statuses`: the latest values of each node by its name.
        """
        with self._lock:
            complete = {
                name: [
                    (stamp, max(topics.values()))
                    for stamp, topics in sorted(frames.items())
                    if len(topics) == len(self._topics)
                ]
                for name, frames in self._arrivals.items()
            }
            statuses = dict(self._statuses)
            if clear:
                for frames in self._arrivals.values():
                    frames.clear()
        return {'complete': complete, 'statuses': statuses}


def main() -> int:
    """Answer until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--topics', nargs='*', default=list(TOPICS), choices=list(TOPICS))
    parser.add_argument('--namespaces', nargs='+', required=True)
    options = parser.parse_args()
    fastdds.use_default_profile()
    rclpy.init()
    listener = Listener(options.namespaces, options.topics or list(TOPICS))
    return serve({'wait': listener.wait, 'collect': listener.collect})


if __name__ == '__main__':
    sys.exit(main())
