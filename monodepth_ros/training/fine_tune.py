"""Fine-tuning on data of one's own without a configuration file: defaults, and a card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks.checkpoint import read_facts
from monodepth_ros.training.config import make_config, TrainConfig
from monodepth_ros.training.datasets import open_dataset

REPLAY_SHARE = 0.4
"""Of the images that are trained on, what is of the data set that is not to be forgotten."""
START_SHARE = 0.2
"""Of the start weights in the result: it costs little of what was learned, and keeps the rest."""
EPOCH_IMAGES = 400
EPOCHS = 12
PATIENCE = 3
HELD_OUT_REPLAY = 32
MOST_HELD_OUT, HELD_OUT_SHARE = 48, 0.1
MOST_CACHED = 2000
"""Images of 640 x 480 that take 3 GB of memory."""
METRIC_LOSS = {
    'depth_aware': 0.25,
    'log_depth': 2.5,
    'silog': 0.5,
    'log_scale': 0.5,
    'log_gradient': 1.5,
    'depth_sobel': 0.5,
}
RECIPROCAL_LOSS = {'reciprocal_l1': 0.03, 'reciprocal_gradient': 0.2, 'reciprocal_ssim': 0.5}
SEMANTIC_LOSS = {'focal': 1.0, 'cross_entropy': 1.0, 'class_sobel': 2.0}
OPTIMIZER = {
    'learning_rate': 3e-4,
    'encoder_factor': 0.4,
    'weight_decay': 0.03,
    'ema_decay': 0.99,
}
AUGMENT = {
    'min_zoom': 0.85,
    'max_zoom': 1.25,
    'max_rotation': 4.0,
    'max_tilt': 3.0,
    'flip': 0.5,
    'brightness': 0.3,
    'channel': 0.1,
    'gamma': 0.3,
    'saturation': 0.5,
    'noise': 4.0,
    'blur': 0.1,
}


def fine_tune_config(
    start: Path, data: Sequence[str], replay: Optional[str] = None, **changes
) -> TrainConfig:
    """
    Return the configuration of a fine-tuning.

    Args:
        start: checkpoint to begin with.
        data: folders of one's own data sets, with a list train.txt.
        replay: folder of NYU Depth v2, which is not to be forgotten; None without.
        changes: keys with values other than None, which come first.

    Raises:
        CheckpointError, DatasetError: what is named cannot be used.

    """
    facts = read_facts(start)
    values = {
        'network': facts.network,
        'options': facts.options,
        'start_weights': str(start),
        'start_share': START_SHARE,
        'mixture': _mixture(data, replay),
        'epoch_images': EPOCH_IMAGES,
        'views': 'whole',
        'focal_length': facts.focal_length,
        'width': facts.input_width,
        'height': -(-facts.input_height // 32) * 32,
        'epochs': EPOCHS,
        'patience': PATIENCE,
        'cache': _count(data) <= MOST_CACHED,
        'loss': _loss(facts),
        'optimizer': OPTIMIZER,
        'augment': AUGMENT,
    }
    if replay is None and 'semantic' in facts.outputs:
        # Without labels it is the start weights that say what the labels are.
        values['teacher'] = {'checkpoint': str(start), 'depth': 0.0, 'semantic': 1.0}
    return make_config({**values, **{k: v for k, v in changes.items() if v is not None}})


def _count(data):
    return sum(len(open_dataset('folder', folder, 'train', ())) for folder in data)


def _mixture(data, replay):
    """Return the sources: first the one whose labels count, then one's own by their sizes."""
    own = [_own(folder) for folder in data]
    total = sum(source['weight'] for source in own)
    for source in own:
        source['weight'] /= total
    if replay is None:
        return own
    weight = REPLAY_SHARE / (1 - REPLAY_SHARE)
    first = {'dataset': 'nyu', 'root': _absolute(replay), 'held_out': HELD_OUT_REPLAY}
    return [{**first, 'weight': weight}, *own]


def _own(folder):
    count = len(open_dataset('folder', folder, 'train', ()))
    held_out = min(MOST_HELD_OUT, max(round(count * HELD_OUT_SHARE), min(4, count // 2)))
    if not held_out:
        raise DatasetError(f'{folder} has {count} images to train on, expected 16 and more')
    return {
        'dataset': 'folder',
        'root': _absolute(folder),
        'held_out': held_out,
        'weight': float(count),
    }


def _absolute(folder):
    return str(Path(folder).expanduser().resolve())


def _loss(facts: ModelFacts) -> dict[str, float]:
    """Return the weights of the terms that a network has, as those that ship were trained."""
    depth = METRIC_LOSS if 'depth' in facts.outputs else {}
    if facts.network.startswith('densedepth'):
        depth = {**depth, **RECIPROCAL_LOSS}
    semantic = SEMANTIC_LOSS if 'semantic' in facts.outputs else {}
    error = {'error': 0.1} if 'error' in facts.outputs else {}
    return {**depth, **semantic, **error}


SHOWN = ('delta1', 'abs_rel', 'rmse', 'miou')


def card(config: TrainConfig, history: Sequence[dict], best: dict, weights: Path) -> str:
    """
    Return the model card of a fine-tuning, as Markdown.

    Args:
        config: what was trained.
        history: all validations, the first of them of the start weights.
        best: the one that the weights are of.
        weights: the file that they are in.

    """
    names = ['all', *_set_names(history[0])]
    rows = []
    for name in names:
        prefix = '' if name == 'all' else f'{name}/'
        for key in SHOWN:
            values = [record.get(prefix + key) for record in (history[0], best)]
            if None not in values:
                rows.append(f'| {name} | {key} | {values[0]:.4f} | {values[1]:.4f} |')
    total = sum(source.weight for source in config.sources)
    sources = [
        f'- `{s.root}` ({s.dataset}, {s.split}), {s.weight / total:.0%} of the images, '
        f'{s.held_out} of it held out'
        for s in config.sources
    ]
    first = 'before' if history[0]['epoch'] == 0 else f'epoch {history[0]["epoch"]}'
    kept = (
        'No epoch was better than the start weights: these are they, unchanged.\n\n'
        if best['epoch'] == 0
        else ''
    )
    return (
        f'# {weights.stem} of {weights.parent.name}\n\n'
        f'{config.network}, fine-tuned from `{Path(config.start_weights).name}` for '
        f'{history[-1]["epoch"]} epochs of at most {config.epochs} (seed {config.seed}); the '
        f'weights are of epoch {best["epoch"]}.\n\n{kept}'
        'Trained on\n\n' + '\n'.join(sources) + '\n\n'
        '## On the held-out images\n\n'
        f'| images | figure | {first} | these weights |\n|---|---|---|---|\n'
        + '\n'.join(rows)
        + '\n\nHeld-out images are of the training lists, in stretches of neighbours. What counts '
        'is `monodepth evaluate` on the test lists, which were not trained on.\n\n'
        f'## Use\n\n    ros2 run monodepth_ros monodepth_node --ros-args -p model:={weights}\n'
    )


def _set_names(record: dict) -> list[str]:
    return list(dict.fromkeys(key.partition('/')[0] for key in record if '/' in key))
