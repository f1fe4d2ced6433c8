"""All parts in order; what one of them cannot do is written down, and the rest goes on."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timezone
import json
from pathlib import Path
import time
from typing import Callable, Iterator, Optional, Sequence

from monodepth_ros import provenance
from monodepth_ros.benchmark import machine
from monodepth_ros.benchmark.budget import measure_budget
from monodepth_ros.benchmark.cameras import measure_cameras
from monodepth_ros.benchmark.engines import add_peak_shares, choose_cases, measure_engines
from monodepth_ros.benchmark.flicker import measure_flicker
from monodepth_ros.benchmark.growth import measure_growth
from monodepth_ros.benchmark.node import (
    measure_node,
    OURS,
    SMALL_SIZE,
    SMALL_TOPICS,
)
from monodepth_ros.benchmark.peak import measure_peak
from monodepth_ros.benchmark.peer import measure_peer
from monodepth_ros.benchmark.report import PARTS, VERSION
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.targets import make_targets
from monodepth_ros.networks.safetensors_file import write_atomically


class Runner:
    """
    One run of the benchmark.

    Attributes:
        report: what has been measured so far; see docs/performance.md.

    """

    def __init__(
        self, settings: Settings, out: Optional[Path], tell: Callable[[str], None] = lambda _: None
    ):
        """
        Describe the machine.

        Args:
            settings: of the run.
            out: JSON file that is written anew after each step, or None.
            tell: is told what is being done, for people.

        """
        self._settings = settings
        self._out = out
        self._tell = tell
        self._begun = time.monotonic()
        self.report: dict = {
            'version': VERSION,
            'created': datetime.now(timezone.utc).isoformat(timespec='seconds'),
            'quick': settings.quick,
            'device': settings.device,
            'threads': settings.threads,
            'model': Path(settings.model).stem,
            'images': settings.images.name,
            'machine': machine.describe_machine(),
            'versions': machine.versions(),
            'commit': provenance.commit(),
            'errors': [],
        }

    def run(self, parts: Sequence[str] = PARTS) -> dict:
        """Measure parts, of `PARTS`, and return the report."""
        for part in PARTS:
            if part in parts:
                with self._step(part, part):
                    getattr(self, f'_run_{part}')()
        self.report['seconds'] = round(time.monotonic() - self._begun)
        self._write()
        return self.report

    @contextmanager
    def _step(self, part: str, what: str) -> Iterator[None]:
        """Do something whose failure ends no more than itself."""
        begun = time.monotonic()
        try:
            yield
        # Whatever it is, a process's end or a library's bug: the other parts still count.
        except Exception as error:
            text = ' '.join(f'{type(error).__name__}: {error}'.split())
            self.report['errors'].append({'part': part, 'what': what, 'error': text})
            self._tell(f'{what} failed: {text}')
        self._tell(f'{what}: {time.monotonic() - begun:.0f} s')
        self._write()

    def _write(self):
        if self._out is not None:
            write_atomically(self._out, (json.dumps(self.report, indent=1) + '\n').encode())

    def _run_engines(self):
        settings = self._settings
        peaks: dict[str, float] = {}
        rows = self.report['engines'] = []
        self._measure_peaks(peaks)
        for number, target in enumerate(make_targets(settings)):
            is_model = number == 0
            cases = choose_cases(settings, target, is_model)
            stride = f' at stride {target.output_stride}' if target.output_stride else ''
            with self._step('engines', f'{target.network}{stride}'):
                warm_start = is_model and not settings.quick
                found, errors = measure_engines(settings, target, cases, warm_start)
                rows += found
                self.report['errors'] += errors
                add_peak_shares(rows, peaks)
        if not settings.quick:
            # Once more: the machine may have been busy with something else the first time.
            self._measure_peaks(peaks)
            add_peak_shares(rows, peaks)

    def _measure_peaks(self, peaks):
        with self._step('engines', 'matrix products'):
            for precision, rate in measure_peak(self._settings).items():
                peaks[precision] = max(rate, peaks.get(precision, 0.0))
        self.report['peak_gflops'] = peaks

    def _run_node(self):
        self.report['node'] = measure_node(self._settings)
        if self._settings.quick:
            return
        with self._step('node', 'node, small outputs'):
            self.report['node']['small'] = measure_node(
                self._settings, SMALL_SIZE, SMALL_TOPICS, rates=(60,), pipelined=False
            )

    def _run_budget(self):
        stages = self.report.get('node', {}).get(OURS, {}).get('stages_ms', {})
        self.report['budget'] = measure_budget(self._settings, stages)
        self.report['floor_ms'] = self.report['budget']['floor_ms']

    def _run_growth(self):
        self.report['growth'], errors = measure_growth(self._settings)
        self.report['errors'] += errors

    def _run_flicker(self):
        self.report['flicker'] = measure_flicker(self._settings)

    def _run_cameras(self):
        self.report['cameras'], errors = measure_cameras(self._settings)
        self.report['errors'] += errors

    def _run_peer(self):
        if self._settings.peer is not None:
            self.report['peer'], errors = measure_peer(self._settings)
            self.report['errors'] += errors
