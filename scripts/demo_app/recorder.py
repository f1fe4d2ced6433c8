"""Process that subscribes to everything the node gives, checks it and writes the results."""

from __future__ import annotations

from functools import partial
from pathlib import Path
import signal
import sys
import threading
import time

import cv2
from demo_app.plan import Plan
from demo_app.scale_track import compare, estimate_of, figures, plot, ScaleSample
from demo_app.tally import Spread, Tally
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from monodepth_ros.engines.factory import resolve_model
from monodepth_ros.engines.graphs import read_facts
from monodepth_ros.frames import Prediction
from monodepth_ros.masks import is_of
from monodepth_ros.pipeline.cloud import POINT_DTYPE, write_ply
from monodepth_ros.pipeline.visualize import panel
from monodepth_ros.processes import say
from monodepth_ros.ros import compat
from monodepth_ros.ros.camera_scale import SCALE_TOPIC
from monodepth_ros.ros.publishers import TOPICS
from monodepth_ros.scale.ground import label_indices
from monodepth_ros.training.metrics import DepthMetrics
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions

DEPTH, CLOUD = 'depth/image_rect', 'depth/points'
MASK, CONFIDENCE = 'segmentation/mask', 'segmentation/confidence'
SHOWN = (DEPTH, CLOUD, MASK, CONFIDENCE)
PANELS = 6
# Frames of which some messages are still on their way.
PENDING = 8
DRAIN_S = 10.0
# Time for the node to know of the subscriptions that it has been found with.
SETTLE_S = 0.5


def read_stamps(path: str) -> dict[int, str]:
    """Return the camera's frames: the path of the true depth, or '', by stamp."""
    lines = Path(path).read_text().split('\n')[:-1]
    return {int(stamp): truth for stamp, truth in (line.split('\t') for line in lines)}


def image_array(msg, dtype: str) -> np.ndarray:
    """Return a one-channel image that the node published, (H, W), on the message's memory."""
    return np.frombuffer(msg.data, dtype).reshape(msg.height, msg.width)


def cloud_array(msg) -> np.ndarray:
    """Return a cloud that the node published, (H, W) of `POINT_DTYPE`, on the message's memory."""
    return np.frombuffer(msg.data, POINT_DTYPE).reshape(msg.height, msg.width)


def cloud_image(cloud: np.ndarray) -> np.ndarray:
    """Return the colours of a cloud, (H, W, 3) uint8 RGB."""
    shifts = np.array([16, 8, 0], np.uint32)
    return (cloud['rgb'][..., None] >> shifts & 255).astype(np.uint8)


def to_prediction(messages: dict) -> Prediction:
    """Return one frame's messages by topic as the prediction that they were made from."""
    depth = messages[DEPTH]
    return Prediction(
        depth=image_array(depth, '<f4'),
        label=image_array(messages[MASK], 'u1'),
        confidence=image_array(messages[CONFIDENCE], 'u1'),
        image=cloud_image(cloud_array(messages[CLOUD])),
        stamp_ns=compat.stamp_to_ns(depth.header.stamp),
        frame_id=depth.header.frame_id,
    )


