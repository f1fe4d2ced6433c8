"""Measure a model on annotated images, with the predictor and engine that the node runs."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import datetime, timezone
from functools import partial
import json
from pathlib import Path
import platform
import sys

from monodepth_ros.cli.figures import print_figures
from monodepth_ros.cli.options import (
    add_camera_arguments,
    add_engine_arguments,
    add_scaling_arguments,
    make_engine,
    make_predictor_options,
    positive,
)
from monodepth_ros.cli.peer import add_peer_arguments, describe_peer, make_peer
from monodepth_ros.errors import ConfigError
from monodepth_ros.provenance import commit, package_version

LIBRARIES = ('numpy', 'cv2', 'torch', 'openvino', 'onnxruntime', 'tensorrt')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_engine_arguments(parser)
    add_scaling_arguments(parser)
    parser.add_argument(
        '--dataset',
        default='nyu',
        help="nyu, folder (of one's own, with a camera.yaml in it), or another of "
        'docs/datasets.md (default: nyu)',
    )
    parser.add_argument('--root', required=True, help='folder of the data set')
    add_camera_arguments(parser)
    parser.add_argument('--split', default='test', help='list of ids (default: test)')
    parser.add_argument('--limit', type=positive, help='measure only the first so many images')
    parser.add_argument('--out', help='write the figures to this JSON file')
    parser.add_argument('--report', metavar='DIR', help='write an HTML report to this folder')
    parser.add_argument(
        '--examples',
        type=positive,
        default=5,
        help='the report shows so many of the best and worst images (default: %(default)s)',
    )
    add_peer_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Evaluate; print and write the figures."""
    from monodepth_ros.pipeline.predictor import Predictor
    from monodepth_ros.training.evaluate import predict_sample
    from monodepth_ros.training.report import check_folder, write_report

    out = options.out and Path(options.out)
    if out and not out.parent.is_dir():
        raise ConfigError(f'--out {out}: the folder {out.parent} does not exist; make it first')
    peer = make_peer(options)
    with closing(make_engine(options)) as engine:
        facts = engine.facts
        dataset = _open(options, facts.classes if 'semantic' in facts.outputs else ())
        pair = peer and _pair(peer, dataset, facts)
        folder = options.report and check_folder(options.report)
        predictor = Predictor(engine, make_predictor_options(options))
        _check(dataset, facts, options.limit)
        evaluation = _measure(predictor, dataset, options.limit, pair and pair.update)
        result = {
            **evaluation.figures(),
            **_facts(options, engine, dataset),
            **evaluation.details(),
        }
        if pair:
            result['peer'] = {**describe_peer(peer), **pair.compute()}
        print_figures(result)
        if out:
            _write(out, result)
        if folder:
            predict = partial(predict_sample, predictor)
            write_report(folder, result, evaluation, dataset, predict, facts, options.examples)
            print(f'report: {folder / "index.html"}')
    return 0


def _check(dataset, facts, limit):
    """Refuse ground truth that nothing can be measured on, and say what it lacks."""
    from monodepth_ros.training.datasets.truth import check_truth

    for word in check_truth(dataset, 'depth' in facts.outputs, limit):
        print(word, file=sys.stderr)


def _measure(predictor, dataset, limit, watch):
    """Return the evaluation of the first `limit` images, with a progress bar."""
    from monodepth_ros.training.evaluate import measure
    from tqdm import tqdm

    count = min(len(dataset), limit or len(dataset))
    with tqdm(range(count), desc='evaluate', unit='img') as indices:
        samples = (dataset[i] for i in indices)
        return measure(predictor, samples, dataset.max_depth, dataset.crop, watch)


def _pair(peer, dataset, facts):
    """Return what measures the model and the peer side by side."""
    from monodepth_ros.training.peer import SideBySide

    if 'depth' not in facts.outputs:
        raise ConfigError(
            f'--onnx-peer compares depth, but {facts.network} predicts {", ".join(facts.outputs)}'
        )
    return SideBySide(peer, dataset.max_depth, dataset.crop)


def _facts(options, engine, dataset) -> dict:
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
        'dataset': options.dataset,
        'split': options.split,
        'metric_scaling': options.metric_scaling,
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


def _open(options, classes):
    """Open the data set with the intrinsics that the options give, if any."""
    from monodepth_ros.camera import CameraModel, load_calibration
    from monodepth_ros.training.datasets import open_dataset

    named = (options.dataset, options.root, options.split, classes)
    if options.camera_info:
        return open_dataset(*named, load_calibration(options.camera_info))
    dataset = open_dataset(*named)
    if options.hfov is None:
        return dataset
    height, width = dataset[0].image.shape[:2]
    return open_dataset(*named, CameraModel.from_field_of_view(width, height, options.hfov))


def _write(path: Path, result: dict) -> None:
    try:
        path.write_text(json.dumps(result, indent=2) + '\n')
    except OSError as error:
        raise ConfigError(f'cannot write the figures to --out {path}: {error.strerror}') from None
