"""Learning depth from a network of others, on images with ground truth and without."""

from __future__ import annotations

import cv2
from monodepth_ros.engines.factory import create_engine
from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.blocks import resize
from monodepth_ros.training.config import TeacherConfig
from monodepth_ros.training.losses import log_depth_loss, masked_mean
import numpy as np
import torch
from torch import nn, Tensor

SMALLEST = 1e-6
"""Deviation below which a map of relative depth is flat, and tells nothing."""


class ForeignTeacher:
    """A network of others that tells a student what it sees in the same augmented images.

    Args:
        config: the ONNX file, with a manifest beside it, and the weight of the depth term.
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
        self._focal_length = 1.0

    def check(self, student: nn.Module, classes: tuple[str, ...], focal_length: float) -> None:
        """Raise ConfigError where the student cannot learn from this network.

        Args:
            student: its `outputs` say what it predicts.
            classes: the student's, which nothing is learned of.
            focal_length: of the training images in pixels.

        """
        if self._config.semantic:
            raise ConfigError(
                f'teacher.semantic is {self._config.semantic}, but {self.facts.network} is an '
                'ONNX file, which teaches depth alone; set it to 0'
            )
        if not {'depth', 'relative'} & set(self.facts.outputs) or 'depth' not in student.outputs:
            raise ConfigError(
                f'teacher {self.facts.network} gives {", ".join(self.facts.outputs)} and the '
                f'network predicts {", ".join(student.outputs)}; both need depth'
            )
        self._focal_length = focal_length

    def terms(self, student: nn.Module, output, images: Tensor) -> dict[str, Tensor]:
        """Return the term 'teacher_depth', and it times its weight as 'loss'.

        Of a teacher without metres it is `shift_invariant_loss`, of inverse depth where that is
        what it gives or can be made to be.

        Args:
            student: turns its raw depth map into metres.
            output: the student's raw maps of the images.
            images: (N, H, W, 3) uint8 RGB, augmented.

        """
        found = student.metres(output.depth)
        shown, valid = self._look(images, found.shape[-2:])
        if 'depth' in self.facts.outputs:
            term = log_depth_loss(found, shown, valid)
        elif self.facts.depth_kind == 'up_to_scale_and_shift':
            term = shift_invariant_loss(found, shown, valid)
        else:
            inverse = self.facts.depth_kind.startswith('inverse')
            wanted = shown if inverse else 1.0 / shown.clamp(min=SMALLEST)
            term = shift_invariant_loss(1.0 / found.float(), wanted, valid)
        return {'teacher_depth': term, 'loss': self._config.depth * term}

    def _look(self, images, size):
        """Return what the teacher says, (N, 1, h, w), and where that is a number."""
        pictures = images.cpu().numpy()
        width, height = self._input_size(pictures.shape[2], pictures.shape[1])
        inputs = [cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA) for x in pictures]
        raw = self._engine.infer(np.stack(inputs))
        metric = 'depth' in self.facts.outputs
        maps = torch.from_numpy(raw.depth if metric else raw.relative)[:, None].to(self._device)
        if metric and self.facts.has_focal_length:
            focal_length = self._focal_length * width / pictures.shape[2]
            maps = maps * (focal_length / self.facts.focal_length)
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


def _aligned(values, valid):
    if not valid.any():
        return values * 0.0
    shifted = values - values[valid].median()
    return shifted / shifted[valid].abs().mean().clamp(min=SMALLEST)
