"""What the launch files share: arguments safe to include, the profile's scope, checked files."""

from __future__ import annotations

from pathlib import Path
import sys
from typing import Any, Iterator, Optional

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import (
    IncludeLaunchDescription,
    OpaqueFunction,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
)
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions
from launch_ros.actions import Node
from monodepth_ros.ros.fastdds import profile_environment
import yaml

SHARED_ARGUMENTS = {'use_sim_time'}
"""Arguments that hold for all of a system, and so come from an including file by themselves."""


def describe(
    file: str, arguments: list[LaunchDescriptionEntity], actions: list[LaunchDescriptionEntity]
) -> LaunchDescription:
    """
    Return a launch file's description, whose arguments are its own.

    Launch keeps the arguments of all files in one scope: a file that is included takes what the
    including file calls by the same name, and leaves its own defaults behind. Here only what the
    include passes is taken, and nothing is left.

    Args:
        file: path of the launch file.
        arguments: their declarations.
        actions: what is done with them.

    """
    own = LaunchDescription([*arguments, *actions])

    def forget(context: LaunchContext) -> None:
        _forget_foreign(context, Path(file), {a.name for a in own.get_launch_arguments()})

    return LaunchDescription(
        [
            PushLaunchConfigurations(),
            OpaqueFunction(function=forget),
            *own.entities,
            PopLaunchConfigurations(),
        ]
    )


def _forget_foreign(context: LaunchContext, file: Path, declared: set[str]) -> None:
    """Drop the values of declared arguments that the include of the file has not passed."""
    given = _passed_arguments(context, file.resolve().parent)
    if given is None:
        return
    foreign = declared & {*context.launch_configurations} - given - SHARED_ARGUMENTS
    for name in foreign:
        del context.launch_configurations[name]
    if foreign:
        get_logger(file.name).info(
            f'not taken from the including launch file: {", ".join(sorted(foreign))}; '
            'what this file shall take, the include has to pass'
        )


def _passed_arguments(context: LaunchContext, folder: Path) -> Optional[set[str]]:
    """Return the names that the innermost include passes; None where a file of ours includes."""
    includes = _includes_in_progress()
    include, outer = next(includes, None), next(includes, None)
    if include is None or (outer is not None and _folder(outer) == folder):
        return None
    names = (normalize_to_list_of_substitutions(name) for name, _ in include.launch_arguments)
    return {perform_substitutions(context, name) for name in names}


def _includes_in_progress() -> Iterator[IncludeLaunchDescription]:
    """
    Yield the includes that are being carried out, the innermost first.

    Launch visits entities recursively and keeps no list of them; the calls in progress are it.
    """
    frame = sys._getframe()
    while frame is not None:
        entity = frame.f_locals.get('entity')
        if isinstance(entity, IncludeLaunchDescription):
            yield entity
        frame = frame.f_back


def _folder(include: IncludeLaunchDescription) -> Path:
    return Path(include.launch_description_source.location).resolve().parent


def profiled_node(**arguments: Any) -> Node:
    """Return a node that has the middleware's profile, which no other process gets by it."""
    return Node(additional_env=profile_environment(), **arguments)


def check_parameter_file(context: LaunchContext, argument: str) -> None:
    """
    Check the file of parameters that a launch argument names.

    Raises:
        RuntimeError: it cannot be read, or holds no parameters.

    """
    path = LaunchConfiguration(argument).perform(context)
    try:
        values = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else ' '.join(str(error).split())
    else:
        if isinstance(values, dict) and _has_parameters(values):
            return
        reason = 'no ros__parameters in it'
    raise RuntimeError(
        f'{argument} is {path!r}: {reason}; expected the path of a YAML file of node parameters, '
        'as config/monodepth.yaml of monodepth_ros is'
    )


def _has_parameters(values: dict) -> bool:
    return 'ros__parameters' in values or any(
        _has_parameters(value) for value in values.values() if isinstance(value, dict)
    )
