"""Learning from a network of others, on images with ground truth and without."""

from __future__ import annotations

import cv2
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.errors import ConfigError, shown
from monodepth_ros.frames import UNLABELLED
from monodepth_ros.networks.blocks import resize
from monodepth_ros.training.config import TeacherConfig
from monodepth_ros.training.losses import log_depth_loss, masked_mean
from monodepth_ros.training.teacher import SEMANTIC_STEP
import numpy as np
import torch
from torch import nn, Tensor
from torch.nn import functional

SMALLEST = 1e-6
"""Deviation below which a map of relative depth is flat, and tells nothing."""


class ForeignTeacher:
    """A network of others that tells a student what it sees in the same augmented images.

    Args:
        config: the ONNX file, with a manifest beside it, and the weights of the terms.
        device: where it computes.

    Attributes:
        facts: of the file and its manifest.

    Raises:
        ConfigError, EngineError: the file cannot be used.

    """

    def __init__(self, config: TeacherConfig, device: torch.device):
        self._config = config
        where = 'cpu' if device.type == 'cpu' else 'auto'
        self._engine = create_engine(config.checkpoint, device=where)
        self.facts = self._engine.facts
        self._device = device
        self._lens = 1.0
        self._classes = torch.zeros(0)

    def check(self, student: nn.Module, classes: tuple[str, ...], focal_length: float) -> None:
        """Raise ConfigError where the student cannot learn from this network.

        Args:
            student: its `outputs` say what it predicts.
            classes: the student's, which all of the teacher's are among, by name.
            focal_length: in pixels, that the student learns depth for; the teacher's depth is
                taken to it.

        """
        gives = {'depth' if name == 'relative' else name for name in self.facts.outputs}
        for branch, kind in (('depth', 'depth'), ('semantic', 'labels')):
            weight = getattr(self._config, branch)
            if weight and branch not in gives & set(student.outputs):
                raise ConfigError(
                    f'teacher.{branch} is {weight}, but {self.facts.network} gives '
                    f'{", ".join(self.facts.outputs)} and the network predicts '
                    f'{", ".join(student.outputs)}; both need {kind}, or set it to 0'
                )
        if self._config.semantic:
            self._classes = self._indices(tuple(classes))
        if self.facts.has_focal_length:
            self._lens = focal_length / self.facts.focal_length

    @property
    def min_depth(self) -> float:
        """Metres; its smallest depth, taken to the student's focal length where it has one."""
        return self.facts.min_depth * self._lens

    def _indices(self, classes):
        """Return (256,) int64: the student's index of each of the teacher's labels."""
        unknown = [name for name in self.facts.classes if name not in classes]
        if unknown:
            raise ConfigError(
                f'teacher {self.facts.network} knows the classes {shown(unknown)}, which are none '
                f'of {", ".join(classes) or "none"}; map its classes to them with labels.merge in '
                'its manifest (what is in none is not taught)'
            )
        indices = torch.full((UNLABELLED + 1,), UNLABELLED, device=self._device)
        for index, name in enumerate(self.facts.classes):
            indices[index] = classes.index(name)
        return indices

    def terms(self, student: nn.Module, output, images: Tensor) -> dict[str, Tensor]:
        """Return the terms that have a weight, 'teacher_depth' and 'teacher_semantic'.

        Of a teacher without metres the first is `shift_invariant_loss`, of inverse depth where
        that is what it gives or can be made to be. The second is `sure_label_loss`.

        Args:
            student: turns its raw depth map into metres.
            output: the student's raw maps of the images.
            images: (N, H, W, 3) uint8 RGB, augmented.

        Returns:
            The terms by name, and their weighted sum as 'loss'.

        """
        raw, width = self._look(images)
        terms, total = {}, 0.0
        if self._config.depth:
            term = self._depth_term(student, output, raw, width / images.shape[2])
            terms['teacher_depth'], total = term, total + self._config.depth * term
        if self._config.semantic:
            term = self._label_term(output.semantic, raw)
            terms['teacher_semantic'], total = term, total + self._config.semantic * term
        return {**terms, 'loss': total}

    def _depth_term(self, student, output, raw, shrink):
        found = student.metres(output.depth)
        wanted, valid = self._depth(raw, found.shape[-2:], shrink)
        if 'depth' in self.facts.outputs:
            return log_depth_loss(found, wanted, valid)
        if self.facts.depth_kind == 'up_to_scale_and_shift':
            return shift_invariant_loss(found, wanted, valid)
        if not self.facts.depth_kind.startswith('inverse'):
            wanted = 1.0 / wanted.clamp(min=SMALLEST)
        return shift_invariant_loss(1.0 / found.float(), wanted, valid)

    def _label_term(self, logits, raw):
        logits = logits[..., ::SEMANTIC_STEP, ::SEMANTIC_STEP]
        maps = []
        for values in (raw.label, raw.confidence):
            values = torch.from_numpy(values)[:, None].float().to(self._device)
            maps.append(functional.interpolate(values, logits.shape[-2:], mode='nearest-exact'))
        label = self._classes[maps[0][:, 0].long()]
        return sure_label_loss(logits, label, maps[1][:, 0] / 255)

    def _look(self, images):
        """Return what the teacher says, and the width at which it saw the images."""
        pictures = images.cpu().numpy()
        width, height = self._input_size(pictures.shape[2], pictures.shape[1])
        inputs = [cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA) for x in pictures]
        return self._engine.infer(np.stack(inputs)), width

    def _depth(self, raw, size, shrink):
        """Return the teacher's depth, (N, 1, h, w), and where that is a number."""
        metric = 'depth' in self.facts.outputs
        maps = torch.from_numpy(raw.depth if metric else raw.relative)[:, None].to(self._device)
        if metric and self.facts.has_focal_length:
            maps = maps * (self._lens * shrink)
        known = maps.isfinite() & ((maps > 0) | (not metric))
        safe = resize(maps.where(known, maps.new_zeros(())), size)
        return safe, resize(known.float(), size) > 0.999

    def _input_size(self, width, height):
        """Return width and height of the teacher's input for training images of a size."""
        facts, rule = self.facts, self.facts.size_rule
        if rule.fixed or rule.stretch:
            return facts.input_width, facts.input_height
        wide = max(1, round(facts.input_width / rule.multiple)) * rule.multiple
        high = max(1, round(wide * height / width / rule.multiple)) * rule.multiple
        return wide, high


