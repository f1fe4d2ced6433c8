"""Shipped weights are loaded only as their model card names them."""

import hashlib

from monodepth_ros.engines import factory
from monodepth_ros.engines.factory import create_engine, resolve_model, shipped_models
from monodepth_ros.engines.model_card import read_digest
from monodepth_ros.errors import CheckpointError
import pytest

# FIPS 180-2, appendix B.1.
ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
CARD = f'# light\n\n| | |\n|---|---|\n| File | `light` |\n| sha256 | `{ABC}` |\n\n## Data\n'


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """Ship a file that holds `abc`, with its card."""
    monkeypatch.setattr(factory, 'WEIGHTS', tmp_path)
    path = tmp_path / 'light.safetensors'
    path.write_bytes(b'abc')
    path.with_suffix('.md').write_text(CARD)
    return path


def refused(model='light'):
    """Return the message, of one line, with which a model is refused."""
    with pytest.raises(CheckpointError, match='install the package again') as caught:
        create_engine(model, engine='torch', device='cpu')
    message = str(caught.value)
    assert '\n' not in message
    return message


def test_every_shipped_file_is_the_one_on_its_card():
    assert shipped_models()
    for name in shipped_models():
        path = resolve_model(name)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f'\n| sha256 | `{digest}` |\n' in path.with_suffix('.md').read_text()


def test_the_file_on_the_card_is_taken(weights):
    assert resolve_model('light') == weights
    assert read_digest(weights.with_suffix('.md')) == ABC


def test_another_file_under_a_shipped_name_is_refused(weights):
    resolve_model('light')
    weights.write_bytes(b'abd')
    message = refused()
    assert str(weights) in message and ABC in message
    assert hashlib.sha256(b'abd').hexdigest() in message


def test_missing_card(weights):
    weights.with_suffix('.md').unlink()
    assert f'{weights.with_suffix(".md")} of shipped weights cannot be read' in refused()


@pytest.mark.parametrize(
    ('card', 'count'),
    [
        ('# light\n', 0),
        (CARD.replace(ABC, ABC[:-1]), 0),
        (CARD.replace(ABC, ABC.upper()), 0),
        (CARD.replace('| sha256', '| md5'), 0),
        (CARD.replace('| sha256', 'see | sha256'), 0),
        (CARD + f'| sha256 | `{"0" * 64}` |\n', 2),
    ],
)
def test_card_without_one_digest(weights, card, count):
    weights.with_suffix('.md').write_text(card)
    assert f'states {count} sha256, expected one line' in refused()


def test_card_that_is_no_text(weights):
    weights.with_suffix('.md').write_bytes(b'\xff\xfe' + CARD.encode())
    assert 'cannot be read' in refused()


def test_a_path_is_a_file_of_the_users_own(weights):
    weights.with_suffix('.md').unlink()
    assert resolve_model(str(weights)) == weights
