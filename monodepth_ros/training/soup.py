"""Model soup: the average of networks that were fine-tuned from common weights.

Wortsman et al., *Model soups: averaging weights of multiple fine-tuned models improves accuracy
without increasing inference time*, ICML 2022: the uniform soup.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Optional, Sequence

from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.pipeline.preprocess import MULTIPLE
from torch import nn

ALIKE = ('network', 'options', 'classes', 'colors', 'outputs', 'mean', 'std')
"""Facts in which the checkpoints of a soup must agree."""


def make_soup(
    paths: Sequence[str], shares: Optional[Sequence[float]] = None
) -> tuple[nn.Module, ModelFacts]:
    """Return the mean of the weights and batch-norm statistics of checkpoints, and its facts.

    Weights of networks that were trained on their own, from other beginnings, have no use for
    their mean; nothing in the files says so, an evaluation does.

    Args:
        paths: two checkpoints or more, all of one network.
        shares: the part of each in the mean, in any unit; None for equal ones.

    Returns:
        the network in evaluation mode, and facts with the mean of the input sizes (as a multiple
        of 32 pixels) and of the focal lengths that belong to them: what was trained on 320 and on
        448 pixels meets at 384.

    Raises:
        ConfigError: fewer than two paths; not one share a path, or one that is not above 0.
        CheckpointError: a file cannot be used, or is of another network than the first.

    """
    if len(paths) < 2:
        raise ConfigError(f'an average needs two checkpoints or more, not {len(paths)}')
    parts = _parts(shares, len(paths))
    network, first = load_checkpoint(paths[0])
    total = {key: value.double() * parts[0] for key, value in network.state_dict().items()}
    every = [first]
    for path, part in zip(paths[1:], parts[1:], strict=True):
        other, facts = load_checkpoint(path)
        _check_alike(paths[0], first, path, facts)
        every.append(facts)
        for key, value in other.state_dict().items():
            total[key] += value * part
    whole = math.fsum(parts)
    mean = {key: value / whole for key, value in total.items()}
    network.load_state_dict(mean)  # which copies into each weight's own type
    facts = _mean_facts(every, parts)
    if shares is not None:
        facts = dataclasses.replace(facts, training={**facts.training, 'shares': list(shares)})
    return network, facts


def _parts(shares, count):
    """Return the part of each checkpoint in the sum that is divided by all of them."""
    if shares is None:
        return [1.0] * count
    if len(shares) != count:
        raise ConfigError(f'there are {len(shares)} shares for {count} checkpoints; give each one')
    wrong = [share for share in shares if not 0 < share < math.inf]
    if wrong:
        raise ConfigError(f'a share is {wrong[0]:g}, expected above 0')
    return list(shares)


def _check_alike(first_path, first, path, facts):
    for name in ALIKE:
        if getattr(facts, name) != getattr(first, name):
            raise CheckpointError(
                f'{path} and {first_path} differ in {name}: {getattr(facts, name)} and '
                f'{getattr(first, name)}; average checkpoints of one network, trained from common '
                'weights'
            )


def _mean_facts(every, parts):
    width, height, focal_length = (
        sum(getattr(facts, name) * part for facts, part in zip(every, parts, strict=True))
        / math.fsum(parts)
        for name in ('input_width', 'input_height', 'focal_length')
    )
    used = _multiple(width)
    return dataclasses.replace(
        every[0],
        input_width=used,
        input_height=_multiple(height),
        focal_length=focal_length * used / width,
        min_depth=min(facts.min_depth for facts in every),
        max_depth=max(facts.max_depth for facts in every),
        training={'average_of': [facts.training for facts in every]},
        metrics={},
        activation_ranges={},
    )


def _multiple(pixels):
    return max(1, round(pixels / MULTIPLE)) * MULTIPLE
