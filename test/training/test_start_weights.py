"""Fine-tuning begins with weights of ours, and with no others."""

from doubles import make_facts
from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.config import make_config
from monodepth_ros.training.start_weights import load_start_weights
import pytest
import torch
from training_kit import TinyNetwork, VALUES

pytestmark = pytest.mark.usefixtures('tiny_network')
CLASSES = ('wall', 'floor')


@pytest.fixture
def start(tmp_path):
    """Return a function that loads start weights into a network of the given configuration."""
    path = tmp_path / 'start.safetensors'
    source = TinyNetwork(2, width=4)
    facts = make_facts(
        network='tiny', options={'width': 4}, classes=CLASSES, colors=((0, 0, 0), (1, 1, 1))
    )
    save_checkpoint(path, source, facts, half=False)

    def start(classes=CLASSES, **changes):
        values = {**VALUES, 'options': {'width': 4}, 'start_weights': str(path), **changes}
        network = TinyNetwork(len(classes), **values['options'])
        load_start_weights(network, make_config(values), classes)
        return source, network

    return start


def test_weights_are_loaded(start):
    source, network = start()
    expected = source.state_dict()
    assert all(torch.equal(v, expected[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'network': 'dual_resnet50'}, "network 'tiny', not 'dual_resnet50'; set network: tiny"),
        ({'options': {'width': 5}}, r"not {'width': 5}; set options: {\"width\": 4}"),
        ({'classes': ('wall', 'ceiling')}, r'2 classes \(wall, floor\), .* 2 \(wall, ceiling\)'),
        ({'classes': ('wall',)}, r'know 2 classes .* has 1 \(wall\); start from'),
    ],
)
def test_weights_of_another_kind_are_refused(start, changes, words):
    with pytest.raises(ConfigError, match=words):
        start(**changes)


def test_weights_that_are_not_there(start, tmp_path):
    with pytest.raises(CheckpointError, match='none.safetensors do not exist'):
        start(start_weights=str(tmp_path / 'none.safetensors'))


@pytest.mark.parametrize('key, name', [('error', 'error.'), ('global_context', 'context.')])
def test_a_network_with_an_addition_starts_from_one_without(key, name, tmp_path):
    options = {'widths': [8, 8, 8, 8]}
    source = create_network('dual_efficientnet_lite0', classes=2, **options)
    facts = make_facts(
        network='dual_efficientnet_lite0',
        options=options,
        classes=CLASSES,
        colors=((0, 0, 0), (1, 1, 1)),
    )
    path = tmp_path / 'start.safetensors'
    save_checkpoint(path, source, facts, half=False)
    values = {'network': facts.network, 'options': {**options, key: True}}
    network = create_network(facts.network, classes=2, **values['options'])
    fresh = {k: v.clone() for k, v in network.state_dict().items() if k.startswith(name)}
    load_start_weights(network, make_config({**values, 'start_weights': str(path)}), CLASSES)
    expected = {**source.state_dict(), **fresh}
    assert fresh and expected.keys() == network.state_dict().keys()
    assert all(torch.equal(v, expected[k]) for k, v in network.state_dict().items())
    kept = make_config({**values, 'start_weights': str(path), 'start_share': 0.5})
    with pytest.raises(ConfigError, match=f'have no {key} to keep a start_share of'):
        load_start_weights(network, kept, CLASSES)
    values['options'] = {'widths': [8, 8, 8, 4], key: True}
    with pytest.raises(ConfigError, match='have the options'):
        load_start_weights(network, make_config({**values, 'start_weights': str(path)}), CLASSES)
