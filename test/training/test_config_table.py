"""The table of configuration keys is in the documents, and is that of the code."""

from pathlib import Path

from monodepth_ros.training.config import TeacherConfig, TrainConfig
from monodepth_ros.training.config_table import describe_keys, markdown_table
import pytest

DOCUMENT = Path(__file__).parents[2] / 'docs' / 'training.md'


def test_the_document_holds_the_table():
    if not DOCUMENT.exists():
        pytest.skip('no documents in this checkout')
    assert markdown_table() in DOCUMENT.read_text()


def test_every_key_has_a_row():
    rows = [line.split(' | ') for line in markdown_table().splitlines()[2:]]
    shown = [row[0].strip('| `') for row in rows]
    assert len(shown) == len(set(shown))
    assert {'network', 'seed', 'loss.focal', 'teacher.checkpoint', 'augment.flip'} <= set(shown)
    for name, value in TrainConfig('n').to_dict().items():
        keys = [f'{name}.{key}' for key in value] if isinstance(value, dict) else []
        assert {name, *keys} <= set(shown)
    defaults = {name: row[1] for name, row in zip(shown, rows, strict=True)}
    assert defaults['network'] == 'required'
    assert defaults['epochs'] == '`20`'
    assert defaults['cache'] == '`true`'
    assert defaults['teacher.checkpoint'] == 'none'
    assert defaults['loss.focal'] == 'usual'


def test_meanings_are_joined_over_lines():
    class Config:
        """A class.

        Attributes:
            first: what it is,
                and on.
            second: short.

        """

    assert describe_keys(Config) == {'first': 'what it is, and on.', 'second': 'short.'}
    assert set(describe_keys(TeacherConfig)) == {'checkpoint', 'depth', 'semantic', 'temperature'}
