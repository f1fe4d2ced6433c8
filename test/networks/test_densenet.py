"""DenseNet-169: published names and sizes, strides; the blocks on numbers worked out by hand."""

from monodepth_ros.networks.densenet import DenseBlock, DenseNet169, Transition
from published import count_parameters, published_shapes, published_state, shapes_of
import pytest
import torch


def identity_norms(module):
    """Make all batch norms of a module in evaluation mode the identity, and zero all filters."""
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.eps = 0.0
        elif isinstance(part, torch.nn.Conv2d):
            torch.nn.init.zeros_(part.weight)
    return module.eval()


def test_names_and_shapes_are_the_published_ones():
    published = published_shapes('densenet169')
    head = {key: published.pop(key) for key in ('classifier.weight', 'classifier.bias')}
    assert head == {'classifier.weight': (1000, 1664), 'classifier.bias': (1000,)}
    assert shapes_of(DenseNet169()) == published


def test_parameter_count():
    # torchvision's documents say 14,149,480 for the classifier.
    assert count_parameters(DenseNet169()) + 1664 * 1000 + 1000 == 14_149_480


def test_maps_have_the_declared_channels_and_strides():
    encoder = DenseNet169().eval()
    with torch.inference_mode():
        features = encoder(torch.randn(1, 3, 64, 96))
    assert [f.shape[1] for f in features] == list(encoder.channels)
    assert [f.shape[2:] for f in features] == [(64 // s, 96 // s) for s in encoder.strides]
    assert list(encoder.strides) == [2, 4, 8, 16, 32]
    assert (features[0] >= 0).all() and (features[-1] >= 0).all()


def test_dense_block_on_two_pixels():
    # Growth 1, so a bottleneck of 4, of which the first channel is used. Layer 1 sees x alone and
    # takes 2 x; layer 2 sees (x, first) and takes x + 10 first: what is negative is cut off before
    # each convolution. The 3 x 3 filters take the pixel itself, and in layer 2 its left one too.
    block = identity_norms(DenseBlock(2, 1, growth=1))
    with torch.no_grad():
        block.denselayer1.conv1.weight[0, 0] = 2.0
        block.denselayer1.conv2.weight[0, 0, 1, 1] = 1.0
        block.denselayer2.conv1.weight[0, :, 0, 0] = torch.tensor([1.0, 10.0])
        block.denselayer2.conv2.weight[0, 0, 1, :2] = torch.tensor([100.0, 1.0])
        found = block(torch.tensor([[[[3.0, -1.0, 1.0]]]]))
    # Layer 1: 2 x max(x, 0). Layer 2: bottleneck b = max(x, 0) + 10 first; b + 100 b of the left.
    first = [6.0, 0.0, 2.0]
    second = [63.0, 0.0 + 100 * 63.0, 21.0 + 100 * 0.0]
    assert found[0, :, 0].tolist() == [[3.0, -1.0, 1.0], first, second]


def test_a_layer_normalises_before_it_cuts_off():
    block = identity_norms(DenseBlock(1, 1, growth=1))
    layer = block.denselayer1
    with torch.no_grad():
        layer.conv1.weight[0, 0] = 1.0
        layer.conv2.weight[0, 0, 1, 1] = 1.0
        layer.norm1.running_mean[:] = 2.0
        layer.norm2.weight[:] = 3.0
        layer.norm2.bias[:] = -1.0
        found = block(torch.tensor([[[[5.0, 1.0]]]]))
    # 3 (max(5 - 2, 0)) - 1 = 8; max(1 - 2, 0) = 0 and 3 x 0 - 1 is cut off.
    assert found[0, 1, 0].tolist() == [8.0, 0.0]


def test_transition_halves_channels_and_size():
    block = identity_norms(Transition(2))
    with torch.no_grad():
        block.conv.weight[0, :, 0, 0] = torch.tensor([1.0, 10.0])
        x = torch.tensor(
            [[[[1.0, 2, 9], [-3, 5, 9], [9, 9, 9]], [[0.0, 0, 9], [0, 4, 9], [9, 9, 9]]]]
        )
        found = block(x)
    # (1 + 2 + 0 + 5) / 4 + 10 x 4 / 4; the odd row and column fall away.
    assert found.shape == (1, 1, 1, 1) and found.item() == 12.0


def old_names(state):
    """Return a state dict as torchvision's file of 2017 spells it, which has no counters."""
    renamed = {}
    for key, value in state.items():
        if '.denselayer' in key:
            for part in ('norm', 'conv'):
                for number in '12':
                    key = key.replace(f'.{part}{number}.', f'.{part}.{number}.')
        if 'batches_tracked' not in key:
            renamed[key] = value
    return renamed


def test_older_published_names_load():
    state = old_names(published_state('densenet169'))
    assert 'features.denseblock4.denselayer32.conv.2.weight' in state
    encoder = DenseNet169()
    encoder.load_pretrained(state)
    weights = {k: v for k, v in encoder.state_dict().items() if 'batches_tracked' not in k}
    assert all((value == 1).all() for value in weights.values())


@pytest.mark.parametrize(
    'key',
    ['features.denseblock3.denselayer7.conv1.weight', 'features.transition1.norm.running_var'],
)
def test_loading_is_strict(key):
    state = published_state('densenet169')
    with pytest.raises(RuntimeError, match='Unexpected key'):
        DenseNet169().load_pretrained({**state, f'{key}.more': torch.ones(1)})
    del state[key]
    with pytest.raises(RuntimeError, match='Missing key'):
        DenseNet169().load_pretrained(state)