def shift_invariant_loss(found: Tensor, wanted: Tensor, valid: Tensor) -> Tensor:
    """Mean |f - w| after each map was shifted to median 0 and scaled to mean deviation 1.

    Ranftl et al. (MiDaS, TPAMI 2020, section 5): what is left are differences that no scale and
    shift of an image's depth explains.

    Args:
        found: (N, 1, h, w) of the student.
        wanted: the same of the teacher, in any unit.
        valid: (N, 1, h, w) bool, which pixels count.

    """
    pairs = zip(found.float(), wanted.float(), valid)
    aligned = [(_aligned(f, v), _aligned(w, v)) for f, w, v in pairs]
    difference = torch.stack([(f - w).abs() for f, w in aligned])
    return masked_mean(difference, valid)


def sure_label_loss(logits: Tensor, label: Tensor, confidence: Tensor) -> Tensor:
    """Mean cross entropy, in nats, of labels, each as much as the teacher is sure of it.

    Args:
        logits: (N, C, h, w) of the student.
        label: (N, h, w) int64 class, or `UNLABELLED`, which does not count.
        confidence: (N, h, w) 0..1.

    """
    known = label != UNLABELLED
    wanted = label.where(known, torch.zeros_like(label))
    loss = functional.cross_entropy(logits.float(), wanted, reduction='none')
    return masked_mean(confidence * loss, known)


def _aligned(values, valid):
    if not valid.any():
        return values * 0.0
    shifted = values - values[valid].median()
    return shifted / shifted[valid].abs().mean().clamp(min=SMALLEST)
