"""A mailbox with one place: the newest item wins, so that a slow reader is never behind."""

from __future__ import annotations

import threading
from typing import Generic, Optional, TypeVar

Item = TypeVar('Item')


class Mailbox(Generic[Item]):
    """Hand items from one thread to another; an item that was not taken in time is replaced."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Optional[Item] = None
        self._closed = False

    def put(self, item: Item) -> Optional[Item]:
        """
        Leave an item and return the older one that it replaces, or None.

        After `close` the item itself comes back: it will never be taken.
        """
        with self._changed:
            if self._closed:
                return item
            replaced, self._item = self._item, item
            self._changed.notify()
            return replaced

    def take(self) -> Optional[Item]:
        """Wait for an item and return it; return None once the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Wake the reader for good and forget an item that was not taken; twice is safe."""
        with self._changed:
            self._closed = True
            self._item = None
            self._changed.notify_all()
