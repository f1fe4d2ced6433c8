"""What may be wrong with the surroundings when the node starts, each in one line."""

from __future__ import annotations

from contextlib import contextmanager
import difflib
import re
from typing import Collection, Iterator, Optional

from monodepth_ros.errors import ConfigError
from monodepth_ros.ros.parameters import BY_NAME, FACT_PARAMETERS
import rclpy
from rclpy.exceptions import NameValidationException
from rclpy.signals import SignalHandlerOptions

OF_ROS = ('use_sim_time', 'start_type_description_service', 'bond_disable_heartbeat_timeout')
"""Parameters that rclpy and bondpy declare."""

_REMEDIES = (
    ('params file', 'correct the path, or the YAML at the line named'),
    ('remap rule', 'expected from:=to of ROS names: letters, digits, _ and /'),
    ('parameter override', 'expected -p NAME:=VALUE'),
    ('logging directory', 'set HOME, or ROS_LOG_DIR to a folder that can be written'),
    ('namespace', 'expected a ROS name: /, letters, digits and _'),
)

_PLACE = re.compile(r',? at \S+:\d+')
"""Where in ROS's own source an error arose."""


def init_ros(args: Optional[list[str]]) -> None:
    """
    Start the middleware without signal handlers.

    Raises:
        ConfigError: the arguments or the environment do not allow it.

    """
    with errors_of_ros():
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)


@contextmanager
def errors_of_ros() -> Iterator[None]:
    """Turn what calls of ROS raise into a ConfigError of one line; call nothing of ours within."""
    try:
        yield
    # RCLError and all that its C part raises are a RuntimeError or ValueError.
    except (NameValidationException, RuntimeError, ValueError) as error:
        raise ConfigError(in_one_line(error)) from error


def in_one_line(error: BaseException) -> str:
    """Return what ROS says of a failed start, with the remedy."""
    text = ' '.join(_PLACE.sub('', str(error)).split()).rstrip('.')
    lowered = text.lower()
    remedy = next((remedy for words, remedy in _REMEDIES if words in lowered), '')
    return f'{text}; {remedy}' if remedy else text


def unknown_parameters(given: Collection[str]) -> list[str]:
    """Return a warning for each given parameter that the node does not have."""
    known = [*BY_NAME, *FACT_PARAMETERS, *OF_ROS]
    unknown = [n for n in given if n not in known and not n.startswith('qos_overrides.')]
    return [_warning(name, known) for name in unknown]


def _warning(name, known):
    # The name alone is what people remember of `depth.encoding`.
    nearest = difflib.get_close_matches(name, known, 1) or [
        other for other in known if other.split('.')[-1] == name.split('.')[-1]
    ]
    hint = f'; did you mean {nearest[0]}?' if nearest else ''
    return f'parameter {name} is not known and has no effect{hint}'
