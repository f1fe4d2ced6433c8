"""What a process holds, as Linux tells it (proc(5)), and what a node holds, as the graph does."""

from __future__ import annotations

import os
from pathlib import Path
import re

from rclpy.node import Node

_SEGMENT = re.compile(r'/dev/shm/(fast(?:dds|rtps)_\w+)')
_OWN_SEGMENT = re.compile(r'/dev/shm/fast(?:dds|rtps)_[0-9a-f]{16}_el')
"""The lock of a segment, which its maker holds open."""


def of_process(pid: int) -> dict:
    """
    Return memory in MB of 10^6 bytes, and counts.

    `rss_mb` is all memory in RAM, `anonymous_mb` what of it no file is behind, `pss_mb` all with
    shared pages divided among their users; `threads`; `descriptors`; `segments`, the files of Fast
    DDS's shared memory that are mapped, and `own_segments`, those of them that it made.
    """
    folder = Path('/proc') / str(pid)
    status = _kilobytes(folder / 'status')
    links = [_link(path) for path in (folder / 'fd').iterdir()]
    return {
        'rss_mb': _mb(status['VmRSS']),
        'anonymous_mb': _mb(status['RssAnon']),
        'pss_mb': _mb(_kilobytes(folder / 'smaps_rollup')['Pss']),
        'threads': status['Threads'],
        'descriptors': len(links),
        'segments': len(set(_SEGMENT.findall((folder / 'maps').read_text()))),
        'own_segments': sum(bool(_OWN_SEGMENT.fullmatch(link)) for link in links),
    }


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:  # closed meanwhile
        return ''


def _kilobytes(path: Path) -> dict[str, int]:
    found = re.findall(r'^(\w+):\s+(\d+)', path.read_text(), re.MULTILINE)
    return {name: int(value) for name, value in found}


def _mb(kilobytes: int) -> float:
    return round(kilobytes * 1024 / 1e6, 3)


def of_node(observer: Node, name: str) -> dict[str, int]:
    """Return how many entities of a node in the observer's namespace are seen, by kind."""
    where = observer.get_namespace()
    topics = [topic for topic, _ in observer.get_topic_names_and_types()]
    ends = {
        'publishers': observer.get_publishers_info_by_topic,
        'subscriptions': observer.get_subscriptions_info_by_topic,
    }
    counts = {
        kind: sum(
            (end.node_name, end.node_namespace) == (name, where)
            for topic in topics
            for end in find(topic)
        )
        for kind, find in ends.items()
    }
    counts['services'] = len(observer.get_service_names_and_types_by_node(name, where))
    counts['nodes'] = observer.get_node_names_and_namespaces().count((name, where))
    return counts
