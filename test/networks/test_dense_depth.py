"""DenseDepth: the up-block on numbers worked out by hand, the decoder's order, metres."""

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.dense_depth import DenseDepthNetwork, UpBlock
from monodepth_ros.networks.deploy import DeploymentGraph
from monodepth_ros.networks.registry import create_network
from monodepth_ros.networks.resnet import ResNet50
import pytest
import torch
from torch import nn

LIGHT = 'densedepth_efficientnet_lite0'


class Encoder(nn.Module):
    """Give maps that hold their stride, in two channels each."""

    channels = (2, 2, 2, 2, 2)
    strides = (2, 4, 8, 16, 32)

    def forward(self, image):
        height, width = image.shape[-2:]
        return [
            torch.full((1, 2, height // stride, width // stride), float(stride))
            for stride in self.strides
        ]


def make(**options):
    torch.manual_seed(0)
    return create_network(LIGHT, classes=5, **options).eval()


def test_up_block():
    block = UpBlock(1, 1, 1)
    for convolution in (block.conv1, block.conv2):
        nn.init.zeros_(convolution.weight)
        nn.init.zeros_(convolution.bias)
    with torch.no_grad():
        block.conv1.weight[0, :, 1, 1] = torch.tensor([1.0, 10.0])  # x + 10 skip
        block.conv2.weight[0, 0, 1, 1] = 2.0
        block.conv2.bias[:] = 1.0
        skip = torch.tensor([0.0, 0.1, -0.2, -1.0]).expand(1, 1, 2, 4)
        found = block(torch.tensor([[[[0.0, 4.0]]]]), skip)
    # The row 0, 4 upsampled is 0, 1, 3, 4; with ten times the skip 0, 2, 1, -6; the leak leaves
    # -1.2 of the last; twice that plus one is 1, 5, 3, -1.4; the leak leaves -0.28 of the last.
    expected = torch.tensor([1.0, 5.0, 3.0, -0.28]).expand(1, 1, 2, 4)
    torch.testing.assert_close(found, expected)


def test_up_block_sees_neighbours_after_the_concatenation():
    block = UpBlock(1, 1, 1)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.fill_(1.0)
        block.conv1.bias.zero_()
        block.conv2.bias.zero_()
        found = block(torch.ones(1, 1, 1, 1), torch.ones(1, 1, 2, 2))
    # Each of the 2 x 2 pixels sees all four in both channels: 8, and then 4 times 8.
    assert found.tolist() == [[[[32.0, 32.0], [32.0, 32.0]]]]


@pytest.mark.parametrize('context', [False, True])
def test_decoder_goes_from_the_coarsest_skip_to_the_finest(context):
    network = DenseDepthNetwork(Encoder(), widths=[1, 1, 1, 1], global_context=context)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for index, up in enumerate(network.up):
            up.conv1.weight[0, 1 + (index == 0), 1, 1] = (
                10.0**index
            )  # the first channel of the skip
            up.conv1.weight[0, 0, 1, 1] = 1.0
            up.conv2.weight[0, 0, 1, 1] = 1.0
        network.bottleneck.weight[0, 0] = 1.0
        network.head.weight[0, 0, 1, 1] = 1.0
        if context:  # half of the mean of all places, which is 32, comes to each
            network.context.squeeze.weight[0, 1] = 1.0
            network.context.spread.weight[0, 0] = 0.5
        found = network(torch.zeros(1, 3, 64, 96)).depth
    assert found.shape == (1, 1, 32, 48)
    # 32 of the bottleneck (48 with its mean), 16, 10 x 8, 100 x 4, 1000 x 2.
    assert (found == 32 + 16 * context + 16 + 80 + 400 + 2000).all()


@pytest.mark.parametrize(
    ('name', 'channels', 'widths'),
    [
        (LIGHT, (320, 112, 40, 24, 16), (160, 80, 40, 20)),
        # As in the paper: a 1 x 1 convolution to 1664 channels, and then half as many a block.
        ('densedepth169', (1664, 256, 128, 64, 64), (832, 416, 208, 104)),
    ],
)
def test_widths_are_halved_from_block_to_block(name, channels, widths):
    network = create_network(name, classes=5)
    assert network.bottleneck.weight.shape == (channels[0], channels[0], 1, 1)
    inputs = (channels[0], *widths[:-1])
    for up, skip, before, after in zip(network.up, channels[1:], inputs, widths, strict=True):
        assert up.conv1.weight.shape == (after, before + skip, 3, 3)
        assert up.conv2.weight.shape == (after, after, 3, 3)


def test_any_encoder_serves():
    network = DenseDepthNetwork(ResNet50(output_stride=16), widths=[8, 8, 8, 8]).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 96)).depth.shape == (1, 1, 32, 48)


@pytest.mark.parametrize('name', [LIGHT, 'densedepth169'])
@pytest.mark.parametrize('metres', [10.0, 80.0])
def test_starts_near_the_typical_depth(name, metres):
    torch.manual_seed(0)
    network = create_network(name, classes=5, reciprocal_range=metres).eval()
    with torch.inference_mode():
        depth = network.metres(network(torch.randn(1, 3, 64, 96)).depth)
    assert 1.5 < depth.min() and depth.max() < 4.0


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_raw_depth_is_the_range_over_metres(dtype):
    network = make(reciprocal_range=8.0)
    # Beyond 0.01 and 1000 m the raw map is cut off, as is what no depth can give.
    raw = torch.tensor([8.0, 4.0, 0.5, 0.0, -3.0, 60000.0]).to(dtype)
    metres = network.metres(raw)
    assert metres.dtype == torch.float32
    torch.testing.assert_close(metres, torch.tensor([1.0, 2.0, 16.0, 1000.0, 1000.0, 0.01]))


def test_metres_have_finite_gradients():
    raw = torch.tensor([-1.0, 0.0, 1e-8, 1.0, 1e8], requires_grad=True)
    make().metres(raw).sum().backward()
    assert torch.isfinite(raw.grad).all()
    assert raw.grad[3] == -10.0


def test_deployed_depth_has_the_size_of_the_image():
    network = make()
    images = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    graph = DeploymentGraph(network, network.encoder.mean, network.encoder.std).eval()
    with torch.inference_mode():
        depth, _, _ = graph(images)
        raw = network(graph.normalize(images)).depth
    # Metres are what is resized: an output pixel lies at 1/4 and 3/4 between two of the network's.
    metres = 10.0 / raw[0, 0]
    assert depth.shape == (1, 64, 96)
    torch.testing.assert_close(
        depth[0, 0, 1:3],
        torch.stack(
            (0.75 * metres[0, 0] + 0.25 * metres[0, 1], 0.25 * metres[0, 0] + 0.75 * metres[0, 1])
        ),
    )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'widths': [8, 8, 8]}, r'widths is \[8, 8, 8\], expected 4 positive numbers'),
        ({'widths': [8, 8, 8, 0]}, 'expected 4 positive numbers'),
        ({'widths': 8}, 'widths'),
        ({'reciprocal_range': 0}, 'reciprocal_range is 0, expected metres > 0'),
        ({'reciprocal_range': float('nan')}, 'reciprocal_range is nan'),
        ({'reciprocal_range': '10 m'}, 'reciprocal_range'),
        ({'branches': ['depth']}, 'branches'),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)
