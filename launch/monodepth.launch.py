"""Start the node on a camera's topics; a laser scan and RViz on request."""

import posixpath

from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import SetParameter, SetParametersFromFile
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare
from monodepth_ros.ros.launching import check_parameter_file, describe, profiled_node

NODE_PARAMETERS = {
    'image_transport': 'image_transport',
    'camera_info_url': 'camera.info_url',
    'camera_hfov': 'camera.hfov',
    'camera_height': 'camera.height',
    'camera_pitch': 'camera.pitch',
    'scale_source': 'scale.source',
    'model': 'model',
    'device': 'device',
    'autostart': 'autostart',
    'use_sim_time': 'use_sim_time',
}
"""Arguments and the node parameters they set: given, they win over the parameter file."""

NUMBERS = ('camera_hfov', 'camera_height', 'camera_pitch')
"""Arguments that are numbers with a point, whatever they look like."""

SCAN_PARAMETERS = {'scan_height': 10, 'range_min': 0.3, 'range_max': 5.0}
"""Rows (pixels) around the optical axis that are searched for the nearest point, and metres."""


OBSTACLE_SCAN_PARAMETERS = {
    # Heights (metres) are limited by the node's obstacles.min_height already.
    'min_height': 0.02,
    'max_height': 2.0,
    'range_min': 0.1,
    'range_max': 5.0,
    # Radians; half a degree.
    'angle_increment': 0.0087,
    'transform_tolerance': 0.1,
    # Where no obstacle is, the reading is beyond the range and no statement that all is free: the
    # camera does not see all around.
    'use_inf': False,
}
"""Of pointcloud_to_laserscan."""


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
            'cameras',
            default_value='',
            description='Namespaces of several cameras for one node, separated by commas or '
            'spaces; topics are then below them, as in front/image_raw. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'image_topic',
            default_value='image_raw',
            description="The camera's image topic; with the transport compressed, without "
            'the ending /compressed.',
        ),
        DeclareLaunchArgument(
            'camera_info_topic',
            default_value='camera_info',
            description="The camera's sensor_msgs/CameraInfo topic.",
        ),
        DeclareLaunchArgument(
            'camera_info_url',
            default_value='',
            description='Calibration file in place of the camera_info topic: file:///path, '
            'package://package/path or a path. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'camera_hfov',
            default_value='',
            description='Horizontal field of view in degrees, such as 69, of a camera without '
            'calibration. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'scale_source',
            default_value='',
            description='What corrects the depth: ground, for a robot with TF or camera_height, '
            'points, motion, or several, as in motion,ground. Empty: as in params_file, whose '
            'auto is ground once camera_height, or static TF, says where the floor is.',
        ),
        DeclareLaunchArgument(
            'camera_height',
            default_value='',
            description='Height of the camera over the floor in metres, by which the depth is '
            'corrected, where there is no TF. Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'camera_pitch',
            default_value='',
            description='Degrees by which it looks down, with camera_height. Empty: as in '
            'params_file.',
        ),
        DeclareLaunchArgument(
            'image_transport',
            default_value='',
            description='Transport of the image topic: raw or compressed. Empty: as in '
            'params_file.',
        ),
        DeclareLaunchArgument(
            'model',
            default_value='',
            description='Shipped model, or path of a .safetensors or .onnx file. '
            'Empty: as in params_file.',
        ),
        DeclareLaunchArgument(
            'device',
            default_value='',
            description='auto, cpu, cuda or cuda:N, intel_gpu, npu. Empty: as in params_file.',
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
            description='true: show overlay, depth and cloud in RViz.',
        ),
        DeclareLaunchArgument(
            'fixed_frame',
            default_value='',
            description="RViz's fixed frame. Empty: RViz opens with the first image, and takes "
            'its frame_id.',
        ),
        DeclareLaunchArgument(
            'scan',
            default_value='false',
            description='true: publish a laser scan of the depth image, by the package '
            'depthimage_to_laserscan.',
        ),
        DeclareLaunchArgument(
            'scan_frame',
            default_value='camera_link',
            description="The scan's frame: at the camera, x forward and z up.",
        ),
        DeclareLaunchArgument(
            'obstacle_scan',
            default_value='false',
            description='true: publish a laser scan of depth/obstacles on depth/scan, by the '
            'package pointcloud_to_laserscan; for a camera that knows its floor.',
        ),
        DeclareLaunchArgument(
            'obstacle_scan_frame',
            default_value='base_footprint',
            description="That scan's frame: on the floor, x forward and z up.",
        ),
    ]


