"""What a run, or a part of it between two resumes, was made with: versions, device, threads."""

from __future__ import annotations

import platform

import cv2
from monodepth_ros.provenance import commit, package_version
from monodepth_ros.training.distributed import Processes
import numpy as np
import torch


def describe_session(processes: Processes) -> dict:
    """Return versions, device, threads and processes, for people; nothing that names a host."""
    return {
        'versions': {
            'monodepth_ros': package_version(),
            'commit': commit(),
            'python': platform.python_version(),
            'torch': torch.__version__,
            'numpy': np.__version__,
            'opencv': cv2.__version__,
        },
        'device': _describe_device(processes.device),
        'threads': torch.get_num_threads(),
        'processes': processes.count,
    }


def _describe_device(device: torch.device) -> str:
    if device.type == 'cuda':
        return f'cuda ({torch.cuda.get_device_name(device)})'
    return f'{device.type} ({platform.machine()})'
