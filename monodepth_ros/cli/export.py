"""Build what an engine needs and keep it in the cache, so that the node starts at once."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import islice
import json
from pathlib import Path
import re
import time

from monodepth_ros.cli.options import add_engine_arguments, make_engine
from monodepth_ros.errors import ConfigError

CALIBRATION_IMAGES = 300
"""More change the ranges little."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_engine_arguments(parser)
    parser.add_argument(
        '--size',
        type=_size,
        metavar='WIDTHxHEIGHT',
        help="the network's input in pixels, such as 320x256 (default: the training size)",
    )
    parser.add_argument(
        '--calibration',
        metavar='INPUT',
        help='folder of images, video or bag of what the robot sees, for --precision int8',
    )
    parser.add_argument(
        '--embed',
        metavar='FILE.safetensors',
        help='also write the weights with what --calibration found, so that robots need none',
    )
    parser.add_argument(
        '--force-engine-update', action='store_true', help='build anew what the cache has'
    )
    parser.add_argument('--onnx', metavar='FILE', help='also write the graph as ONNX, float32')


def run(options: argparse.Namespace) -> int:
    """Calibrate where asked, build, run once, and say what came out."""
    from monodepth_ros.engines.factory import resolve_model
    from monodepth_ros.engines.graphs import is_foreign, read_facts

    path = resolve_model(options.model)
    facts = read_facts(path)
    if options.size:
        _check_size(options.size, facts)
    if options.embed and is_foreign(path):
        raise ConfigError(
            f'--embed is for .safetensors files; {path.name} needs none: calibrate it'
        )
    if options.calibration:
        _calibrate(options, path, facts)
    elif options.embed:
        raise ConfigError('--embed goes with --calibration, whose ranges it writes')
    if options.onnx:
        _write_onnx(path, Path(options.onnx), options.force_engine_update)
    started = time.monotonic()
    engine = make_engine(options, update=options.force_engine_update)
    width, height = options.size or _training_size(facts)
    engine.warm_up(height, width)
    print(
        f'{engine.name} on {engine.device}, {engine.precision}, {width} x {height}: ready after '
        f'{time.monotonic() - started:.1f} s{engine.reason and f"; {engine.reason}"}'
    )
    engine.close()
    return 0


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    size = tuple(int(n) for n in match.groups()) if match else (0, 0)
    if min(size) < 1:
        raise argparse.ArgumentTypeError(f'{text!r}, expected WIDTHxHEIGHT, such as 320x256')
    return size


def _check_size(size, facts) -> None:
    """Raise ConfigError where the network takes no such size."""
    rule = facts.size_rule
    if rule.fixed and size != (facts.input_width, facts.input_height):
        raise ConfigError(
            f'--size is {size[0]}x{size[1]}, expected {facts.input_width}x{facts.input_height}, '
            f'which {facts.network} always takes; leave it out'
        )
    if any(side % rule.multiple for side in size):
        raise ConfigError(
            f'--size is {size[0]}x{size[1]}, expected both multiples of {rule.multiple}'
        )


def _training_size(facts) -> tuple[int, int]:
    from monodepth_ros.pipeline.preprocess import plan_input

    plan = plan_input(facts.input_width, facts.input_height, None, facts)
    return plan.width, plan.height


def _calibrate(options: argparse.Namespace, path: Path, facts) -> None:
    if options.precision != 'int8' or options.engine not in ('auto', 'openvino'):
        raise ConfigError(
            f'--calibration goes with --engine openvino --precision int8, not with --engine '
            f'{options.engine} --precision {options.precision}'
        )
    try:
        from monodepth_ros.engines.openvino_int8 import calibrate
    except ImportError as error:
        raise ConfigError(
            f'--calibration needs OpenVINO ({error}); install it: pip install openvino onnx'
        ) from error
    images = load_images(options.calibration, facts)
    ranges = calibrate(path, images)
    print(f'calibrated with {len(images)} images')
    if options.embed:
        _embed(path, Path(options.embed), facts, ranges)


def _embed(path: Path, out: Path, facts, ranges) -> None:
    """Write a copy of a checkpoint that carries the ranges; its weights stay as they are."""
    from monodepth_ros.networks.checkpoint import FACTS_KEY
    from monodepth_ros.networks.safetensors_file import read_arrays, write_arrays

    arrays, _ = read_arrays(path)
    facts = replace(facts, activation_ranges=ranges)
    try:
        write_arrays(out, arrays, {FACTS_KEY: json.dumps(facts.to_dict())})
    except OSError as error:
        raise ConfigError(f'cannot write --embed {out}: {error.strerror}') from None
    print(f'wrote {out}')


def load_images(name: str, facts) -> list:
    """Return images of a folder, video or bag as the engine gets them, (1, h, w, 3) uint8 RGB.

    At most `CALIBRATION_IMAGES` are taken, evenly from all of it.

    Raises:
        ConfigError: no such thing, or nothing in it.
        DatasetError, ImageError: what cannot be read.

    """
    from monodepth_ros.offline.jobs import Intrinsics
    from monodepth_ros.offline.sources import open_sources
    from monodepth_ros.pipeline.preprocess import plan_input, prepare

    images = []
    for source in open_sources([name], Intrinsics()):
        step = -(-len(source) // CALIBRATION_IMAGES) or 1
        for job in islice(source.jobs(), 0, None, step):
            frame, _ = job.load()
            height, width = frame.image.shape[:2]
            plan = plan_input(width, height, frame.camera, facts)
            images.append(prepare(frame.image, plan)[None])
    return images


def _write_onnx(path: Path, out: Path, update: bool) -> None:
    from monodepth_ros.engines.graphs import load_graph

    graph = load_graph(path, update=update)
    if graph.files:
        raise ConfigError(
            f'--onnx writes one file, but {path} has weights in {", ".join(graph.files)}; leave '
            '--onnx out'
        )
    try:
        out.write_bytes(graph.content)
    except OSError as error:
        raise ConfigError(f'cannot write --onnx {out}: {error.strerror}') from None
    print(f'wrote {out}')
