"""Messages whose memory is kept from one frame to the next."""

from __future__ import annotations

import math
from typing import Any, Optional

import numpy as np
from sensor_msgs.msg import Image


class MessageBuffers:
    """
    Lend arrays that lie in the data of messages, so that what is written to them is sent as it is.

    A big message's memory costs more to get from the system than to fill, and data that are
    assigned to a message are copied. An array holds what was written to it until one of the same
    name is asked for again: `publish` does not return before the middleware has its own copy.
    """

    def __init__(self) -> None:
        self._lent: dict[str, tuple[Any, np.ndarray]] = {}

    def array(
        self, name: str, shape: tuple[int, ...], dtype: type, kind: type = Image
    ) -> np.ndarray:
        """
        Return the array of this name; its contents do not matter.

        Args:
            name: what it is for; an array of another shape or type takes the former's place.
            shape: its shape.
            dtype: its type.
            kind: type of the message, Image or PointCloud2.

        """
        dtype = np.dtype(dtype)
        msg, values = self._lent.get(name, (None, None))
        if msg is None or values.shape != tuple(shape) or values.dtype != dtype:
            msg = kind()
            msg.data.frombytes(bytes(math.prod(shape) * dtype.itemsize))
            values = np.frombuffer(msg.data, dtype).reshape(shape)
            self._lent[name] = msg, values
        return values

    def message_of(self, values: np.ndarray) -> Optional[Any]:
        """Return the message in whose data an array lies that was lent here; None of any other."""
        return next((msg for msg, lent in self._lent.values() if lent is values), None)
