"""A report as Markdown."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Sequence

from monodepth_ros.errors import BenchmarkError

BEGIN = '<!-- tables of the benchmark: begin -->'
END = '<!-- tables of the benchmark: end -->'


def render(report: dict) -> str:
    """Return all tables of a report, one below the other."""
    parts = [_machine(report)]
    for name, render_part in _PARTS.items():
        if name in report:
            parts.append(render_part(report))
    if report['errors']:
        parts.append(_errors(report))
    return '\n\n'.join(parts) + '\n'


def insert(document: str, text: str) -> str:
    """
    Return a document with `text` between its marks, in place of what was there.

    Raises:
        BenchmarkError: the document lacks the marks.

    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BenchmarkError(f'the document lacks the lines {BEGIN!r} and {END!r}')
    return f'{before}{BEGIN}\n\n{text}\n{END}{after}'


def insert_file(path: Path, text: str) -> None:
    """Put `text` between the marks of a file; raise BenchmarkError where that cannot be done."""
    try:
        path.write_text(insert(path.read_text(), text))
    except OSError as error:
        raise BenchmarkError(f'cannot write {path}: {error.strerror}') from None


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a Markdown table; None becomes an empty cell."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(_text(cell) for cell in line) + ' |' for line in lines)


def _text(value: Any) -> str:
    """Return a figure with three digits, anything else as it is."""
    if value is None:
        return ''
    if not isinstance(value, (int, float)):
        return str(value).replace('|', '\\|')
    if isinstance(value, int) or abs(value) >= 100:
        return f'{value:.0f}'
    return f'{value:.3g}' if abs(value) >= 0.001 or value == 0 else f'{value:.1e}'


def _percent(share):
    return None if share is None else f'{100 * share:.3g} %'


def _machine(report):
    facts, versions = report['machine'], report['versions']
    flags = ', '.join(facts['flags']) or 'none of note'
    duration = f' of {report["seconds"]} s' if 'seconds' in report else ''
    packages = ', '.join(f'{name} {version}' for name, version in versions.items())
    lines = [
        f'{facts["cpu"]}, {facts["cores"]} cores ({flags}), {facts["memory_gb"]:g} GB, '
        f'{facts["os"]}; GPU: {"; ".join(facts["gpu"]) or "none"}.',
        f'{report["threads"]} threads on {report["device"]}; load of the machine before the run: '
        f'{facts["load_before"]:g}.',
        f'Commit {report["commit"] or "unknown"}, {report["created"]}, '
        f'{"quick" if report["quick"] else "full"} run{duration}. {packages}.',
    ]
    return '\n'.join(lines)


def _engines(report):
    peaks = ', '.join(f'{name} {_text(rate)}' for name, rate in report['peak_gflops'].items())
    head = [
        'network',
        'engine',
        'precision',
        'ms median',
        'ms p95',
        'frames/s',
        'GFLOP',
        'of peak',
    ]
    head += ['speed-up', 'depth error', 'labels equal', 'start cold s', 'start warm s', 'MB']
    rows = []
    for row in report['engines']:
        stride = f' /{row["output_stride"]}' if row['output_stride'] else ''
        random = ' (random)' if row['weights'] == 'random' else ''
        figures = [row[k] for k in ('ms_median', 'ms_p95', 'frames_per_second', 'gflop')]
        figures += [_percent(row['peak_share']), row['speedup_over_eager_fp32']]
        figures += [_percent(row[k]) for k in ('depth_median_rel_error', 'label_agreement')]
        figures += [row[k] for k in ('start_cold_s', 'start_warm_s', 'rss_mb')]
        name = f'{row["network"]}{stride}{random}'
        rows.append([name, row['engine'], row['precision'], *figures])
    return f'### Engines\n\nMatrix-product peak in GFLOP/s: {peaks}.\n\n{table(head, rows)}'


