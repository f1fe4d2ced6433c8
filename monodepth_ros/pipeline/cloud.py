"""Organised, coloured point clouds."""

from __future__ import annotations

from pathlib import Path
from typing import Union

import numpy as np

POINT_DTYPE = np.dtype([('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('rgb', '<u4')])
"""One point in 16 bytes: metres in the optical frame (REP 103), and colour as 0x00RRGGBB."""

PLY_DTYPE = np.dtype(
    [('x', '<f4'), ('y', '<f4'), ('z', '<f4'), ('red', 'u1'), ('green', 'u1'), ('blue', 'u1')]
)


def make_cloud(
    depth: np.ndarray, image: np.ndarray, rays: np.ndarray, stride: int = 1
) -> np.ndarray:
    """Return the organised cloud of a depth map.

    Args:
        depth: (H, W) float32 metres along the optical axis.
        image: (H, W, 3) uint8 RGB.
        rays: (H, W, 2) float32, x/z and y/z of every pixel (`PinholeCamera.rays`).
        stride: take every n-th row and column, n >= 1.

    Returns:
        (ceil(H / stride), ceil(W / stride)) `POINT_DTYPE`; x, y and z are NaN where the depth is
        not finite.

    Raises:
        ValueError: the maps are of different sizes, or stride is below 1.

    """
    if not depth.shape == image.shape[:2] == rays.shape[:2] or stride < 1:
        raise ValueError(
            f'depth {depth.shape}, image {image.shape}, rays {rays.shape}, stride {stride}: '
            'expected maps of one height and width, and a stride of 1 or more'
        )
    every = (slice(None, None, stride), slice(None, None, stride))
    depth, image, rays = depth[every], image[every], rays[every]
    cloud = np.empty(depth.shape, POINT_DTYPE)
    z = np.where(np.isfinite(depth), depth, np.float32(np.nan))
    cloud['z'] = z
    np.multiply(rays[..., 0], z, out=cloud['x'])
    np.multiply(rays[..., 1], z, out=cloud['y'])
    color = cloud.view(np.uint8).reshape(*depth.shape, POINT_DTYPE.itemsize)[..., 12:]
    color[..., 0] = image[..., 2]
    color[..., 1] = image[..., 1]
    color[..., 2] = image[..., 0]
    color[..., 3] = 0
    return cloud


def write_ply(path: Union[str, Path], cloud: np.ndarray) -> int:
    """Write the finite points of a cloud as binary little-endian PLY.

    Args:
        path: the file, which is overwritten.
        cloud: `POINT_DTYPE` of any shape.

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
