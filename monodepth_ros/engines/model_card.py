"""Shipped weights are those that their model card names by sha256."""

from __future__ import annotations

from pathlib import Path
import re

from monodepth_ros.engines.cache import file_digest
from monodepth_ros.errors import CheckpointError

DIGEST_LINE = re.compile(r'^\| sha256 \| `([0-9a-f]{64})` \|$', re.MULTILINE)
"""The row of a card's first table that holds the digest."""
REMEDY = 'install the package again, or give the path of a .safetensors file of your own'


def read_digest(card: Path) -> str:
    """Return the sha256 that a model card states.

    Raises:
        CheckpointError: no such card, or not exactly one digest in it.

    """
    try:
        text = card.read_text(encoding='utf-8')
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f'model card {card} of shipped weights cannot be read ({error}); {REMEDY}'
        ) from None
    found = DIGEST_LINE.findall(text)
    if len(found) != 1:
        raise CheckpointError(
            f'model card {card} states {len(found)} sha256, expected one line '
            f"'| sha256 | `64 hexadecimal digits` |'; {REMEDY}"
        )
    return found[0]


def verify(path: Path) -> None:
    """Compare a shipped weight file with the sha256 in the card beside it.

    Raises:
        CheckpointError: the card is missing or has no digest, or the file is another one.

    """
    expected = read_digest(path.with_suffix('.md'))
    # The engines' caches need this digest as well: it is computed once for both.
    try:
        actual = file_digest(path)
    except OSError as error:
        raise CheckpointError(
            f'shipped weights {path} cannot be read ({error}); {REMEDY}'
        ) from None
    if actual != expected:
        raise CheckpointError(
            f'shipped weights {path} have sha256 {actual}, but their model card says {expected}: '
            f'the file is damaged or was replaced; {REMEDY}'
        )
