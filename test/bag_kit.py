"""Bags and videos of the shipped room, for tests and for measuring (run it as a program)."""

import argparse
from pathlib import Path

import cv2
from doubles import FormulaEngine
from monodepth_ros.camera import load_calibration
from monodepth_ros.pipeline.predictor import Predictor
import numpy as np

ROOM = Path(__file__).parents[1] / 'scripts' / 'room'
START = 1_700_000_000_123_456_789
DELAY = 7_000_001
"""Nanoseconds between the stamp of a message and its recording."""

IMAGE, INFO = '/camera/image_raw', '/camera/camera_info'


def make_predictor():
    """Return a predictor with a formula in place of a network; for worker processes too."""
    return Predictor(FormulaEngine())


def room_images(count, size=None):
    """Return `count` images of the room, (H, W, 3) uint8 RGB; over again after the last one."""
    paths = sorted((ROOM / 'rgb').glob('*.jpg'))
    found = []
    for path in paths[:count]:
        image = cv2.imread(str(path))[..., ::-1]
        found.append(np.ascontiguousarray(image if size is None else cv2.resize(image, size)))
    return [found[index % len(found)] for index in range(count)]


def stamp(index, rate=10.0):
    """Return the stamp of an image of a bag in nanoseconds."""
    return START + round(index * 1e9 / rate)


class BagKit:
    """Write messages into a bag, which `with` opens and closes."""

    def __init__(self, path, storage='mcap'):
        from rosbags.rosbag2 import StoragePlugin, Writer
        from rosbags.typesys import get_typestore, Stores

        self.types = get_typestore(Stores.ROS2_JAZZY)
        plugin = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}[storage]
        self._writer = Writer(path, version=9, storage_plugin=plugin)
        self._connections = {}

    def __enter__(self):
        self._writer.open()
        return self

    def __exit__(self, *_):
        self._writer.close()

    def make(self, kind, **fields):
        return self.types.types[kind](**fields)

    def header(self, stamp_ns, frame_id='camera_optical_frame'):
        seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
        time = self.make('builtin_interfaces/msg/Time', sec=seconds, nanosec=nanoseconds)
        return self.make('std_msgs/msg/Header', stamp=time, frame_id=frame_id)

    def write(self, topic, msg, time_ns):
        if topic not in self._connections:
            self._connections[topic] = self._writer.add_connection(
                topic, msg.__msgtype__, typestore=self.types
            )
        data = self.types.serialize_cdr(msg, msg.__msgtype__)
        self._writer.write(self._connections[topic], time_ns, data)

    def image(self, values, stamp_ns, topic=IMAGE, encoding='rgb8', **changes):
        """Write (H, W, ...) values as an Image."""
        fields = {
            'header': self.header(stamp_ns),
            'height': values.shape[0],
            'width': values.shape[1],
            'encoding': encoding,
            'is_bigendian': 0,
            'step': values.nbytes // values.shape[0],
            'data': values.reshape(-1).view(np.uint8),
        }
        msg = self.make('sensor_msgs/msg/Image', **{**fields, **changes})
        self.write(topic, msg, stamp_ns + DELAY)

    def compressed(self, image, stamp_ns, topic=f'{IMAGE}/compressed'):
        """Write (H, W, 3) uint8 RGB as a CompressedImage without loss."""
        data = cv2.imencode('.png', image[..., ::-1])[1].ravel()
        header = self.header(stamp_ns)
        kind = 'sensor_msgs/msg/CompressedImage'
        msg = self.make(kind, header=header, format='rgb8; png compressed bgr8', data=data)
        self.write(topic, msg, stamp_ns + DELAY)

    def info(self, stamp_ns, size=(640, 480), topic=INFO, focal=None, **changes):
        """Write the room's CameraInfo, for images of `size`."""
        camera = load_calibration(ROOM / 'camera.yaml').resized(*size)
        k = np.array(camera.matrix)
        if focal is not None:
            k[[0, 4]] = focal
        zeros = dict.fromkeys(('x_offset', 'y_offset', 'height', 'width'), 0)
        fields = {
            'header': self.header(stamp_ns),
            'height': size[1],
            'width': size[0],
            'distortion_model': 'plumb_bob',
            'd': np.zeros(5),
            'k': k,
            'r': np.eye(3).ravel(),
            'p': np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel(),
            'binning_x': 0,
            'binning_y': 0,
            'roi': self.make('sensor_msgs/msg/RegionOfInterest', do_rectify=False, **zeros),
        }
        msg = self.make('sensor_msgs/msg/CameraInfo', **{**fields, **changes})
        self.write(topic, msg, stamp_ns + DELAY)


def write_room_bag(path, count, size=None, storage='mcap', rate=10.0):
    """Write a bag of `count` images of the room and as many CameraInfo; return their stamps."""
    images = room_images(min(count, 36), size)
    with BagKit(path, storage) as bag:
        for index in range(count):
            image = images[index % len(images)]
            bag.info(stamp(index, rate), size=image.shape[1::-1])
            bag.image(image, stamp(index, rate))
    return [stamp(index, rate) for index in range(count)]


def read_bag(path):
    """Return {topic: [(time_ns, message)]} of a bag."""
    from rosbags.highlevel import AnyReader

    found = {}
    with AnyReader([Path(path)]) as reader:
        for connection, time_ns, data in reader.messages():
            msg = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic, []).append((time_ns, msg))
    return found


def stamps(messages):
    """Return the header stamps of [(time_ns, message)] in nanoseconds."""
    headers = [msg.header.stamp for _, msg in messages]
    return [header.sec * 1_000_000_000 + header.nanosec for header in headers]


def write_video(path, images, fps=12.5, codec='mp4v'):
    """Write a video of (H, W, 3) uint8 RGB images."""
    size = images[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)
    assert writer.isOpened()
    for image in images:
        writer.write(image[..., ::-1])
    writer.release()


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description='Write a bag of the room at 10 Hz.')
    parser.add_argument('path', type=Path)
    parser.add_argument('--seconds', type=float, default=60.0)
    options = parser.parse_args()
    write_room_bag(options.path, round(options.seconds * 10))
