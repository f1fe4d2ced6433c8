"""Measure a model on annotated images or recordings, with the node's predictor and engine."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
import json
from pathlib import Path
import platform
import sys
from typing import Optional

from monodepth_ros.cli.dataset import add_recording_arguments
from monodepth_ros.cli.evaluate_recording import (
    open_recording,
    RecordingMeasurement,
    recordings_in,
)
from monodepth_ros.cli.figures import print_figures, print_sets
from monodepth_ros.cli.options import (
    add_engine_arguments,
    add_more_engine_arguments,
    add_scaling_arguments,
    make_engine,
    make_predictor_options,
    positive,
)
from monodepth_ros.errors import ConfigError
from monodepth_ros.provenance import commit, package_version

RECORDING = 'recording'
"""In place of the name of a data set."""
LIBRARIES = ('numpy', 'cv2', 'torch', 'openvino', 'onnxruntime', 'tensorrt')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'recordings',
        nargs='*',
        metavar='RECORDING',
        help='bag with measured distances, in place of a data set',
    )
    add_engine_arguments(parser)
    add_more_engine_arguments(parser)
    add_scaling_arguments(parser)
    parser.add_argument(
        '--dataset',
        nargs='+',
        default=['nyu'],
        help="nyu, folder (of one's own, with a camera.yaml in it), or another of "
        'docs/datasets.md (default: nyu)',
    )
    parser.add_argument(
        '--root',
        nargs='+',
        help='folder of the data set; several are measured one after the other, for which '
        '--dataset, --split and --hfov are given once for all or once for each',
    )
    intrinsics = parser.add_mutually_exclusive_group()
    intrinsics.add_argument('--camera-info', help='calibration YAML of the camera')
    intrinsics.add_argument(
        '--hfov',
        type=float,
        nargs='+',
        default=[0.0],
        help="horizontal field of view in degrees; 0 for the data set's own intrinsics",
    )
    parser.add_argument('--split', nargs='+', default=['test'], help='list of ids (default: test)')
    parser.add_argument(
        '--limit', type=positive, help='measure only the first so many images of a data set'
    )
    parser.add_argument(
        '--lens',
        type=float,
        metavar='FACTOR',
        help='also say how much the depth changes when the middle of each image is seen through a '
        'lens so many times longer',
    )
    parser.add_argument(
        '--lens-root',
        metavar='DIR',
        help='in place of --lens: a data set of the same views (ids) through another lens',
    )
    parser.add_argument(
        '--sequence',
        type=float,
        metavar='HZ',
        help='the images are frames of a camera that stands still, so many a second: also say how '
        'much the depth flickers',
    )
    parser.add_argument(
        '--temporal-filter',
        type=float,
        default=0.0,
        metavar='S',
        help='with --sequence: time constant of the average over time in seconds, as the '
        "node's depth.temporal_filter (default: 0, none)",
    )
    parser.add_argument('--out', help='write the figures to this JSON file')
    parser.add_argument('--report', metavar='DIR', help='write an HTML report to this folder')
    parser.add_argument(
        '--examples',
        type=positive,
        default=5,
        help='the report shows so many of the best and worst images (default: %(default)s)',
    )
    add_recording_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Evaluate; print and write the figures."""
    out = options.out and Path(options.out)
    if out and not out.parent.is_dir():
        raise ConfigError(f'--out {out}: the folder {out.parent} does not exist; make it first')
    sets = _sets(options)
    with closing(make_engine(options)) as engine:
        facts = engine.facts
        _check_outputs(facts, bool(options.recordings))
        classes = facts.classes if 'semantic' in facts.outputs else ()
        datasets = [
            open_recording(options, one.root)
            if one.dataset == RECORDING
            else _open(one, options.camera_info, classes)
            for one in sets
        ]
        folders = _report_folders(options.report, datasets)
        results = [
            _evaluate(options, engine, *one) for one in zip(sets, datasets, folders, strict=True)
        ]
    for result in results:
        print_figures(result)
    if len(results) > 1:
        print_sets(results)
    if out:
        _write(out, results[0] if len(results) == 1 else {'sets': results})
    for folder in filter(None, folders):
        print(f'report: {folder / "index.html"}')
    return 0


