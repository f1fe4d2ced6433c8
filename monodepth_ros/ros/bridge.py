"""Colour conversion by cv_bridge, where it is installed and gives the right pixels."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Optional

import numpy as np
from sensor_msgs.msg import Image

_PIXEL_BYTES = {
    'bgr8': 3,
    'rgba8': 4,
    'bgra8': 4,
    'mono8': 1,
    'rgb16': 6,
    'bgr16': 6,
    'rgba16': 8,
    'bgra16': 8,
    'mono16': 2,
    'bayer_rggb8': 1,
    'bayer_bggr8': 1,
    'bayer_gbrg8': 1,
    'bayer_grbg8': 1,
    'yuv422': 2,
    'yuv422_yuy2': 2,
}
"""Encodings that all of its versions from Humble on turn into rgb8, with the bytes of a pixel."""


class Bridge:
    """
    Convert images by cv_bridge, until it fails once.

    It is loaded with the first image: where it was built for another NumPy it fails only then.
    """

    def __init__(self) -> None:
        self._bridge: Optional[Any] = None
        self._usable = True

    def to_rgb(self, msg: Image) -> Optional[np.ndarray]:
        """
        Return (H, W, 3) uint8 RGB, C-contiguous; None where cv_bridge is not to be used.

        Args:
            msg: an image whose fields have been checked to agree.

        """
        if not self._usable or not _is_done_right(msg):
            return None
        try:
            self._bridge = self._bridge or _load()
            rgb = self._bridge.imgmsg_to_cv2(msg, 'rgb8')
        # Built for another NumPy or OpenCV it raises what these do.
        except Exception:
            self._usable = False
            return None
        return np.ascontiguousarray(rgb)


def _load():
    # The cv-bridge of PyPI is of ROS 1, has no such module, and takes no heed of `step`.
    if find_spec('cv_bridge.boost') is None:
        raise ImportError('no cv_bridge of ROS 2')
    from cv_bridge import CvBridge

    return CvBridge()


def _is_done_right(msg):
    """Return whether it reads such rows; it skews them where a row is no number of pixels."""
    size = _PIXEL_BYTES.get(msg.encoding)
    return size is not None and msg.step % size == 0 and not msg.is_bigendian
