"""The figures of an evaluation, as text for a terminal."""

from __future__ import annotations

from typing import Iterator, Sequence

from monodepth_ros.training.peer import COMPARED

POOLED = ('share', 'rmse', 'abs_rel', 'delta1')
USUAL = ('delta1', 'delta2', 'delta3', 'rmse', 'abs_rel', 'log10')


def print_figures(result: dict) -> None:
    """Print what `monodepth evaluate` found."""
    tables = dict(_tables(result))
    for key, value in result.items():
        if not isinstance(value, (dict, list)):
            print(f'{key:18} {value:.4f}' if isinstance(value, float) else f'{key:18} {value}')
    for title, rows in tables.items():
        print(f'\n{title}')
        for row in rows:
            print('  ' + row)


def _tables(result: dict) -> Iterator[tuple[str, list[str]]]:
    for key in ('protocol', 'versions', 'median_ratio'):
        if key in result:
            yield key, [f'{name:16} {_number(value)}' for name, value in result[key].items()]
    if scaled := result.get('median_scaled'):
        yield 'median_scaled', _lines(USUAL, [('', [scaled[key] for key in USUAL])])
    if groups := result.get('by_distance'):
        rows = [(_range(g), [g.get(key) for key in POOLED]) for g in groups]
        yield 'by_distance', _lines(POOLED, rows)
    if edges := result.get('depth_edges'):
        rows = [(name, [edges[name].get(key) for key in POOLED]) for name in ('near', 'away')]
        places = (f'{key} {_number(edges[key])}' for key in ('accuracy_px', 'completeness_px'))
        yield 'depth_edges', [*_lines(POOLED, rows), ', '.join(places)]
    if iou := result.get('iou'):
        yield 'iou', [f'{name:16} {_number(value)}' for name, value in iou.items()]
    if peer := result.get('peer'):
        rows = [(name, [peer[row].get(key) for key in USUAL]) for row, name in COMPARED.items()]
        yield f'peer: {peer["file"]}', _lines(USUAL, rows)


def _range(group: dict) -> str:
    return f'{group["from_m"]:g} to {group["to_m"]:g} m'


def _lines(head: Sequence[str], rows: list) -> list[str]:
    """Return a table with right-aligned numbers as lines."""
    width = max(len(name) for name, _ in rows)
    lines = [' ' * width + ''.join(f'{name:>9}' for name in head)]
    for name, values in rows:
        lines.append(f'{name:{width}}' + ''.join(f'{_number(value):>9}' for value in values))
    return lines


def _number(value) -> str:
    if value is None:
        return '-'
    return f'{value:.4f}' if isinstance(value, float) else str(value)
