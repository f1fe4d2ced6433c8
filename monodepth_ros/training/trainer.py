"""Train a network: resumable to the step, choosing on images held out of the training split."""

from __future__ import annotations

from contextlib import contextmanager
import copy
import json
import math
from pathlib import Path
import time
from typing import Callable, Optional

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.deploy import Normalize
from monodepth_ros.networks.device import select_device, training_precision
from monodepth_ros.networks.registry import create_network
from monodepth_ros.networks.safetensors_file import write_atomically
from monodepth_ros.training.batches import Batches, hold_out
from monodepth_ros.training.config import OptimizerConfig, TrainConfig
from monodepth_ros.training.datasets import nyu, open_dataset, Sample
from monodepth_ros.training.encoder_weights import load_encoder_weights
from monodepth_ros.training.evaluate import evaluate_network
from monodepth_ros.training.objective import check_finite, objective
from monodepth_ros.training.state import load_state, save_state
from monodepth_ros.training.targets import make_targets
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

STATE_FILE = 'state.safetensors'
BEST_FILE = 'best.safetensors'
LAST_FILE = 'last.safetensors'
HISTORY_FILE = 'history.jsonl'
CONFIG_FILE = 'config.json'
FREE_TO_CHANGE = {'epochs', 'validate_every'}
"""Keys of the configuration that may differ when a run is resumed."""
SAVE_SECONDS = 120.0
"""A run that is killed loses at most about this much work."""
SAVED_LOSSES = 50
"""The progress bar shows the mean loss of this many steps."""


def learning_rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Return a linear rise over the first `warm_up` share of the steps, then half a cosine."""
    rise = max(1.0, warm_up * steps)
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1.0 + math.cos(math.pi * (step - rise) / max(1.0, steps - rise)))


def make_optimizer(network: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """Return AdamW with the encoder's own rate, and weight decay on convolution weights only."""
    groups = []
    for in_encoder in (False, True):
        for decays in (False, True):
            members = [
                p
                for name, p in network.named_parameters()
                if name.startswith('encoder.') == in_encoder and (p.ndim == 4) == decays
            ]
            rate = config.learning_rate * (config.encoder_factor if in_encoder else 1.0)
            decay = config.weight_decay if decays else 0.0
            groups.append({'params': members, 'lr': rate, 'base': rate, 'weight_decay': decay})
    return torch.optim.AdamW(groups)


