"""What an engine gives is checked before it can become a message."""

from doubles import FormulaEngine, make_facts
from monodepth_ros.errors import EngineError
from monodepth_ros.frames import RawOutput
import numpy as np
import pytest

IMAGES = np.full((2, 32, 64, 3), 100, np.uint8)


class WrongEngine(FormulaEngine):
    """Change one of the maps."""

    def __init__(self, changes, facts=None):
        super().__init__(facts)
        self._changes = changes

    def _infer(self, images):
        maps = vars(super()._infer(images))
        if 'error' in self._changes:
            maps = {**maps, 'error': maps['depth'] / 10}
        return RawOutput(**{name: self._changes.get(name, same)(maps[name]) for name in maps})


def same(values):
    return values


CAREFUL = make_facts(outputs=('depth', 'semantic', 'error'))


@pytest.mark.parametrize('name', ['depth', 'label', 'confidence', 'error'])
@pytest.mark.parametrize(
    'change',
    [
        lambda values: values[:1],
        lambda values: values[0],
        lambda values: values[:, ::2, ::2],
        lambda values: values.transpose(0, 2, 1),
        lambda values: values[..., np.newaxis],
        lambda values: values[:0],
        lambda values: values.astype(np.float64),
        lambda values: values.astype(np.float16),
        lambda values: values.astype(np.int64),
    ],
)
def test_another_shape_or_type_is_an_error(name, change):
    with pytest.raises(EngineError, match=f'gave a {name} of .*expected .*2, 32, 64'):
        facts = CAREFUL if name == 'error' else None
        WrongEngine({name: change}, facts).infer(IMAGES)


def test_an_error_comes_from_a_network_that_predicts_it():
    raw = WrongEngine({'error': same}, CAREFUL).infer(IMAGES)
    np.testing.assert_array_equal(raw.error, raw.depth / 10)
    with pytest.raises(EngineError, match='gave an error of the depth, but .* depth, semantic;'):
        WrongEngine({'error': same}).infer(IMAGES)
    with pytest.raises(EngineError, match='gave no error of the depth, but .* semantic, error;'):
        WrongEngine({}, CAREFUL).infer(IMAGES)


@pytest.mark.parametrize('label', [4, 5, 254])
def test_a_label_without_a_class_is_an_error(label):
    with pytest.raises(EngineError, match=f'label {label}, expected below 4 or 255'):
        WrongEngine(
            {'label': lambda values: np.where(values == 0, np.uint8(label), values)}
        ).infer(IMAGES)


@pytest.mark.parametrize('label', [0, 3, 255])
def test_labels_with_a_class_and_none_pass(label):
    raw = WrongEngine({'label': lambda values: np.full_like(values, label)}).infer(IMAGES)
    assert set(raw.label.flat) == {label}


def test_a_network_without_classes_has_no_label():
    facts = make_facts(classes=(), colors=(), outputs=('depth',))
    changes = {'label': lambda values: np.full_like(values, 255)}
    engine = WrongEngine(changes, make_facts())
    engine.facts = facts
    assert set(engine.infer(IMAGES).label.flat) == {255}
    changes['label'] = np.zeros_like
    with pytest.raises(EngineError, match='label 0'):
        engine.infer(IMAGES)
