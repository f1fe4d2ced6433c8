"""A node under test, with a camera in front of it and a listener behind it, over real DDS."""

import array
from collections import defaultdict
import threading
import time

import cv2
from diagnostic_msgs.msg import DiagnosticArray
from doubles import FormulaEngine
from monodepth_ros.ros import compat
from monodepth_ros.ros.node import MonoDepthNode
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

TIMEOUT = 30.0
"""Seconds after which something that must happen has not; far more than it takes."""

FRAME_ID = 'camera_color_optical_frame'


def wait_until(condition, what, timeout=TIMEOUT):
    """Return the first true result of `condition`; fail when there is none in time."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f'waited {timeout} s in vain for {what}'
        time.sleep(0.002)
    return result


def make_camera_info(width=64, height=48, **changes):
    """Return the CameraInfo of an undistorted camera with a field of view of 60 degrees."""
    f, cx, cy = 0.866 * width, (width - 1) / 2, (height - 1) / 2
    fields = {
        'width': width,
        'height': height,
        'distortion_model': 'plumb_bob',
        'd': [0.0] * 5,
        'k': [f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        'r': [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        'p': [f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    }
    return CameraInfo(**{**fields, **changes})


def make_rgb(width=64, height=48, seed=0):
    """Return a smooth random (H, W, 3) uint8 picture."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    rows = np.arange(height) * 4 // height
    columns = np.arange(width) * 4 // width
    return coarse[rows][:, columns]


class Spinner:
    """An executor in a thread."""

    def __init__(self, *nodes):
        self.executor = SingleThreadedExecutor()
        for node in nodes:
            self.executor.add_node(node)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self):
        while not self._stop.is_set():
            self.executor.spin_once()

    def stop(self):
        """End the thread, then the executor: rclpy cannot take the other order."""
        self._stop.set()
        self.executor.create_task(lambda: None)  # `spin_once` returns after some work only.
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        self.executor.shutdown()


class CameraBench:
    """A camera in front of a node under test, and a listener on all outputs behind it."""

    def __init__(self, node, helper, place=0, topics=tuple(TOPICS), reliable=True):
        self.node, self.helper, self.place = node, helper, place
        self.topics = topics
        self.received = defaultdict(dict)
        self.clock = 1_000_000_000 + place * 3
        compressed = node.get_parameter('image_transport').value == 'compressed'
        kind, topic = (CompressedImage, '/compressed') if compressed else (Image, '')
        self.images = helper.create_publisher(kind, self.name(f'image_raw{topic}'), 10)
        self.infos = helper.create_publisher(CameraInfo, self.name('camera_info'), 10)
        self._reliable = reliable
        self._listeners = []

    @property
    def camera(self):
        """Return the node's side of the camera."""
        return self.node._cameras[self.place]

    def name(self, topic):
        """Return the name of one of the camera's topics."""
        return f'{self.camera.name}/{topic}' if self.camera.name else topic

    def _listen(self, topic):
        def on_message(msg):
            stamp = compat.stamp_to_ns(msg.header.stamp)
            assert stamp not in self.received[topic], 'a frame was published twice'
            self.received[topic][stamp] = msg

        reliability = (
            QoSReliabilityPolicy.RELIABLE if self._reliable else QoSReliabilityPolicy.BEST_EFFORT
        )
        qos = QoSProfile(depth=10, reliability=reliability)
        kind = {**TOPICS, **EXTRA_TOPICS}.get(topic, Image)
        return self.helper.create_subscription(kind, self.name(topic), on_message, qos)

    def start_listening(self):
        """Subscribe to the outputs, once."""
        if not self._listeners:
            self._listeners = [self._listen(topic) for topic in self.topics]

    def wait_matched(self):
        """Wait until the active node is joined to the camera and the listeners."""
        wait_until(self.images.get_subscription_count, 'image subscription')
        wait_until(self.infos.get_subscription_count, 'camera_info subscription')
        for topic in self.topics:
            wait_until(
                lambda t=topic: self.helper.count_publishers(self.name(t)), f'publisher of {topic}'
            )
        wait_until(lambda: set(self.topics) <= set(self.camera.outputs.listened()), 'listeners')

    def send_info(self, msg=None):
        """Publish a CameraInfo and wait until the node has it."""
        before = self.camera.calibration._key
        msg = msg or make_camera_info()
        self.infos.publish(msg)
        wait_until(lambda: self.camera.calibration._key != before, 'camera_info')

    def make_image(self, pixels=None, encoding='rgb8'):
        """Return an image message with the next stamp."""
        pixels = make_rgb() if pixels is None else pixels
        return compat.make_image(self._next_header(), pixels, encoding)

    def make_compressed(self, pixels=None, extension='.png'):
        """Return a compressed image message with the next stamp, as image_transport makes it."""
        file = cv2.imencode(extension, (make_rgb() if pixels is None else pixels)[..., ::-1])[1]
        return CompressedImage(
            header=self._next_header(),
            format=f'rgb8; {extension[1:].replace("jpg", "jpeg")} compressed bgr8',
            data=array.array('B', file.tobytes()),
        )

    def _next_header(self):
        self.clock += 100_000_007
        return Header(stamp=compat.ns_to_stamp(self.clock), frame_id=FRAME_ID)

    def serve(self, msg=None, topics=None):
        """Publish an image, and return its outputs by topic once all have come."""
        msg = msg or self.make_image()
        stamp = compat.stamp_to_ns(msg.header.stamp)
        topics = topics or self.topics
        self.images.publish(msg)
        wait_until(
            lambda: all(stamp in self.received[topic] for topic in topics), f'outputs of {stamp}'
        )
        return {topic: self.received[topic][stamp] for topic in topics}

    def count(self, what):
        """Return how many frames the node has counted under `what`."""
        return self.camera.statistics._counts[what]


