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
    from rooms_app import assets, scenes
    from rooms_app.catalog import read_catalog
    from rooms_app.dataset import Folder

    root = Path(order['assets'])
    models, files = read_catalog(root), assets.texture_files(root)
    folder = Folder(Path(order['out']))
    with tempfile.TemporaryDirectory(prefix='rooms_') as scratch:
        job = scenes.Job(
            tuple(order['size']),
            order['views'],
            order['samples'],
            order['threads'],
            Path(scratch) / 'view.exr',
        )
        for seed in order['seeds']:
            say(begun=seed)
            try:
                say(done=seed, views=scenes.render_room(
                    seed, models, files, folder, job, order['kind']))
            except RoomsFailure as failure:
                say(failed=str(failure))
                return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