@dataclass(frozen=True)
class _Set:
    """One of the data sets that are measured, as the options name it."""

    dataset: str
    root: str
    split: str
    hfov: float


def _sets(options) -> list[_Set]:
    """Return the data sets; raise ConfigError where there are not as many of each option."""
    if bool(options.root) == bool(options.recordings):
        raise ConfigError(
            'expected either recordings, or --root DIR of a data set with annotated images'
        )
    if options.lens is not None and not 1.0 < options.lens < 10.0:
        raise ConfigError(f'--lens is {options.lens:g}, expected above 1 and below 10')
    if options.sequence is not None and not 0 < options.sequence <= 1000:
        raise ConfigError(f'--sequence is {options.sequence:g} Hz, expected above 0 to 1000')
    if options.temporal_filter and not options.sequence:
        raise ConfigError('--temporal-filter goes with --sequence HZ')
    if options.recordings:
        if options.lens_root:
            raise ConfigError('--lens-root goes with --root, not with recordings; use --lens')
        if len(options.hfov) > 1:
            raise ConfigError(
                f'--hfov has {len(options.hfov)} values, recordings take one for all'
            )
        names = recordings_in(options.recordings)
        return [_Set(RECORDING, name, 'all', 0.0) for name in names]
    count = len(options.root)
    columns = [options.root]
    for name in ('dataset', 'split', 'hfov'):
        values = getattr(options, name)
        if len(values) not in (1, count):
            raise ConfigError(
                f'--{name} has {len(values)} values for {count} of --root; give one for all, or '
                'one for each'
            )
        columns.append(values * count if len(values) == 1 else values)
    if options.camera_info and count > 1:
        raise ConfigError(f'--camera-info is for one data set, --root names {count}')
    return [_Set(dataset, root, split, hfov) for root, dataset, split, hfov in zip(*columns)]


def _report_folders(report, datasets) -> list[Optional[Path]]:
    """Return the folder of each data set's report: the one that is given, or one in it each."""
    from monodepth_ros.training.report import check_folder

    if not report:
        return [None] * len(datasets)
    folder = check_folder(report)
    if len(datasets) == 1:
        return [folder]
    names = [f'{number}_{d.root.name}' for number, d in enumerate(datasets, 1)]
    return [check_folder(str(folder / name)) for name in names]


def _check_outputs(facts, of_recordings: bool) -> None:
    """Refuse a model of which nothing can be measured; recordings have no labels."""
    if of_recordings and 'depth' not in facts.outputs:
        raise ConfigError(
            f'model {facts.network} gives no metres, which is what recordings measure; take one '
            'that does'
        )
    if not {'depth', 'semantic'} & set(facts.outputs):
        raise ConfigError(
            f'model {facts.network} gives depth {facts.depth_kind.replace("_", " ")}, which is '
            'not measured; take one that gives metres or labels'
        )


def _evaluate(options, engine, one: _Set, dataset, folder) -> dict:
    """Measure one data set, write its report, and return its figures."""
    from monodepth_ros.pipeline.flicker import Flicker
    from monodepth_ros.pipeline.predictor import Predictor
    from monodepth_ros.training.evaluate import predict_sample
    from monodepth_ros.training.report import write_report

    facts = engine.facts
    scaling = make_predictor_options(options)
    filtered = replace(scaling, temporal_filter=options.temporal_filter)
    site = None
    if one.dataset == RECORDING:
        site = RecordingMeasurement(dataset, facts)
    else:
        _check(dataset, facts, options.limit)
    flicker = Flicker() if options.sequence else None
    watch = _watch(flicker, site)
    evaluation = _measure(Predictor(engine, filtered), dataset, options, watch, site)
    result = {
        **evaluation.figures(),
        **_facts(options, one, engine, dataset),
        **evaluation.details(),
    }
    if flicker:
        result['flicker'] = flicker.compute()
    if site:
        result.update(site.result())
        dataset = site.measured()
    if options.lens or options.lens_root:
        result['lens'] = _lens(options, engine, one, dataset)
    if folder:
        predict = partial(predict_sample, Predictor(engine, scaling))
        write_report(folder, result, evaluation, dataset, predict, facts, options.examples)
    return result


