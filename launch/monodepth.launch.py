"""Start the node on a camera's topics, and RViz on request: ros2 launch ... --show-args."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, SetEnvironmentVariable
from launch.conditions import IfCondition, LaunchConfigurationNotEquals
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, SetParameter, SetParametersFromFile
from launch_ros.substitutions import FindPackageShare
from monodepth_ros.ros.fastdds import profile_environment

NODE_PARAMETERS = ('image_transport', 'model', 'device', 'autostart', 'use_sim_time')
"""Arguments that are parameters of the node: given, they win over the parameter file."""


def shipped(*path):
    """Return the path of a file that comes with the package."""
    return PathJoinSubstitution([FindPackageShare('monodepth_ros'), *path])


def declare_arguments():
    """Return the arguments; an empty default leaves the value to the parameter file."""
    return [
        DeclareLaunchArgument(
            'params_file',
            default_value=shipped('config', 'monodepth.yaml'),
            description='YAML file of node parameters.',
        ),
        DeclareLaunchArgument(
            'namespace',
            default_value='',
            description='Namespace of the node and of its topics.',
        ),
        DeclareLaunchArgument(
            'image_topic',
            default_value='image_raw',
            description="The camera's image topic, sensor_msgs/Image.",
        ),
        DeclareLaunchArgument(
            'camera_info_topic',
            default_value='camera_info',
            description="The camera's sensor_msgs/CameraInfo topic.",
        ),
        DeclareLaunchArgument(
            'image_transport',
            default_value='',
            description='Transport of the image topic: raw. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'model',
            default_value='',
            description='Shipped model or path of a .safetensors file. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'device',
            default_value='',
            description='auto, cpu, cuda or cuda:N. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'autostart',
            default_value='',
            description='true: configure and activate at start. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'use_sim_time',
            default_value='',
            description='true: take the time from /clock. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'log_level',
            default_value='info',
            description='debug, info, warn, error or fatal.',
        ),
        DeclareLaunchArgument(
            'rviz',
            default_value='false',
            description='true: show image, depth, labels and cloud in RViz.',
        ),
    ]


def generate_launch_description():
    """Return the node with its parameters, the middleware's profile and RViz."""
    # Both sides of a topic need the profile; a profile that the user has set stays.
    profile = [SetEnvironmentVariable(*pair) for pair in profile_environment().items()]
    parameters = [
        SetParameter(
            name,
            LaunchConfiguration(name),
            condition=LaunchConfigurationNotEquals(name, ''),
        )
        for name in NODE_PARAMETERS
    ]
    node = Node(
        package='monodepth_ros',
        executable='monodepth_node',
        name='monodepth',
        namespace=LaunchConfiguration('namespace'),
        remappings=[
            ('image_raw', LaunchConfiguration('image_topic')),
            ('camera_info', LaunchConfiguration('camera_info_topic')),
        ],
        ros_arguments=['--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        namespace=LaunchConfiguration('namespace'),
        arguments=['-d', shipped('config', 'monodepth.rviz')],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    parameters_file = SetParametersFromFile(LaunchConfiguration('params_file'))
    group = GroupAction([parameters_file, *parameters, node, rviz])
    return LaunchDescription([*declare_arguments(), *profile, group])
