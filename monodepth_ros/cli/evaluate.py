"""Measure a model on annotated images, with the predictor and engine that the node runs."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from monodepth_ros.cli.options import (
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
    parser.add_argument('--split', default='test', help='list of ids (default: test)')
    parser.add_argument('--limit', type=positive, help='measure only the first so many images')
    parser.add_argument('--out', help='write the figures to this JSON file')


def run(options: argparse.Namespace) -> int:
    """Evaluate; print and write the figures."""
    from monodepth_ros.engines.factory import resolve_model
    from monodepth_ros.training.datasets import open_dataset
    from monodepth_ros.training.evaluate import evaluate
    from tqdm import tqdm

    out = options.out and Path(options.out)
    if out and not out.parent.is_dir():
        raise ConfigError(f'--out {out}: the folder {out.parent} does not exist; make it first')
    engine = make_engine(options)
    dataset = open_dataset(options.dataset, options.root, options.split, engine.facts.classes)
    count = min(len(dataset), options.limit or len(dataset))
    path = resolve_model(options.model)
    predictor_options = make_predictor_options(options)
    with tqdm(range(count), desc='evaluate', unit='img') as indices:
        figures = evaluate(engine, (dataset[i] for i in indices), predictor_options)
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


def _write(path: Path, result: dict) -> None:
    try:
        path.write_text(json.dumps(result, indent=2) + '\n')
    except OSError as error:
        raise ConfigError(f'cannot write the figures to --out {path}: {error.strerror}') from None
