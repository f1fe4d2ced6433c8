"""The vote of a tape measure: how far one thing in the image is."""

from __future__ import annotations

import math
from typing import Union

from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.affine import AffineVote, vote_on
from monodepth_ros.scale.votes import View, Vote
import numpy as np

REACH = 2
"""Pixels around the one that is named, on the network's grid, whose median counts."""


def tape_vote(view: View, distance: float, column: float, row: float) -> Union[Vote, AffineVote]:
    """Return by how much the depth of a place is off.

    Args:
        view: what the network says.
        distance: metres from the lens to the place, as a tape has them: along the line of sight.
        column: of the place, in pixels of the view's camera.
        row: of the place.

    Raises:
        ScaleError: 'few_points' where it is not in the image, or has no depth; 'one_depth' of a
            network whose depth has a shift, too, which one distance does not fix.

    """
    camera = view.camera
    inside = -0.5 <= column < camera.width - 0.5 and -0.5 <= row < camera.height - 0.5
    u, v = (round(column), round(row)) if inside else (0, 0)
    rows, columns = (slice(max(0, middle - REACH), middle + REACH + 1) for middle in (v, u))
    around = view.depth[rows, columns]
    found = around[view.usable()[rows, columns]]
    if not inside or not found.size:
        raise ScaleError(
            'few_points',
            'the pixel is not in the image, or has no depth; name one as column,row in the '
            'rectified image',
        )
    ray = math.hypot((column - camera.cx) / camera.fx, (row - camera.cy) / camera.fy, 1)
    return vote_on(view, np.full(found.size, distance / ray), found, np.full(found.size, u))
