"""TF: at the image's stamp, a little beside it, static, missing, broken, and not installed."""

import sys
from types import SimpleNamespace

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros import transforms
from monodepth_ros.ros.transforms import STALE_NS, Transforms
import numpy as np
import pytest
import rclpy
import tf2_double

LEVEL = (0.0, 0.0, 0.0, 1.0)
NOW = 50_000_000_000


@pytest.fixture
def tf2(monkeypatch):
    return tf2_double.install(monkeypatch)


@pytest.fixture
def node():
    return tf2_double.Hearer()


@pytest.fixture
def heard(tf2, node):
    heard = Transforms()
    heard.start(node)
    yield heard
    heard.stop()
    assert tf2.listeners == node.jumps == [] and node.timers == {}


def _fails(heard, words, frame='camera', within='base', stamp_ns=NOW):
    with pytest.raises(ScaleError, match=words) as caught:
        heard.pose(frame, within, stamp_ns)
    assert '\n' not in str(caught.value)
    return caught.value.reason


def test_a_pose_is_that_at_the_stamp(tf2, heard):
    tf2.put('camera', 'base', (0, 0, 1, 0), (1, 2, 3), NOW)
    pose = heard.pose('camera', 'base', NOW)
    np.testing.assert_allclose(pose.apply(np.array([1.0, 0, 0])), [0, 2, 3], atol=1e-12)


def test_names_may_begin_with_a_slash_as_in_ros_1(tf2, heard):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1))
    assert heard.pose('/camera', '/base', NOW).translation == (0, 0, 1)


def test_a_frame_in_itself_needs_no_tf():
    assert Transforms().pose('laser', '/laser', NOW).translation == (0.0, 0.0, 0.0)


@pytest.mark.parametrize('beside', [-STALE_NS, -1, 1, STALE_NS])
def test_what_lags_a_little_is_taken(tf2, heard, beside):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1), NOW + beside)
    assert heard.pose('camera', 'base', NOW).translation == (0, 0, 1)


def test_what_is_static_holds_at_any_time(tf2, heard):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1))
    assert heard.pose('camera', 'base', 10 * NOW).translation == (0, 0, 1)


@pytest.mark.parametrize(('beside', 'words'), [(-2, '2.0 s before'), (3, '3.0 s after')])
def test_what_is_too_old_or_from_the_future_is_said(tf2, heard, beside, words):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1), NOW + beside * 1_000_000_000)
    assert _fails(heard, f'is {words} the image, expected at most 0.5 s') == 'no_transform'


def test_an_unknown_frame_is_named_with_what_tf_says(tf2, heard):
    words = r'where camera is in base: "base" .* does not exist.; publish it, or .*ground_frame or'
    assert _fails(heard, words) == 'no_transform'
    assert _fails(heard, 'a frame without a name', frame='') == 'no_transform'


def test_a_broken_transform_is_named(tf2, heard):
    tf2.put('camera', 'base', (0, 0, 0, 0), (0, 0, 1))
    assert _fails(heard, 'correct its publisher') == 'bad_pose'
    tf2.put('camera', 'base', LEVEL, (0, float('nan'), 1))
    assert _fails(heard, 'correct its publisher') == 'bad_pose'


def test_before_it_listens_and_after_it_says_so(tf2, node):
    heard = Transforms()
    assert _fails(heard, 'TF is not listened to') == 'no_transform'
    heard.start(node)
    heard.start(node)
    heard.start(node, only_static=True)
    assert node.heard == {}
    assert len(tf2.listeners) == 1
    heard.stop()
    heard.stop()
    assert tf2.listeners == []
    assert _fails(heard, 'TF is not listened to') == 'no_transform'


def test_what_is_static_can_be_heard_alone_and_all_of_it_later(tf2, node):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1))
    tf2.put('camera', 'odom', LEVEL, (0, 0, 2), NOW)
    heard = Transforms()
    heard.start(node, only_static=True)
    assert (list(node.heard), node.jumps, tf2.listeners) == (['/tf_static'], [], [])
    fixed = tf2_double.message(0, LEVEL, (0, 0, 1))
    node.heard['/tf_static'](SimpleNamespace(transforms=[fixed, fixed]))
    assert tf2.said == [fixed, fixed]
    assert heard.pose('camera', 'base', NOW).translation == (0, 0, 1)
    assert _fails(heard, 'does not exist', within='odom') == 'no_transform'
    heard.start(node)
    assert (node.heard, len(tf2.listeners)) == ({}, 1)
    assert heard.pose('camera', 'odom', NOW).translation == (0, 0, 2)
    heard.stop()
    heard.start(node, only_static=True)
    heard.stop()
    assert (node.heard, tf2.listeners) == ({}, [])


def test_what_moved_is_forgotten_where_time_jumps_back(tf2, node, heard):
    ((threshold, jump),) = node.jumps
    assert threshold.min_forward is None and threshold.min_backward.nanoseconds == -1
    assert list(node.timers.values()) == [None]
    jump(None)
    assert tf2.cleared == 1
    # What came before the jump may be heard after it.
    ((_, again),) = node.timers.items()
    again()
    assert tf2.cleared == 2 and list(node.timers.values()) == [None]


