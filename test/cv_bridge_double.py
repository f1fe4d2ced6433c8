"""
A cv_bridge for where there is none: what its Python part does, and the colours of its C++ part.

Like the real one it takes a row for `step` whole pixels, which skews rows of another padding.
"""

import sys
import types

import cv2
import numpy as np

CODES = {
    'bgr8': cv2.COLOR_BGR2RGB,
    'rgba8': cv2.COLOR_RGBA2RGB,
    'bgra8': cv2.COLOR_BGRA2RGB,
    'mono8': cv2.COLOR_GRAY2RGB,
    'rgb16': None,
    'bgr16': cv2.COLOR_BGR2RGB,
    'rgba16': cv2.COLOR_RGBA2RGB,
    'bgra16': cv2.COLOR_BGRA2RGB,
    'mono16': cv2.COLOR_GRAY2RGB,
    'bayer_rggb8': cv2.COLOR_BayerBG2RGB,
    'bayer_bggr8': cv2.COLOR_BayerRG2RGB,
    'bayer_gbrg8': cv2.COLOR_BayerGR2RGB,
    'bayer_grbg8': cv2.COLOR_BayerGB2RGB,
    'yuv422': cv2.COLOR_YUV2RGB_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2RGB_YUYV,
}


class CvBridge:
    """Convert to rgb8, and count how often."""

    calls = 0

    def imgmsg_to_cv2(self, msg, desired_encoding):
        """Return the pixels of a message as rgb8, a copy."""
        assert desired_encoding == 'rgb8'
        type(self).calls += 1
        depth = np.dtype('<u2' if '16' in msg.encoding else 'u1')
        channels = 2 if 'yuv' in msg.encoding else 4 if 'a' in msg.encoding[3:5] else 3
        if msg.encoding.startswith(('mono', 'bayer')):
            channels = 1
        columns = msg.step // depth.itemsize // channels
        pixels = np.ndarray((msg.height, columns, channels), depth, msg.data)
        pixels = np.ascontiguousarray(pixels[:, : msg.width])
        code = CODES[msg.encoding]
        rgb = pixels if code is None else cv2.cvtColor(pixels, code)
        return cv2.convertScaleAbs(rgb, alpha=255 / 65535) if depth.itemsize == 2 else rgb


def install(monkeypatch):
    """Have `import cv_bridge` find the double."""
    package, boost = types.ModuleType('cv_bridge'), types.ModuleType('cv_bridge.boost')
    package.CvBridge, package.boost, package.__path__ = CvBridge, boost, []
    boost.__spec__ = types.SimpleNamespace(name='cv_bridge.boost')
    monkeypatch.setitem(sys.modules, 'cv_bridge', package)
    monkeypatch.setitem(sys.modules, 'cv_bridge.boost', boost)
    monkeypatch.setattr(CvBridge, 'calls', 0)
