"""The table of the training configuration's keys, from the docstrings of its dataclasses."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing

from monodepth_ros.training.config import TrainConfig

HEAD = '| Key | Default | Meaning |\n|---|---|---|\n'


def markdown_table() -> str:
    """Return the table of all keys, those of the groups after the plain ones."""
    return HEAD + ''.join(_rows(TrainConfig, ''))


def describe_keys(kind: type) -> dict[str, str]:
    """Return what the section Attributes of a class's docstring says about each."""
    section = inspect.getdoc(kind).partition('Attributes:\n')[2]
    entries = re.findall(r'^ {4}(\w+): (.*(?:\n {8}.*)*)', section, re.MULTILINE)
    return {name: ' '.join(text.split()) for name, text in entries}


def _rows(kind, prefix):
    """Yield the rows of a class's own keys, then of the groups below it."""
    meanings, types = describe_keys(kind), typing.get_type_hints(kind)
    groups = []
    for field in dataclasses.fields(kind):
        name, group = prefix + field.name, _group(types[field.name])
        meaning = meanings[field.name]
        yield f'| `{name}` | {_default(field)} | {meaning[0].upper()}{meaning[1:]} |\n'
        if group is not None:
            mark = '[].' if typing.get_origin(types[field.name]) is tuple else '.'
            groups.append((group, name + mark))
    for group, name in groups:
        yield from _rows(group, name)


def _group(kind):
    """Return the class of a group of keys or of a list of such groups; None for a plain key."""
    for candidate in (kind, *typing.get_args(kind)):
        if dataclasses.is_dataclass(candidate):
            return candidate
    return None


def _default(field):
    """Return a key's default as the table shows it."""
    if field.default_factory is not dataclasses.MISSING:
        return 'none' if field.default_factory is dict else 'below'
    if field.default is dataclasses.MISSING:
        return 'required'
    if field.default is None:
        return 'usual'
    if isinstance(field.default, bool):
        return f'`{str(field.default).lower()}`'
    return 'none' if field.default in ('', ()) else f'`{field.default}`'
