"""What the node has seen and done, and how that reads on /diagnostics."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from math import nan
import threading
import time
from types import MappingProxyType
from typing import Callable, Mapping, Optional

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from monodepth_ros.errors import IMAGE_REASONS
from monodepth_ros.ros.fastdds import profile_variable
from monodepth_ros.ros.stopwatch import STAGES
from monodepth_ros.scale.bend import Bend
from monodepth_ros.scale.estimator import ScaleState
import numpy as np

DROP_REASONS = (*IMAGE_REASONS, 'superseded', 'bad_config', 'inference_failed', 'halted')
"""Why a frame that reached the node gave no output."""

IGNORE_REASONS = ('no_subscriber', 'max_rate', 'disabled')
"""Why a frame was not wanted; not a drop."""

WINDOW = 200
"""Frames over which latency is measured."""


class GapCounter:
    """
    Estimate from gaps in stamps how many frames at least were lost on the way to the node.

    The camera's period is taken as the lower third of the recent steps between stamps: losses
    make steps longer, and only a camera that catches up after a stall makes a few shorter. Where
    hardly two frames in a row arrive, the period looks longer than it is, and too few are counted;
    what is lost before the first frame, or after the last one, leaves no gap.
    """

    RECENT = 30
    LONGEST_GAP_NS = 10_000_000_000
    """A longer pause is a camera that stopped or a bag that looped, not loss."""

    def __init__(self) -> None:
        self._steps: deque[int] = deque(maxlen=self.RECENT)
        self._last: Optional[int] = None

    def add(self, stamp_ns: int) -> int:
        """Return how many frames are missing between the last stamp and this one."""
        last, self._last = self._last, stamp_ns
        if last is None or not 0 < stamp_ns - last < self.LONGEST_GAP_NS:
            return 0
        step = stamp_ns - last
        self._steps.append(step)
        if len(self._steps) < 5:
            return 0
        period = sorted(self._steps)[len(self._steps) // 3]
        # A quarter of a period of jitter to both sides is usual with USB cameras: 1.25 / 0.75.
        return round(step / period) - 1 if step > 1.75 * period else 0


@dataclass
class Report:
    """
    Figures at one moment; counts are since start, rates since the last report.

    `stage_ms` are medians by stage and `host_ms` that of a frame's stages but the engine.
    `silence_s` is the time since the last image, or since activation where none `has_begun`;
    `waiting_s` the time since the first image for which there is neither output nor an error yet.
    """

    counts: Counter = field(default_factory=Counter)
    fresh: Counter = field(default_factory=Counter)
    input_hz: float = 0.0
    output_hz: float = 0.0
    stamp_to_publish_ms: Optional[tuple[float, float]] = None
    receive_to_publish_ms: Optional[tuple[float, float]] = None
    stage_ms: dict[str, float] = field(default_factory=dict)
    host_ms: Optional[float] = None
    silence_s: float = 0.0
    waiting_s: float = 0.0
    has_begun: bool = False


class Statistics:
    """Count frames; safe to use from the executor's and the worker's thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter = Counter()
        self._reported: Counter = Counter()
        self._gaps = GapCounter()
        self._latencies: deque[tuple[float, float]] = deque(maxlen=WINDOW)
        self._stages: deque[dict[str, float]] = deque(maxlen=WINDOW)
        self._reported_at = self._last_image = clock()
        self._has_begun = False
        self._waiting_since: Optional[float] = None

    def received(self, stamp_ns: int) -> None:
        """Note that an image has come."""
        with self._lock:
            self._last_image = self._clock()
            self._has_begun = True
            self._counts['received'] += 1
            self._counts['lost_upstream'] += self._gaps.add(stamp_ns)

    def submitted(self) -> None:
        """Note that a frame is to give output."""
        with self._lock:
            if self._waiting_since is None:
                self._waiting_since = self._clock()

    def answered(self) -> None:
        """Note that a frame gave output, or an error that was counted."""
        with self._lock:
            self._waiting_since = None

    def count(self, what: str) -> None:
        """Note one more of 'processed' or of a reason in `DROP_REASONS` or `IGNORE_REASONS`."""
        with self._lock:
            self._counts[what] += 1

    def published(
        self,
        stamp_to_publish_s: Optional[float],
        receive_to_publish_s: float,
        stages_s: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """
        Note that a frame's outputs are out.

        Args:
            stamp_to_publish_s: seconds from its stamp on, None where unknown.
            receive_to_publish_s: seconds from its arrival on.
            stages_s: seconds by stage of `stopwatch.STAGES`.

        """
        with self._lock:
            self._counts['published'] += 1
            self._latencies.append((stamp_to_publish_s, receive_to_publish_s))
            self._stages.append(dict(stages_s))

    def restart(self) -> None:
        """Begin to watch a new stream: a pause until now is neither loss nor silence."""
        with self._lock:
            self._gaps = GapCounter()
            self._latencies.clear()
            self._stages.clear()
            self._last_image = self._clock()
            self._has_begun = False
            self._waiting_since = None

    def report(self) -> Report:
        """Return the figures and begin a new interval for the rates."""
        with self._lock:
            now = self._clock()
            seconds = max(now - self._reported_at, 1e-9)
            fresh = self._counts - self._reported
            self._reported, self._reported_at = self._counts.copy(), now
            stamp_ms, receive_ms = self._percentiles()
            stage_ms, host_ms = self._stage_medians()
            return Report(
                counts=self._counts.copy(),
                fresh=fresh,
                input_hz=fresh['received'] / seconds,
                output_hz=fresh['published'] / seconds,
                stamp_to_publish_ms=stamp_ms,
                receive_to_publish_ms=receive_ms,
                stage_ms=stage_ms,
                host_ms=host_ms,
                silence_s=now - self._last_image,
                waiting_s=0.0 if self._waiting_since is None else now - self._waiting_since,
                has_begun=self._has_begun,
            )

    def _percentiles(self):
        """Return p50 and p95 in milliseconds of both latencies, None where there are none."""
        known = ([s for s in column if s is not None] for column in zip(*self._latencies))
        figures = [tuple(np.percentile(s, (50, 95)) * 1e3) if s else None for s in known]
        return figures or (None, None)

    def _stage_medians(self):
        """Return the median milliseconds of each stage, and of all but the engine together."""
        rows = [[stages.get(name, 0.0) * 1e3 for name in STAGES] for stages in self._stages]
        if not rows:
            return {}, None
        hosts = [sum(row) - row[STAGES.index('engine')] for row in rows]
        return dict(zip(STAGES, np.median(rows, axis=0))), float(np.median(hosts))


@dataclass(frozen=True)
class NodeState:
    """What is the same for all cameras."""

    name: str = 'monodepth'
    lifecycle: str = 'unconfigured'
    load_error: str = ''
    engine: str = ''
    device: str = ''
    precision: str = ''
    model: str = ''
    warning: str = ''


@dataclass(frozen=True)
class CameraState:
    """
    What besides the figures decides a camera's level; `name` is '' for the only one.

    `frame_id` is the last image's, `unheard` says what was listened to, and `scale` is the last
    frame's.
    """

    name: str = ''
    enabled: bool = True
    halted: str = ''
    calibration: str = 'ok'
    calibration_remedy: str = ''
    frame_id: str = 'unknown'
    unheard: str = ''
    calibration_notes: tuple[str, ...] = ()
    scale: ScaleState = ScaleState()
    floor: str = 'unused'
    floor_problem: str = ''


SILENT_AFTER_S = 3.0
"""
Time without an image after which something is wrong.

Where images came and ceased the level is STALE, the monitor's word for what is not updated any
more. Where none ever came since activation the level is ERROR, as diagnostic_updater gives a topic
without events: it is wrong from the start, and needs a person.
"""


STUCK_AFTER_S = 5.0
"""
Time for which images come and are wanted without any output or error, after which something hangs:
several times what the slowest network takes that is of use to a robot.
"""


def make_status(node: NodeState, camera: CameraState, report: Report) -> DiagnosticStatus:
    """Return a camera's status for /diagnostics: its level, one line, and every figure."""
    level, message = _judge(node, camera, report)
    return DiagnosticStatus(
        level=level,
        name=f'{node.name}: {camera.name or "monodepth"}',
        message=message,
        hardware_id=f'{node.device}, {camera.name}' if camera.name else node.device,
        values=[KeyValue(key=key, value=value) for key, value in _figures(node, camera, report)],
    )


def _judge(node: NodeState, camera: CameraState, report: Report) -> tuple[bytes, str]:
    if camera.halted:
        return DiagnosticStatus.ERROR, camera.halted
    if node.lifecycle != 'active':
        if node.load_error:
            return DiagnosticStatus.ERROR, f'configure failed: {node.load_error}'
        return DiagnosticStatus.OK, node.lifecycle
    if not camera.enabled:
        return DiagnosticStatus.OK, 'disabled by the service ~/enable'
    if report.waiting_s > STUCK_AFTER_S:
        return DiagnosticStatus.ERROR, (
            'restart the node, or choose another engine or a smaller model: '
            f'no output for {report.waiting_s:.0f} s: the network hangs in a frame, or is far too '
            'slow'
        )
    if report.silence_s > SILENT_AFTER_S:
        level = DiagnosticStatus.STALE if report.has_begun else DiagnosticStatus.ERROR
        return level, (
            f'no image for {report.silence_s:.0f} s{camera.unheard and f" on {camera.unheard}"}; '
            'check driver, topic name, image_transport, QoS (ros2 topic info -v)'
        )
    if warnings := [*filter(None, [node.warning]), *_warnings(camera, report.fresh)]:
        return DiagnosticStatus.WARN, '; '.join(warnings)
    if not report.has_begun:
        return DiagnosticStatus.OK, 'waiting for the first image'
    if report.fresh['no_subscriber']:
        return DiagnosticStatus.OK, 'waiting for subscribers'
    return DiagnosticStatus.OK, f'{report.output_hz:.1f} Hz'


def _warnings(camera: CameraState, fresh: Counter) -> list[str]:
    warnings = [
        f'{fresh[reason]} images dropped: {reason}' for reason in IMAGE_REASONS if fresh[reason]
    ]
    if fresh['bad_config']:
        warnings.append(f'{fresh["bad_config"]} frames dropped: a parameter does not fit; see log')
    if fresh['inference_failed']:
        warnings.append(f'{fresh["inference_failed"]} frames failed in the network')
    if fresh['lost_upstream']:
        warnings.append(
            f"start the camera driver with {profile_variable()}=this package's fastdds.xml: "
            f'at least {fresh["lost_upstream"]} frames lost before the node'
        )
    if camera.calibration_remedy:
        warnings.append(f'{camera.calibration}: {camera.calibration_remedy}')
    if not camera.frame_id:
        warnings.append(
            "set the frame_id in the camera driver: the images' is empty, and so is that of depth "
            'and cloud, which RViz and TF cannot place'
        )
    warnings += camera.calibration_notes
    if camera.floor_problem:
        warnings.append(f'depth.ground or depth/obstacles without a floor: {camera.floor_problem}')
    warnings += camera.scale.warnings
    return warnings


def _figures(node: NodeState, camera: CameraState, report: Report) -> list[tuple[str, str]]:
    counts = report.counts
    rows = [
        ('state', node.lifecycle),
        ('enabled', str(camera.enabled).lower()),
        ('camera', camera.name),
        ('model', node.model),
        ('engine', node.engine),
        ('device', node.device),
        ('precision', node.precision),
        ('calibration', camera.calibration),
        ('frame_id', camera.frame_id),
        ('input_hz', f'{report.input_hz:.2f}'),
        ('output_hz', f'{report.output_hz:.2f}'),
    ]
    for name in ('stamp_to_publish', 'receive_to_publish'):
        latency = getattr(report, f'{name}_ms')
        for percentile, index in (('p50', 0), ('p95', 1)):
            value = f'{latency[index]:.1f}' if latency else 'nan'
            rows.append((f'{name}_ms_{percentile}', value))
    rows += [(f'stage_ms_{name}', f'{report.stage_ms.get(name, nan):.3f}') for name in STAGES]
    rows.append(('host_ms_median', f'{nan if report.host_ms is None else report.host_ms:.3f}'))
    rows += [(name, str(counts[name])) for name in ('received', 'processed', 'published')]
    rows += [(f'dropped.{reason}', str(counts[reason])) for reason in DROP_REASONS]
    rows.append(('lost_upstream', str(counts['lost_upstream'])))
    rows.append(('floor', camera.floor))
    rows += [(f'scale_{name}', value) for name, value in scale_figures(camera.scale)]
    rows += [(f'ignored.{reason}', str(counts[reason])) for reason in IGNORE_REASONS]
    return rows


def scale_figures(state: ScaleState) -> list[tuple[str, str]]:
    """Return what is known of a scale as names and values; nan for what is not known."""
    estimate, age = state.estimate, state.age_s
    bend = estimate.bend or Bend(nan, nan, 0.0, 0.0, (nan, nan), (nan, nan))
    return [
        ('factor', _number(estimate.factor)),
        ('spread', f'{estimate.spread:.4f}'),
        ('votes', str(estimate.votes)),
        ('age_s', 'nan' if age is None else f'{age:.3f}'),
        ('tilt_deg', 'nan' if state.tilt is None else f'{state.tilt:.2f}'),
        ('height_ratio', 'nan' if state.height is None else f'{state.height:.3f}'),
        ('source', state.source),
        ('held_for', state.reason),
        ('shift', _number(estimate.shift)),
        ('by_depth', f'{bend.by_depth:.4f}'),
        ('by_column', f'{bend.by_column:.4f}'),
        ('at_depth', f'{bend.depth:.4f}'),
        ('at_column', f'{bend.column:.4f}'),
        ('from_depth', f'{bend.depths[0]:.4f}'),
        ('to_depth', f'{bend.depths[1]:.4f}'),
        ('from_column', f'{bend.columns[0]:.4f}'),
        ('to_column', f'{bend.columns[1]:.4f}'),
    ]


def _number(value: float) -> str:
    """Return a number with four decimals, or four digits where it is small, as other units are."""
    return f'{value:.4f}' if value == 0 or abs(value) >= 0.1 or value != value else f'{value:.4g}'
