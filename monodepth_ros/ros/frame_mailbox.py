"""How frames go from thread to thread: the newest wins, or the giver waits; never a queue."""

from __future__ import annotations

import threading
from typing import Generic, Hashable, Optional, TypeVar

Item = TypeVar('Item')


class Mailbox(Generic[Item]):
    """
    Hand over the newest item of each sender, so that a slow reader is never behind.

    Every sender has one place; an item that was not taken in time is replaced.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._items: dict[Hashable, Item] = {}
        self._closed = False

    def put(self, sender: Hashable, item: Item) -> Optional[Item]:
        """
        Leave an item and return the sender's older one that it replaces, or None.

        After `close` the item itself comes back: it will never be taken.
        """
        with self._changed:
            if self._closed:
                return item
            replaced = self._items.get(sender)
            self._items[sender] = item
            self._changed.notify()
            return replaced

    def take(self) -> list[Item]:
        """
        Wait for an item; return one of each sender that has left some, or [] once closed.

        The sender that has waited longest comes first.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._items)
            items, self._items = list(self._items.values()), {}
            return items

    def close(self) -> None:
        """Wake the reader for good and forget what was not taken; twice is safe."""
        with self._changed:
            self._closed = True
            self._items = {}
            self._changed.notify_all()


class Handover(Generic[Item]):
    """Hand over every item in order; the giver waits until the reader has taken it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Optional[Item] = None
        self._closed = False

    def put(self, item: Item) -> None:
        """Leave an item and wait until it has been taken."""
        with self._changed:
            self._item = item
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._item is None)

    def take(self) -> Optional[Item]:
        """Wait for an item and return it; return None once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def close(self) -> None:
        """Let the reader end; for the giver, which puts nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
