"""Bags of ROS 1, for tests."""

from bag_kit import DELAY, stamp
import numpy as np

IMAGES = '/camera/image_raw'


def write_ros1_bag(path, images, focal=60.0):
    """Write images of 10 Hz and CameraInfo, and a topic that nobody can read."""
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import get_typestore, Stores

    types = get_typestore(Stores.ROS1_NOETIC)

    def make(kind, *values):
        return types.types[kind](*values)

    def write(topic, kind, msg, time_ns):
        if topic not in connections:
            connections[topic] = bag.add_connection(topic, kind, typestore=types)
        bag.write(connections[topic], time_ns, types.serialize_ros1(msg, kind))

    connections = {}
    roi = make('sensor_msgs/msg/RegionOfInterest', 0, 0, 0, 0, False)
    k = np.array([focal, 0, 31.5, 0, focal, 23.5, 0, 0, 1.0])
    p = np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel()
    with Writer(path) as bag:
        for index, image in enumerate(images):
            time = make('builtin_interfaces/msg/Time', *divmod(stamp(index), 1_000_000_000))
            header = make('std_msgs/msg/Header', index, time, 'camera')
            info = make(
                'sensor_msgs/msg/CameraInfo',
                *(header, image.shape[0], image.shape[1], 'plumb_bob', np.zeros(5)),
                *(k, np.eye(3).ravel(), p, 0, 0, roi),
            )
            msg = make(
                'sensor_msgs/msg/Image',
                *(header, image.shape[0], image.shape[1], 'rgb8', 0, image.shape[1] * 3),
                image.ravel(),
            )
            write('/camera/camera_info', 'sensor_msgs/msg/CameraInfo', info, stamp(index) + DELAY)
            write(IMAGES, 'sensor_msgs/msg/Image', msg, stamp(index) + DELAY)
            text = make('std_msgs/msg/String', 'x')
            write('/chatter', 'std_msgs/msg/String', text, stamp(index) + DELAY)
