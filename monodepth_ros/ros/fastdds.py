"""The Fast DDS profile that ships, so that best-effort images arrive; see config/fastdds.xml."""

from __future__ import annotations

from importlib import metadata
import os
from pathlib import Path
import sys
from typing import Optional

PACKAGE = 'monodepth_ros'

PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')
"""Where Fast DDS 3 (Kilted and later) and Fast DDS 2 (Humble, Jazzy) look for a profile."""

_FIRST_RCLPY_ON_FAST_DDS_3 = 9


def use_default_profile() -> Optional[str]:
    """
    Point Fast DDS to the profile that ships, unless the user has chosen one.

    Call it before `rclpy.init`: the middleware reads the variable when the first node is made.

    Returns:
        The profile in use, or None where there is none.

    """
    os.environ.update(profile_environment())
    return next((os.environ[name] for name in PROFILE_VARIABLES if name in os.environ), None)


def profile_environment() -> dict[str, str]:
    """Return the variables to set; none where the user set one or the profile is not found."""
    share = share_directory()
    if share is None or any(name in os.environ for name in PROFILE_VARIABLES):
        return {}
    # Fast DDS 3 warns of the old name; which releases of Fast DDS 2 know the new one varies.
    names = PROFILE_VARIABLES[:1] if _has_fast_dds_3() else PROFILE_VARIABLES
    return {name: str(share / 'config' / 'fastdds.xml') for name in names}


def _has_fast_dds_3() -> bool:
    try:
        return int(metadata.version('rclpy').split('.')[0]) >= _FIRST_RCLPY_ON_FAST_DDS_3
    except (metadata.PackageNotFoundError, ValueError):
        return True


def profile_variable() -> str:
    """Return the variable that names a profile to the Fast DDS of this ROS distribution."""
    return PROFILE_VARIABLES[0 if _has_fast_dds_3() else 1]


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
