"""What the figures were measured on: processor, memory, system, GPU, versions."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
import platform
import re
import subprocess

FLAGS = ('avx2', 'fma', 'avx512f', 'avx512_vnni', 'avx_vnni', 'avx512_bf16', 'amx_bf16')
FLAGS += ('amx_int8', 'asimd', 'asimddp', 'bf16', 'i8mm', 'sve')
"""Instruction sets that decide how fast a network runs, of x86 and ARM."""
PACKAGES = ('monodepth_ros', 'torch', 'openvino', 'onnxruntime', 'onnxruntime-gpu', 'tensorrt')
PACKAGES += ('onnx', 'numpy', 'opencv-python', 'opencv-python-headless', 'rclpy')


def describe_machine() -> dict:
    """Return the machine's facts as they go into the report."""
    cpu = Path('/proc/cpuinfo').read_text()
    return {
        'cpu': _field(cpu, 'model name') or _field(cpu, 'Model') or platform.processor(),
        'architecture': platform.machine(),
        'cores': usable_cores(),
        'flags': [name for name in FLAGS if name in _flags(cpu)],
        'memory_gb': round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30, 1),
        'os': _system(),
        'kernel': platform.release(),
        'load_before': round(os.getloadavg()[0], 2),
        'gpu': describe_gpus(),
    }


def usable_cores() -> int:
    """Return the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def versions() -> dict:
    """Return the versions of what the figures depend on; what is not installed is left out."""
    found = {'python': platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def describe_gpus() -> list[str]:
    """Return name, memory and driver of each NVIDIA GPU in words; [] where there is none."""
    query = '--query-gpu=name,memory.total,driver_version'
    return _output('nvidia-smi', query, '--format=csv,noheader').splitlines()


def _output(*command: str) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return result.stdout.strip() if result.returncode == 0 else ''


def _field(cpu_info: str, name: str) -> str:
    found = re.search(rf'^{name}\s*: (.+)$', cpu_info, re.MULTILINE)
    return found[1].strip() if found else ''


def _flags(cpu_info: str) -> set[str]:
    return set((_field(cpu_info, 'flags') or _field(cpu_info, 'Features')).split())


def _system() -> str:
    try:
        return platform.freedesktop_os_release()['PRETTY_NAME']
    except (OSError, KeyError):
        return platform.system()
