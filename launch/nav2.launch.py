"""
Start the node and a costmap of Nav2 that takes its cloud, both driven by a lifecycle manager.

To try the costmap before it goes into a robot's own Nav2; docs/nav2.md says how. Arguments of
monodepth.launch.py, but namespace and autostart, are taken as well.
"""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare
from monodepth_ros.ros.launching import check_parameter_file, describe, profiled_node

COSTMAP = 'costmap'
"""Name and namespace of the costmap node; Humble's cannot be renamed."""

SEMANTIC_PLUGINS = ['voxel_layer', 'semantic_layer', 'inflation_layer']
"""The costmap's layers, in this order, with the argument semantic."""


def declare_arguments():
    """Return the arguments, which are declared before monodepth.launch.py declares its own."""
    return [
        DeclareLaunchArgument(
            'costmap_params_file',
            default_value=PathJoinSubstitution(
                [FindPackageShare('monodepth_ros'), 'config', 'nav2_costmap.yaml']
            ),
            description='YAML file of costmap parameters; its topics are absolute.',
        ),
        DeclareLaunchArgument(
            'semantic',
            default_value='false',
            description='true: add the costs of labels, by the package '
            'semantic_segmentation_layer.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='false',
            description='true: all take the time from /clock.',
        ),
    ]


def start_costmap(context):
    """Return the costmap node, with the semantic layer on request."""
    check_parameter_file(context, 'costmap_params_file')
    parameters = [
        LaunchConfiguration('costmap_params_file'),
        {'use_sim_time': LaunchConfiguration('use_sim_time')},
    ]
    if IfCondition(LaunchConfiguration('semantic')).evaluate(context):
        parameters.append({'plugins': SEMANTIC_PLUGINS})
    costmap = profiled_node(
        package='nav2_costmap_2d',
        executable='nav2_costmap_2d',
        name=COSTMAP,
        namespace=COSTMAP,
        parameters=parameters,
        output='screen',
    )
    return [costmap]


def generate_launch_description():
    """Return costmap, lifecycle manager and node."""
    costmap = OpaqueFunction(function=start_costmap)
    manager = Node(
        package='nav2_lifecycle_manager',
        executable='lifecycle_manager',
        name='lifecycle_manager_monodepth',
        parameters=[
            {
                'use_sim_time': LaunchConfiguration('use_sim_time'),
                'autostart': True,
                'node_names': ['monodepth', f'{COSTMAP}/{COSTMAP}'],
                # The node keeps a bond only where bondpy is installed; 0 asks for none.
                'bond_timeout': 0.0,
            }
        ],
        output='screen',
    )
    node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name('monodepth.launch.py'))),
        launch_arguments={'namespace': '', 'autostart': 'false'}.items(),
    )
    # The node comes last: a launch that fails, as a package is missing, leaves it running.
    return describe(__file__, declare_arguments(), [costmap, manager, node])
