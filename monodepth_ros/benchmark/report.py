"""The file of results: what it holds, and whether a file holds that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional, Union

from monodepth_ros.errors import BenchmarkError

VERSION = 1
PARTS = ('engines', 'node', 'budget', 'growth', 'flicker', 'cameras', 'peer')

_NUMBER = (int, float)
_MAYBE = (int, float, type(None))
_ENGINE = {
    'network': str,
    'output_stride': (int, type(None)),
    'weights': str,
    'engine': str,
    'precision': str,
    'device': str,
    'ms_median': _NUMBER,
    'ms_p95': _NUMBER,
    'ms_min': _NUMBER,
    'ms_iqr': _NUMBER,
    'samples': int,
    'frames_per_second': _NUMBER,
    'gflop': _MAYBE,
    'peak_share': _MAYBE,
    'speedup_over_eager_fp32': _MAYBE,
    'depth_median_rel_error': _MAYBE,
    'label_agreement': _MAYBE,
    'start_cold_s': _NUMBER,
    'start_warm_s': _MAYBE,
    'rss_mb': _NUMBER,
}
_AT_RATE = {
    'offered_hz': _NUMBER,
    'output_hz': _NUMBER,
    'latency_ms_p50': _MAYBE,
    'latency_ms_p95': _MAYBE,
    'latency_ms_p99': _MAYBE,
    'jitter_ms': _MAYBE,
    'sent': int,
    'drops': int,
    'lost_in_middleware': int,
    'superseded': int,
    'lost_at_listener': int,
    'cpu_percent': _NUMBER,
    'rss_mb': _NUMBER,
}
_NODE = {'max_rate_hz': _NUMBER, 'host_ms_median': _MAYBE, 'at_hz': {'*': _AT_RATE}}
_PEER = {
    'network': str,
    'engine': str,
    'precision': str,
    'ms_median': _NUMBER,
    'frames_per_second': _NUMBER,
    'gflop': _MAYBE,
}
_SCHEMA = {
    'version': int,
    'created': str,
    'quick': bool,
    'device': str,
    'threads': int,
    'model': str,
    'images': str,
    'machine': {
        'cpu': str,
        'cores': int,
        'flags': [str],
        'memory_gb': _NUMBER,
        'os': str,
        'load_before': _NUMBER,
        'gpu': [str],
    },
    'versions': {'*': str},
    'commit': str,
    'errors': [{'part': str, 'what': str, 'error': str}],
}
_PART_SCHEMA = {
    'peak_gflops': {'*': _NUMBER},
    'engines': [_ENGINE],
    'node': {'ours': _NODE, 'plain': _NODE, 'size': [int]},
    'floor_ms': _NUMBER,
    'budget': {
        'floor_ms': _NUMBER,
        'round_trip_ms': _NUMBER,
        'publish_floor_ms': _NUMBER,
        'copy_ms': {'*': _NUMBER},
        'stages_ms': {'*': _NUMBER},
    },
    'growth': {
        'sizes': [{'width': int, 'height': int, 'predict_ms_median': _NUMBER}],
        'batches': [{'batch': int, 'ms_median': _NUMBER, 'ms_per_image': _NUMBER}],
    },
    'flicker': [{'temporal_filter_s': _NUMBER, 'change': _NUMBER, 'ms_median': _NUMBER}],
    'cameras': [
        {
            'cameras': int,
            'nodes': int,
            'frames_per_cpu_second': _NUMBER,
            'ratio_to_a_node_each': _MAYBE,
        }
    ],
    'peer': {**_PEER, 'ours': [_PEER]},
}
"""What is in a report where that part was measured. '*' stands for any key."""


def check_report(report: dict) -> None:
    """Raise BenchmarkError, which names the place, where a report is not as it must be."""
    _check(report, _SCHEMA, 'report')
    for name in _PART_SCHEMA:
        if name in report:
            check_part(report[name], name)


def check_part(value: Any, name: str) -> None:
    """Raise BenchmarkError where what a report holds under a name is not as it must be."""
    _check(value, _PART_SCHEMA[name], name)


def _check(value: Any, schema: Any, place: str) -> None:
    if isinstance(schema, dict):
        _check_type(value, dict, place)
        for key, inner in schema.items():
            for name in value if key == '*' else (key,):
                if name not in value:
                    raise BenchmarkError(f'{place} lacks {name!r}; has {sorted(value)}')
                _check(value[name], inner, f'{place}.{name}')
    elif isinstance(schema, list):
        _check_type(value, list, place)
        for number, item in enumerate(value):
            _check(item, schema[0], f'{place}[{number}]')
    else:
        _check_type(value, schema, place)


def _check_type(value: Any, kinds: Union[type, tuple], place: str) -> None:
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    # To Python, True is a whole number.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = ' or '.join('null' if k is type(None) else k.__name__ for k in kinds)
        raise BenchmarkError(f'{place} is {value!r}, expected {names}')


def read_report(path: Union[str, Path]) -> dict:
    """
    Return what `monodepth benchmark --out` has written.

    Raises:
        BenchmarkError: the file cannot be read or is no report.

    """
    try:
        report: Optional[dict] = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise BenchmarkError(f'cannot read {path}: {error}') from None
    check_report(report)
    return report