def _lens(options, engine, one: _Set, dataset) -> dict:
    """Return the figures of the lens test on a data set."""
    from monodepth_ros.pipeline.predictor import Predictor
    from monodepth_ros.training.lens import lens_test, ordered, zoomed

    scaling = replace(make_predictor_options(options), metric_scaling='none')
    count = min(len(dataset), options.limit or len(dataset))
    samples = (dataset[i] for i in range(count))
    if options.lens_root:
        other = _open(replace(one, root=options.lens_root, hfov=0.0), None, ())
        places = {name: index for index, name in enumerate(other.ids)}
        pairs = (ordered(s, other[places[s.name]]) for s in samples if s.name in places)
    else:
        pairs = ((s, zoomed(s, options.lens)) for s in samples)
    return lens_test(Predictor(engine, scaling), pairs)


def _check(dataset, facts, limit):
    """Refuse ground truth that nothing can be measured on, and say what it lacks."""
    from monodepth_ros.training.datasets.truth import check_truth

    for word in check_truth(dataset, 'depth' in facts.outputs, limit):
        print(word, file=sys.stderr)


def _watch(flicker, site):
    """Return what is to see each sample and its prediction."""

    def watch(sample, prediction):
        if flicker is not None:
            flicker.update(prediction.image, prediction.depth)
        if site is not None:
            site.watch(sample, prediction)

    return watch


def _measure(predictor, dataset, options, watch, site):
    """Return the evaluation of as many images as the options want, with a progress bar."""
    from monodepth_ros.training.evaluate import measure
    from tqdm import tqdm

    count = min(len(dataset), options.limit or len(dataset))
    with tqdm(range(count), desc='evaluate', unit='img') as indices:
        samples = site.samples(indices) if site else (dataset[i] for i in indices)
        limits = dataset.max_depth, dataset.crop
        return measure(predictor, samples, *limits, watch, options.sequence or 0.0)


def _facts(options, one: _Set, engine, dataset) -> dict:
    """Return what was measured, with what, and how."""
    from monodepth_ros.engines.cache import file_digest
    from monodepth_ros.engines.factory import resolve_model
    from monodepth_ros.training.metrics import MIN_DEPTH

    path = resolve_model(options.model)
    rows, columns = dataset.crop or (None, None)
    return {
        'model': engine.facts.network,
        'engine': engine.name,
        'device': engine.device,
        'precision': engine.precision,
        'dataset': one.dataset,
        'root': Path(one.root).name,
        'split': one.split,
        'metric_scaling': options.metric_scaling,
        'scale': options.scale,
        'semantic_model': options.semantic_model and Path(options.semantic_model).name,
        'checkpoint': path.name,
        'checkpoint_sha256': file_digest(path),
        'measured': datetime.now(timezone.utc).isoformat(timespec='seconds'),
        'protocol': {
            'crop': rows
            and {'rows': [rows.start, rows.stop], 'columns': [columns.start, columns.stop]},
            'min_depth_m': MIN_DEPTH,
            'max_depth_m': dataset.max_depth,
            'scales': 1,
        },
        'versions': _versions(),
    }


def _versions() -> dict[str, str]:
    """Return the versions of this package, Python and the libraries that were used."""
    used = {name: sys.modules[name].__version__ for name in LIBRARIES if name in sys.modules}
    version, revision = package_version(), commit()
    return {
        'monodepth_ros': f'{version} ({revision})' if revision else version,
        'python': platform.python_version(),
        **{name: str(value) for name, value in used.items()},
    }


def _open(one: _Set, camera_info: Optional[str], classes):
    """Open a data set with the intrinsics that the options give, if any."""
    from monodepth_ros.camera import load_calibration
    from monodepth_ros.training.datasets import open_dataset

    camera = load_calibration(camera_info) if camera_info else None
    return open_dataset(one.dataset, one.root, one.split, classes, camera, one.hfov or None)


def _write(path: Path, result: dict) -> None:
    try:
        path.write_text(json.dumps(result, indent=2) + '\n')
    except OSError as error:
        raise ConfigError(f'cannot write the figures to --out {path}: {error.strerror}') from None
