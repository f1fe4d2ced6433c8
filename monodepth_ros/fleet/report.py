"""The page of a data set: samples, distances, heights, where depth is known, what is left out."""

from __future__ import annotations

from html import escape

import cv2
from monodepth_ros.fleet.dataset import Summary
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.parts import BINS, CELLS, JPEG
from monodepth_ros.fleet.registration import FARTHEST
from monodepth_ros.fleet.store import Store
from monodepth_ros.pipeline.visualize import colorize_depth
from monodepth_ros.training.report.charts import histogram
from monodepth_ros.training.report.page import STYLE, table
import numpy as np

PAGE = 'index.html'
SAMPLES = 12
WIDTH = 320
"""Pixels of a picture."""
DOT = 3
"""Pixels of a point of sparse depth in a picture."""


def write_report(store: Store, summary: Summary, options: Options) -> None:
    """Write the page of a data set, and its pictures in report/."""
    rows = summary.rows
    parts = [
        f'<h1>Data set of {len(summary.recorded)} recordings</h1>',
        _numbers(summary),
        _left_out(summary),
    ]
    if rows:
        parts += [_distances(rows, options), _heights(rows), _coverage(store, rows)]
        parts.append(_samples(store, rows, options))
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Data set</title>'
        f'<style>{STYLE}</style></head>\n<body>\n' + '\n'.join(parts) + '\n</body></html>\n'
    )
    store.write(PAGE, page.encode())


def _numbers(summary):
    rows = [
        (r.name, r.images, r.planned, sum(row['recording'] == r.name for row in summary.rows))
        for r in summary.recorded
    ]
    sides = ', '.join(
        f'{summary.count(side)} {name}'
        for side, name in (('train', 'to train on'), ('test', 'to test on'), ('', 'in neither'))
    )
    head = ('recording', 'images', 'chosen', 'frames')
    return f'<p>{len(summary.rows)} frames: {sides}.</p>' + table(head, rows)


def _left_out(summary):
    lines = ''.join(f'<li>{escape(line)}</li>' for line in summary.lines())
    return f'<h2>Left out, and remarks</h2><ul>{lines}</ul>' if lines else ''


def _distances(rows, options):
    counts = np.sum([row['histogram'] for row in rows], axis=0)
    limits = np.linspace(0, options.max_depth, BINS + 1)
    middles = (limits[:-1] + limits[1:]) / 2
    # Thinned to some thousand values, which is what the chart takes.
    share = counts / max(counts.sum(), 1)
    values = np.repeat(middles, np.rint(share * 5000).astype(int)).tolist()
    total = np.cumsum(share)
    quantiles = [
        (f'{q:.0%}', float(limits[1:][np.searchsorted(total, q)])) for q in (0.1, 0.5, 0.9)
    ]
    chart = histogram(values, 'metres') if values else ''
    return (
        f'<h2>Distances</h2><div class="row"><div>{chart}</div>'
        f'{table(("share of pixels up to", "metres"), quantiles)}</div>'
    )


def _heights(rows):
    heights = [row['stand'][0] for row in rows if row['stand']]
    if not heights:
        return '<h2>Camera</h2><p>Height over the floor: not known.</p>'
    pitch = [row['stand'][1] for row in rows if row['stand']]
    figures = [
        (name, float(np.min(v)), float(np.median(v)), float(np.max(v)))
        for name, v in (('height, m', heights), ('looks up, degrees', pitch))
    ]
    return '<h2>Camera</h2>' + table(('', 'least', 'median', 'most'), figures)


def _coverage(store, rows):
    share = np.mean([row['coverage'] for row in rows], axis=0).reshape(CELLS)
    grey = cv2.resize(
        np.rint(share * 2.55).astype(np.uint8), (WIDTH, 240), interpolation=cv2.INTER_NEAREST
    )
    known = np.mean([row['known'] for row in rows])
    _write(store, 'report/coverage.jpg', cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    return (
        f'<h2>Where depth is known</h2><p>{known:.1%} of the pixels, in the mean over frames; '
        'white: always, black: never.</p><img src="report/coverage.jpg" alt="coverage">'
    )


def _samples(store, rows, options):
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(SAMPLES, len(rows))).round().astype(int))
    parts = []
    for row in (rows[number] for number in chosen):
        image = cv2.imdecode(np.frombuffer(store.read(f'rgb/{row["id"]}.jpg'), np.uint8), 1)
        data = np.frombuffer(store.read(f'depth/{row["id"]}.png'), np.uint8)
        depth = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) * np.float32(0.001)
        height = round(WIDTH * image.shape[0] / image.shape[1])
        picture = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)[..., ::-1]
        shown = np.hstack((picture, _depth_picture(depth, (WIDTH, height), options.max_depth)))
        name = f'report/{row["id"]}.jpg'
        _write(store, name, shown)
        parts.append(
            f'<figure><img src="{escape(name)}" alt="{escape(row["id"])}" loading="lazy">'
            f'<figcaption>{escape(row["id"])}: {row["known"]:.1%} known</figcaption></figure>'
        )
    return (
        f'<h2>Samples</h2><p class="note">Depth from 0 to {options.max_depth:g} m.</p>'
        f'<div class="pictures" style="grid-template-columns: repeat(auto-fill, minmax(480px, 1fr)'
        f')">{"".join(parts)}</div>'
    )


def _depth_picture(depth, size, max_depth):
    """Return depth as colours; each pixel is of the nearest depth that falls on it."""
    filled = np.where(depth > 0, depth, FARTHEST)
    ratio = max(1, round(depth.shape[1] / size[0]))
    nearest = cv2.erode(filled, np.ones((DOT * ratio, DOT * ratio), np.uint8))
    if np.count_nonzero(depth) > 0.2 * depth.size:
        nearest = filled
    small = cv2.resize(nearest, size, interpolation=cv2.INTER_NEAREST)
    return colorize_depth(np.where(small < FARTHEST, small, np.float32(np.nan)), 0.0, max_depth)


def _write(store, name, picture):
    store.write(name, cv2.imencode('.jpg', picture[..., ::-1], JPEG)[1].tobytes())