class Recorder:
    """Subscribe to all outputs and /diagnostics, and keep figures and a few whole frames."""

    def __init__(self, plan: Plan):
        self._plan = plan
        self._facts = read_facts(resolve_model(plan.model))
        self._tally = Tally(TOPICS)
        self._kept: Spread[dict] = Spread(PANELS)
        self._pending: dict[int, dict] = {}
        self._truths: dict[int, str] = {}
        self._accuracy = DepthMetrics(max_depth=self._facts.max_depth)
        self._latencies_ms: list[float] = []
        self._arrivals_ns: list[int] = []
        self._valid_shares: list[float] = []
        self._scales: dict[int, dict[str, str]] = {}
        self._measured: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._floors: dict[int, np.ndarray] = {}
        self._samples: dict[int, ScaleSample] = {}
        self.status: dict[str, str] = {}
        self.reports = 0
        self.error = ''
        self.node = rclpy.create_node('demo_recorder')
        # Deep, so that a moment's pause here loses nothing.
        qos = QoSProfile(depth=20)
        for topic, kind in TOPICS.items():
            self.node.create_subscription(kind, topic, partial(self._on_output, topic), qos)
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._on_diagnostics, 10)
        if plan.height:
            self.node.create_subscription(DiagnosticArray, SCALE_TOPIC, self._on_scale, qos)

    def is_ready(self) -> bool:
        """Say whether the node is active and all its topics have been found."""
        return self.status.get('state') == 'active' and all(
            self.node.count_publishers(topic) for topic in TOPICS
        )

    def has_all(self) -> bool:
        """Say whether nothing is on its way any more, as far as the node's last report tells."""
        published = int(self.status.get('published', 0))
        return self._in_node() == 0 and set(self._tally.messages().values()) == {published}

    def _in_node(self):
        """Return the images that the node has received and not yet dealt with."""
        ends = [
            int(value)
            for key, value in self.status.items()
            if key == 'published' or key.startswith(('dropped.', 'ignored.'))
        ]
        return int(self.status.get('received', 0)) - sum(ends)

    def _on_diagnostics(self, msg: DiagnosticArray):
        for status in msg.status:
            if status.name.endswith(': monodepth'):
                self.status = {item.key: item.value for item in status.values}
                self.reports += 1
                # A node that is up and has no image yet waits for the camera to start.
                waits = self.status.get('state') == 'active' and self.status['received'] == '0'
                if status.level == DiagnosticStatus.ERROR and not waits:
                    self.error = status.message

    def _on_scale(self, msg: DiagnosticArray):
        stamp = compat.stamp_to_ns(msg.header.stamp)
        self._scales[stamp] = {item.key: item.value for item in msg.status[0].values}
        self._compare(stamp)

    def _compare(self, stamp):
        """Compare a frame with the truth once its depth, its labels and its scale have come."""
        if not all(stamp in part for part in (self._scales, self._measured, self._floors)):
            return
        depth, truth = self._measured.pop(stamp)
        seconds = (stamp - min(self._truths)) * 1e-9
        said, floor = self._scales.pop(stamp), self._floors.pop(stamp)
        if sample := compare(depth, truth, floor, seconds, estimate_of(said)):
            self._samples[stamp] = sample

    def _ordered_samples(self) -> list[ScaleSample]:
        return [self._samples[stamp] for stamp in sorted(self._samples)]

    def _on_output(self, topic, msg, info):
        stamp = compat.stamp_to_ns(msg.header.stamp)
        if topic in SHOWN:
            self._pending.setdefault(stamp, {})[topic] = msg
        if topic == MASK and self._plan.height:
            floor = label_indices(['floor'], self._facts.classes)
            self._floors[stamp] = is_of(image_array(msg, 'u1'), floor)
            self._compare(stamp)
        if topic == DEPTH:
            arrival = info['received_timestamp'] or time.time_ns()
            self._arrivals_ns.append(arrival)
            self._latencies_ms.append((arrival - stamp) / 1e6)
            self._measure(stamp, image_array(msg, '<f4'))
        if self._tally.add(topic, stamp, msg.header.frame_id):
            frame = self._pending.pop(stamp, {})
            # A message that had to be sent again can come after its frame was given up.
            if frame.keys() == set(SHOWN):
                self._kept.offer(frame)
            say(processed=self._tally.messages()[DEPTH])
        for waiting in (self._pending, self._scales, self._measured, self._floors):
            while len(waiting) > PENDING:
                waiting.pop(min(waiting))

    def _measure(self, stamp, depth):
        self._valid_shares.append(float(np.isfinite(depth).mean()))
        if stamp not in self._truths:
            self._truths = read_stamps(self._plan.stamps)
        path = self._truths.get(stamp)
        truth = cv2.imread(path, cv2.IMREAD_UNCHANGED) if path else None
        if truth is None:
            return
        size = depth.shape[::-1]
        metres = cv2.resize(truth, size, interpolation=cv2.INTER_NEAREST) / np.float32(1000)
        self._accuracy.update(depth, metres)
        if self._plan.height:
            self._measured[stamp] = depth.copy(), metres
            self._compare(stamp)

    def summary(self) -> dict:
        """Return the figures of the whole run, for summary.json."""
        published = read_stamps(self._plan.stamps)
        self.problems = self._tally.problems(set(published))
        counts = {key: int(value) for key, value in self.status.items() if value.isdigit()}
        dropped = {
            key.split('.')[1]: count for key, count in counts.items() if key.startswith('dropped.')
        }
        dropped['lost_upstream'] = len(published) - counts.get('received', 0)
        accuracy = self._accuracy.compute()
        return {
            'frames_published': len(published),
            'frames_processed': counts.get('processed', 0),
            'dropped': {reason: count for reason, count in dropped.items() if count},
            'rate_hz': self._rate(),
            'latency_ms': self._latency(),
            'valid_depth_share': _rounded(np.mean(self._valid_shares or [np.nan]), 4),
            'topics': self._tally.messages(),
            'stamps_ok': not self.problems,
            'model': self.status.get('model', self._plan.model),
            'engine': self.status.get('engine', ''),
            'device': self.status.get('device', ''),
            **{key: _rounded(accuracy[key], 4) for key in ('abs_rel', 'delta1') if accuracy},
            **({'scale': figures(self._ordered_samples())} if self._samples else {}),
        }

    def _rate(self):
        if len(self._arrivals_ns) < 2:
            return None
        seconds = (max(self._arrivals_ns) - min(self._arrivals_ns)) / 1e9
        return _rounded((len(self._arrivals_ns) - 1) / seconds, 2)

    def _latency(self):
        p50, p95 = np.percentile(self._latencies_ms or [np.nan], (50, 95))
        return {'p50': _rounded(p50, 1), 'p95': _rounded(p95, 1)}

    def write_pictures(self) -> list[str]:
        """Write the panels and the cloud; return the names of the files."""
        out = Path(self._plan.out)
        frames = self._kept.items
        order = sorted(read_stamps(self._plan.stamps))
        names = []
        for messages in frames:
            prediction = to_prediction(messages)
            picture = panel(prediction, self._facts)
            name = f'panel_{order.index(prediction.stamp_ns):04d}.png'
            cv2.imwrite(str(out / name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            names.append(name)
        if frames:
            write_ply(out / 'cloud.ply', cloud_array(frames[len(frames) // 2][CLOUD]))
            names.append('cloud.ply')
        if samples := self._ordered_samples():
            cv2.imwrite(str(out / 'scale.png'), plot(samples)[..., ::-1])
            names.append('scale.png')
        return names


def _rounded(value, digits):
    """Return a float for JSON, which has no NaN."""
    return round(float(value), digits) if np.isfinite(value) else None


def record(plan: Plan, finishing: threading.Event, leaving: threading.Event) -> int:
    """Record until `finishing`, then take in what is on its way and write the results."""
    recorder = Recorder(plan)
    executor = SingleThreadedExecutor()
    executor.add_node(recorder.node)

    def spin_until(condition, seconds=float('inf')):
        end = time.monotonic() + seconds
        while not (leaving.is_set() or condition() or time.monotonic() > end):
            executor.spin_once(timeout_sec=0.1)
            if recorder.error:
                say(failed=f'node: {recorder.error}')
                return False
        return not leaving.is_set()

    if not spin_until(lambda: finishing.is_set() or recorder.is_ready()):
        return 1
    if not spin_until(finishing.is_set, SETTLE_S):
        return 1
    say(ready=True)
    if not spin_until(finishing.is_set):
        return 1
    # A report from before the last image came would be out of date.
    enough = recorder.reports + 2
    if not spin_until(lambda: recorder.reports >= enough and recorder.has_all(), DRAIN_S):
        return 1
    summary = recorder.summary()
    say(result=summary, problems=recorder.problems, files=recorder.write_pictures())
    return 0


def main(plan_path: str) -> int:
    """Record; SIGINT ends that with the results, SIGTERM without. Return the exit status."""
    finishing, leaving = threading.Event(), threading.Event()
    signal.signal(signal.SIGINT, lambda *_: finishing.set())
    signal.signal(signal.SIGTERM, lambda *_: leaving.set())
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    return record(Plan.load(plan_path), finishing, leaving)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
