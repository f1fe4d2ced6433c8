"""The figures of an evaluation, as text for a terminal."""

from __future__ import annotations

from typing import Iterator, Sequence

POOLED = ('share', 'rmse', 'abs_rel', 'delta1')
GROUPED = ('n_images', 'delta1', 'rmse', 'abs_rel', 'delta1_scaled', 'floor_as_floor')
GROUPED += ('floor_as_wall',)
CALIBRATED = ('share', 'expected', 'found')
SCALED = {'scaled d1': 'delta1', 'scaled rel': 'abs_rel'}
SETS = ('n_images', 'delta1', 'rmse', 'abs_rel', 'factor d1', *SCALED, 'miou', 'floor', 'ause')
"""Columns of the table of several data sets: with one factor for all of it, median-scaled ones,
floor of low cameras too."""
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
    for key in ('protocol', 'versions', 'median_ratio', 'one_factor'):
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
    for key in ('by_camera_height', 'by_focal_length'):
        if groups := result.get(key):
            rows = [(_ends(g), [g.get(name) for name in GROUPED]) for g in groups]
            yield key, _lines(GROUPED, rows)
    for key in ('low_floor', 'lens', 'flicker'):
        if found := result.get(key):
            yield key, [f'{name:16} {_number(value)}' for name, value in found.items()]
    if 'scale_gain' in result:
        from monodepth_ros.fleet.gain import gain_lines

        yield 'scale', gain_lines(result['scale_gain'])
    if error := result.get('error'):
        rows = [(_ends(g), [g[name] for name in CALIBRATED]) for g in error['calibration']]
        figures = (f'{key} {_number(error[key])}' for key in ('ause', 'correlation', 'ratio'))
        yield 'error', [*_lines(CALIBRATED, rows), ', '.join(figures)]
    if iou := result.get('iou'):
        yield 'iou', [f'{name:16} {_number(value)}' for name, value in iou.items()]


def _range(group: dict) -> str:
    return f'{group["from_m"]:g} to {group["to_m"]:g} m'


def _ends(group: dict) -> str:
    end = 'and more' if group['to'] is None else f'to {group["to"]:g}'
    return f'{group["from"]:g} {end}'


def print_sets(results: Sequence[dict]) -> None:
    """Print one table of several data sets, a row each, and the mean of the rows."""
    names = [f'{r["dataset"]} {r["root"]} {r["split"]}' for r in results]
    rows = [(name, [_cell(r, key) for key in SETS]) for name, r in zip(names, results)]
    means = []
    for values in zip(*(values for _, values in rows)):
        known = [v for v in values if v is not None]
        means.append(float(sum(known)) / len(known) if known else None)
    means[0] = sum(values[0] for _, values in rows)
    print('\nsets')
    for line in _lines(SETS, [*rows, ('mean', means)]):
        print('  ' + line)


def _cell(result: dict, name: str):
    """Return a figure of a data set; None where it has none."""
    if name in SCALED:
        return result.get('median_scaled', {}).get(SCALED[name])
    if name == 'factor d1':
        return result.get('one_factor', {}).get('delta1')
    if name == 'floor':
        return result.get('low_floor', {}).get('floor_as_floor')
    if name == 'ause':
        return result.get('error', {}).get('ause')
    return result.get(name)


def _lines(head: Sequence[str], rows: list) -> list[str]:
    """Return a table with right-aligned numbers as lines."""
    width = max(len(name) for name, _ in rows)
    columns = [max(9, len(name) + 2) for name in head]
    lines = [' ' * width + ''.join(f'{n:>{c}}' for n, c in zip(head, columns))]
    for name, values in rows:
        cells = (f'{_number(value):>{c}}' for value, c in zip(values, columns))
        lines.append(f'{name:{width}}' + ''.join(cells))
    return lines


def _number(value) -> str:
    if value is None:
        return '-'
    return f'{value:.4f}' if isinstance(value, float) else str(value)
