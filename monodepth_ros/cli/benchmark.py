"""Measure engines and node on this machine, beside plain ones; write figures and tables."""

from __future__ import annotations

import argparse
from pathlib import Path
import re
import signal
import sys
import tempfile

from monodepth_ros.benchmark.report import PARTS, read_report
from monodepth_ros.cli.options import positive
from monodepth_ros.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument('--out', metavar='FILE', help='write the figures to this JSON file')
    parser.add_argument(
        '--only',
        metavar='PARTS',
        type=_parts,
        default=PARTS,
        help=f'separated by commas, of {", ".join(PARTS)} (default: all)',
    )
    parser.add_argument('--quick', action='store_true', help='fewer networks and shorter series')
    parser.add_argument(
        '--device', type=_device, default='cpu', help='cpu, cuda or cuda:N (default: cpu)'
    )
    parser.add_argument(
        '--threads', type=positive, help='CPU threads of every engine (default: all cores)'
    )
    parser.add_argument(
        '--model',
        default='dual_efficientnet_lite0',
        help='what the node runs: shipped name or path (default: %(default)s)',
    )
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        action='append',
        default=[],
        help='another .safetensors file for the table of engines; may be given several times',
    )
    parser.add_argument(
        '--images',
        metavar='DIR',
        help='folder of images (default: the rendered room of the checkout)',
    )
    parser.add_argument('--peer', metavar='FILE', help='ONNX file of a network to compare with')
    parser.add_argument(
        '--table', metavar='FILE', help='measure nothing: print the tables of this JSON file'
    )
    parser.add_argument(
        '--into', metavar='FILE', help='with --table: put them between the marks of this document'
    )


def _device(text: str) -> str:
    if not re.fullmatch(r'cpu|cuda(:\d+)?', text):
        raise argparse.ArgumentTypeError(f'{text!r}, expected cpu, cuda or cuda:N')
    return text


def _parts(text: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in text.split(','))
    if unknown := sorted(set(parts) - set(PARTS)):
        raise argparse.ArgumentTypeError(f'{", ".join(unknown)}, expected of {", ".join(PARTS)}')
    return parts


def run(options: argparse.Namespace) -> int:
    """Measure and print, or print what was measured before; 1 where something failed."""
    from monodepth_ros.benchmark.tables import insert_file, render

    if options.into and not options.table:
        raise ConfigError('--into goes with --table FILE')
    report = read_report(options.table) if options.table else _measure(options)
    text = render(report)
    if options.into:
        insert_file(Path(options.into), text)
    else:
        print(text)
    return 1 if report['errors'] and not options.table else 0


def _measure(options):
    from monodepth_ros.benchmark.images import image_folder
    from monodepth_ros.benchmark.machine import usable_cores
    from monodepth_ros.benchmark.runner import Runner
    from monodepth_ros.benchmark.settings import Settings
    from monodepth_ros.engines.factory import resolve_model

    # As Ctrl-C does, it then ends the processes and takes the scratch folder away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    out = _path(options.out, '--out', must_exist=False)
    with tempfile.TemporaryDirectory(prefix='monodepth_benchmark_') as scratch:
        settings = Settings(
            images=image_folder(options.images),
            scratch=Path(scratch),
            threads=options.threads or usable_cores(),
            device=options.device,
            model=options.model,
            checkpoints=tuple(resolve_model(path) for path in options.checkpoint),
            peer=_path(options.peer, '--peer', must_exist=True),
            quick=options.quick,
        )
        resolve_model(settings.model)
        return Runner(settings, out, _tell).run(options.only)


def _path(name, option, must_exist):
    if name is None:
        return None
    path = Path(name)
    if must_exist and not path.is_file():
        raise ConfigError(f'{option} {path} is no file')
    if not path.absolute().parent.is_dir():
        raise ConfigError(f'{option} {path}: the folder {path.parent} does not exist')
    return path


def _tell(text: str) -> None:
    print(f'  {text}', file=sys.stderr, flush=True)
