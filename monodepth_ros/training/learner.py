"""One step of learning: forward, loss, backward, new weights, new average."""

from __future__ import annotations

import math
import operator
from typing import Optional

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.networks.deploy import Normalize
from monodepth_ros.training.average import WeightAverage
from monodepth_ros.training.config import TrainConfig
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.objective import (
    check_finite,
    ERROR_TERMS,
    loss_weights,
    objective,
    SEMANTIC_TERMS,
)
from monodepth_ros.training.optimizer import (
    learning_rate_factor,
    make_optimizer,
    set_learning_rate,
)
from monodepth_ros.training.precision import make_scaler, mixed
from monodepth_ros.training.targets import make_targets
from monodepth_ros.training.teacher import Lessons
import numpy as np
import torch
from torch import nn, Tensor

MOST_SKIPPED = 20
"""Steps in a row whose float16 gradients overflow: by then the scale, 65536 at first and halved
each time, is far below 1, and it is not the scale that is too large."""
NETWORK_STREAM = 3
"""Of random numbers inside the network; `batches` has 0 to 2."""


class Learner:
    """A network, its average and everything that changes them.

    Args:
        network: the network, on the device.
        config: what to train.
        processes: this process and those that train with it.
        steps: of the whole run, which the learning rate depends on.
        max_depth: metres; the farthest that ground truth can be.
        dtype: what layers compute in; weights are float32.
        teacher: a trained network to learn from as well.
        focal_length: pixels of the images, that depth is learned for.

    Raises:
        ConfigError: an output that several processes cannot train.

    Attributes:
        network: the network.
        average: the moving average of its weights.
        dtype: what layers compute in.

    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        processes: Processes,
        steps: int,
        max_depth: float,
        dtype: torch.dtype,
        teacher: Optional[Lessons] = None,
        focal_length: float = 1.0,
    ):
        self.average = WeightAverage(network, config.optimizer.ema_decay)
        self.network = processes.synchronize_norms(network)
        self.config = config
        self.processes = processes
        self.steps = steps
        self.max_depth = max_depth
        self.focal_length = focal_length
        self.teacher = teacher
        self.dtype = dtype
        self.optimizer = make_optimizer(self.network, config.optimizer)
        self.scaler = make_scaler(processes.device, self.dtype)
        self.skipped = 0
        encoder = network.encoder
        self._normalize = Normalize(encoder.mean, encoder.std).to(processes.device)
        self._wrapped: Optional[nn.Module] = None
        if processes.count > 1:
            check_all_trained(network, config)

    def step(self, step: int, batch: tuple[Tensor, Tensor, Tensor]) -> dict[str, Optional[float]]:
        """Learn from a batch.

        Args:
            step: its number, from 0.
            batch: images, depth and labels of this process, as `Batches` gives them.

        Returns:
            The loss and its terms over the batch of all processes, 'learning_rate', and
            'gradient_norm' before clipping, None where a float16 gradient overflowed and the
            weights stayed as they were.

        Raises:
            TrainingError: the loss or its gradient is not finite.

        """
        self._seed(step)
        optimizer = self.config.optimizer
        factor = learning_rate_factor(step, self.steps, optimizer.warm_up)
        rate = set_learning_rate(self.optimizer, factor)
        terms = self._terms(batch)
        values = torch.stack([term.detach().float() for term in terms.values()]).cpu()
        shown = dict(zip(terms, values, strict=True))
        check_finite(shown, step)
        norm = self._descend(terms['loss'], step)
        self.average.update(self.network, step)
        numbers = {name: float(value) for name, value in shown.items()}
        return {**numbers, 'learning_rate': rate, 'gradient_norm': norm}

    def _seed(self, step):
        """Make dropout and the like depend on nothing but seed, step and process."""
        key = (self.config.seed, NETWORK_STREAM, step, self.processes.rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))

    def _terms(self, batch):
        images, depth, label = (part.to(self.processes.device) for part in batch)
        targets = make_targets(depth, label)
        with mixed(self.processes.device, self.dtype):
            output = self._forward(self._normalize(images))
        terms = objective(
            self.network,
            output,
            targets,
            self.config.loss,
            self.max_depth,
            self.focal_length,
        )
        if self.teacher is not None:
            lessons = self.teacher.terms(self.network, output, images)
            total = terms.pop('loss') + lessons.pop('loss')
            terms = {**terms, **lessons, 'loss': total}
        return terms

    def _forward(self, images):
        if self._wrapped is None:  # not before the weights are loaded: it hands out the first's
            self._wrapped = self.processes.wrap(self.network)
        return self._wrapped.train()(images)

    def _descend(self, loss, step):
        """Change the weights; return the gradient's norm, None where float16 overflowed."""
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        limit = self.config.optimizer.clip_norm
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), limit)
        finite = math.isfinite(norm)
        self.skipped = 0 if finite else self.skipped + 1
        if not finite and (not self.scaler.is_enabled() or self.skipped > MOST_SKIPPED):
            raise TrainingError(
                f'the gradient is not finite at step {step}: norm {float(norm)}, '
                f'{self.skipped} in a row; lower optimizer.learning_rate, or set precision: '
                'float32; the last saved state is still good'
            )
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return float(norm) if finite else None

    @property
    def parts(self) -> dict[str, nn.Module]:
        """The modules whose weights belong to a run's state, by name."""
        return {'network': self.network, 'average': self.average.network}

    def numbers(self) -> dict:
        """Return what else belongs to a run's state, as JSON types."""
        return {'scaler': self.scaler.state_dict(), 'skipped': self.skipped}

    def restore(self, numbers: dict) -> None:
        """Take back what `numbers` gave."""
        if numbers['scaler'] and self.scaler.is_enabled():
            self.scaler.load_state_dict(numbers['scaler'])
        self.skipped = operator.index(numbers['skipped'])


def check_all_trained(network: nn.Module, config: TrainConfig) -> None:
    """Raise ConfigError where an output has no loss: DistributedDataParallel could not go on."""
    terms = set(loss_weights(network, config.loss))
    trained = {
        'depth': bool(terms - set(SEMANTIC_TERMS) - set(ERROR_TERMS)),
        'error': bool(terms & set(ERROR_TERMS)),
        'semantic': bool(terms & set(SEMANTIC_TERMS)),
    }
    for output in network.outputs:
        taught = config.teacher.checkpoint and getattr(config.teacher, output, 0)
        if not trained[output] and not taught:
            raise ConfigError(
                f'{output} has no loss, which several processes cannot train; give one of its '
                'terms a weight, or choose a network without it'
            )
