"""Facts of a checkpoint: what is accepted, and what is refused with which words."""

import json

from doubles import make_facts
from monodepth_ros.errors import CheckpointError
from monodepth_ros.facts import ModelFacts
import pytest


def test_facts_survive_json():
    facts = make_facts(
        options={'skips': True},
        training={'epochs': 3},
        metrics={'nyu': {'a': 1}},
        activation_ranges={'/network/conv': (-0.5, 6.0)},
    )
    again = ModelFacts.from_dict(json.loads(json.dumps(facts.to_dict())))
    assert again == facts
    assert isinstance(again.classes, tuple)
    assert again.colors[0] == (255, 0, 0)


def test_optional_facts():
    values = make_facts().to_dict()
    for key in ('outputs', 'training', 'metrics', 'activation_ranges'):
        del values[key]
    facts = ModelFacts.from_dict(values)
    assert facts.outputs == ('depth', 'semantic')
    assert facts.training == facts.metrics == facts.activation_ranges == {}


def test_missing_facts_are_named():
    values = make_facts().to_dict()
    del values['focal_length'], values['classes']
    with pytest.raises(CheckpointError, match=r"lack \['classes', 'focal_length'\]"):
        ModelFacts.from_dict(values)


def test_a_network_without_labels_needs_no_classes():
    values = {**make_facts().to_dict(), 'classes': [], 'colors': [], 'outputs': ['depth']}
    assert ModelFacts.from_dict(values).classes == ()
    with pytest.raises(CheckpointError, match='0 classes .* expected 1..255'):
        ModelFacts.from_dict({**values, 'outputs': ['depth', 'semantic']})


def test_unknown_facts_are_named():
    with pytest.raises(CheckpointError, match='focal_lenght'):
        ModelFacts.from_dict({**make_facts().to_dict(), 'focal_lenght': 1.0})


@pytest.mark.parametrize('values', [None, [], 'facts'])
def test_facts_are_an_object(values):
    with pytest.raises(CheckpointError, match='expected an object'):
        ModelFacts.from_dict(values)


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('input_width', 0),
        ('input_height', 'high'),
        ('focal_length', -1.0),
        ('focal_length', float('nan')),
        ('max_depth', float('inf')),
        ('max_depth', 0.5),
        ('mean', [1.0, 2.0]),
        ('std', [1.0, 0.0, 1.0]),
        ('std', None),
        ('classes', 'wall'),
        ('classes', ['wall']),
        ('classes', []),
        ('colors', [[0, 0, 0]]),
        ('colors', [[0, 0, 256]] * 4),
        ('colors', [[0, 0]] * 4),
        ('outputs', []),
        ('outputs', ['depth', 'normals']),
        ('network', 7),
        ('options', []),
        ('training', 'long'),
    ],
)
def test_bad_facts_are_refused(key, value):
    with pytest.raises(CheckpointError, match='model fact'):
        ModelFacts.from_dict({**make_facts().to_dict(), key: value})


def test_an_error_is_that_of_the_depth():
    assert 'error' in make_facts(outputs=('depth', 'error')).outputs
    with pytest.raises(CheckpointError, match="'error' of no 'depth'"):
        make_facts(outputs=('semantic', 'error'))


@pytest.mark.parametrize('ends', [(1.0, 0.0), (float('nan'), 1.0), (0.0, float('inf'))])
def test_ranges_that_are_none_are_named(ends):
    values = {**make_facts().to_dict(), 'activation_ranges': {'/network/conv': ends}}
    with pytest.raises(CheckpointError, match="'/network/conv' .* expected low <= high"):
        ModelFacts.from_dict(values)
