"""Where a calibration is: URLs as camera_info_manager, and so drivers, have them."""

from __future__ import annotations

import glob
import os
from pathlib import Path
import re
from urllib.parse import unquote

from monodepth_ros.errors import CalibrationError, shown
from monodepth_ros.ros.fastdds import package_share_directory

NAME = '${NAME}'
ROS_HOME = '${ROS_HOME}'


def resolve_url(url: str, name: str = '') -> Path:
    """
    Return the path that a calibration URL means.

    Args:
        url: a plain path, `file:///path`, or `package://package/path` for a file in the share
            folder of a ROS package. `${NAME}` in it stands for the camera's name, `${ROS_HOME}`
            for the environment variable or `~/.ros`.
        name: the camera's name; where it is empty, `${NAME}` is that of the only file that fits.

    Raises:
        CalibrationError: 'bad_file', for another scheme or variable, an unknown package, a path
            that leaves the package, or a `${NAME}` that is not known.

    """
    scheme, _, rest = _substituted(url, name).rpartition('://')
    if scheme == '':
        path = Path(rest)
        path = path.expanduser() if rest.startswith('~') else path
    elif scheme.lower() == 'file' and rest.startswith(('/', 'localhost/')):
        path = _unquoted(Path('/' + rest.partition('/')[2]))
    elif scheme.lower() == 'package':
        package, _, inside = rest.partition('/')
        path = _in_package(url, package, inside)
    else:
        raise _bad(url, ', expected a path, file:///path or package://package/path')
    return _only_file(url, path) if NAME in str(path) else path


def _substituted(url, name):
    home = os.environ.get('ROS_HOME') or os.path.expanduser('~/.ros')
    known = {ROS_HOME: home, **({NAME: name} if name else {})}
    for variable in re.findall(r'\$\{[^}]*\}?', url):
        if variable not in (NAME, ROS_HOME):
            raise _bad(url, f': {shown(variable)} is not known, expected {NAME} or {ROS_HOME}')
    return re.sub(r'\$\{\w+\}', lambda found: known.get(found[0], found[0]), url)


def _unquoted(path):
    """Return the file of just this name, as drivers take it, or else of %20 for a space."""
    return path if path.exists() else Path(unquote(str(path)))


def _only_file(url, path):
    """Return the only file whose name fits a path with `${NAME}`."""
    pattern = '*'.join(map(glob.escape, str(path).split(NAME)))
    found = sorted(glob.glob(pattern))
    if len(found) != 1:
        names = f'{len(found)} files fit ({shown(found)})' if found else 'no file fits'
        raise _bad(url, f': the camera has no name, and {names}; write it in place of {NAME}')
    return Path(found[0])


def _in_package(url: str, package: str, inside: str) -> Path:
    share = package_share_directory(package) if package else None
    if share is None:
        raise _bad(
            url,
            f', but there is no ROS package {package!r}; source its workspace, or give the path '
            'of the file',
        )
    # By name only: with `colcon build --symlink-install` the files are links out of the folder.
    target = Path(os.path.normpath(_unquoted(share / inside.lstrip('/'))))
    if Path(os.path.normpath(share)) not in target.parents:
        raise _bad(url, f', which is no file inside the package folder {share}')
    return target


def _bad(url, problem):
    return CalibrationError('bad_file', f'camera.info_url is {url!r}{problem}')
