"""
Start one node per camera, each in the namespace of its camera.

Arguments of monodepth.launch.py, but namespace, go to every node; topics stay relative.
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


def start_nodes(context):
    """Return a node for each name in the argument cameras."""
    names = LaunchConfiguration('cameras').perform(context).replace(',', ' ').split()
    file = str(Path(__file__).with_name('monodepth.launch.py'))
    return [
        # The group keeps one camera's arguments from the next one's.
        GroupAction(
            [
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(file),
                    launch_arguments={'namespace': name}.items(),
                )
            ]
        )
        for name in names
    ]


def generate_launch_description():
    """Return the nodes of all cameras."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'cameras',
                description='Namespaces of the cameras, separated by commas or spaces: with '
                'front,rear one node takes /front/image_raw and one /rear/image_raw.',
            ),
            OpaqueFunction(function=start_nodes),
        ]
    )
