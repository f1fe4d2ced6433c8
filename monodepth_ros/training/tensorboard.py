"""Curves and pictures for TensorBoard, where it is installed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Optional

import numpy as np

LOG = logging.getLogger(__name__)


class EventLog:
    """Writes event files; does nothing, after one line that says so, without tensorboard.

    Args:
        folder: where to; made when something is written.
        step: how many steps are done; what the folder holds of later ones is hidden, since they
            will be done again.

    """

    def __init__(self, folder: Path, step: int):
        self._writer = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            LOG.warning('no curves for TensorBoard (%s): pip install tensorboard', error)
            return
        self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def scalars(self, step: int, values: dict[str, Optional[float]], group: str) -> None:
        """Add numbers under `group/name`; None is left out."""
        if self._writer is None:
            return
        for name, value in values.items():
            if value is not None:
                self._writer.add_scalar(f'{group}/{name}', value, step)

    def picture(self, step: int, picture: Optional[np.ndarray]) -> None:
        """Add an (H, W, 3) uint8 RGB picture of the held-out images, if there is one."""
        if self._writer is not None and picture is not None:
            self._writer.add_image('held_out', picture, step, dataformats='HWC')

    def flush(self) -> None:
        """Bring what was added to the disk."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Bring what was added to the disk and close the file."""
        if self._writer is not None:
            self._writer.close()
