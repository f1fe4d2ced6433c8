"""Engines and weights by name."""

import sys

from doubles import make_facts
from monodepth_ros.engines import factory
from monodepth_ros.engines.factory import create_engine, resolve_model, shipped_models
from monodepth_ros.errors import CheckpointError, ConfigError, EngineError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
import pytest


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Ship a light model under two names, and something else that is no model."""
    folder = tmp_path / 'weights'
    folder.mkdir()
    monkeypatch.setattr(factory, 'WEIGHTS', folder)
    facts = make_facts(network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]})
    network = create_network(facts.network, classes=4, **facts.options)
    for name in ('b_light', 'a_light'):
        save_checkpoint(folder / f'{name}.safetensors', network, facts)
    (folder / 'a_light.md').write_text('card')
    return folder


def test_shipped_models(weights):
    assert shipped_models() == ['a_light', 'b_light']


def test_shipped_name_and_path(weights):
    path = weights / 'b_light.safetensors'
    assert resolve_model('b_light') == path
    assert resolve_model(str(path)) == path


def test_home_folder(weights, monkeypatch):
    monkeypatch.setenv('HOME', str(weights))
    assert resolve_model('~/a_light.safetensors') == weights / 'a_light.safetensors'


def test_missing_file_lists_the_shipped_models(weights):
    with pytest.raises(CheckpointError, match='/none.safetensors do not exist.*a_light, b_light'):
        resolve_model('/none.safetensors')


@pytest.mark.parametrize('model', ['monodepth9000', '', 'a_light.pth', '.', '..'])
def test_unknown_model_lists_the_choices(weights, model):
    with pytest.raises(ConfigError, match=f"unknown model '{model}'; choose .*a_light, b_light"):
        create_engine(model)


def test_unknown_engine_lists_the_choices(weights):
    with pytest.raises(ConfigError, match="unknown engine 'tensorflow'; choose .*auto, torch"):
        create_engine('a_light', engine='tensorflow')


@pytest.mark.parametrize('engine', ['auto', 'torch'])
def test_engine_of_a_shipped_model(weights, engine):
    made = create_engine('a_light', engine=engine, device='cpu')
    assert made.name == 'torch'
    assert made.facts == make_facts(
        network='dual_efficientnet_lite0', options={'widths': [8, 8, 8, 8]}
    )


@pytest.mark.parametrize('device', ['cuda:99', 'gpu'])
def test_device_errors(weights, device):
    with pytest.raises(EngineError, match=f"device '{device}'"):
        create_engine('a_light', device=device)


def test_negative_threads_are_refused(weights):
    with pytest.raises(ConfigError, match='threads is -1, expected 0 or more'):
        create_engine('a_light', device='cpu', threads=-1)


def test_without_torch_the_remedy_is_named(weights, monkeypatch):
    monkeypatch.setitem(sys.modules, 'monodepth_ros.engines.torch_engine', None)
    with pytest.raises(EngineError, match="engine 'torch' needs PyTorch .*pip install torch"):
        create_engine('a_light')
