"""Published classifier weights as weights of an encoder."""

from __future__ import annotations

from torch import nn, Tensor

COUNTERS = '.num_batches_tracked'
"""Batch norms' counters, which no inference needs: files without them are whole."""


def load_classifier(encoder: nn.Module, state: dict[str, Tensor], head: tuple[str, ...]) -> None:
    """Load a classifier's state dict strictly, leaving aside what begins with one of `head`.

    Raises:
        RuntimeError: a missing, unknown or misshapen weight; torch's message names them.

    """
    counters = {k: v for k, v in encoder.state_dict().items() if k.endswith(COUNTERS)}
    wanted = {k: v for k, v in state.items() if not k.startswith(head)}
    encoder.load_state_dict({**counters, **wanted})
