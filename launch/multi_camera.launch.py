"""
Start one node for several cameras, or one for each, with topics in the cameras' namespaces.

Arguments of monodepth.launch.py hold for all cameras.
"""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration


def include(**arguments):
    """Return monodepth.launch.py in a scope of its own, with these of its arguments."""
    file = str(Path(__file__).with_name('monodepth.launch.py'))
    source = PythonLaunchDescriptionSource(file)
    return GroupAction([IncludeLaunchDescription(source, launch_arguments=arguments.items())])


def start_nodes(context):
    """Return the node of all cameras, or a node for each of them."""
    cameras = LaunchConfiguration('cameras').perform(context)
    if LaunchConfiguration('nodes').perform(context) == 'one':
        return [include(cameras=cameras)]
    names = cameras.replace(',', ' ').split()
    return [include(namespace=name, cameras='') for name in names]


def generate_launch_description():
    """Return the nodes of all cameras."""
    return LaunchDescription(
        [
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
            OpaqueFunction(function=start_nodes),
        ]
    )
