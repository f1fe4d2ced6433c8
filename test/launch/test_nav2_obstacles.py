"""The example of navigation by obstacles names what node and layers have."""

from pathlib import Path

import pytest
from test_nav2_costmap import DOUBLES, settings
import yaml

PATH = Path(__file__).parents[2] / 'config' / 'nav2_obstacles.yaml'

# What the spatio-temporal voxel layer and the collision monitor declare as floating point.
MORE_DOUBLES = {
    'voxel_decay',
    'voxel_size',
    'transform_tolerance',
    'obstacle_range',
    'observation_persistence',
    'min_z',
    'max_z',
    'vertical_fov_angle',
    'horizontal_fov_angle',
    'decay_acceleration',
    'min_height',
    'max_height',
}


@pytest.fixture(scope='module')
def example():
    tree = yaml.safe_load(PATH.read_text())
    return {name.strip('/').split('/')[0]: part['ros__parameters'] for name, part in tree.items()}


def flat(tree, prefix=''):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value


def sources(example):
    """Return all sources of the layers and of the collision monitor by name."""
    found = {'monodepth': example['collision_monitor']['monodepth']}
    for layer in example['local_costmap'].values():
        found.update({name: layer[name] for name in layer['observation_sources'].split()})
    return found


def test_node_parameters_are_valid(example):
    parameters = pytest.importorskip('monodepth_ros.ros.parameters')
    values = dict(flat(example['monodepth']))
    assert values['depth.ground'] == 'snap' and values['depth.max_error'] > 0
    for name, value in values.items():
        spec = parameters.BY_NAME[name]
        assert type(value) is type(spec.default) and spec.refusal(value) is None, name


def test_types_are_what_the_layers_declare(example):
    doubles = DOUBLES | MORE_DOUBLES
    for part in ('local_costmap', 'collision_monitor'):
        for name, value in settings(example[part]):
            assert isinstance(value, float) == (name in doubles), name


def test_topics_are_the_nodes_and_obstacles_mark(example):
    publishers = pytest.importorskip('monodepth_ros.ros.publishers')
    clouds = {
        f'/{topic}'
        for topic, kind in {**publishers.TOPICS, **publishers.EXTRA_TOPICS}.items()
        if kind.__name__ == 'PointCloud2'
    }
    found = sources(example)
    assert len(found) == 5
    for name, source in found.items():
        assert source['topic'] in clouds
        if source.get('marking', True):
            assert source['topic'] == '/depth/obstacles', name


def test_heights_keep_what_the_node_keeps(example):
    obstacles = pytest.importorskip('monodepth_ros.scale.obstacles').ObstacleOptions()
    for source in sources(example).values():
        lowest = source.get('min_obstacle_height', source.get('min_height', 0.0))
        highest = source.get('max_obstacle_height', source.get('max_height', 9.0))
        assert lowest <= obstacles.min_height < highest
    assert example['collision_monitor']['monodepth']['use_global_height'] is True
