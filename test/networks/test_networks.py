"""What every network of the registry does, and what the dual-branch options change."""

import math

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.dense_depth import DenseDepthNetwork
from monodepth_ros.networks.deploy import DeploymentGraph
from monodepth_ros.networks.output import relative_error
from monodepth_ros.networks.registry import create_network, NETWORKS
import pytest
import torch

CLASSES = 5
LIGHT = 'dual_efficientnet_lite0'
VARIATIONS = [
    *((name, {}) for name in sorted(NETWORKS)),
    (LIGHT, {'up_skips': False}),
    (LIGHT, {'up_skips': 'direct'}),
    (LIGHT, {'up_skips': 'semantic'}),
    (LIGHT, {'lateral_sharing': False}),
    (LIGHT, {'encoder_skips': False}),
    (LIGHT, {'widths': [16, 8, 8]}),
    (LIGHT, {'branches': ['semantic']}),
    ('dual_resnet50', {'output_stride': 16}),
    ('dual_resnet50', {'encoder_skips': True, 'output_stride': 32, 'variant': 'v1.5'}),
    ('densedepth_efficientnet_lite0', {'widths': [8, 8, 8, 8], 'reciprocal_range': 80}),
    (LIGHT, {'global_context': True}),
    (LIGHT, {'error': True}),
    (LIGHT, {'error': True, 'up_skips': 'semantic', 'widths': [16, 8, 8]}),
    (LIGHT, {'error': True, 'branches': ['depth'], 'up_skips': 'direct'}),
    ('densedepth_efficientnet_lite0', {'widths': [8, 8, 8, 8], 'error': True}),
    ('densedepth_efficientnet_lite0', {'widths': [8, 8, 8, 8], 'global_context': True}),
]


def make(name, options):
    torch.manual_seed(0)
    return create_network(name, classes=CLASSES, **options)


@pytest.fixture(scope='class', params=VARIATIONS, ids=lambda v: f'{v[0]}-{v[1]}')
def network(request):
    return make(*request.param)


def maps(output):
    """Return the maps that the network has, with the channels that each should have."""
    channels = {'depth': 1, 'semantic': CLASSES, 'error': 1}
    return [(getattr(output, n), c) for n, c in channels.items() if getattr(output, n) is not None]


class TestEveryNetwork:
    """What holds for every network."""

    def test_outputs_are_those_declared(self, network):
        network.eval()
        with torch.inference_mode():
            output = network(torch.zeros(1, 3, 32, 32))
        present = {name for name in output._fields if getattr(output, name) is not None}
        assert present == set(network.outputs) != set()

    @pytest.mark.parametrize('size', [(32, 96), (72, 104), (65, 33)])
    def test_any_resolution(self, network, size):
        network.eval()
        with torch.inference_mode():
            output = network(torch.randn(1, 3, *size))
        if isinstance(network, DenseDepthNetwork):
            size = (math.ceil(size[0] / 2), math.ceil(size[1] / 2))
        for found, channels in maps(output):
            assert found.shape == (1, channels, *size)
            assert torch.isfinite(found).all()

    def test_evaluation_is_deterministic(self, network):
        network.eval()
        image = torch.randn(1, 3, 32, 32)
        with torch.inference_mode():
            first, second = maps(network(image)), maps(network(image))
        assert all(torch.equal(a, b) for (a, _), (b, _) in zip(first, second, strict=True))

    def test_backward_reaches_every_parameter(self, network):
        network.train()
        network.zero_grad()
        side = max(32, 2 * network.encoder.strides[-1])  # more than one value for a batch norm
        output = network(torch.randn(2, 3, side, side))
        sum(found.square().mean() for found, _ in maps(output)).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            assert parameter.grad.any(), name

    def test_deployment_graph(self, network):
        graph = DeploymentGraph(network, network.encoder.mean, network.encoder.std).eval()
        images = torch.randint(0, 256, (2, 32, 64, 3), dtype=torch.uint8)
        with torch.inference_mode():
            depth, label, confidence, *rest = graph(images)
        assert len(rest) == ('error' in network.outputs)
        assert depth.shape == label.shape == confidence.shape == (2, 32, 64)
        assert depth.dtype == torch.float32
        assert label.dtype == confidence.dtype == torch.uint8
        if 'depth' in network.outputs:
            assert torch.isfinite(depth).all() and (depth > 0).all()
        else:
            assert depth.isnan().all()
        if 'semantic' in network.outputs:
            assert (label < CLASSES).all()
        else:
            assert (label == 255).all() and not confidence.any()


@pytest.mark.filterwarnings('ignore::torch.jit.TracerWarning', 'ignore::DeprecationWarning')
@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_traced_graph_gives_the_same(name):
    network = make(name, {})
    graph = DeploymentGraph(network, network.encoder.mean, network.encoder.std).eval()
    example, images = torch.randint(0, 256, (2, 1, 32, 64, 3), dtype=torch.uint8)
    with torch.no_grad(), torch.jit.optimized_execution(False):
        traced = torch.jit.trace(graph, example, check_trace=False)
        for found, expected in zip(traced(images), graph(images), strict=True):
            torch.testing.assert_close(found, expected, equal_nan=True)


