"""Learning from a trained network as well as from ground truth: teacher and student."""

from __future__ import annotations

from typing import Protocol

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.blocks import resize
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.networks.deploy import Normalize
from monodepth_ros.training.config import TeacherConfig
from monodepth_ros.training.losses import log_depth_loss, masked_mean
from monodepth_ros.training.precision import mixed
import torch
from torch import nn, Tensor
from torch.nn import functional

SEMANTIC_STEP = 2
"""The semantic term looks at every second pixel of both axes: neighbours mostly agree."""


class Lessons(Protocol):
    """What a student learns from beside the ground truth."""

    @property
    def min_depth(self) -> float:
        """Metres; the smallest depth that it teaches."""

    def terms(self, student: nn.Module, output, images: Tensor) -> dict[str, Tensor]:
        """Return terms by name, and their weighted sum as 'loss'."""


class Teacher:
    """A trained network that tells a student what it sees in the same augmented images.

    Args:
        config: the checkpoint and the weights of the terms.
        device: where it computes.
        dtype: what its layers compute in, as for the student.

    Attributes:
        facts: of the checkpoint.

    Raises:
        CheckpointError: the checkpoint cannot be used.

    """

    def __init__(self, config: TeacherConfig, device: torch.device, dtype: torch.dtype):
        self._config = config
        network, self.facts = load_checkpoint(config.checkpoint)
        network = network.requires_grad_(False)
        self._network = network.to(device, memory_format=torch.channels_last)
        self._normalize = Normalize(self.facts.mean, self.facts.std).to(device)
        self._device = device
        self._dtype = dtype
        self._lens = 1.0

    def check(self, student: nn.Module, classes: tuple[str, ...], focal_length: float) -> None:
        """Raise ConfigError where the student cannot learn from this network.

        Args:
            student: its `outputs` say what it predicts.
            classes: the student's.
            focal_length: in pixels, that the student learns depth for; the teacher's depth is
                taken to it.

        """
        for branch in ('depth', 'semantic'):
            for who, outputs in (('teacher', self.facts.outputs), ('network', student.outputs)):
                if getattr(self._config, branch) and branch not in outputs:
                    raise ConfigError(
                        f'teacher.{branch} is {getattr(self._config, branch)}, but the {who} '
                        f'predicts only {", ".join(outputs)}; set it to 0'
                    )
        path = self._config.checkpoint
        if self._config.semantic and self.facts.classes != tuple(classes):
            raise ConfigError(
                f'teacher {path} knows the classes {", ".join(self.facts.classes)}, but the data '
                f'set has {", ".join(classes) or "none"}; take a teacher of the same classes, or '
                'set teacher.semantic to 0'
            )
        self._lens = focal_length / self.facts.focal_length

    @property
    def min_depth(self) -> float:
        """Metres; its smallest depth, taken to the student's focal length."""
        return self.facts.min_depth * self._lens

    def terms(self, student: nn.Module, output, images: Tensor) -> dict[str, Tensor]:
        """Return the terms that have a weight, 'teacher_depth' and 'teacher_semantic'.

        Args:
            student: turns its raw depth map into metres.
            output: the student's raw maps of the images.
            images: (N, H, W, 3) uint8 RGB, augmented.

        Returns:
            The terms by name, and their weighted sum as 'loss'.

        """
        with torch.no_grad(), mixed(self._device, self._dtype):
            shown = self._network(self._normalize(images))
        terms, total = {}, 0.0
        if self._config.depth:
            found = student.metres(output.depth)
            target = self._lens * resize(self._network.metres(shown.depth), found.shape[-2:])
            terms['teacher_depth'] = log_depth_loss(found, target, _everywhere(target))
            total = total + self._config.depth * terms['teacher_depth']
        if self._config.semantic:
            terms['teacher_semantic'] = soft_label_loss(
                output.semantic[..., ::SEMANTIC_STEP, ::SEMANTIC_STEP],
                shown.semantic[..., ::SEMANTIC_STEP, ::SEMANTIC_STEP],
                self._config.temperature,
            )
            total = total + self._config.semantic * terms['teacher_semantic']
        return {**terms, 'loss': total}


def soft_label_loss(logits: Tensor, target: Tensor, temperature: float) -> Tensor:
    """Mean over pixels of T^2 KL(softmax(target / T) || softmax(logits / T)).

    T^2 keeps the gradient's size independent of T (Hinton et al., arXiv:1503.02531, section 2).

    Args:
        logits: (N, C, H, W) of the student.
        target: (N, C, H, W) logits of the teacher.
        temperature: T; the higher, the more the unlikely classes count.

    """
    found = functional.log_softmax(logits.float() / temperature, dim=1)
    wanted = functional.log_softmax(target.float() / temperature, dim=1)
    divergence = (wanted.exp() * (wanted - found)).sum(dim=1)
    return temperature**2 * masked_mean(divergence, _everywhere(divergence))


def _everywhere(values):
    return torch.ones_like(values, dtype=torch.bool)
