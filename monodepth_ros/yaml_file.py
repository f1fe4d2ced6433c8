"""Small YAML files, whoever wrote them: a value or a ValueError, in bounded time and memory."""

from __future__ import annotations

import codecs
from pathlib import Path
import re
from typing import Any, Optional

import yaml

LONGEST = 2**15
"""Bytes; a calibration has about a thousand, and PyYAML needs up to 400 times the bytes."""
LONGEST_REASON = 200
"""Characters; PyYAML quotes what it stumbles over."""
DEEPEST = 32
"""Brackets in brackets; the time that PyYAML needs grows with the square of that."""
MOST_VALUES = 2**15
"""Values with those that aliases repeat: some lines can stand for more than memory holds."""


def read_yaml(path: Path) -> Any:
    """Return what a file holds, of YAML's plain types.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no YAML, or too much; one line says why.

    """
    return parse_yaml(read_short_text(path))


def read_short_text(path: Path) -> str:
    """Return the text of a file, as `decode_text` reads it.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no text, or longer than `LONGEST`.

    """
    with open(path, 'rb') as file:
        data = file.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise ValueError(f'longer than {LONGEST} bytes')
    return decode_text(data)


def parse_yaml(text: str) -> Any:
    """Return what a text holds, of YAML's plain types; ValueError says in one line why not."""
    try:
        _check_depth(text)
        value = yaml.safe_load(text)
    # Besides YAMLError, what int, float, datetime, dictionaries and recursion raise for nonsense.
    except Exception as error:
        reason = str(error).splitlines() or [type(error).__name__]
        raise ValueError(reason[0][:LONGEST_REASON]) from None
    _check_count(value)
    return value


def decode_text(data: bytes) -> str:
    """Return the text of a file in UTF-8, or in what the mark at its beginning says.

    Editors of Windows write such a mark.

    Raises:
        ValueError: it is no such text.

    """
    marked_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode('utf-16' if marked_16 else 'utf-8-sig')


def number(value: Any) -> Optional[float]:
    """Return the number that a value of a YAML file stands for, None where it is none.

    YAML 1.1 takes 2e-4, which has no dot, for a text.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _check_depth(text):
    """Raise ValueError where too many brackets are open; those in quoted texts count as well."""
    depth = 0
    without_comments = re.sub(r'^[ \t]*#.*$', '', text, flags=re.MULTILINE)
    for bracket in re.findall(r'[][{}]', without_comments):
        depth = depth + 1 if bracket in '[{' else max(depth - 1, 0)
        if depth > DEEPEST:
            raise ValueError(f'more than {DEEPEST} brackets in each other')


def _check_count(value):
    """Raise ValueError where a value has too many parts; one that holds itself has no end."""
    count, waiting = 0, [value]
    while waiting:
        count += 1
        if count + len(waiting) > MOST_VALUES:
            raise ValueError(f'more than {MOST_VALUES} values')
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, (list, tuple, set)):
            waiting += part
