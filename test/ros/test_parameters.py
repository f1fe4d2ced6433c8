"""The parameter table, and the files that must agree with it."""

from pathlib import Path

from monodepth_ros.pipeline.predictor import PredictorOptions
from monodepth_ros.ros import parameters
from monodepth_ros.ros.parameters import BY_NAME, SPECS
import pytest
from rclpy.parameter import Parameter
import yaml

ROOT = Path(__file__).parents[2]
DEFAULTS = {spec.name: spec.default for spec in SPECS}


def flat(tree, prefix=''):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value


def test_the_shipped_file_holds_every_default():
    tree = yaml.safe_load((ROOT / 'config' / 'monodepth.yaml').read_text())
    values = dict(flat(tree['/**']['ros__parameters']))
    assert values == DEFAULTS
    assert {k: type(v) for k, v in values.items()} == {k: type(v) for k, v in DEFAULTS.items()}


def test_the_shipped_file_explains_every_parameter():
    lines = (ROOT / 'config' / 'monodepth.yaml').read_text().splitlines()
    for name, spec in BY_NAME.items():
        key = name.split('.')[-1]
        at = next(i for i, line in enumerate(lines) if line.strip().startswith(f'{key}:'))
        comment = ' '.join((lines[at - 2], lines[at - 1]))
        assert lines[at - 1].strip().startswith('#'), name
        assert f'({spec.changes})' in comment, name


def test_the_readme_holds_the_table():
    readme = ROOT / 'README.md'
    if not readme.exists():
        pytest.skip('no README in this checkout')
    assert parameters.markdown_table() in readme.read_text()


def test_defaults_are_valid_and_described():
    for spec in SPECS:
        assert spec.refusal(spec.default) is None, spec.name
        assert len(spec.description) > 15 and spec.description.endswith('.'), spec.name
        assert isinstance(spec.default, (bool, int, float, str, list))
        if not isinstance(spec.default, (bool, str, list)):
            assert spec.minimum is not None, f'{spec.name} has no range'


def test_defaults_are_the_pipelines():
    unlimited = PredictorOptions(max_range=parameters.BEYOND_ALL)
    assert parameters.predictor_options(DEFAULTS) == unlimited


def test_defaults_survive_a_dump_and_a_load():
    numbers = [spec.default for spec in parameters.SPECS if isinstance(spec.default, float)]
    assert numbers and all(yaml.safe_load(str(number)) == number for number in numbers)


