"""
Start one node for several cameras, or one for each, with topics in the cameras' namespaces.

Arguments of monodepth.launch.py hold for all cameras.
"""

from pathlib import Path
import posixpath

from launch import Condition
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from monodepth_ros.ros.launching import describe


def include(condition=None, **arguments):
    """Return monodepth.launch.py with these of its arguments."""
    file = str(Path(__file__).with_name('monodepth.launch.py'))
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(file),
        launch_arguments=arguments.items(),
        condition=condition,
    )


def is_one(context):
    """Return whether the cameras share a node."""
    return LaunchConfiguration('nodes').perform(context) == 'one'


def start_each(context):
    """Return a node for each camera, in scopes of their own; RViz, if any, on the first one."""
    if is_one(context):
        return []
    names = LaunchConfiguration('cameras').perform(context).replace(',', ' ').split()
    namespace = LaunchConfiguration('namespace', default='').perform(context)
    return [
        GroupAction(
            [
                include(
                    namespace=posixpath.join(namespace, name),
                    cameras='',
                    **({'rviz': 'false'} if number else {}),
                )
            ]
        )
        for number, name in enumerate(names)
    ]


def generate_launch_description():
    """Return the nodes of all cameras."""
    arguments = [
        DeclareLaunchArgument(
            'cameras',
            description='Namespaces of the cameras, separated by commas or spaces: front,rear '
            'are /front/image_raw and /rear/image_raw.',
        ),
        DeclareLaunchArgument(
            'nodes',
            default_value='one',
            choices=['one', 'each'],
            description='one: the cameras share a node and its network; each: every camera '
            'has a node and a network of its own.',
        ),
    ]
    # Not in a function: --show-args lists the arguments of what is included here.
    one = include(Condition(predicate=is_one), cameras=LaunchConfiguration('cameras'))
    return describe(__file__, arguments, [one, OpaqueFunction(function=start_each)])