def _node_tables(node):
    names = [name for name, figures in node.items() if 'at_hz' in figures]
    head = ['node', 'at', 'latency p50 ms', 'p95', 'p99', 'jitter', 'out Hz', 'sent', 'drops']
    head += ['middleware', 'superseded', 'listener', 'CPU %', 'MB']
    keys = ('latency_ms_p50', 'latency_ms_p95', 'latency_ms_p99', 'jitter_ms', 'output_hz', 'sent')
    keys += ('drops', 'lost_in_middleware', 'superseded', 'lost_at_listener', 'cpu_percent')
    keys += ('rss_mb',)
    rows = [
        [name, f'{rate} Hz', *(node[name]['at_hz'][rate][key] for key in keys)]
        for rate in node['ours']['at_hz']
        for name in names
    ]
    summary_rows = [
        [
            name,
            f'{node[name].get("engine", "torch")}, {node[name].get("precision", "float32")}',
            node[name]['max_rate_hz'],
            node[name]['host_ms_median'],
        ]
        for name in names
    ]
    summary = table(
        ['node', 'engine', 'highest rate Hz', 'host ms outside the engine'], summary_rows
    )
    return f'{summary}\n\n{table(head, rows)}'


def _node(report):
    node = report['node']
    parts = ['### Node', _conditions(node), _node_tables(node)]
    if 'small' in node:
        parts += [_conditions(node['small']), _node_tables(node['small'])]
    return '\n\n'.join(parts)


def _conditions(node):
    topics = 'all' if node['topics'] == 'all' else ', '.join(node['topics'])
    return f'Images and outputs of {node["size"][0]} x {node["size"][1]}, subscribed: {topics}.'


def _budget(report):
    budget = report['budget']
    # fsum: the same digits with every Python, whose sum compensates from 3.12 on.
    host = math.fsum(v for name, v in budget['stages_ms'].items() if name != 'engine')
    names = dict.fromkeys([*budget['stages_ms'], *budget['copy_ms']])
    rows = [
        [name, budget['stages_ms'].get(name), budget['copy_ms'].get(name)]
        for name in names
        if name != 'engine'
    ]
    rows.append(['empty DDS round trip', None, budget['round_trip_ms']])
    rows.append(['**sum**', host or None, budget['floor_ms']])
    tail = (
        f'Publishing ready messages of the same sizes takes {_text(budget["publish_floor_ms"])} '
        'ms in rclpy and the middleware.'
    )
    return f'### Budget\n\n{table(["stage", "ms a frame", "floor ms"], rows)}\n\n{tail}'


def _growth(report):
    growth = report['growth']
    engine = growth.get('engine', {})
    sizes = [
        [
            f'{row["width"]} x {row["height"]}',
            *(row.get(key) for key in ('predict_ms_median', 'engine_ms_median', 'full_ms_median')),
        ]
        for row in growth['sizes']
    ]
    head = ['image', 'image to maps ms', 'of it engine ms', 'engine on the whole image ms']
    batches = [[row['batch'], row['ms_median'], row['ms_per_image']] for row in growth['batches']]
    return '\n\n'.join(
        [
            '### Growth',
            f'Engine {engine.get("name", "")}, {engine.get("precision", "")}.',
            table(head, sizes),
            table(['batch', 'ms', 'ms an image'], batches),
        ]
    )


def _flicker(report):
    head = ['temporal filter s', 'change a frame', 'image to maps ms']
    rows = [
        [row['temporal_filter_s'], _percent(row['change']), row['ms_median']]
        for row in report['flicker']
    ]
    return f'### Flicker\n\n{table(head, rows)}'


def _cameras(report):
    head = ['cameras', 'nodes', 'offered Hz', 'out Hz', 'frames per CPU second']
    head += ['over a node each', 'CPU %', 'MB']
    keys = ('cameras', 'nodes', 'offered_hz', 'output_hz', 'frames_per_cpu_second')
    keys += ('ratio_to_a_node_each', 'cpu_percent', 'rss_mb')
    rows = [[row.get(key) for key in keys] for row in report['cameras']]
    return f'### Cameras\n\n{table(head, rows)}'


def _peer(report):
    peer = report['peer']
    head = ['network', 'engine', 'precision', 'ms median', 'frames/s', 'GFLOP']
    keys = ('network', 'engine', 'precision', 'ms_median', 'frames_per_second', 'gflop')
    rows = [[row[key] for key in keys] for row in (peer, *peer['ours'])]
    return f'### Peer\n\n{table(head, rows)}'


def _errors(report):
    rows = [[error['part'], error['what'], error['error']] for error in report['errors']]
    return f'### Not measured\n\n{table(["part", "what", "why"], rows)}'


_PARTS = {
    'engines': _engines,
    'node': _node,
    'budget': _budget,
    'growth': _growth,
    'flicker': _flicker,
    'cameras': _cameras,
    'peer': _peer,
}
