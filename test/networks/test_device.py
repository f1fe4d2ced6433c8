"""Torch devices by name."""

from monodepth_ros.errors import EngineError
from monodepth_ros.networks.device import select_device, training_precision
import pytest
import torch


@pytest.mark.parametrize('count', [0, 1])
def test_auto_takes_cuda_where_it_works(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: count > 0)
    assert select_device('auto').type == ('cuda' if count else 'cpu')


def test_known_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    assert select_device('cpu') == torch.device('cpu')
    assert select_device('cuda') == torch.device('cuda')
    assert select_device('cuda:1') == torch.device('cuda', 1)
    with pytest.raises(EngineError, match="'cuda:2' asked for, but .* sees 2 CUDA devices"):
        select_device('cuda:2')


@pytest.mark.parametrize('device', ['cuda', 'cuda:99'])
def test_absent_cuda_is_refused_with_the_remedy(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.raises(EngineError, match=f"'{device}' asked for.* sees 0 CUDA.*device to 'cpu'"):
        select_device(device)


@pytest.mark.parametrize('device', ['gpu', '', 'meta', 'CPU', 'cuda:', 'cuda:x', 'cpu:3', None, 0])
def test_unknown_devices_list_the_choices(device):
    with pytest.raises(EngineError, match=r"unknown device .*'auto', 'cpu', 'cuda', 'cuda:N'"):
        select_device(device)


def test_training_precision_is_what_the_processor_computes_in(monkeypatch):
    def precision(**found):
        monkeypatch.setattr(torch.cpu, 'get_capabilities', lambda: found, raising=False)
        return training_precision(torch.device('cpu'))

    assert precision(avx512_bf16=True) == torch.bfloat16
    assert precision(amx_bf16=True) == torch.bfloat16
    assert precision(avx512_f=True, avx512_bf16=False) == torch.float32
    monkeypatch.delattr(torch.cpu, 'get_capabilities')
    assert training_precision(torch.device('cpu')) == torch.float32


@pytest.mark.parametrize(
    ('supported', 'expected'), [(True, torch.bfloat16), (False, torch.float16)]
)
def test_training_precision_on_cuda(monkeypatch, supported, expected):
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda: supported)
    assert training_precision(torch.device('cuda')) == expected
