"""A process that renders scenes one after another; started by `pool`."""

from __future__ import annotations

import json
import os
from pathlib import Path
import sys
import tempfile

from rooms_app.failure import RoomsFailure


def say(**message) -> None:
    """Tell the parent something, as one line of JSON on the stream that it reads."""
    os.write(REPLIES, (json.dumps(message) + '\n').encode())


REPLIES = 1
"""The descriptor of the replies; Blender's own words go elsewhere."""


def quieten() -> None:
    """Keep Blender's words out of the replies."""
    global REPLIES
    REPLIES = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)


def main(text: str) -> int:
    """Render the scenes of an order; return the exit status."""
    order = json.loads(text)
    quieten()
    # Only now, for these imports load Blender.
    from rooms_app import scenes
    from rooms_app.dataset import Folder

    folder = Folder(Path(order['out']))
    with tempfile.TemporaryDirectory(prefix='rooms_') as scratch:
        job = scenes.Job(
            tuple(order['size']),
            order['views'],
            order['samples'],
            order['threads'],
            Path(scratch) / 'view.exr',
            order['boxes'],
        )
        render = _renderer(order, folder, job)
        for seed in order['seeds']:
            try:
                say(done=seed, views=render(seed))
            except RoomsFailure as failure:
                say(failed=str(failure))
                return 1
    return 0


def _renderer(order, folder, job):
    """Return a function that renders the views of a seed and returns their number."""
    from rooms_app import assets, scenes
    from rooms_app.catalog import read_catalog
    from rooms_app.walks import WALKS

    if order['world']:
        path, name = Path(order['world']), order['name']
        return lambda seed: scenes.render_world(seed, path, name, folder, job)
    root = Path(order['assets'])
    models, files = read_catalog(root), assets.texture_files(root)
    if order['sequence']:
        kind, how = order['kind'] or 'living', WALKS[order['sequence']]
        return lambda seed: scenes.render_sequence(seed, models, folder, job, kind, how)
    return lambda seed: scenes.render_room(seed, models, files, folder, job, order['kind'])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
