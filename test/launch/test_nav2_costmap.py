"""The example costmap names what the node publishes, and its values fit together."""

from pathlib import Path

from monodepth_ros.training.datasets import nyu
import pytest
import yaml

PATH = Path(__file__).parents[2] / 'config' / 'nav2_costmap.yaml'

# Parameters that Nav2 declares as floating point: rclcpp refuses a whole number for them.
DOUBLES = {
    'resolution',
    'robot_radius',
    'update_frequency',
    'publish_frequency',
    'origin_z',
    'z_resolution',
    'min_obstacle_height',
    'max_obstacle_height',
    'obstacle_min_range',
    'obstacle_max_range',
    'raytrace_min_range',
    'raytrace_max_range',
    'expected_update_rate',
    'min_obstacle_distance',
    'max_obstacle_distance',
    'tile_map_decay_time',
    'inflation_radius',
    'cost_scaling_factor',
}

MOST_VOXELS = 16
"""The two halves of 32 bits say of each voxel of a column whether it is marked and known."""


@pytest.fixture(scope='module')
def costmap():
    return yaml.safe_load(PATH.read_text())['/**']['ros__parameters']


@pytest.fixture(scope='module')
def voxels(costmap):
    return costmap['voxel_layer']


@pytest.fixture(scope='module')
def semantic(costmap):
    return costmap['semantic_layer']['monodepth']


def settings(values):
    """Return all names and values at the leaves of nested dictionaries."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from settings(value)
        else:
            yield name, value


def test_layers_are_those_of_their_packages(costmap):
    assert {name: costmap[name]['plugin'] for name in costmap if name.endswith('_layer')} == {
        'voxel_layer': 'nav2_costmap_2d::VoxelLayer',
        'semantic_layer': 'semantic_segmentation_layer::SemanticSegmentationLayer',
        'inflation_layer': 'nav2_costmap_2d::InflationLayer',
    }
    assert set(costmap['plugins']) <= set(costmap)


def test_types_are_what_nav2_declares(costmap):
    seen = dict(settings(costmap))
    assert set(seen) >= DOUBLES
    for name, value in settings(costmap):
        assert isinstance(value, float) == (name in DOUBLES), name


def test_topics_are_the_nodes(voxels, semantic):
    publishers = pytest.importorskip('monodepth_ros.ros.publishers')
    sources = voxels['observation_sources'].split()
    assert {voxels[source]['topic'] for source in sources} == {'/depth/points'}
    topics = {'/' + topic: kind.__name__ for topic, kind in publishers.TOPICS.items()}
    topics['/' + publishers.LABEL_INFO_TOPIC] = 'LabelInfo'
    assert {
        name: topics[topic] for name, topic in semantic.items() if name.endswith('_topic')
    } == {
        'segmentation_topic': 'Image',
        'confidence_topic': 'Image',
        'labels_topic': 'LabelInfo',
        'pointcloud_topic': 'PointCloud2',
    }


def test_heights_and_ranges_fit_together(voxels):
    assert voxels['z_voxels'] <= MOST_VOXELS
    top = voxels['origin_z'] + voxels['z_voxels'] * voxels['z_resolution']
    assert voxels['max_obstacle_height'] <= top
    marking, clearing = (voxels[name] for name in voxels['observation_sources'].split())
    assert (marking['marking'], marking['clearing']) == (True, False)
    assert (clearing['marking'], clearing['clearing']) == (False, True)
    assert 0.0 < marking['min_obstacle_height'] < marking['max_obstacle_height'] <= top
    # Rays that end on the floor clear, too, and clear as far as obstacles are marked.
    assert clearing['min_obstacle_height'] < 0.0 and clearing['max_obstacle_height'] > top
    assert marking['obstacle_max_range'] <= clearing['raytrace_max_range']


def test_every_class_but_the_ceiling_has_a_cost(semantic):
    classes = [name for kind in semantic['class_types'] for name in semantic[kind]['classes']]
    assert sorted([*classes, 'ceiling']) == sorted(nyu.CLASSES)


def test_costs_are_costs(semantic):
    for kind in semantic['class_types']:
        values = semantic[kind]
        assert 0 <= values['base_cost'] <= values['max_cost'] <= 254
        assert 0 <= values['mark_confidence'] <= 255
    assert semantic['floor']['max_cost'] == 0
    assert semantic['obstacle']['max_cost'] == 254
