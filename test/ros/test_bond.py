"""A bond is kept from activation to deactivation where bondpy is installed."""

from monodepth_ros.ros import bond
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from std_msgs.msg import Empty

SUCCESS = TransitionCallbackReturn.SUCCESS


class BondDouble:
    """bondpy's Bond: settings only before the start, a shutdown only after it."""

    made = []

    def __init__(self, node, topic, bond_id):
        self.name, self.topic, self.id = node.get_name(), topic, bond_id
        self.pub = node.create_publisher(Empty, topic, 1)
        self._node = node
        self.started = self.ended = False
        self.made.append(self)

    def start(self):
        assert (self.heartbeat_period, self.heartbeat_timeout) == (0.1, 4.0)
        self.sub = self._node.create_subscription(Empty, self.topic, print, 1)
        self.started = True

    def shutdown(self):
        assert self.started and not self.ended
        # As bondpy does: the node is not told.
        self.sub.destroy()
        self.pub.destroy()
        self.ended = True


@pytest.fixture
def bonds(monkeypatch):
    monkeypatch.setattr(bond, 'Bond', BondDouble)
    monkeypatch.setattr(BondDouble, 'made', [])
    return BondDouble.made


def test_the_bond_lasts_as_long_as_the_node_is_active(bonds, make_bench):
    bench = make_bench()
    assert bench.run(bench.node.trigger_configure) == SUCCESS and not bonds
    for count in (1, 2):
        assert bench.run(bench.node.trigger_activate) == SUCCESS
        assert len(bonds) == count and bonds[-1].started and not bonds[-1].ended
        # The manager looks for the node's name on this topic.
        assert (bonds[-1].topic, bonds[-1].id) == ('bond', 'monodepth')
        assert bench.run(bench.node.trigger_deactivate) == SUCCESS
        assert bonds[-1].ended
    assert bench.run(bench.node.trigger_cleanup) == SUCCESS


def test_nothing_of_it_is_left_in_the_node(bonds, make_bench):
    node = (bench := make_bench().start()).node
    left = set()
    for _ in range(3):
        assert bench.run(node.trigger_deactivate) == SUCCESS
        topics = [e.topic_name for e in (*node.subscriptions, *node.publishers)]
        left.add(len(topics))
        assert '/bond' not in topics
        assert bench.run(node.trigger_activate) == SUCCESS
    assert len(bonds) == 4 and len(left) == 1


def test_a_node_that_goes_down_ends_its_bond(bonds, make_bench):
    bench = make_bench().start()
    bench.run(bench.node.release)
    assert [b.ended for b in bonds] == [True]


def test_without_bondpy_there_is_none(monkeypatch, make_bench):
    monkeypatch.setattr(bond, 'Bond', None)
    bench = make_bench().start()
    assert bench.node._life_sign._bond is None
    bench.run(bench.node.trigger_deactivate)
