"""ResNet-50: published names and sizes, strides and dilation."""

from pathlib import Path

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.resnet import ResNet50
from published import count_parameters, published_shapes, published_state, shapes_of
import pytest
import torch

PUBLISHED = (
    Path(__file__).parents[3] / 'shared' / 'weights' / 'resnet50_v1_imagenet_fp16.safetensors'
)


def randomized(encoder):
    """Return the encoder in evaluation mode with batch norms that are no identity."""
    torch.manual_seed(1)
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.2, 0.2)
            torch.nn.init.uniform_(module.bias, -0.2, 0.2)
    return encoder.eval()


def test_names_and_shapes_are_the_published_ones():
    published = published_shapes('resnet50')
    head = {key: published.pop(key) for key in ('fc.weight', 'fc.bias')}
    assert head == {'fc.weight': (1000, 2048), 'fc.bias': (1000,)}
    assert shapes_of(ResNet50()) == published


def test_parameter_count():
    # torchvision's documents say 25,557,032 for the classifier.
    assert count_parameters(ResNet50()) + 2048 * 1000 + 1000 == 25_557_032


@pytest.mark.parametrize(
    ('output_stride', 'sides'),
    [(8, (32, 16, 8, 8, 8)), (16, (32, 16, 8, 4, 4)), (32, (32, 16, 8, 4, 2))],
)
@pytest.mark.parametrize('variant', ['v1', 'v1.5'])
def test_maps_have_the_declared_channels_and_strides(output_stride, sides, variant):
    encoder = ResNet50(output_stride, variant).eval()
    with torch.inference_mode():
        features = encoder(torch.zeros(1, 3, 64, 96))
    assert [f.shape[1] for f in features] == list(encoder.channels) == [64, 256, 512, 1024, 2048]
    assert [f.shape[2] for f in features] == [64 // s for s in encoder.strides] == list(sides)
    assert [f.shape[3] for f in features] == [96 // s for s in encoder.strides]


@pytest.mark.parametrize(('variant', 'strides'), [('v1', (2, 1)), ('v1.5', (1, 2))])
def test_variants_stride_in_different_convolutions(variant, strides):
    encoder = ResNet50(32, variant)
    for layer in (encoder.layer2, encoder.layer3, encoder.layer4):
        assert (layer[0].conv1.stride[0], layer[0].conv2.stride[0]) == strides


@pytest.mark.parametrize('variant', ['v1', 'v1.5'])
def test_dilation_keeps_what_published_weights_compute(variant):
    # Stride 1 with dilated filters gives the strided network's map, and the pixels between.
    coarse, fine = randomized(ResNet50(32, variant)), ResNet50(8, variant).eval()
    fine.load_state_dict(coarse.state_dict())
    image = torch.randn(1, 3, 128, 128)
    with torch.inference_mode():
        expected, found = coarse(image)[-1], fine(image)[-1]
    assert expected.std() > 0
    torch.testing.assert_close(found[..., ::4, ::4], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'output_stride': 4}, r'output_stride is 4, expected of \(8, 16, 32\)'),
        ({'variant': 'v2'}, r"variant is 'v2', expected of \('v1', 'v1.5'\)"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        ResNet50(**options)


def test_classifier_and_absent_counters_do_not_matter():
    published = published_state('resnet50')
    encoder = ResNet50()
    encoder.load_pretrained({k: v for k, v in published.items() if 'batches_tracked' not in k})
    assert (encoder.layer4[2].conv3.weight == 1).all()


@pytest.mark.parametrize('key', ['layer3.5.conv2.weight', 'layer1.0.bn1.running_var'])
def test_loading_is_strict(key):
    state = published_state('resnet50')
    with pytest.raises(RuntimeError, match='Unexpected key'):
        ResNet50().load_pretrained({**state, f'{key}.more': torch.ones(1)})
    del state[key]
    with pytest.raises(RuntimeError, match='Missing key'):
        ResNet50().load_pretrained(state)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason=f'{PUBLISHED} is not there')
def test_published_weights_load():
    from safetensors.torch import load_file

    state = {key: value.float() for key, value in load_file(PUBLISHED).items()}
    encoder = ResNet50()
    encoder.load_pretrained(state)
    assert torch.equal(encoder.layer4[2].conv3.weight, state['layer4.2.conv3.weight'])
