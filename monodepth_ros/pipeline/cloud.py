"""Organised, coloured point clouds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Optional, Sequence, Union

import cv2
from monodepth_ros.masks import is_of
import numpy as np

POINT_DTYPE = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('rgb', '<u4')])
"""One point in 16 bytes: metres in the optical frame (REP 103), and colour as 0x00RRGGBB."""

LABELLED_POINT_DTYPE = np.dtype(
    {
        'names': [*POINT_DTYPE.names, 'label', 'confidence'],
        'formats': ['<f4', '<f4', '<f4', '<u4', '<u4', 'u1'],
        'offsets': [0, 4, 8, 12, 16, 20],
        'itemsize': 24,
    }
)
"""The same with class index, in the type of PCL's PointXYZRGBL, and confidence 0..255; three zero
bytes align the next point."""

ERROR_DTYPE = np.dtype('<f4')
"""Type of the field `error`, which comes behind all others where it is wanted."""

FARTHEST = float(np.finfo(np.float32).max)

BAND_PIXELS = 1 << 17
"""Points that are made at a time: what is in between stays small, in the processor's cache."""

PLY_DTYPE = np.dtype(
    [('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('red', 'u1'), ('green', 'u1'), ('blue', 'u1')]
)


def make_cloud(
    depth: np.ndarray,
    image: np.ndarray,
    rays: np.ndarray,
    stride: int = 1,
    labels: Optional[tuple[np.ndarray, np.ndarray]] = None,
    min_range: float = 0.0,
    max_range: float = math.inf,
    out: Optional[np.ndarray] = None,
    error: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Return the organised cloud of a depth map.

    Args:
        depth: (H, W) float32 metres along the optical axis.
        image: (H, W, 3) uint8 RGB.
        rays: (H, W, 2) float32, x/z and y/z of every pixel (`PinholeCamera.rays`).
        stride: take every n-th row and column, n >= 1.
        labels: class index and confidence to put into the points, each (H, W) uint8.
        min_range: depth below this, in metres, gives no point.
        max_range: depth above this, in metres, gives no point.
        out: C-contiguous array to write the cloud to, or None for a new one.
        error: relative error of the depth to put into the points, (H, W) float32.

    Returns:
        `cloud_shape` of `cloud_dtype`. Element (r, c) is of the pixel (r * stride, c * stride);
        its x, y and z are NaN where the depth is not finite or not in range, the rest of it
        always holds.

    Raises:
        ValueError: the maps are of different sizes, or stride is below 1.

    """
    more = () if error is None else (error,)
    maps = (depth, image, rays, *(labels or ()), *more)
    if any(m.shape[:2] != depth.shape for m in maps) or stride < 1:
        raise ValueError(
            f'maps of {", ".join(str(m.shape) for m in maps)}, stride {stride}: expected maps of '
            'one height and width, and a stride of 1 or more'
        )
    if out is None:
        dtype = cloud_dtype(labels is not None, error is not None)
        out = np.empty(cloud_shape(depth.shape, stride), dtype)
    maps = [m[::stride, ::stride] for m in maps]
    rows = max(1, BAND_PIXELS // out.shape[1])
    for band in (slice(first, first + rows) for first in range(0, out.shape[0], rows)):
        _fill(out[band], min_range, min(max_range, FARTHEST), *(m[band] for m in maps))
    return out


def cloud_shape(shape: tuple[int, ...], stride: int = 1) -> tuple[int, int]:
    """Return the rows and columns of the cloud of a depth map of (H, W)."""
    return -(-shape[0] // stride), -(-shape[1] // stride)


def cloud_dtype(labelled: bool, with_error: bool = False) -> np.dtype:
    """Return the type of a cloud's points, with label and confidence or without, and the error."""
    dtype = LABELLED_POINT_DTYPE if labelled else POINT_DTYPE
    if not with_error:
        return dtype
    fields = [dtype.fields[name] for name in dtype.names]
    return np.dtype(
        {
            'names': [*dtype.names, 'error'],
            'formats': [*(kind for kind, _ in fields), ERROR_DTYPE],
            'offsets': [*(offset for _, offset in fields), dtype.itemsize],
            'itemsize': dtype.itemsize + ERROR_DTYPE.itemsize,
        }
    )


def without_classes(depth: np.ndarray, label: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Return depth, (H, W) float32, with NaN at the pixels of these classes; itself if of none.

    Args:
        depth: left as it is.
        label: (H, W) uint8 class index.
        classes: indices of the classes that are left out.

    """
    if not classes:
        return depth
    return np.where(is_of(label, classes), np.float32(np.nan), depth)


def _fill(cloud, nearest, farthest, depth, image, rays, *more):
    z = _in_range(depth, nearest, farthest)
    words = [rays[..., 0] * z, rays[..., 1] * z, z, _packed(image)]
    words += [m if m.dtype == ERROR_DTYPE else m.astype(np.uint32) for m in more]
    # As a picture with one channel a word: several times as fast as field by field.
    picture = cloud.view(np.int32).reshape(*cloud.shape, -1)
    cv2.merge([np.ascontiguousarray(word).view(np.int32) for word in words], picture)


def _in_range(depth, nearest, farthest):
    """Return the depth, NaN where it is not from `nearest` to `farthest`; itself if it all is."""
    # NaN and infinity fail these comparisons too.
    if depth.min() >= nearest and depth.max() <= farthest:
        return np.ascontiguousarray(depth)
    return np.where((depth >= nearest) & (depth <= farthest), depth, np.float32(np.nan))


def _packed(image):
    """Return (H, W, 3) uint8 RGB as (H, W) uint32, 0x00RRGGBB."""
    opaque = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGRA)
    packed = opaque.view('<u4')[..., 0]
    packed &= 0x00FFFFFF
    return packed


def write_ply(path: Union[str, Path], cloud: np.ndarray) -> int:
    """Write the finite points of a cloud as binary little-endian PLY.

    Args:
        path: the file, which is overwritten.
        cloud: `POINT_DTYPE` or `LABELLED_POINT_DTYPE`, of any shape.

    Returns:
        The number of points written.

    """
    points = cloud[np.isfinite(cloud['z'])]
    vertices = np.empty(points.shape, PLY_DTYPE)
    for axis in 'xyz':
        vertices[axis] = points[axis]
    for channel, shift in (('red', 16), ('green', 8), ('blue', 0)):
        vertices[channel] = (points['rgb'] >> shift) & 255
    properties = [
        f'property {"float" if vertices.dtype[name].kind == "f" else "uchar"} {name}'
        for name in PLY_DTYPE.names
    ]
    header = [
        'ply',
        'format binary_little_endian 1.0',
        'comment metres; x right, y down, z forward',
        f'element vertex {len(vertices)}',
        *properties,
        'end_header',
    ]
    with open(path, 'wb') as file:
        file.write(('\n'.join(header) + '\n').encode('ascii'))
        file.write(vertices.tobytes())
    return len(vertices)
