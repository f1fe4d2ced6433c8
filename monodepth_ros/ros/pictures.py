"""Pictures of a frame in the memory of its messages, (H, W, 3) uint8 RGB."""

from __future__ import annotations

from monodepth_ros.pipeline.visualize import colorize_depth, colorize_label, overlay
from monodepth_ros.ros.result import Result
import numpy as np


def depth_picture(result: Result) -> np.ndarray:
    """Return the depth in colours."""
    depth = result.prediction.depth
    out = result.buffers.array('depth_color', (*depth.shape, 3), np.uint8)
    return colorize_depth(depth, 0.0, result.values['depth.color_range'], out)


def label_picture(result: Result) -> np.ndarray:
    """Return the classes' colours."""
    label = result.prediction.label
    out = result.buffers.array('color_mask', (*label.shape, 3), np.uint8)
    return colorize_label(label, result.facts.colors, out)


def overlay_picture(result: Result) -> np.ndarray:
    """Return the classes' colours over the image."""
    image, label = result.prediction.image, result.prediction.label
    alpha = result.values['segmentation.overlay_alpha']
    out = result.buffers.array('overlay', image.shape, np.uint8)
    return overlay(image, label, result.facts.colors, alpha, out)
