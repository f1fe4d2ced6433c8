"""Train a network from a configuration file, or fine-tune one on data of your own."""

from __future__ import annotations

import argparse

from monodepth_ros.cli.options import positive
from monodepth_ros.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument('config', nargs='?', help='YAML file, such as config/train_*.yaml')
    parser.add_argument('--root', help='folder of the data set, with a configuration')
    tuning = parser.add_argument_group('fine-tuning, without a configuration')
    tuning.add_argument(
        '--from', dest='start', metavar='MODEL', help='shipped weights, or a .safetensors file'
    )
    tuning.add_argument(
        '--data', nargs='+', metavar='DIR', help='data sets of your own, as `dataset` makes them'
    )
    tuning.add_argument(
        '--replay', metavar='DIR', help='NYU Depth v2, mixed in so that it is not forgotten'
    )
    parser.add_argument('--out', required=True, help='folder of the run')
    parser.add_argument('--resume', action='store_true', help='continue the run in --out')
    parser.add_argument('--epochs', type=positive, help='in place of the configuration')
    parser.add_argument('--seed', type=int, help='in place of the configuration')
    parser.add_argument(
        '--device', default='auto', help='auto, cpu, cuda or cuda:N (default: %(default)s)'
    )
    parser.add_argument('--threads', type=int, default=0, help='CPU threads; 0: torch decides')
    parser.add_argument(
        '--workers',
        type=positive,
        default=1,
        help='threads that prepare batches; more where a GPU waits (default: %(default)s)',
    )
    parser.add_argument('--limit', type=positive, help='use only so many images, for a trial')


def run(options: argparse.Namespace) -> int:
    """Train; print each validation."""
    from monodepth_ros.errors import TrainingError
    from monodepth_ros.training.run_folder import RunFolder

    config = _config(options)
    files = RunFolder(options.out)
    if files.state.exists() and not options.resume:
        raise TrainingError(f'{files.state} exists; go on with --resume, or choose another --out')
    try:
        from monodepth_ros.training.distributed import join_processes
        from monodepth_ros.training.trainer import Trainer
        import torch
    except ImportError as error:
        raise TrainingError(
            f'training needs PyTorch ({error}); install it: pip install torch'
        ) from error
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    with join_processes(options.device) as processes:
        trainer = Trainer(
            config, options.root or '.', options.out, processes, options.limit, options.workers
        )
        if options.resume:
            step = trainer.resume()
            if processes.leads:
                print(f'resumed at step {step} of {trainer.steps}')
        best = trainer.run(_print_record)
    if best and processes.leads and options.start:
        _write_card(files, config, trainer.progress)
    if best and processes.leads:
        print(f'best on the held-out images: epoch {best["epoch"]}, {files.best}')
    return 0


def _config(options: argparse.Namespace):
    """Return the configuration of a file, or that of a fine-tuning."""
    from monodepth_ros.training.config import load_config

    changes = {'epochs': options.epochs, 'seed': options.seed}
    if options.config and options.root and not (options.start or options.data):
        return load_config(options.config, **changes)
    if options.config or options.root or not (options.start and options.data):
        raise ConfigError(
            'expected either a configuration and --root DIR, or --from MODEL and --data DIR'
        )
    from monodepth_ros.engines.factory import resolve_model
    from monodepth_ros.training.fine_tune import fine_tune_config

    start = resolve_model(options.start).resolve()
    return fine_tune_config(start, options.data, options.replay, **changes)


def _write_card(files, config, progress) -> None:
    from monodepth_ros.training.fine_tune import card

    text = card(config, progress['history'], progress['best'], files.best.resolve())
    files.write_card(text)
    print(f'card: {files.card}')


def _print_record(record: dict) -> None:
    shown = ('loss', 'delta1', 'rmse', 'abs_rel', 'miou')
    values = ', '.join(f'{key} {record[key]:.4f}' for key in shown if key in record)
    print(f'\nepoch {record["epoch"]}: {values}')
