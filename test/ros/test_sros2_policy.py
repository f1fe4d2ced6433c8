"""The SROS2 policy allows what the running node does, no more and no less."""

from pathlib import Path
import sys
import xml.etree.ElementTree as ElementTree

from bench import make_camera_info, wait_until
from doubles import FormulaEngine
from monodepth_ros.ros import compat, publishers
from monodepth_ros.ros.node import MonoDepthNode
import pytest
from rclpy.parameter import Parameter
from std_msgs.msg import Header
import tf2_double
import yaml

POLICY = Path(__file__).parents[2] / 'config' / 'sros2' / 'monodepth.policy.xml'

# What the schema of sros2 (policy.xsd, version 0.2.0) has in each element: attributes, children.
SCHEMA = {
    'policy': ({'version'}, {'enclaves'}),
    'enclaves': (set(), {'enclave'}),
    'enclave': ({'path'}, {'profiles'}),
    'profiles': (set(), {'profile'}),
    'profile': ({'ns', 'node'}, {'topics', 'services', 'actions'}),
    'topics': ({'publish', 'subscribe'}, {'topic'}),
    'services': ({'reply', 'request'}, {'service'}),
    'actions': ({'call', 'execute'}, {'action'}),
    'topic': (set(), set()),
    'service': (set(), set()),
    'action': (set(), set()),
}
GRAPH = {
    'publish': 'get_publisher_names_and_types_by_node',
    'subscribe': 'get_subscriber_names_and_types_by_node',
    'reply': 'get_service_names_and_types_by_node',
    'request': 'get_client_names_and_types_by_node',
}


@pytest.fixture
def label_info(monkeypatch):
    """Let the node announce its classes, whether vision_msgs is installed or not."""
    monkeypatch.setattr(compat, 'LabelInfo', Header)
    monkeypatch.setattr(publishers.conversions, 'make_label_info', lambda header, *_: header)


@pytest.fixture
def tf2(monkeypatch):
    """Let the node hear TF, whether tf2_ros is installed or not."""
    tf2_double.install(monkeypatch)

    class Listener:
        """Hear the topics that the real one does."""

        def __init__(self, buffer, node, *, spin_thread):
            self.node, topics = node, ('/tf', '/tf_static')
            self.heard = [node.create_subscription(Header, topic, print, 1) for topic in topics]

        def unregister(self):
            for one in self.heard:
                self.node.destroy_subscription(one)

    monkeypatch.setattr(sys.modules['tf2_ros'], 'TransformListener', Listener)


@pytest.fixture
def make_node(ros, label_info, tf2):
    """Return a maker of active nodes that are taken down after the test."""
    nodes = []

    def make(namespace='/', **parameters):
        overrides = [
            Parameter(name.replace('__', '.'), value=value) for name, value in parameters.items()
        ]
        node = MonoDepthNode(
            lambda *_: FormulaEngine(), namespace=namespace, parameter_overrides=overrides
        )
        nodes.append(node)
        assert node.bring_up()
        return node

    yield make
    for node in nodes:
        node.release()
        node.destroy_node()


def profile():
    """Return the policy's one profile."""
    (found,) = ElementTree.parse(POLICY).getroot().iter('profile')
    return found


def full_name(name, namespace, node):
    """Return a name as sros2 resolves it: absolute, below the node, or in its namespace."""
    prefix = namespace.rstrip('/')
    if name.startswith('~/'):
        return f'{prefix}/{node}/{name[2:]}'
    return name if name.startswith('/') else f'{prefix}/{name}'


def allowed(namespace='/'):
    """Return the names that the policy allows for each rule, in a namespace."""
    names = {rule: [] for rule in GRAPH}
    for group in profile():
        for rule in group.attrib:
            names[rule] += [full_name(e.text, namespace, profile().get('node')) for e in group]
    return {rule: sorted(found) for rule, found in names.items()}


def running(node):
    """Return the names that the node has in the running graph for each rule."""

    def names():
        where = profile().get('node'), node.get_namespace()
        return {
            rule: sorted(name for name, _ in getattr(node, query)(*where))
            for rule, query in GRAPH.items()
        }

    wait_until(lambda: '/rosout' in names()['publish'], 'the graph')
    return names()


def test_policy_has_the_structure_of_the_schema():
    root = ElementTree.parse(POLICY).getroot()
    assert root.tag == 'policy' and root.get('version') == '0.2.0'
    for element in root.iter():
        attributes, children = SCHEMA[element.tag]
        assert set(element.attrib) <= attributes
        assert {child.tag for child in element} <= children
        # Everything that holds others holds at least one, and only names have text.
        assert bool(len(element)) == bool(children)
        assert bool((element.text or '').strip()) == (not children)
        if element.tag in ('topics', 'services', 'actions'):
            assert element.attrib and set(element.attrib.values()) == {'ALLOW'}
        elif attributes:
            assert set(element.attrib) == attributes
    assert [e.get('path') for e in root.iter('enclave')] == ['/monodepth']


def test_policy_names_no_wildcard_and_nothing_twice():
    for names in allowed().values():
        assert len(set(names)) == len(names)
        assert not set('*?[]') & set(''.join(names))


def test_policy_is_what_the_running_node_does(make_node):
    assert profile().get('ns') == '/'
    assert running(make_node()) == allowed()


def test_namespace_takes_the_relative_names_along(make_node):
    assert running(make_node('/robot')) == allowed('/robot')


def test_node_that_is_not_configured_does_less(ros, label_info):
    node = MonoDepthNode(lambda *_: FormulaEngine())
    try:
        found = running(node)
    finally:
        node.destroy_node()
    for rule, names in found.items():
        assert set(names) <= set(allowed()[rule])
    assert found['subscribe'] == []


@pytest.fixture
def calibration(tmp_path):
    """Return a calibration file."""
    info = make_camera_info()
    path = tmp_path / 'camera.yaml'
    content = {
        'image_width': info.width,
        'image_height': info.height,
        'distortion_model': 'plumb_bob',
    }
    for key, values, shape in (
        ('camera_matrix', info.k, (3, 3)),
        ('distortion_coefficients', info.d, (1, 5)),
        ('rectification_matrix', info.r, (3, 3)),
        ('projection_matrix', info.p, (3, 4)),
    ):
        content[key] = {'rows': shape[0], 'cols': shape[1], 'data': [float(v) for v in values]}
    path.write_text(yaml.safe_dump(content))
    return str(path)


def test_other_parameters_change_what_the_document_says(make_node, calibration):
    """As in the table of SECURITY.md."""
    usual = set(allowed()['subscribe'])
    changes = {
        'use_sim_time': (True, usual | {'/clock'}),
        'image_transport': ('compressed', usual - {'/image_raw'} | {'/image_raw/compressed'}),
        'camera__info_url': (calibration, usual - {'/camera_info'}),
        'camera__height': (0.6, usual - {'/tf_static'}),
        'scale__source': ('none', usual - {'/tf_static'}),
    }
    more = [('scale__source', ('ground', usual | {'/tf'}))]
    for place, (name, (value, expected)) in enumerate([*changes.items(), *more]):
        namespace = f'/n{place}'
        found = running(make_node(namespace, **{name: value}))
        of_all = {'/clock', '/tf', '/tf_static'}
        prefix = {n if n in of_all else namespace + n for n in expected}
        assert set(found.pop('subscribe')) == prefix
        rest = allowed(namespace)
        del rest['subscribe']
        assert found == rest
