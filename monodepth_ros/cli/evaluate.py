"""Measure a model on annotated images, with the predictor and engine that the node runs."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from monodepth_ros.cli.options import (
    add_camera_arguments,
    add_engine_arguments,
    add_scaling_arguments,
    make_engine,
    make_predictor_options,
    positive,
)
from monodepth_ros.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_engine_arguments(parser)
    add_scaling_arguments(parser)
    parser.add_argument(
        '--dataset', default='nyu', help='nyu, or folder with a camera.yaml in it (default: nyu)'
    )
    parser.add_argument('--root', required=True, help='folder of the data set')
    add_camera_arguments(parser)
    parser.add_argument('--split', default='test', help='list of ids (default: test)')
    parser.add_argument('--limit', type=positive, help='measure only the first so many images')
    parser.add_argument('--out', help='write the figures to this JSON file')


def run(options: argparse.Namespace) -> int:
    """Evaluate; print and write the figures."""
    from monodepth_ros.engines.factory import resolve_model
    from monodepth_ros.training.evaluate import evaluate
    from tqdm import tqdm

    out = options.out and Path(options.out)
    if out and not out.parent.is_dir():
        raise ConfigError(f'--out {out}: the folder {out.parent} does not exist; make it first')
    engine = make_engine(options)
    dataset = _open(options, engine.facts.classes)
    count = min(len(dataset), options.limit or len(dataset))
    path = resolve_model(options.model)
    predictor_options = make_predictor_options(options)
    with tqdm(range(count), desc='evaluate', unit='img') as indices:
        samples = (dataset[i] for i in indices)
        figures = evaluate(engine, samples, predictor_options, crop=dataset.crop)
    result = {
        **figures,
        'model': engine.facts.network,
        'engine': engine.name,
        'device': engine.device,
        'dataset': options.dataset,
        'split': options.split,
        'metric_scaling': options.metric_scaling,
        'checkpoint': path.name,
        'checkpoint_sha256': hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    for key, value in result.items():
        print(f'{key:18} {value:.4f}' if isinstance(value, float) else f'{key:18} {value}')
    if out:
        _write(out, result)
    return 0


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
