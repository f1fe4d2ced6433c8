"""Stand-ins that keep tests independent of a network: an engine that is a formula."""

from monodepth_ros.engines.base import Engine
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
import numpy as np


def make_facts(**changes) -> ModelFacts:
    """Return facts of a made-up network with four classes, trained on a NYU-like camera."""
    values = {
        'network': 'formula',
        'options': {},
        'classes': ('bed', 'chair', 'floor', 'wall'),
        'colors': ((255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)),
        'input_width': 320,
        'input_height': 240,
        'min_depth': 0.5,
        'max_depth': 10.0,
        'focal_length': 259.43,
        'mean': (123.675, 116.28, 103.53),
        'std': (58.395, 57.12, 57.375),
    }
    return ModelFacts(**{**values, **changes})


class FormulaEngine(Engine):
    """Depth is 1 m + red / 100, label is green modulo the classes, confidence is blue."""

    name = 'formula'
    device = 'none'

    def __init__(self, facts=None):
        self.facts = facts or make_facts()
        self.calls = 0

    def _infer(self, images):
        self.calls += 1
        return RawOutput(
            depth=(1.0 + images[..., 0] / 100.0).astype(np.float32),
            label=(images[..., 1] % len(self.facts.classes)).astype(np.uint8),
            confidence=images[..., 2].copy(),
        )