@pytest.mark.parametrize(
    'name, good, bad',
    [
        ('device', ['auto', 'cpu', 'cuda', 'cuda:3'], ['gpu', 'cuda:', 'cuda:x', '', 'CPU']),
        ('depth.encoding', ['32FC1', '16UC1'], ['32fc1', '']),
        ('depth.metric_scaling', ['resample', 'scale', 'none'], ['auto']),
        ('output_resolution', ['input', 'network'], ['full']),
        ('image_transport', ['raw', 'compressed'], ['theora']),
        ('max_rate', [0.0, 7.5, 1000.0], [-1.0, float('nan'), float('inf')]),
        ('precision', ['auto', 'float16'], ['fp16']),
        ('input_reliability', ['best_effort', 'reliable'], ['BEST_EFFORT']),
        ('depth.max_error', [0.0, 0.25], [-0.1, 11.0, float('nan')]),
        ('depth.temporal_filter', [0.0, 0.5], [-1.0, 11.0]),
        ('depth.color_range', [0.5, 1000.0], [0.0, float('inf')]),
        ('point_cloud.exclude', [[''], ['floor', 'wall'], []], [['floor', 'floor']]),
        ('small.max_width', [1, 400], [0, 4097]),
        ('point_cloud.stride', [1, 64], [0, 65, -1]),
        ('max_input_pixels', [1024], [1023]),
        ('depth.max_range', [0.5, float('inf')], [-1.0, float('nan')]),
        ('segmentation.confidence_threshold', [0.0, 1.0], [1.01, -0.01]),
        (
            'cameras',
            [[''], ['front'], ['front', 'rear'], ['', 'top/left'], ['/robot/front'], []],
            [['front', 'front'], ['a b'], ['front/'], ['2'], ['a//b'], ['front', '/']],
        ),
        ('pipeline_depth', [1, 2], [0, 3]),
        ('depth.scale', [0.01, 1.0, 100.0], [0.0, -1.0, float('nan')]),
        ('camera.height', [0.0, 1.3], [-0.1, float('inf')]),
        ('camera.pitch', [-90.0, 12.5], [91.0]),
        (
            'scale.source',
            ['auto', 'none', 'ground', 'points,ground'],
            ['', 'lidar', 'ground,ground'],
        ),
        ('scale.ground_classes', [['floor'], ['floor', 'floor mat']], [['floor', 'floor'], ['']]),
        ('scale.points_topic', ['scan', '/front/scan', '~/scan'], ['', 'a b', '2', 'a//b', 'a/']),
        ('scale.time_constant', [0.1, 60.0], [0.0, float('nan')]),
        (
            'scale.limits',
            [[0.5, 2.0], [0.01, 100.0]],
            [[2.0, 0.5], [1.0, 1.0], [0.5], [], [0.5, 1.0, 2.0], [0.0, 2.0], [0.5, float('nan')]],
        ),
        ('model', ['a', '/b/c d.safetensors'], ['', ' ']),
    ],
)
def test_values(name, good, bad):
    for value in good:
        assert BY_NAME[name].refusal(value) is None, value
    for value in bad:
        reason = BY_NAME[name].refusal(value)
        assert name in reason and repr(value) in reason and BY_NAME[name].valid in reason


def refusal(changes, values=DEFAULTS, active=False, fact=lambda name: [name]):
    changes = [Parameter(name, value=value) for name, value in changes.items()]
    return parameters.refusal(changes, values, active, fact)


def test_ranges_are_judged_together():
    assert refusal({'depth.min_range': 2.0, 'depth.max_range': 3.0}) is None
    assert 'less than depth.max_range' in refusal({'depth.min_range': 3.0, 'depth.max_range': 2.0})
    near = {**DEFAULTS, 'depth.max_range': 2.0}
    assert '2.0 m' in refusal({'depth.min_range': 2.0}, near)
    assert refusal({'depth.min_range': 2.0, 'depth.max_range': 3.0}, near) is None


def test_classes_are_those_of_the_model():
    def classes(name):
        return ['floor', 'wall']

    assert refusal({'point_cloud.exclude': ['wall']}, fact=classes) is None
    reason = refusal({'point_cloud.exclude': ['wall', 'sea']}, fact=classes)
    assert reason == "point_cloud.exclude names the class 'sea', expected of: floor, wall"
    assert refusal({'point_cloud.exclude': ['sea']}, fact=lambda name: None) is None
    assert 'gives no labels' in refusal({'point_cloud.exclude': ['sea']}, fact=lambda name: [])


def test_foreign_parameters_are_not_judged():
    assert (
        refusal({'use_sim_time': True, 'qos_overrides./x.publisher.depth': 3}, active=True) is None
    )


@pytest.mark.parametrize('spec', SPECS, ids=lambda spec: spec.name)
def test_change_while_active(spec):
    other = {**DEFAULTS, spec.name: None}
    reason = refusal({spec.name: spec.default}, other, active=True)
    assert (reason is not None) == (spec.changes == parameters.NOT_WHILE_ACTIVE)
    assert refusal({spec.name: spec.default}, active=True) is None
    assert refusal({spec.name: spec.default}, active=False) is None
    assert spec.descriptor().read_only == (spec.changes == parameters.AT_START)


def test_facts_cannot_be_set():
    assert 'model' in refusal({'class_names': ['a']})
    assert refusal({'class_names': ['a']}, fact=lambda name: None) is None
    assert refusal({'class_names': ['a']}, fact=lambda name: ['a']) is None
