"""One at a time: runs that begin together do not fill the cache together."""

from __future__ import annotations

from contextlib import contextmanager, ExitStack, suppress
import fcntl
from pathlib import Path
from typing import Iterator

from rooms_app.failure import RoomsFailure


@contextmanager
def alone(cache: Path) -> Iterator[None]:
    """
    Hold the cache, after those who came before; a process that ends lets it go.

    Where it cannot be written to it is not held: nobody fills it.

    Raises:
        RoomsFailure: there is no such folder, and none can be made.

    """
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RoomsFailure(f'{cache}: {error.strerror}; choose another --cache') from error
    with ExitStack() as held:
        with suppress(PermissionError):
            file = held.enter_context((cache / 'lock').open('w'))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f'another run fills {cache}; this one waits', flush=True)
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
