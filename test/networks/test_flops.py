"""Operations counted by hand."""

import pytest

torch = pytest.importorskip('torch')
flops = pytest.importorskip('monodepth_ros.networks.flops')
registry = pytest.importorskip('monodepth_ros.networks.registry')
nn = torch.nn


@pytest.mark.parametrize(
    ('layer', 'multiply_adds'),
    [
        # 5 x 4 outputs of 8 channels, each from 3 x 3 x 3 inputs
        (nn.Conv2d(3, 8, 3, stride=2, padding=1), 5 * 4 * 8 * 27),
        # each of 3 groups has one input channel
        (nn.Conv2d(3, 6, 3, padding=1, groups=3), 10 * 8 * 6 * 9),
        # each of 10 x 8 inputs of 3 channels gives 2 x 2 outputs of 5 channels
        (nn.ConvTranspose2d(3, 5, 2, 2), 10 * 8 * 3 * 2 * 2 * 5),
        # 10 x 3 rows of 8 inputs, 7 outputs each
        (nn.Linear(8, 7), 10 * 3 * 8 * 7),
        (nn.BatchNorm2d(3), 0),
        (nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.Conv2d(1, 2, 1)), 10 * 8 * (3 + 2)),
    ],
)
@pytest.mark.parametrize('batch', [1, 3])
def test_layers(layer, multiply_adds, batch):
    found = flops.count_gflop(layer, 10, 8, batch)
    assert found == pytest.approx(2e-9 * batch * multiply_adds)


def test_network_is_left_as_it_is():
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2))
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    flops.count_gflop(network, 4, 4)
    assert network.training
    assert not any(layer._forward_hooks for layer in network)
    assert all(torch.equal(before[name], x) for name, x in network.state_dict().items())


def test_published_encoders():
    # He et al., table 1: 3.8e9 multiply-adds at 224 x 224 for ResNet-50 with its classifier.
    encoder = registry.create_network('depth_resnet50', classes=1, output_stride=32).encoder
    assert flops.count_gflop(encoder, 224, 224) / 2 == pytest.approx(3.8, rel=0.03)
