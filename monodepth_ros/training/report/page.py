"""The page of a report, made of the figures that `monodepth evaluate --out` writes as well."""

from __future__ import annotations

from html import escape
from typing import Iterable, Optional, Sequence

from monodepth_ros.pipeline.visualize import colorize_depth
from monodepth_ros.training.depth_edges import FARTHEST, JUMP, NEAR
from monodepth_ros.training.depth_evaluation import DepthEvaluation
from monodepth_ros.training.metrics import DEPTH_METRICS
from monodepth_ros.training.report.charts import bar_chart, histogram, joint_histogram
from monodepth_ros.training.report.examples import LARGEST_ERROR, RIGHT, TOO_FAR, TOO_NEAR
import numpy as np

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2em auto;
  padding: 0 1.5em; max-width: 1100px; }
h1 { font-size: 1.5em; margin-bottom: .2em; }
h2 { font-size: 1.15em; border-bottom: 1px solid #ccc; margin-top: 2em; }
h3 { font-size: 1em; margin: 1.2em 0 .2em; }
p.note, figcaption { max-width: 50em; }
figure { margin: 0; }
.item { white-space: nowrap; margin-right: 1.2em; }
.note, .legend, figcaption { color: #555; font-size: .88em; }
.scroll { overflow-x: auto; }
.row { display: flex; flex-wrap: wrap; gap: 1em 3em; align-items: flex-start; }
table { border-collapse: collapse; margin: .6em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15em .8em; text-align: right; border-bottom: 1px solid #e4e4e4; }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; }
.facts td { text-align: left; overflow-wrap: anywhere; }
.confusion th, .confusion td { padding: .2em .35em; font-size: .8em; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: .5em;
  margin: .3em 0 1.2em; }
.pictures img { width: 100%; display: block; }
.scale { display: inline-block; width: 12em; height: .8em; vertical-align: middle; }
"""
EDGE_NOTE = (
    f'At an edge: at most {NEAR:g} pixels of the ground truth from where it jumps by '
    f'{JUMP:.0%} or more. Pooled over pixels. Accuracy: mean distance of a predicted edge pixel '
    'to the nearest true one; completeness: of a true one to the nearest predicted one; both in '
    f'pixels, cut off at {FARTHEST:g}.'
)


def make_page(
    result: dict,
    images: Sequence[dict],
    depth: Optional[DepthEvaluation],
    colors: Sequence[tuple[int, int, int]],
    examples: Sequence[tuple[str, Sequence[dict]]],
) -> str:
    """Return the HTML of a report.

    Args:
        result: the figures and facts that `--out` writes.
        images: records of `Evaluation.images`.
        depth: the joint histogram is taken from it; None for a model without depth.
        colors: one (r, g, b) a class.
        examples: groups of pictures: a title, and of each image a `caption` and `pictures`, which
            are pairs of a title and a file beside the page.

    """
    title = f'{result["model"]} on {result["dataset"]}, {result["split"]}'
    sections = [
        f'<h1>{escape(title)}</h1>',
        _introduction(result),
        _summary(result),
        _scale_gain(result.get('scale_gain')),
        _distance(result),
        _edges(result),
        _cameras(result),
        _error(result.get('error')),
        _distributions(images, depth),
        _classes(result, colors),
        _confusion(result),
        *(_examples(*group) for group in examples),
        _provenance(result),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n'
        + '\n'.join(filter(None, sections))
        + '\n</body></html>\n'
    )


def table(head: Sequence[str], rows: Iterable[Sequence], kind: str = '') -> str:
    """Return a table; numbers get four digits, None is empty, `Markup` stays as it is."""
    cells = (''.join(_cell(value) for value in row) for row in rows)
    body = ''.join(f'<tr>{row}</tr>' for row in cells)
    top = ''.join(f'<th>{escape(name)}</th>' for name in head)
    top = f'<tr>{top}</tr>' if head else ''
    return f'<div class="scroll"><table class="{kind}">{top}{body}</table></div>'


class Markup(str):
    """HTML that is not to be escaped."""


def _cell(value):
    if isinstance(value, Markup):
        return value
    if isinstance(value, float):
        value = f'{value:.4f}'
    return f'<td>{"" if value is None else escape(str(value))}</td>'


def _introduction(result):
    protocol = result['protocol']
    crop = protocol['crop']
    area = (
        f'rows {crop["rows"][0]} to {crop["rows"][1] - 1} and columns {crop["columns"][0]} to '
        f'{crop["columns"][1] - 1}'
        if crop
        else 'all pixels'
    )
    return (
        f'<p>{result["n_images"]} images, {area}, true depth above '
        f'{protocol["min_depth_m"]:g} and up to {protocol["max_depth_m"]:g} m, one scale, nothing '
        'averaged at test time. Depth figures are means over images unless said otherwise; '
        'rmse and sq_rel are in metres.</p>'
    )


def _summary(result):
    scaled = result.get('median_scaled')
    parts = []
    if scaled:
        rows = [(key, result[key], scaled[key]) for key in DEPTH_METRICS]
        ratio, one = result['median_ratio'], result['one_factor']
        note = (
            'Median-scaled: each image&#39;s prediction is multiplied by the ratio of the '
            f'medians, true by predicted, which is {ratio["mean"]:.3f} &plusmn; '
            f'{ratio["std"]:.3f} here: what is left is the error of the shape. With one factor '
            f'for all images, {one["value"]:.3f}, delta1 is {one["delta1"]:.3f}.'
            if ratio['mean'] is not None
            else ''
        )
        parts.append(f'<div>{table(("depth", "metric", "median-scaled"), rows)}</div>')
        parts.append(f'<p class="note" style="max-width:22em">{note}</p>')
    labels = [(k, result[k]) for k in ('miou', 'pixel_accuracy', 'mean_accuracy') if k in result]
    if labels:
        parts.append(f'<div>{table(("labels", ""), labels)}</div>')
    return f'<h2>Summary</h2><div class="row">{"".join(parts)}</div>' if parts else ''


def _scale_gain(gain):
    if not gain:
        return ''
    factor, ground = gain['factor'], gain['ground']
    rows = [('as it is', gain['as_it_is']), (f'one factor, {factor["value"]:.3f}', factor)]
    if ground:
        rows.append((f'{ground["n_images"]} images with floor, as they are', ground['before']))
        rows.append(('the same, scaled by the floor', ground))
    rows.append(("each image's own factor", gain['by_image']))
    note = (
        'The factor is found on every second image and measured on the others; '
        f'the images&#39; own ones differ by {factor["spread_percent"]:.0f} %.'
    )
    table_rows = [(name, found['delta1'], found['abs_rel']) for name, found in rows]
    return (
        '<h2>What another scale would gain</h2>'
        + table(('', 'delta1', 'abs_rel'), table_rows)
        + f'<p class="note">{note}</p>'
    )


def _range(group):
    return f'{group["from_m"]:g} to {group["to_m"]:g} m'


def _distance(result):
    groups = result.get('by_distance')
    if not groups:
        return ''
    keys = ('share', 'rmse', 'abs_rel', 'delta1')
    rows = [(_range(g), *(g.get(key) for key in keys)) for g in groups]
    labels = [_range(g) for g in groups]
    charts = ''.join(
        f'<div><h3>{key}</h3>{bar_chart(labels, {key: [g.get(key) for g in groups]}, limit)}</div>'
        for key, limit in (('rmse', 0.0), ('delta1', 1.0))
    )
    return (
        '<h2>By distance</h2>'
        + table(('true distance', 'share of pixels', *keys[1:]), rows)
        + '<p class="note">Pooled over pixels: each counts the same, whatever its image.</p>'
        + f'<div class="row">{charts}</div>'
    )


def _edges(result):
    edges = result.get('depth_edges')
    if not edges:
        return ''
    keys = ('share', 'rmse', 'abs_rel', 'delta1')
    rows = [
        (name, *(edges[group].get(key) for key in keys))
        for group, name in (('near', 'at an edge'), ('away', 'elsewhere'))
    ]
    places = [(k, edges[f'{k}_px']) for k in ('accuracy', 'completeness')]
    return (
        '<h2>Depth edges</h2><div class="row">'
        + table(('', 'share of pixels', *keys[1:]), rows)
        + table(('edges, pixels', ''), places)
        + f'</div><p class="note">{EDGE_NOTE}</p>'
    )


def _cameras(result):
    keys = ('n_images', 'delta1', 'rmse', 'abs_rel', 'delta1_scaled')
    floor = ('floor_as_floor', 'floor_as_wall')
    titles = (('by_camera_height', 'metres above the floor'), ('by_focal_length', 'image widths'))
    parts = []
    for name, unit in titles:
        groups = result.get(name)
        if groups:
            shown = [*keys, *(k for k in floor if any(k in g for g in groups))]
            rows = [(_ends(g), *(g.get(key) for key in shown)) for g in groups]
            parts.append(table((unit, *shown), rows))
    if not parts:
        return ''
    note = 'Means over images; floor: shares of the pixels of the true floor.'
    return f'<h2>By camera</h2>{"".join(parts)}<p class="note">{note}</p>'


def _ends(group):
    end = 'and more' if group['to'] is None else f'to {group["to"]:g}'
    return f'{group["from"]:g} {end}'


def _error(error):
    if not error:
        return ''
    groups = [g for g in error['calibration'] if g['share'] > 0]
    series = {name: [g[name] for g in groups] for name in ('expected', 'found')}
    figures = [(key, error[key]) for key in ('ause', 'correlation', 'ratio')]
    return (
        '<h2>Learned error</h2><div class="row">'
        f'<div>{table((), figures)}</div>'
        f'<div><h3>|ln d - ln d*| by what is predicted</h3>'
        f'{bar_chart([_ends(g) for g in groups], series)}</div></div>'
        '<p class="note">ause: area between the sparsification curves by predicted and by true '
        'error, 0 at best; ratio: true over predicted, in the mean.</p>'
    )


def _distributions(images, depth):
    errors = [record['abs_rel'] for record in images if 'abs_rel' in record]
    if not errors:
        return ''
    joint = joint_histogram(depth.joint, depth.max_depth, 'true depth, m', 'predicted depth, m')
    return (
        '<h2>Distributions</h2><div class="row">'
        f'<div><h3>Pixels, darker where there are more (logarithmic)</h3>{joint}</div>'
        f'<div><h3>Images by their abs_rel</h3>{histogram(errors, "abs_rel")}</div></div>'
    )


def _classes(result, colors):
    iou = result.get('iou')
    if not iou:
        return ''
    swatches = ''.join(
        f'<span class="item"><span style="color:rgb{tuple(color)}">&#9632;</span> '
        f'{escape(name)}</span>'
        for name, color in zip(iou, colors)
    )
    return (
        '<h2>Classes</h2><h3>Intersection over union</h3>'
        + bar_chart(list(iou), {'iou': list(iou.values())}, 1.0)
        + f'<p class="legend">Colours of the labels: {swatches}</p>'
    )


def _confusion(result):
    if 'confusion' not in result:
        return ''
    names = list(result['iou'])
    counts = np.array(result['confusion'], np.float64)
    if not counts[:, -1].any():
        counts = counts[:, :-1]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    head = ('truth \\ prediction', *[*names, 'unlabelled'][: counts.shape[1]])
    rows = (
        (name, *(Markup(_shade(value)) for value in values)) for name, values in zip(names, share)
    )
    return '<h3>Confusion</h3><p class="note">Percent of the pixels of a true class.</p>' + table(
        head, rows, 'confusion'
    )


def _shade(value):
    ink = '#fff' if value > 0.5 else '#222'
    shown = f'{100 * value:.0f}' if value >= 0.005 else ''
    return f'<td style="background:rgba(47,109,181,{value:.2f});color:{ink}">{shown}</td>'


def _examples(title, images):
    parts = [f'<h2>{escape(title)}</h2>', _scales()]
    for image in images:
        pictures = ''.join(
            f'<figure><img src="{escape(file)}" alt="{escape(name)}" loading="lazy">'
            f'<figcaption>{escape(name)}</figcaption></figure>'
            for name, file in image['pictures']
        )
        parts.append(f'<h3>{escape(image["caption"])}</h3><div class="pictures">{pictures}</div>')
    return ''.join(parts)


def _scales():
    ramp = colorize_depth(np.linspace(0, 1, 16, dtype=np.float32)[None], 0.0, 1.0)[0]
    stops = ', '.join(f'rgb({r},{g},{b})' for r, g, b in ramp)
    errors = ', '.join(f'rgb{color}' for color in (TOO_NEAR, RIGHT, TOO_FAR))
    share = f'{LARGEST_ERROR:.0%}'
    return (
        f'<p class="legend"><span class="item">Depth: 0 {_scale(stops)} the next full metre above '
        f'the largest true depth.</span> <span class="item">Error: {share} too near '
        f'{_scale(errors)} {share} too far; grey does not count.</span></p>'
    )


def _scale(stops):
    return f'<span class="scale" style="background:linear-gradient(to right, {stops})"></span>'


def _provenance(result):
    rows = []
    for key in ('checkpoint', 'checkpoint_sha256', 'engine', 'device', 'precision', 'dataset'):
        rows.append((key, result[key]))
    rows += [('split', result['split']), ('metric scaling', result['metric_scaling'])]
    rows += [('measured', result['measured'])]
    rows += [(f'version of {name}', version) for name, version in result['versions'].items()]
    return '<h2>Provenance</h2>' + table((), rows, 'facts')