def value_of(argument):
    """Return an argument as a parameter's value; launch takes 69 for a whole number."""
    value = LaunchConfiguration(argument)
    return ParameterValue(value, value_type=float) if argument in NUMBERS else value


def set_given_parameters(context):
    """Return a setting for each argument of NODE_PARAMETERS that has been given a value."""
    return [
        SetParameter(parameter, value_of(argument))
        for argument, parameter in NODE_PARAMETERS.items()
        if LaunchConfiguration(argument).perform(context)
    ]


def cameras_of(context):
    """Return the names in the argument cameras."""
    return LaunchConfiguration('cameras').perform(context).replace(',', ' ').split()


def topics_of(camera=None):
    """Return the remappings of the topics that the node listens to, of one camera's if given."""
    prefix = [] if camera is None else [f'{camera}/']
    image = [*prefix, LaunchConfiguration('image_topic')]
    return [
        ((*prefix, 'image_raw'), image),
        ((*prefix, 'image_raw/compressed'), [*image, '/compressed']),
        ((*prefix, 'camera_info'), [*prefix, LaunchConfiguration('camera_info_topic')]),
    ]


def start_node(context):
    """Return the node, with the topics of all its cameras."""
    cameras = cameras_of(context)
    return [
        profiled_node(
            package='monodepth_ros',
            executable='monodepth_node',
            name='monodepth',
            namespace=LaunchConfiguration('namespace'),
            parameters=[{'cameras': cameras}] if cameras else None,
            remappings=[pair for camera in cameras or [None] for pair in topics_of(camera)],
            ros_arguments=['--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
    ]


def start_tools(context):
    """Return a scan for each camera, and RViz on the first one, where they are asked for."""
    namespace = LaunchConfiguration('namespace').perform(context)
    cameras = cameras_of(context) or ['']
    namespaces = [posixpath.join(namespace, camera).rstrip('/') for camera in cameras]
    scans = [
        profiled_node(
            package='depthimage_to_laserscan',
            executable='depthimage_to_laserscan_node',
            namespace=name,
            remappings=[('depth', 'depth/image_rect'), ('depth_camera_info', 'depth/camera_info')],
            parameters=[{**SCAN_PARAMETERS, 'output_frame': LaunchConfiguration('scan_frame')}],
            condition=IfCondition(LaunchConfiguration('scan')),
        )
        for name in namespaces
    ]
    obstacle_scans = [
        profiled_node(
            package='pointcloud_to_laserscan',
            executable='pointcloud_to_laserscan_node',
            namespace=name,
            remappings=[('cloud_in', 'depth/obstacles'), ('scan', 'depth/scan')],
            parameters=[
                {
                    **OBSTACLE_SCAN_PARAMETERS,
                    'target_frame': LaunchConfiguration('obstacle_scan_frame'),
                }
            ],
            condition=IfCondition(LaunchConfiguration('obstacle_scan')),
        )
        for name in namespaces
    ]
    return [*scans, *obstacle_scans, start_rviz(context, namespaces[0])]


def start_rviz(context, namespace):
    """Return RViz on a camera's topics, at once where its fixed frame is given."""
    frame = LaunchConfiguration('fixed_frame').perform(context)
    options = ['-d', shipped('config', 'monodepth.rviz')]
    condition = IfCondition(LaunchConfiguration('rviz'))
    if frame:
        return profiled_node(
            package='rviz2',
            executable='rviz2',
            namespace=namespace,
            arguments=[*options, '-f', frame],
            condition=condition,
        )
    return profiled_node(
        package='monodepth_ros',
        executable='monodepth_rviz',
        namespace=namespace,
        arguments=[ExecutableInPackage('rviz2', 'rviz2'), *options],
        remappings=topics_of(),
        condition=condition,
        output='screen',
    )


def check_files(context):
    """Refuse a parameter file that cannot be read."""
    check_parameter_file(context, 'params_file')


def generate_launch_description():
    """Return the node with its parameters, the scan and RViz."""
    group = GroupAction(
        [
            OpaqueFunction(function=check_files),
            SetParametersFromFile(LaunchConfiguration('params_file')),
            OpaqueFunction(function=set_given_parameters),
            # The node comes last: a launch that fails, as a package is missing, leaves it running.
            OpaqueFunction(function=start_tools),
            OpaqueFunction(function=start_node),
        ]
    )
    return describe(__file__, declare_arguments(), [group])