class Bench(CameraBench):
    """The node under test in an executor thread, with its first camera and its diagnostics."""

    def __init__(self, engine=None, parameters=(), **camera):
        self.engine = engine or FormulaEngine()
        node = MonoDepthNode(
            create_engine=lambda *_: self.engine,
            parameter_overrides=[Parameter(n, value=v) for n, v in dict(parameters).items()],
        )
        super().__init__(node, rclpy.create_node('bench'), **camera)
        self.statuses = []
        self.helper.create_subscription(DiagnosticArray, '/diagnostics', self._on_status, 10)
        self._spinner = Spinner(self.node, self.helper)

    def _on_status(self, msg):
        self.statuses.extend(msg.status)

    def run(self, function):
        """Call a function in the executor's thread, where transitions belong."""
        task = self._spinner.executor.create_task(function)
        wait_until(task.done, function)
        return task.result()

    def start(self):
        """Bring the node up, and wait until every writer and reader have found each other."""
        assert self.run(self.node.bring_up)
        self.start_listening()
        self.wait_matched()
        return self

    def listen_to(self, *topics):
        """Subscribe to these outputs in place of those before."""
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            self.run(lambda old=listener: self.helper.destroy_subscription(old))
        wait_until(lambda: not self.camera.outputs.listened(), 'no listeners')
        self.topics = topics
        self.start_listening()
        self.wait_matched()

    def change(self, name, value):
        """Set a parameter of the node and return what came of it."""
        change = [Parameter(name, value=value)]
        return self.run(lambda: self.node.set_parameters(change)[0])

    def status(self, camera=''):
        """Return the next diagnostic status of a camera, its values as a dict."""
        seen = len(self.statuses)

        def fresh():
            return [status for status in self.statuses[seen:] if status.name.endswith(camera)]

        # The message at hand may have been made before what the caller has just done.
        wait_until(lambda: len(fresh()) > 1, 'diagnostics')
        status = fresh()[-1]
        return status, {pair.key: pair.value for pair in status.values}

    def close(self):
        """Take everything down."""
        self.run(self.node.release)
        self._spinner.stop()
        self.node.destroy_node()
        self.helper.destroy_node()
