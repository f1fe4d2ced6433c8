"""Runs of `monodepth` over many bags, their processes, and what they leave: see fleet_check."""

from __future__ import annotations

import filecmp
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import NamedTuple, Sequence

from bag_kit import BagKit, stamp
from monodepth_ros.offline.recording import Recording
from monodepth_ros.processes import leashed
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
COLOUR, DEPTH = '/camera/color/image_raw', '/camera/depth/image_raw'
FRAME = 'camera_optical_frame'
PREDICT = ('--image-topic', COLOUR, '--threads', '1', '--resume')
WAYS = {
    'bags': ('predict', *PREDICT, '--write', 'bag'),
    'files': ('predict', *PREDICT, '--write', 'depth,label'),
    'dataset': ('dataset', '--max-blur', '1', '--min-light', '0'),
}
"""What is made of the bags: one bag of each, files of each frame, one data set of all."""


def picture(bag: int, frame: int, size: tuple[int, int]) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB: waves that move, so that no two of 1000 frames are alike."""
    u, v = np.meshgrid(*(np.arange(side) / side for side in size))
    turns = (3 * u + 0.037 * frame + 0.11 * bag, 2 * v - 0.053 * frame, u + v + 0.029 * frame)
    return np.rint(127.5 + 100 * np.sin(2 * np.pi * np.stack(turns, axis=-1))).astype(np.uint8)


def write_bags(folder: Path, count: int, frames: int, size: tuple[int, int]) -> list[Path]:
    """Write bags of images with depth, width and height `size`; return their paths."""
    paths = [folder / f'drive{number:02}' for number in range(count)]
    for number, path in enumerate(paths):
        with BagKit(path) as kit:
            for frame in range(frames):
                time, image = stamp(frame), picture(number, frame, size)
                for topic in (COLOUR, DEPTH):
                    info = topic.replace('image_raw', 'camera_info')
                    kit.pinhole(time, size, 0.8 * size[0], info, FRAME)
                kit.image(image, time, COLOUR)
                kit.image(1000 + 20 * image[..., 0].astype(np.uint16), time, DEPTH, '16UC1')
    return paths


def start(way: str, bags: Sequence[Path], out: Path, *arguments) -> subprocess.Popen:
    """Start the command of a way; what it prints goes to a log beside `out`."""
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    command = [sys.executable, '-m', 'monodepth_ros', *WAYS[way], *bags, '--out', out, *arguments]
    with log_of(out).open('a') as log:
        return subprocess.Popen(
            leashed(command, signal.SIGKILL),
            env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def finish(process: subprocess.Popen, out: Path) -> None:
    """Wait for a run; raise RuntimeError with the end of its log where it failed."""
    if process.wait() != 0:
        raise RuntimeError(f'exit status {process.returncode}: {log_of(out).read_text()[-2000:]}')


def log_of(out: Path) -> Path:
    """Return where the output of the runs into `out` goes."""
    return out.with_name(f'{out.name}.log')


class Process(NamedTuple):
    """A process: its command line or title, and the CPU seconds it has used."""

    title: str
    cpu_s: float


def tree(pid: int) -> dict[int, Process]:
    """Return a process and all below it by process id, as Linux tells it (proc(5))."""
    parents, used = {}, {}
    for path in Path('/proc').glob('[0-9]*/stat'):
        try:
            fields = path.read_text().rpartition(')')[2].split()
        except OSError:  # ended meanwhile
            continue
        number = int(path.parent.name)
        parents[number] = int(fields[1])
        used[number] = (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
    found = [pid] if pid in parents else []
    for parent in found:  # which grows meanwhile
        found += [child for child, above in parents.items() if above == parent]
    return {number: Process(_title(number), used[number]) for number in found}


def _title(pid):
    try:
        return Path(f'/proc/{pid}/cmdline').read_bytes().replace(b'\0', b' ').decode().strip()
    except OSError:
        return ''


def files_of(folder: Path) -> set[str]:
    """Return the names of all files in a folder and those below, hidden ones too."""
    # Unlike pathlib, os.walk takes it that folders vanish meanwhile.
    return {
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder)
        for name in names
    }


def differences(expected: Path, found: Path) -> list[str]:
    """Return the names of files that are in one folder alone, or not byte for byte the same."""
    names, others = files_of(expected), files_of(found)
    both = sorted(names & others)
    changed = [n for n in both if not filecmp.cmp(expected / n, found / n, shallow=False)]
    missing = [f'{name} is missing' for name in sorted(names - others)]
    return changed + missing + [f'{name} is new' for name in sorted(others - names)]


def frames_in(way: str, out: Path) -> list[str]:
    """Return a name for each frame that a run has made, as often as it is there."""
    if way == 'dataset':
        return (out / 'all.txt').read_text().split()
    if way == 'files':
        return [path.name for path in out.glob('*_depth.png')]
    found = []
    for path in sorted(out.glob('*_monodepth')):
        messages = Recording(path).messages(('/depth/image_rect',))
        found += [f'{path.name} {message.time_ns}' for message in messages]
    return found
