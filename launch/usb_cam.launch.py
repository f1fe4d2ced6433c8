"""
Start a USB camera with usb_cam, the node and RViz.

Arguments of monodepth.launch.py, but its topics and fixed_frame, are taken as well.
"""

from pathlib import Path

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.parameter_descriptions import ParameterValue
from monodepth_ros.ros.launching import describe, profiled_node

DRIVER_PARAMETERS = {
    'video_device': str,
    'image_width': int,
    'image_height': int,
    'framerate': float,
    'pixel_format': str,
    'frame_id': str,
    'camera_info_url': str,
}
"""Arguments that are parameters of usb_cam under the same name, and their types."""


def declare_arguments():
    """Return the arguments, which are declared before monodepth.launch.py declares its own."""
    return [
        DeclareLaunchArgument(
            'video_device',
            default_value='/dev/video0',
            description='The camera; v4l2-ctl --list-devices lists them.',
        ),
        DeclareLaunchArgument(
            'image_width',
            default_value='640',
            description='Width of the images in pixels.',
        ),
        DeclareLaunchArgument(
            'image_height',
            default_value='480',
            description='Height of the images in pixels.',
        ),
        DeclareLaunchArgument(
            'framerate',
            default_value='30',
            description='Images per second.',
        ),
        DeclareLaunchArgument(
            'pixel_format',
            default_value='yuyv2rgb',
            description='Format of usb_cam: yuyv2rgb, or mjpeg2rgb for large images at full rate.',
        ),
        DeclareLaunchArgument(
            'frame_id',
            default_value='camera_color_optical_frame',
            description='Frame of images, depth and cloud, with z along the optical axis.',
        ),
        DeclareLaunchArgument(
            'camera_info_url',
            default_value='',
            description='Calibration YAML, for driver and node: file:///path or '
            'package://package/path. Empty: usb_cam looks in ~/.ros/camera_info.',
        ),
        DeclareLaunchArgument(
            'namespace',
            default_value='',
            description='Namespace of driver and node, and of their topics.',
        ),
        DeclareLaunchArgument(
            'rviz',
            default_value='true',
            description='true: show overlay, depth and cloud in RViz.',
        ),
    ]


def start_driver(context):
    """Return the driver."""
    driver = profiled_node(
        package='usb_cam',
        executable='usb_cam_node_exe',
        namespace=LaunchConfiguration('namespace'),
        parameters=[
            {
                name: ParameterValue(LaunchConfiguration(name), value_type=kind)
                for name, kind in DRIVER_PARAMETERS.items()
            }
        ],
        output='screen',
    )
    return [driver]


def generate_launch_description():
    """Return the driver, and the node with RViz."""
    driver = OpaqueFunction(function=start_driver)
    node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(Path(__file__).with_name('monodepth.launch.py'))),
        launch_arguments={
            'image_topic': 'image_raw',
            'camera_info_topic': 'camera_info',
            'fixed_frame': LaunchConfiguration('frame_id'),
        }.items(),
    )
    # The node comes last: a launch that fails, as a package is missing, leaves it running.
    return describe(__file__, declare_arguments(), [driver, node])