class Trainer:
    """One training run in one folder.

    Args:
        config: what to train.
        root: folder of the data set.
        out: folder of the run; made where it is missing.
        device: as for an engine.
        limit: use only so many images, for trying things out; None for all.

    """

    def __init__(
        self,
        config: TrainConfig,
        root: str | Path,
        out: str | Path,
        device: str = 'auto',
        limit: Optional[int] = None,
    ):
        self.config = config
        self.out = Path(out)
        self.device = select_device(device)
        torch.manual_seed(config.seed)
        self.classes = nyu.CLASSES
        network = create_network(config.network, classes=len(self.classes), **config.options)
        if config.encoder_weights:
            load_encoder_weights(network.encoder, config.encoder_weights)
        network = network.to(self.device, memory_format=torch.channels_last)
        self.network = network
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.optimizer = make_optimizer(network, config.optimizer)
        self.dtype = self._choose_dtype()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)
        self._load_data(root, limit)
        self.normalize = Normalize(network.encoder.mean, network.encoder.std).to(self.device)
        self.batches = Batches(self.training_samples, config, self.focal_length)
        if not self.batches.per_epoch:
            raise ConfigError(
                f'{len(self.training_samples)} training images, fewer than batch_size '
                f'{config.batch_size}'
            )
        self.steps = config.epochs * self.batches.per_epoch
        self.progress: dict = {'step': 0, 'best': None, 'losses': [], 'history': []}

    def _choose_dtype(self) -> torch.dtype:
        chosen = self.config.precision
        return training_precision(self.device) if chosen == 'auto' else getattr(torch, chosen)

    def _load_data(self, root, limit):
        """Decode all images once: 1.2 GB for NYU."""
        config = self.config
        dataset = open_dataset(config.dataset, root, config.split, self.classes)
        if dataset.camera is None:
            raise ConfigError(f'{dataset.root} has no camera.yaml; training needs the intrinsics')
        with tqdm(range(len(dataset))[:limit], desc='load images', unit='img') as indices:
            samples = [dataset[i] for i in indices]
        kept, held_out = hold_out(len(samples), config.held_out)
        self.training_samples: list[Sample] = [samples[i] for i in kept]
        self.held_out_samples: list[Sample] = [samples[i] for i in held_out]
        grid = dataset.camera.rectified
        self.focal_length = grid.fx * config.width / grid.width
        self.max_depth = nyu.MAX_DEPTH
        depths = (s.depth[s.depth > 0].min(initial=self.max_depth) for s in self.training_samples)
        self.min_depth = float(min(depths))
        self.crop = dataset.crop

    def resume(self) -> int:
        """Continue from the run's state file; return the step.

        Raises:
            TrainingError: no or damaged state, or the run was begun with another configuration.

        """
        check_same_run(self.out / CONFIG_FILE, self.config)
        parts = {'network': self.network, 'average': self.average}
        self.progress = load_state(self.out / STATE_FILE, parts, self.optimizer)
        return self.progress['step']

    def run(self, report: Callable[[dict], None] = lambda record: None) -> dict:
        """Train to the end; return the record of the best validation.

        Args:
            report: called with each validation's record.

        Raises:
            TrainingError: the loss or its gradient is not finite, or `out` cannot be written to.

        """
        with self._writing():
            self.out.mkdir(parents=True, exist_ok=True)
        saved = time.monotonic()
        start = self.progress['step']
        with tqdm(total=self.steps, initial=start, unit='step', desc=self.config.network) as bar:
            for step in range(start, self.steps):
                self._step(step)
                bar.update()
                bar.set_postfix(self._postfix(bar), refresh=False)
                if (step + 1) % self.batches.per_epoch == 0:
                    self._end_epoch((step + 1) // self.batches.per_epoch, report)
                if time.monotonic() - saved > SAVE_SECONDS or step + 1 == self.steps:
                    self.save()
                    saved = time.monotonic()
        return self.progress['best']

    def _postfix(self, bar) -> dict:
        rate = bar.format_dict['rate'] or 0.0
        return {
            'epoch': self.progress['step'] // self.batches.per_epoch,
            'loss': f'{np.mean(self.progress["losses"]):.4f}',
            'img/s': f'{rate * self.config.batch_size:.1f}',
        }

    def _step(self, step: int) -> None:
        config = self.config
        images, depth, label = (x.to(self.device) for x in self.batches(step))
        targets = make_targets(depth, label, self.max_depth)
        self.network.train()
        mixed = self.dtype != torch.float32
        with torch.autocast(self.device.type, self.dtype, enabled=mixed):
            output = self.network(self.normalize(images))
        terms = objective(self.network, output, targets, config.loss, self.max_depth)
        check_finite(terms, step)
        factor = learning_rate_factor(step, self.steps, config.optimizer.warm_up)
        for group in self.optimizer.param_groups:
            group['lr'] = group['base'] * factor
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(terms['loss']).backward()
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), config.optimizer.clip_norm)
        check_finite({**terms, 'gradient norm': norm}, step)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self._update_average(step)
        self.progress['step'] = step + 1
        losses = [*self.progress['losses'], float(terms['loss'].detach())]
        self.progress['losses'] = losses[-SAVED_LOSSES:]

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        """Exponential moving average of the weights; short at first, so that it catches up."""
        decay = min(self.config.optimizer.ema_decay, (1 + step) / (10 + step))
        values = self.network.state_dict()
        for name, mean in self.average.state_dict().items():
            value = values[name]
            if value.is_floating_point():
                mean.lerp_(value, 1.0 - decay)
            else:
                mean.copy_(value)

    def _end_epoch(self, epoch: int, report) -> None:
        if epoch % self.config.validate_every and epoch != self.config.epochs:
            return
        record = {'epoch': epoch, 'step': self.progress['step']}
        record['loss'] = float(np.mean(self.progress['losses']))
        record.update(self.validate())
        report(record)
        self.progress['history'].append(record)
        text = ''.join(json.dumps(each) + '\n' for each in self.progress['history'])
        with self._writing():
            write_atomically(self.out / HISTORY_FILE, text.encode())
        self._save_weights(LAST_FILE, record)
        best = self.progress['best']
        # Without held-out images there is nothing to choose by, and the last weights count.
        if best is None or not self.held_out_samples or score(record) > score(best):
            self.progress['best'] = record
            self._save_weights(BEST_FILE, record)

    def validate(self) -> dict[str, float]:
        """Evaluate the averaged weights on the held-out images."""
        if not self.held_out_samples:
            return {}
        network, device = copy.deepcopy(self.average), str(self.device)
        return evaluate_network(
            network, self.facts({}), device, self.held_out_samples, self.max_depth, self.crop
        )

    def facts(self, record: dict) -> ModelFacts:
        """Return the facts of the averaged weights, `record` being their validation."""
        encoder = self.network.encoder
        grid = self.training_samples[0].camera.rectified
        return ModelFacts(
            network=self.config.network,
            options=self.config.options,
            classes=self.classes,
            colors=nyu.COLORS,
            input_width=self.config.width,
            input_height=round(grid.height * self.config.width / grid.width),
            min_depth=self.min_depth,
            max_depth=self.max_depth,
            focal_length=self.focal_length,
            mean=encoder.mean,
            std=encoder.std,
            outputs=tuple(self.network.outputs),
            training={
                'config': self.config.to_dict(),
                'images': len(self.training_samples),
                'precision': str(self.dtype).removeprefix('torch.'),
                'torch': torch.__version__,
            },
            metrics={'held_out': record} if record else {},
        )

    def _save_weights(self, name: str, record: dict) -> None:
        with self._writing():
            save_checkpoint(self.out / name, self.average, self.facts(record))

    def save(self) -> None:
        """Write the run's state; a full disk leaves the previous one readable."""
        parts = {'network': self.network, 'average': self.average}
        with self._writing():
            save_state(self.out / STATE_FILE, parts, self.optimizer, self.progress)
            text = json.dumps(self.config.to_dict(), indent=2)
            write_atomically(self.out / CONFIG_FILE, text.encode())

    @contextmanager
    def _writing(self):
        """Turn an error of the file system into a TrainingError."""
        try:
            yield
        except OSError as error:
            raise TrainingError(
                f'cannot write to {self.out}: {error.strerror}; make room and resume, the last '
                'saved state is still whole'
            ) from error


def check_same_run(path: Path, config: TrainConfig) -> None:
    """Raise TrainingError where the run's file names another configuration, and say which keys."""
    if not path.is_file():
        return
    before, now = json.loads(path.read_text()), json.loads(json.dumps(config.to_dict()))
    changed = {k for k in before if k in now and before[k] != now[k]} - FREE_TO_CHANGE
    if changed:
        raise TrainingError(
            f'{path} was begun with another {", ".join(sorted(changed))}; resume with the '
            'configuration of the run, or start anew in another --out folder'
        )


def score(record: dict) -> float:
    """Return what a validation is chosen by: delta1 plus miou, the two that users see."""
    return record.get('delta1', 0.0) + record.get('miou', 0.0)
