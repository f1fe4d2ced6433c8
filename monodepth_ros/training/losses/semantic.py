"""Losses of the class maps."""

from __future__ import annotations

from monodepth_ros.training.distributed import global_sum
from monodepth_ros.training.losses.gradients import sobel_loss
from monodepth_ros.training.losses.masked import masked_mean
import torch
from torch import Tensor
from torch.nn import functional

FOCAL_ALPHA = 0.25
FOCAL_GAMMA = 2.0
"""Lin et al., ICCV 2017, section 5."""


def focal_loss(
    logits: Tensor,
    label: Tensor,
    valid: Tensor,
    alpha: float = FOCAL_ALPHA,
    gamma: float = FOCAL_GAMMA,
) -> Tensor:
    """Sigmoid focal loss, summed over classes, averaged over pixels (Lin et al., ICCV 2017).

    Scale: nats; 1.6 where all of 13 maps say 1/2, 0.55 where they say 1/13; 0.19 is usual.

    Args:
        logits: (N, C, H, W).
        label: (N, H, W) int64; anything where not valid.
        valid: (N, 1, H, W) bool.
        alpha: weight of the positive class; the negatives weigh 1 - alpha.
        gamma: exponent that plays down what is already right.

    """
    logits = logits.float()
    truth = _one_hot(label, valid, logits.shape[1])
    # log sigmoid of the signed logit is the log probability of what is true of this class
    sign = truth * 2.0 - 1.0
    log_right = functional.logsigmoid(sign * logits)
    wrong = torch.sigmoid(-sign * logits)
    weight = (1.0 - alpha) + (2.0 * alpha - 1.0) * truth
    return masked_mean((-weight * wrong.pow(gamma) * log_right).sum(1, keepdim=True), valid)


def cross_entropy_loss(logits: Tensor, label: Tensor, valid: Tensor) -> Tensor:
    """Mean -ln softmax(logits)[label]: trains the arg-max itself. Shapes as in `focal_loss`.

    Scale: nats; 2.6, the logarithm of 13 classes, where nothing is known; 0.75 is usual.
    """
    label = label.where(valid[:, 0], label.new_zeros(()))
    loss = functional.cross_entropy(logits.float(), label, reduction='none')
    return masked_mean(loss[:, None], valid)


def jaccard_loss(logits: Tensor, label: Tensor, valid: Tensor) -> Tensor:
    """1 - intersection over union, of sums of softmax probabilities. Shapes as in `focal_loss`.

    The sums are over all pixels of the batch that count, the mean is over the classes that are
    there; so a rare class weighs as much as a frequent one, as in the mean IoU (Rahman and Wang,
    ISVC 2016, who have foreground and background alone).

    Scale: 0..1; 0.96 where all of 13 equally frequent classes get 1/13; for 8 images 0.56 is
    usual.
    """
    truth = _one_hot(label, valid, logits.shape[1])
    found = logits.float().softmax(dim=1) * valid
    maps = (found * truth, found, truth)
    sums = torch.stack([x.sum(dim=(0, 2, 3), dtype=torch.float64) for x in maps])
    hits, of_found, of_truth = global_sum(sums)
    there = of_truth > 0
    missed = 1.0 - hits / (of_found + of_truth - hits).clamp(min=1.0)
    return ((missed * there).sum() / there.sum().clamp(min=1)).float()


def class_sobel_loss(logits: Tensor, label: Tensor, valid: Tensor) -> Tensor:
    """`sobel_loss` between the sigmoid class maps and the one-hot truth. Shapes as above.

    Scale: share per pixel, and the mean over classes: most pixels have no edge and most classes no
    part in one, so that 0.005 is usual.
    """
    truth = _one_hot(label, valid, logits.shape[1])
    return sobel_loss(torch.sigmoid(logits.float()), truth, valid)


def _one_hot(label: Tensor, valid: Tensor, classes: int) -> Tensor:
    """(N, H, W) labels to (N, C, H, W) float32, all zero where not valid."""
    safe = label.where(valid[:, 0], label.new_zeros(()))[:, None]
    truth = torch.zeros(
        (label.shape[0], classes, *label.shape[1:]), device=label.device, dtype=torch.float32
    )
    return truth.scatter_(1, safe, valid.float())
