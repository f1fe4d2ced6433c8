"""The Fast DDS profile that ships, so that best-effort images arrive; see config/fastdds.xml."""

from __future__ import annotations

from importlib import metadata
import math
import os
from pathlib import Path
import sys
from typing import Optional

PACKAGE = 'monodepth_ros'

PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Where Fast DDS 3 (Kilted and later) and Fast DDS 2 (Humble, Jazzy) look for a profile."""

FILES_OF_THE_FOLDER = ('DEFAULT_FASTDDS_PROFILES.xml', 'DEFAULT_FASTRTPS_PROFILES.xml')
"""What both read from the working directory as well."""

_FIRST_RCLPY_ON_FAST_DDS_3 = 9
_FIRST_RCLPY_WITH_DISCOVERY_RANGE = 4


def use_default_profile() -> Optional[str]:
    """
    Point Fast DDS to the profile that ships, unless the user has chosen how it transports.

    Call it before `rclpy.init`: the middleware reads the variable when the first node is made.

    Returns:
        The profile in use, or None where there is none.

    """
    os.environ.update(profile_environment())
    return os.environ.get(profile_variable())


def profile_variable() -> str:
    """Return the variable that the Fast DDS of this ROS distribution reads; it reads no other."""
    return PROFILE_VARIABLES[_rclpy_major() < _FIRST_RCLPY_ON_FAST_DDS_3]


def profile_environment() -> dict[str, str]:
    """
    Return the variables to set; none where the user chose, or the profile is not found.

    A profile that the user gave under the other version's name goes to the name that is read.
    """
    variable = profile_variable()
    (other,) = {*PROFILE_VARIABLES} - {variable}
    if variable in os.environ or _has_own_transports():
        return {}
    if other in os.environ:
        return {variable: os.environ[other]}
    share = share_directory()
    return {} if share is None else {variable: str(share / 'config' / 'fastdds.xml')}


def _has_own_transports() -> bool:
    """
    Return whether the user chose transports without a profile, which a profile would undo.

    Humble keeps to this machine by a transport of its own, to which a profile's would be added;
    from Iron on, discovery alone does it, whatever the transports.
    """
    localhost_only = os.environ.get('ROS_LOCALHOST_ONLY') == '1'
    return (
        bool(os.environ.get('FASTDDS_BUILTIN_TRANSPORTS'))
        or (localhost_only and _rclpy_major() < _FIRST_RCLPY_WITH_DISCOVERY_RANGE)
        or any(Path(name).is_file() for name in FILES_OF_THE_FOLDER)
    )


def _rclpy_major() -> float:
    """Return the first number of rclpy's version; infinity, as of the newest, where unknown."""
    try:
        return int(metadata.version('rclpy').split('.')[0])
    except (metadata.PackageNotFoundError, ValueError):
        return math.inf


def share_directory() -> Optional[Path]:
    """Return the folder that holds `config/` and `launch/`, or None where none is installed."""
    candidates = (
        package_share_directory(PACKAGE),
        Path(__file__).resolve().parents[2],
        Path(sys.prefix) / 'share' / PACKAGE,
    )
    for candidate in candidates:
        if candidate and (candidate / 'config' / 'fastdds.xml').is_file():
            return candidate
    return None


def package_share_directory(package: str) -> Optional[Path]:
    """Return the share folder of an installed ROS package, or None where there is none."""
    try:
        from ament_index_python.packages import get_package_share_directory

        return Path(get_package_share_directory(package))
    # Not installed, no such package, no workspace sourced, not a package name.
    except (ImportError, LookupError, OSError, ValueError):
        return None
