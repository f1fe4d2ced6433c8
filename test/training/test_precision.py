"""What layers compute in."""

from monodepth_ros.training.precision import choose_type, make_scaler, mixed
import pytest
import torch

CPU = torch.device('cpu')


def test_named_types():
    assert choose_type('float16', CPU) == torch.float16
    assert choose_type('float32', CPU) == torch.float32
    assert choose_type('auto', CPU) in (torch.float32, torch.bfloat16)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_layers_compute_in_the_type_and_weights_stay(dtype):
    layer = torch.nn.Linear(2, 2)
    with mixed(CPU, dtype):
        assert layer(torch.ones(1, 2)).dtype == dtype
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ('kernel', 'stride', 'groups', 'exact'),
    [(5, 1, 4, True), (3, 2, 4, True), (3, 1, 4, False), (5, 1, 1, False)],
)
def test_large_and_strided_depthwise_layers_keep_float32(kernel, stride, groups, exact):
    layer = torch.nn.Conv2d(4, 4, kernel, stride, groups=groups, bias=False)
    fine = 1.0 + 2.0**-9  # bfloat16 has no value between 1 and 1 + 2**-7
    with mixed(CPU, torch.bfloat16):
        output = layer(torch.full((1, 4, kernel, kernel), fine))
    output.sum().backward()
    assert output.dtype == torch.bfloat16
    assert bool((layer.weight.grad == (fine if exact else 1.0)).all())


def test_only_float16_is_scaled():
    assert make_scaler(CPU, torch.float16).is_enabled()
    for dtype in (torch.float32, torch.bfloat16):
        assert not make_scaler(CPU, dtype).is_enabled()
