"""Process that runs the plain node: `python -m monodepth_ros.benchmark.ros.plain_process`."""

from __future__ import annotations

import argparse
from collections import deque
import statistics
import sys
import time
from typing import Optional, Sequence

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from monodepth_ros.benchmark.ros.plain_node import PlainNode
from monodepth_ros.ros import fastdds
import rclpy
from rclpy.executors import ExternalShutdownException

PERIOD_S = 0.2
WINDOW = 200


class MeasuredPlainNode(PlainNode):
    """The plain node with counters and times on /diagnostics, under the names of ours."""

    def __init__(self, *arguments, **options):
        self._received = self._published = 0
        self._engine_ms: deque = deque(maxlen=WINDOW)
        self._host_ms: deque = deque(maxlen=WINDOW)
        super().__init__(*arguments, **options)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 1)
        self.create_timer(PERIOD_S, self._report)

    def on_image(self, msg):
        """Count and time what the node does."""
        self._received += 1
        begun = time.perf_counter()
        super().on_image(msg)
        self._host_ms.append((time.perf_counter() - begun) * 1e3 - self._engine_ms[-1])
        self._published += 1

    def infer(self, image):
        """Time the network, by itself where it tells that."""
        begun = time.perf_counter()
        result = super().infer(image)
        elapsed_ms = (time.perf_counter() - begun) * 1e3
        self._engine_ms.append(getattr(self.network, 'network_ms', elapsed_ms))
        return result

    def _report(self):
        values = {'state': 'active', 'received': self._received, 'published': self._published}
        if self._host_ms:
            values['host_ms_median'] = statistics.median(self._host_ms)
            values['stage_ms_engine'] = statistics.median(self._engine_ms)
        status = DiagnosticStatus(name=f'{self.get_fully_qualified_name().lstrip("/")}: monodepth')
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        self._diagnostics.publish(DiagnosticArray(status=[status]))


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the node until a signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', required=True)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--threads', type=int, default=0)
    options, for_ros = parser.parse_known_args(arguments)
    fastdds.use_default_profile()
    rclpy.init(args=for_ros)
    node = MeasuredPlainNode(options.model, options.device, options.threads)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


if __name__ == '__main__':
    sys.exit(main())