@pytest.mark.parametrize('only_static', [False, True])
def test_topics_that_may_not_be_heard_are_said_once(tf2, monkeypatch, only_static):
    said, heard = [], Transforms()
    logger = SimpleNamespace(warning=said.append)

    def refuse(*args, **options):
        raise RuntimeError('not\nallowed')

    node = SimpleNamespace(create_subscription=refuse, get_logger=lambda: logger)
    monkeypatch.setattr(sys.modules['tf2_ros'], 'TransformListener', refuse)
    for _ in range(3):
        heard.start(node, only_static)
    assert len(said) == 1 and 'cannot be used (not allowed)' in said[0]
    assert _fails(heard, 'cannot be used') == 'no_transform'
    heard.stop()


@pytest.mark.parametrize(
    ('stamp_ns', 'within', 'is_fixed'),
    [(None, 'base', True), (None, 'camera', True), (NOW, 'base', False), (None, 'map', False)],
)
def test_what_is_fixed_to_what(tf2, heard, stamp_ns, within, is_fixed):
    tf2.put('camera', 'base', LEVEL, (0, 0, 1), stamp_ns)
    assert heard.is_fixed('/camera', within) == is_fixed
    assert not Transforms().is_fixed('camera', within)


@pytest.mark.parametrize('only_static', [False, True])
def test_a_tf2_that_cannot_be_imported_is_said_once(ros, monkeypatch, capfd, only_static):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    monkeypatch.setattr(transforms, 'find_spec', lambda name: name)
    heard, node = Transforms(), rclpy.create_node('deaf')
    for _ in range(3):
        heard.start(node, only_static)
    node.destroy_node()
    assert capfd.readouterr().err.count('tf2_ros is there and cannot be used') == 1
    assert _fails(heard, 'cannot be used .*: use the Python that ROS') == 'no_transform'
    heard.stop()


def test_without_tf2_the_remedy_is_named(monkeypatch, node):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    monkeypatch.setattr(transforms, 'find_spec', lambda name: None)
    heard = Transforms()
    heard.start(node)
    assert not transforms.is_installed()
    words = 'tf2_ros, .* is not installed: .* or set camera.height, camera.pitch and camera.roll'
    assert _fails(heard, words) == 'no_transform'
    heard.stop()


def test_a_pose_at_a_time_is_that_time_s_alone(tf2, heard):
    tf2.put_moving('camera', 'odom', lambda ns: (ns * 1e-9, 0, 0), NOW)
    assert heard.pose_at('/camera', '/odom', NOW).translation == (50.0, 0, 0)
    assert heard.pose_at('camera', 'odom', NOW - 10**9).translation == (49.0, 0, 0)


def test_a_pose_at_a_time_is_waited_for(tf2, heard, monkeypatch):
    tf2.put_moving('camera', 'odom', lambda ns: (1, 0, 0), NOW - 1)

    def sleep(seconds):
        tf2.put_moving('camera', 'odom', lambda ns: (2, 0, 0), NOW)

    monkeypatch.setattr(transforms.time, 'sleep', sleep)
    assert heard.pose_at('camera', 'odom', NOW, waits=True).translation == (2, 0, 0)


@pytest.mark.parametrize(
    ('stamp_ns', 'words'),
    [(NOW, 'in odom at the image: Lookup would require'), (0, 'the images have no stamp')],
)
def test_a_pose_at_a_time_that_never_comes_is_said(tf2, heard, monkeypatch, stamp_ns, words):
    monkeypatch.setattr(transforms, 'PATIENCE_S', 0.02)
    tf2.put_moving('camera', 'odom', lambda ns: (1, 0, 0), NOW - 1)
    with pytest.raises(ScaleError, match=words) as caught:
        heard.pose_at('camera', 'odom', stamp_ns, waits=True)
    assert caught.value.reason == 'no_transform'


def test_a_pose_at_a_time_that_is_none_is_said_at_once(tf2, heard, monkeypatch):
    monkeypatch.setattr(transforms.time, 'sleep', lambda seconds: pytest.fail('waits'))
    tf2.put('camera', 'odom', (0, 0, 0, 0), (0, 0, 0), NOW)
    with pytest.raises(ScaleError, match='quaternion') as caught:
        heard.pose_at('camera', 'odom', NOW, waits=True)
    assert caught.value.reason == 'bad_pose'
    with pytest.raises(ScaleError, match='extrapolation'):
        heard.pose_at('camera', 'odom', NOW + 1)


def test_without_tf2_there_is_no_pose_at_a_time(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tf2_ros', None)
    with pytest.raises(ScaleError, match='tf2_ros') as caught:
        Transforms().pose_at('camera', 'odom', NOW)
    assert caught.value.reason == 'no_transform'
