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

    def __init__(self, path, storage='mcap', compression=None):
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
        from rosbags.typesys import get_typestore, Stores

        self.types = get_typestore(Stores.ROS2_JAZZY)
        plugin = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}[storage]
        self._writer = Writer(path, version=9, storage_plugin=plugin)
        if compression:
            mode = CompressionMode[compression.upper()]
            self._writer.set_compression(mode, CompressionFormat.ZSTD)
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

    def pinhole(self, stamp_ns, size, focal, topic, frame_id):
        """Write the CameraInfo of a camera with its axis through the middle."""
        k = np.array([focal, 0, (size[0] - 1) / 2, 0, focal, (size[1] - 1) / 2, 0, 0, 1.0])
        p = np.insert(k.reshape(3, 3), 3, 0, axis=1).ravel()
        self.info(stamp_ns, size, topic, k=k, p=p, header=self.header(stamp_ns, frame_id))

    def transforms(self, stamp_ns, matrices, topic):
        """Write a TFMessage of {(parent, child): (4, 4)}."""
        parts = []
        for (parent, child), matrix in matrices.items():
            x, y, z, w = quaternion(matrix[:3, :3])
            turn = self.make('geometry_msgs/msg/Quaternion', x=x, y=y, z=z, w=w)
            x, y, z = map(float, matrix[:3, 3])
            move = self.make('geometry_msgs/msg/Vector3', x=x, y=y, z=z)
            transform = self.make('geometry_msgs/msg/Transform', translation=move, rotation=turn)
            kind, header = 'geometry_msgs/msg/TransformStamped', self.header(stamp_ns, parent)
            parts.append(self.make(kind, header=header, child_frame_id=child, transform=transform))
        msg = self.make('tf2_msgs/msg/TFMessage', transforms=parts)
        self.write(topic, msg, stamp_ns + DELAY)

    def cloud(self, points, stamp_ns, topic, frame_id):
        """Write (N, 3) metres as a PointCloud2 of x, y, z and a field that nobody needs."""
        values = np.zeros((len(points), 4), np.float32)
        values[:, :3] = points
        names = ('x', 'y', 'z', 'intensity')
        field = self.types.types['sensor_msgs/msg/PointField']
        msg = self.make(
            'sensor_msgs/msg/PointCloud2',
            header=self.header(stamp_ns, frame_id),
            height=1,
            width=len(points),
            fields=[field(name, 4 * n, field.FLOAT32, 1) for n, name in enumerate(names)],
            is_bigendian=False,
            point_step=16,
            row_step=16 * len(points),
            data=values.reshape(-1).view(np.uint8),
            is_dense=True,
        )
        self.write(topic, msg, stamp_ns + DELAY)

    def scan(self, ranges, angles, stamp_ns, topic, frame_id):
        """Write a LaserScan; `angles` are the first and the step, in radians."""
        msg = self.make(
            'sensor_msgs/msg/LaserScan',
            header=self.header(stamp_ns, frame_id),
            angle_min=angles[0],
            angle_max=angles[0] + angles[1] * (len(ranges) - 1),
            angle_increment=angles[1],
            time_increment=0.0,
            scan_time=0.1,
            range_min=0.05,
            range_max=20.0,
            ranges=np.asarray(ranges, np.float32),
            intensities=np.zeros(0, np.float32),
        )
        self.write(topic, msg, stamp_ns + DELAY)


def quaternion(rotation):
    """Return x, y, z, w of a (3, 3) rotation."""
    axis = cv2.Rodrigues(rotation)[0].ravel()
    angle = float(np.linalg.norm(axis))
    x, y, z = axis / angle * np.sin(angle / 2) if angle else np.zeros(3)
    return float(x), float(y), float(z), float(np.cos(angle / 2))


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
