"""What messages are made of: the maps they need, and memory that is used again."""

from types import SimpleNamespace

from doubles import make_facts
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.frames import Prediction, Wanted
from monodepth_ros.ros.parameters import SPECS
from monodepth_ros.ros.publishers import EXTRA_TOPICS, make_message, needed_maps, Outputs, TOPICS
from monodepth_ros.ros.stopwatch import Stopwatch
import numpy as np
import pytest
from test_label_info import RecordingNode

VALUES = {spec.name: spec.default for spec in SPECS}


@pytest.mark.parametrize(
    'topics, values, calibrated, maps',
    [
        ([], {}, True, ''),
        (['depth/camera_info'], {}, True, ''),
        (['depth/image_rect'], {}, True, 'depth'),
        (['depth/points'], {}, True, 'depth image'),
        (['depth/points'], {'point_cloud.label': True}, True, 'depth image label confidence'),
        (['depth/points'], {'point_cloud.label': True}, False, ''),
        (['depth/points', 'segmentation/mask'], {}, False, 'label'),
        (['segmentation/mask'], {'segmentation.confidence_threshold': 0.5}, True, 'label'),
        (['segmentation/confidence'], {'point_cloud.label': True}, True, 'confidence'),
        (['segmentation/color_mask', 'depth/image_rect'], {}, True, 'label depth'),
        (['segmentation/overlay'], {}, True, 'label image'),
        (list(TOPICS), {}, True, 'depth image label confidence'),
        (['depth/confidence'], {}, True, 'error'),
        (['depth/color'], {}, False, 'depth'),
        (['depth/image_rect_color'], {}, False, 'image'),
        (['small/mask', 'small/confidence'], {}, False, 'label confidence'),
        (['small/points'], {'point_cloud.error': True}, True, 'depth image error'),
        (['small/points'], {'point_cloud.error': True}, False, ''),
        (['depth/obstacles'], {}, True, 'depth label error'),
        (['depth/image_rect'], {'depth.ground': 'snap'}, True, 'depth label error'),
        (['depth/image_rect'], {'depth.ground': 'snap'}, False, 'depth'),
        (['segmentation/mask'], {'depth.ground': 'snap'}, True, 'label'),
        (['depth/points'], {'point_cloud.exclude': ['floor']}, True, 'depth image label'),
        (['depth/relative'], {}, True, 'relative'),
    ],
)
def test_needed_maps(topics, values, calibrated, maps):
    needed = needed_maps(topics, {**VALUES, **values}, calibrated)
    names = ('depth', 'label', 'confidence', 'image', 'error', 'relative')
    assert needed == Wanted(**{name: name in maps.split() for name in names})


class CopyingNode(RecordingNode):
    """Keep the bytes that a message has while it is published, as the middleware does."""

    def __init__(self):
        super().__init__()
        self.messages, self.bytes = {}, {}

    def create_lifecycle_publisher(self, kind, topic, qos, **more):
        def publish(msg):
            self.messages.setdefault(topic, []).append(msg)
            if hasattr(msg, 'data'):
                self.bytes.setdefault(topic, []).append(bytes(msg.data))

        return SimpleNamespace(publish=publish, get_subscription_count=lambda: 1)


def predict(outputs, seed):
    """Return a random prediction whose maps lie in the outputs' buffers, as the node makes it."""
    random = np.random.default_rng(seed)
    maps = {
        'depth': random.uniform(1, 9, (6, 8)).astype(np.float32),
        'label': random.integers(0, 5, (6, 8), np.uint8),
        'confidence': random.integers(0, 256, (6, 8), np.uint8),
        'error': random.uniform(0, 0.6, (6, 8)).astype(np.float32),
    }
    for name, values in maps.items():
        lent = outputs.buffers.array(name, values.shape, values.dtype)
        lent[:] = values
        maps[name] = lent
    image = random.integers(0, 256, (6, 8, 3), np.uint8)
    return Prediction(**maps, image=image, camera=PinholeCamera(8, 6, 7.0, 7.0, 3.5, 2.5))


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
@pytest.mark.parametrize('labelled', [False, True])
def test_memory_is_used_again_and_holds_one_frame_at_a_time(encoding, labelled):
    node, facts = CopyingNode(), make_facts()
    outputs = Outputs(node)
    values = {**VALUES, 'depth.encoding': encoding, 'point_cloud.label': labelled}
    for seed in (1, 2, 3):
        prediction = predict(outputs, seed)
        topics = [topic for topic in (*TOPICS, *EXTRA_TOPICS) if topic != 'depth/obstacles']
        expected = {t: make_message(t, prediction, facts, values) for t in topics}
        outputs.publish(outputs.listened(), prediction, facts, values, Stopwatch())
        for topic in topics:
            assert node.messages[topic][-1] == expected[topic], topic
    for topic, copies in node.bytes.items():
        assert len(set(copies)) == 3, topic
        # Files have no size of their own, and an image that needs no rectification is the input's.
        if 'compressed' in topic or topic == 'depth/image_rect_color':
            continue
        assert len({id(msg.data) for msg in node.messages[topic]}) == 1, topic


def test_predictions_of_other_memory_are_copied():
    prediction = predict(Outputs(CopyingNode()), 1)
    msg = make_message('segmentation/mask', prediction, make_facts(), VALUES)
    before = bytes(msg.data)
    prediction.label[:] = 99
    assert bytes(msg.data) == before


def test_times_of_making_and_publishing_are_noted():
    outputs, watch = Outputs(CopyingNode()), Stopwatch()
    outputs.publish(['depth/points'], predict(outputs, 1), make_facts(), VALUES, watch)
    assert set(watch.seconds) == {'output', 'publish'}
