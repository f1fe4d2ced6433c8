"""Errors that users can act on: each message names the value, the valid ones and the remedy."""

import reprlib
from typing import Any

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 3, 80, 80
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 14


def shown(value: Any) -> str:
    """Return `repr(value)` for a message, cut short: a file or a sender may have made it huge."""
    try:
        return _SHORT.repr(value)
    # Python writes no whole number of more than some thousand digits.
    except ValueError:
        return f'a {type(value).__name__} too long to be shown'


class MonodepthError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(MonodepthError):
    """A parameter, option or configuration file holds a value that cannot be used."""


class CheckpointError(MonodepthError):
    """A weight file is missing, damaged, or belongs to another network."""


class EngineError(MonodepthError):
    """An inference engine or device is not available, or failed while it ran."""


class DatasetError(MonodepthError):
    """A dataset folder or one of its files cannot be used; the message names the file."""


class TrainingError(MonodepthError):
    """A training run cannot start, resume or go on."""


class BenchmarkError(MonodepthError):
    """A part of the benchmark cannot be measured, or a file of results cannot be used."""


class _ReasonedError(MonodepthError):
    """An error with a short machine-readable reason, so that occurrences can be counted by it."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


class ImageError(_ReasonedError):
    """An image cannot be used; `reason` is one of `IMAGE_REASONS`."""


class CalibrationError(_ReasonedError):
    """Camera intrinsics cannot be used; `reason` is one of `CALIBRATION_REASONS`."""


class ScaleError(_ReasonedError):
    """What the robot knows of distances cannot be used; `reason` is one of `SCALE_REASONS`."""


IMAGE_REASONS = (
    'bad_stamp',
    'unknown_encoding',
    'zero_size',
    'unsupported_size',
    'short_step',
    'short_data',
    'corrupt_data',
)
"""Why an image is rejected."""

CALIBRATION_REASONS = (
    'uncalibrated',
    'bad_focal_length',
    'bad_size',
    'bad_distortion',
    'bad_file',
)
"""Why intrinsics are rejected."""

SCALE_REASONS = (
    'bad_pose',
    'under_ground',
    'no_labels',
    'no_floor',
    'leaning',
    'tilted',
    'few_points',
    'no_points',
    'no_motion',
    'between_looks',
    'no_transform',
    'beyond_limits',
    'outlier',
    'few_votes',
    'one_depth',
    'no_fit',
)
"""Why a robot's knowledge of distances is left unused."""
