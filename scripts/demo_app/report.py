"""The demo's figures as a file and as a table."""

from __future__ import annotations

import json
from pathlib import Path


def clear(out: Path) -> None:
    """Make the folder for results and take away those of an earlier run."""
    out.mkdir(parents=True, exist_ok=True)
    for path in (
        *out.glob('panel_*.png'),
        out / 'cloud.ply',
        out / 'scale.png',
        out / 'summary.json',
    ):
        path.unlink(missing_ok=True)


def write_summary(out: Path, summary: dict) -> None:
    """Write summary.json."""
    (out / 'summary.json').write_text(json.dumps(summary, indent=2) + '\n')


def _text(value):
    if isinstance(value, dict):
        return ', '.join(f'{key} {_text(item)}' for key, item in value.items()) or 'none'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    return '-' if value is None else str(value)


def table(summary: dict) -> str:
    """Return the summary as lines of name and value; one line a topic."""
    rows = []
    for key, value in summary.items():
        if key == 'topics':
            rows += [(topic, f'{count} messages') for topic, count in value.items()]
        else:
            rows.append((key, _text(value)))
    width = max(len(name) for name, _ in rows)
    return '\n'.join(f'  {name:<{width}}  {value}' for name, value in rows)
