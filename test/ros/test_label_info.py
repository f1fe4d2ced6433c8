"""Class names for consumers: latched, and again only when they are news."""

from types import SimpleNamespace

from bench import wait_until
from doubles import FormulaEngine, make_facts
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import LABEL_INFO_TOPIC, Outputs
import pytest
from rclpy.clock import Clock
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy

CLASSES = ['bed', 'chair', 'floor', 'wall']
LATCHED = QoSProfile(
    depth=1,
    reliability=QoSReliabilityPolicy.RELIABLE,
    durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
)


class RecordingNode:
    """Make publishers that keep what is published, by topic."""

    def __init__(self):
        self.published, self.qos = {}, {}

    def create_lifecycle_publisher(self, kind, topic, qos, **more):
        self.qos[topic] = qos
        messages = self.published.setdefault(topic, [])
        return SimpleNamespace(publish=messages.append, get_subscription_count=lambda: 0)

    def destroy_lifecycle_publisher(self, publisher):
        pass

    def get_clock(self):
        return Clock()


@pytest.fixture
def with_vision_msgs(monkeypatch):
    """Let the messages be there, whether vision_msgs is installed or not."""
    for name in ('LabelInfo', 'VisionClass'):
        monkeypatch.setattr(compat, name, SimpleNamespace)


def announced(node):
    return [
        (msg.threshold, [(c.class_id, c.class_name) for c in msg.class_map])
        for msg in node.published[LABEL_INFO_TOPIC]
    ]


def test_only_news_are_announced(with_vision_msgs):
    node = RecordingNode()
    outputs = Outputs(node)
    assert node.qos[LABEL_INFO_TOPIC].durability == QoSDurabilityPolicy.TRANSIENT_LOCAL
    facts, other = make_facts(), make_facts(classes=('a', 'b', 'c', 'd'))
    for current, threshold in ((facts, 0.25), (facts, 0.25), (facts, 0.5), (other, 0.5)):
        outputs.announce(current, {'segmentation.confidence_threshold': threshold})
    assert announced(node) == [
        (0.25, list(enumerate(CLASSES))),
        (0.5, list(enumerate(CLASSES))),
        (0.5, list(enumerate('abcd'))),
    ]


def test_without_vision_msgs_there_is_no_such_topic(monkeypatch):
    monkeypatch.setattr(compat, 'LabelInfo', None)
    node = RecordingNode()
    outputs = Outputs(node)
    outputs.announce(make_facts(), {'segmentation.confidence_threshold': 0.5})
    outputs.destroy()
    assert LABEL_INFO_TOPIC not in node.published


@pytest.fixture
def label_infos(make_bench):
    """Return a node that is up, and what a listener gets that comes late."""
    module = pytest.importorskip('vision_msgs.msg', reason='no vision_msgs')
    bench = make_bench().start()

    def listen():
        received = []
        bench.helper.create_subscription(
            module.LabelInfo, LABEL_INFO_TOPIC, received.append, LATCHED
        )
        return received

    return bench, listen


def read(msg):
    return {c.class_id: c.class_name for c in msg.class_map}, msg.threshold


def test_a_late_listener_gets_the_class_names_before_any_image(label_infos):
    bench, listen = label_infos
    received = listen()
    wait_until(lambda: received, 'the latched label_info')
    assert read(received[0]) == (dict(enumerate(CLASSES)), 0.0)
    assert 255 not in read(received[0])[0]
    assert compat.stamp_to_ns(received[0].header.stamp) > 0


def test_a_new_threshold_is_announced_with_the_next_frame(label_infos):
    bench, listen = label_infos
    bench.send_info()
    bench.change('segmentation.confidence_threshold', 0.5)
    bench.serve()
    received = listen()
    wait_until(lambda: received, 'the latched label_info')
    bench.serve()
    assert [read(msg)[1] for msg in received] == [0.5]


def test_reactivation_keeps_the_names_and_a_new_model_brings_its_own(label_infos):
    bench, listen = label_infos
    for classes in (CLASSES, ['a', 'b', 'c', 'd']):
        bench.run(bench.node.trigger_deactivate)
        if classes != CLASSES:
            bench.engine = FormulaEngine(make_facts(classes=tuple(classes)))
            bench.change('model', 'another')
        bench.run(bench.node.trigger_activate)
        received = listen()
        wait_until(lambda got=received: got, 'the latched label_info')
        assert read(received[-1])[0] == dict(enumerate(classes))
