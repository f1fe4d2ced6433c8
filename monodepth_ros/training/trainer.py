"""Train a network: resumable to the step, choosing on images held out of the training split."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
import time
from typing import Callable, Iterator, Optional, Union

from monodepth_ros.errors import ConfigError, TrainingError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks.checkpoint import read_facts, save_checkpoint
from monodepth_ros.networks.device import select_device
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.batches import Batches
from monodepth_ros.training.blend import Blend
from monodepth_ros.training.config import TeacherConfig, TrainConfig
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.encoder_weights import load_encoder_weights
from monodepth_ros.training.foreign_teacher import ForeignTeacher
from monodepth_ros.training.learner import Learner
from monodepth_ros.training.precision import choose_type
from monodepth_ros.training.prefetch import Prefetch
from monodepth_ros.training.recorder import Recorder
from monodepth_ros.training.run_folder import RunFolder
from monodepth_ros.training.session import describe_session
from monodepth_ros.training.start_weights import load_start_weights
from monodepth_ros.training.state import load_state, save_state
from monodepth_ros.training.teacher import Teacher
from monodepth_ros.training.training_data import TrainingData
from monodepth_ros.training.validation import score, validate
import numpy as np
import torch
from torch import nn
from tqdm import tqdm

SAVE_SECONDS = 120.0
"""A run that is killed loses at most about this much work."""
SAVED_LOSSES = 50
"""The progress bar shows the mean loss of this many steps."""


class Trainer:
    """One training run in one folder.

    Args:
        config: what to train.
        root: folder of the data set.
        out: folder of the run; made where it is missing.
        processes: this process and those that train with it; alone on the best device by default.
        limit: use only so many images, for trying things out; None for all.
        workers: threads that prepare batches.

    Raises:
        ConfigError, DatasetError, CheckpointError: what the configuration names cannot be used.

    """

    def __init__(
        self,
        config: TrainConfig,
        root: str | Path,
        out: str | Path,
        processes: Optional[Processes] = None,
        limit: Optional[int] = None,
        workers: int = 1,
    ):
        self.config = config
        self.files = RunFolder(out)
        self.processes = processes or Processes(select_device('auto'))
        self.workers = workers
        part = self.processes.part(config.batch_size)
        network, self.data = make_network(config, root, limit)
        batches = Batches(self.data.training, config, self.data.focal_length)
        if not batches.per_epoch:
            raise ConfigError(
                f'{len(self.data.training)} training images, fewer than batch_size '
                f'{config.batch_size}'
            )
        self.per_epoch = batches.per_epoch
        self.steps = config.epochs * batches.per_epoch
        self.batches = partial(batches, part=part)
        self.blend = Blend(network, config.start_share)
        self.learner = self._make_learner(network)
        teacher = self.learner.teacher
        self.min_depth = self.data.find_min_depth(
            quiet=not self.processes.leads, taught=teacher and teacher.min_depth
        )
        self.session = describe_session(self.processes)
        self.progress: dict = {'step': 0, 'best': None, 'losses': [], 'history': []}

    def _make_learner(self, network: nn.Module) -> Learner:
        config, data, device = self.config, self.data, self.processes.device
        network = network.to(device, memory_format=torch.channels_last)
        dtype = choose_type(config.precision, device)
        teacher = None
        if config.teacher.checkpoint:
            teacher = _make_teacher(config.teacher, device, dtype)
            teacher.check(network, data.classes, data.focal_length)
        return Learner(
            network,
            config,
            self.processes,
            self.steps,
            data.max_depth,
            dtype,
            teacher,
            data.focal_length,
        )

    def resume(self) -> int:
        """Continue from the run's state file; return the step.

        Raises:
            TrainingError: no or damaged state, or the run was begun with another configuration.

        """
        self.files.check_same_run(self.config)
        self.progress = load_state(self.files.state, self.learner)
        if not self.processes.agree(self.progress['step']):
            raise TrainingError(
                f'the processes find different states in {self.files.path}; --out has to be one '
                'folder that all machines see'
            )
        return self.progress['step']

    def run(self, report: Callable[[dict], None] = lambda record: None) -> Optional[dict]:
        """Train to the end; return the record of the best validation, None if there was none.

        Args:
            report: called with each validation's record, in the process that leads.

        Raises:
            TrainingError: the loss or its gradient is not finite, `out` cannot be written to, or
                another process trains in it.

        """
        start = self.progress['step']
        stream = Prefetch(self.batches, start, self.steps, self.workers)
        with self._recording() as recorder, self._bar() as bar, stream:
            saved = time.monotonic()
            self._measure_start(recorder, report)
            stop = self._stale()
            for step, batch in () if stop else stream:
                numbers = self.learner.step(step, batch)
                self._count(step, numbers)
                bar.update()
                bar.set_postfix(self._postfix(bar), refresh=False)
                if recorder is not None:
                    recorder.step(step + 1, numbers)
                stop = self._end_epoch(recorder, report)
                due = time.monotonic() - saved > SAVE_SECONDS or step + 1 == self.steps or stop
                if recorder is not None and due:
                    recorder.sync()
                    self.save()
                    saved = time.monotonic()
                if stop:
                    break
        return self.progress['best']

    @contextmanager
    def _recording(self) -> Iterator[Optional[Recorder]]:
        """Open the run's folder; None in a process that does not lead."""
        if not self.processes.leads:
            yield None
            return
        with self.files.opened():
            self.files.write_config(self.config)
            start = self.progress['step']
            self.files.add_session({'step': start, **self.session})
            with Recorder(self.files, start, self.config.batch_size) as recorder:
                yield recorder

    def _bar(self) -> AbstractContextManager[tqdm]:
        return tqdm(
            total=self.steps,
            initial=self.progress['step'],
            unit='step',
            desc=self.config.network,
            disable=not self.processes.leads,
        )

    def _postfix(self, bar: tqdm) -> dict[str, str]:
        rate = bar.format_dict['rate'] or 0.0
        return {
            'epoch': str(self.progress['step'] // self.per_epoch),
            'loss': f'{np.mean(self.progress["losses"]):.4f}',
            'img/s': f'{rate * self.config.batch_size:.1f}',
        }

    def _count(self, step: int, numbers: dict) -> None:
        losses = [*self.progress['losses'], numbers['loss']]
        self.progress.update(step=step + 1, losses=losses[-SAVED_LOSSES:])

    def _measure_start(self, recorder: Optional[Recorder], report: Callable[[dict], None]) -> None:
        """Validate the start weights, where the run ends as soon as nothing is better."""
        begins = self.progress['step'] == 0 and self.config.start_weights
        if begins and self.config.patience and self.data.held_out:
            if recorder is not None:
                self._validate(0, recorder, report)
            self.processes.wait()

    def _stale(self) -> bool:
        """Tell all processes whether the last `patience` validations brought nothing better."""
        if not self.config.patience:
            return False
        best, history = self.progress['best'], self.progress['history']
        later = sum(record['epoch'] > best['epoch'] for record in history) if best else 0
        stale = bool(self.data.held_out) and later >= self.config.patience
        # The leader alone knows; where it has another number than the others, it is that.
        agreed = self.processes.agree(int(stale))
        return stale or not agreed

    def _end_epoch(self, recorder: Optional[Recorder], report: Callable[[dict], None]) -> bool:
        """Validate where an epoch ends whose turn it is; return whether the run is to end."""
        epoch, rest = divmod(self.progress['step'], self.per_epoch)
        if rest or (epoch % self.config.validate_every and epoch != self.config.epochs):
            return False
        if recorder is not None:
            self._validate(epoch, recorder, report)
        self.processes.wait()
        return self._stale()

    def _validate(self, epoch, recorder, report):
        network = self.blend(self.learner.average.network)
        metrics, picture = validate(network, self.facts({}), self.data, self.processes.device)
        losses = self.progress['losses']
        loss = {'loss': float(np.mean(losses))} if losses else {}
        record = {'epoch': epoch, 'step': self.progress['step'], **loss, **metrics}
        report(record)
        self.progress['history'].append(record)
        recorder.validation(self.progress['history'], picture)
        self._save_weights(self.files.last, network, record)
        best = self.progress['best']
        # Without held-out images there is nothing to choose by, and the last weights count.
        if best is None or not metrics or score(record) > score(best):
            self.progress['best'] = record
            self._save_weights(self.files.best, network, record)

    def facts(self, record: dict) -> ModelFacts:
        """Return the facts of the averaged weights, `record` being their validation."""
        data, network = self.data, self.learner.network
        return ModelFacts(
            network=self.config.network,
            options=self.config.options,
            classes=data.classes,
            colors=data.colors,
            input_width=data.input_size[0],
            input_height=data.input_size[1],
            min_depth=self.min_depth,
            max_depth=data.max_depth,
            focal_length=data.focal_length,
            mean=network.encoder.mean,
            std=network.encoder.std,
            outputs=tuple(network.outputs),
            training={
                'config': self.config.to_dict(),
                'images': len(data.training),
                'license': data.license,
                'precision': str(self.learner.dtype).removeprefix('torch.'),
                **self.session,
            },
            metrics={'held_out': record} if record else {},
        )

    def _save_weights(self, path: Path, network: nn.Module, record: dict) -> None:
        with self.files.writing():
            save_checkpoint(path, network, self.facts(record))

    def save(self) -> None:
        """Write the run's state; a full disk leaves the previous one readable."""
        with self.files.writing():
            save_state(self.files.state, self.learner, self.progress)


def _make_teacher(
    config: TeacherConfig, device: torch.device, dtype: torch.dtype
) -> Union[Teacher, ForeignTeacher]:
    """Return the teacher that a configuration names."""
    if config.checkpoint.endswith('.onnx'):
        return ForeignTeacher(config, device)
    return Teacher(config, device, dtype)


def make_network(
    config: TrainConfig, root: str | Path, limit: Optional[int] = None
) -> tuple[nn.Module, TrainingData]:
    """Return the network of a configuration with its first weights, and its data.

    Raises:
        ConfigError: the network needs labels that the data set does not have, or unknown names.
        DatasetError, CheckpointError: files that cannot be used.

    """
    torch.manual_seed(config.seed)
    data = TrainingData(config, root, limit=limit)
    classes = max(1, len(data.classes))  # a network without labels has no use for the number
    network = create_network(config.network, classes=classes, **config.options)
    if 'semantic' not in network.outputs:
        data = TrainingData(config, root, labels=False, limit=limit)
    elif not data.classes and config.start_weights:
        # Nothing contradicts the classes that the weights know.
        data.take_classes(read_facts(config.start_weights))
        network = create_network(config.network, classes=len(data.classes), **config.options)
    elif not data.classes:
        raise ConfigError(
            f'network {config.network!r} predicts labels, but the data set {root} names no '
            'classes; choose a network that predicts depth alone, or name them in dataset.yaml'
        )
    if config.encoder_weights:
        load_encoder_weights(network.encoder, config.encoder_weights)
    if config.start_weights:
        load_start_weights(network, config, data.classes)
    return network, data