@pytest.mark.parametrize('sharing', [True, False])
def test_branches_meet_only_in_sharing_units(sharing):
    network = make(LIGHT, {'lateral_sharing': sharing}).eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        before = network(image)
        # So large that an untrained network passes on more of it than rounding takes.
        torch.nn.init.normal_(network.branch['semantic'].up[0].up.weight, std=1e6)
        after = network(image)
    assert not torch.equal(before.semantic, after.semantic)
    assert torch.equal(before.depth, after.depth) is not sharing


@pytest.mark.parametrize(
    ('skips', 'connected'),
    [
        (True, ['depth', 'semantic']),
        ('direct', ['depth', 'semantic']),
        ('semantic', ['semantic']),
        (False, []),
    ],
)
def test_up_skips_connect_the_bottleneck_to_the_output(skips, connected):
    # With all up-convolutions silent, only the up-skip of the encoder's output is left.
    network = make(LIGHT, {'up_skips': skips, 'encoder_skips': False}).eval()
    for branch in network.branch.values():
        for up in branch.up:
            torch.nn.init.zeros_(up.norm.weight)
    output = run_decoder(network, random_maps(network))
    spread = {name: getattr(output, name).std(dim=(2, 3)).mean() for name in network.branch}
    assert [name for name, value in spread.items() if value > 0.01] == connected


@pytest.mark.parametrize('skips', [True, False])
def test_encoder_skips_bring_fine_maps_into_the_decoder(skips):
    network = make(LIGHT, {'encoder_skips': skips}).eval()
    features = random_maps(network)
    before = run_decoder(network, features)
    after = run_decoder(network, [*(2 * f + 1 for f in features[:-1]), features[-1]])
    assert torch.equal(before.depth, after.depth) is not skips


def random_maps(network):
    """Return maps as an encoder gives them for a 64 x 64 image."""
    encoder = network.encoder
    sizes = zip(encoder.channels, encoder.strides, strict=True)
    return [torch.randn(1, channels, 64 // stride, 64 // stride) for channels, stride in sizes]


def run_decoder(network, features):
    """Return what the network makes of the given maps."""
    network.encoder.forward = lambda image: features
    with torch.inference_mode():
        return network(torch.zeros(1, 3, 64, 64))


def test_raw_depth_is_the_logarithm_of_metres():
    raw = torch.tensor([math.log(2.0), 0.0, -1e4, 1e4])
    metres = make(LIGHT, {}).metres(raw)
    torch.testing.assert_close(metres, torch.tensor([2.0, 1.0, 0.01, 1000.0]))
    assert make(LIGHT, {}).metres(raw.half()).dtype == torch.float32


def test_unknown_network_lists_the_choices():
    with pytest.raises(ConfigError, match=f"unknown network 'unet'; known: .*{LIGHT}"):
        create_network('unet', classes=3)


@pytest.mark.parametrize(
    'options',
    [
        {'dropout': 0.5},
        {'widths': [8, 8]},
        {'widths': [8, 8, 0]},
        {'widths': 8},
        {'branches': []},
        {'branches': ['normals']},
        {'up_skips': 'stepwise'},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        make(LIGHT, options)


@pytest.mark.parametrize('branch', ['depth', 'semantic'])
def test_single_branch_is_what_its_name_says(branch):
    assert make(f'{branch}_resnet50', {'widths': [8, 8, 8]}).outputs == (branch,)
    with pytest.raises(ConfigError, match=f"{branch}_resnet50' cannot take .*branches"):
        make(f'{branch}_resnet50', {'branches': ['depth', 'semantic']})


def test_every_network_of_the_seeds_is_there():
    assert set(NETWORKS) == {
        'densedepth169',
        'densedepth_efficientnet_lite0',
        'depth_resnet50',
        'dual_efficientnet_lite0',
        'dual_resnet50',
        'semantic_resnet50',
    }


def test_missing_class_count_is_refused():
    with pytest.raises(ConfigError, match='classes'):
        create_network(LIGHT)


@pytest.mark.parametrize('name', [LIGHT, 'densedepth_efficientnet_lite0'])
def test_the_error_head_changes_nothing_else(name):
    options = {'widths': [8, 8, 8, 8]}
    plain, careful = make(name, options), make(name, {**options, 'error': True})
    missing, unexpected = careful.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected and all(key.startswith('error.') for key in missing)
    image = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        before, after = plain.eval()(image), careful.eval()(image)
    torch.testing.assert_close(after.depth, before.depth)
    assert before.error is None
    # Untrained it says 15 % everywhere.
    torch.testing.assert_close(relative_error(after.error), torch.full_like(after.error, 0.15))


@pytest.mark.parametrize('name', [LIGHT, 'densedepth_efficientnet_lite0'])
def test_nothing_else_learns_from_the_error(name):
    network = make(name, {'widths': [8, 8, 8, 8], 'error': True})
    network(torch.randn(2, 3, 64, 64)).error.square().sum().backward()
    learned = {key for key, p in network.named_parameters() if p.grad is not None and p.grad.any()}
    assert learned and all(key.startswith('error.') for key in learned)


def test_an_error_of_no_depth_is_refused():
    with pytest.raises(ConfigError, match='error is true, but there is no depth branch'):
        make(LIGHT, {'branches': ['semantic'], 'error': True})


@pytest.mark.parametrize(
    ('raw', 'error'), [(0.0, 1.0), (-2.302585, 0.1), (-50.0, 1e-3), (9, 10.0)]
)
def test_relative_error_is_limited(raw, error):
    assert relative_error(torch.tensor(raw)).item() == pytest.approx(error)
