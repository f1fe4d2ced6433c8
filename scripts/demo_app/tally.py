"""Count messages and check their stamps; no ROS in here."""

from __future__ import annotations

from collections import Counter
from typing import Generic, Iterable, TypeVar

Item = TypeVar('Item')


class Tally:
    """What came on each topic."""

    def __init__(self, topics: Iterable[str]):
        self._stamps: dict[str, Counter] = {topic: Counter() for topic in topics}
        self._frame_ids: set[str] = set()

    def add(self, topic: str, stamp_ns: int, frame_id: str) -> bool:
        """Note a message; return whether every topic has now had one with its stamp."""
        self._stamps[topic][stamp_ns] += 1
        self._frame_ids.add(frame_id)
        return all(stamp_ns in stamps for stamps in self._stamps.values())

    def messages(self) -> dict[str, int]:
        """Return the number of messages by topic."""
        return {topic: sum(stamps.values()) for topic, stamps in self._stamps.items()}

    def problems(self, published: set[int]) -> list[str]:
        """
        Return what is wrong with the stamps, in words; nothing where all is well.

        Args:
            published: stamps of the camera's images in nanoseconds.

        """
        found = []
        everywhere = set().union(*self._stamps.values())
        for topic, stamps in self._stamps.items():
            invented = len(stamps.keys() - published)
            repeated = sum(count - 1 for count in stamps.values())
            lost = len(everywhere - stamps.keys())
            for count, what in (
                (invented, 'that no image had'),
                (repeated, 'that came twice'),
                (lost, 'that other topics have are missing'),
            ):
                if count:
                    found.append(f'{topic}: {count} stamps {what}')
        if len(self._frame_ids) > 1:
            found.append(f'frame ids differ: {", ".join(sorted(self._frame_ids))}')
        return found


class Spread(Generic[Item]):
    """Keep items spread evenly over a series whose length is not known before it ends."""

    def __init__(self, count: int):
        """Keep at least `count` items of a longer series, and less than twice as many."""
        self._limit = 2 * count
        self._every = 1
        self._seen = 0
        self.items: list[Item] = []

    def offer(self, item: Item) -> None:
        """Take the next item of the series, or pass over it."""
        if self._seen % self._every == 0:
            self.items.append(item)
            if len(self.items) == self._limit:
                self.items = self.items[::2]
                self._every *= 2
        self._seen += 1
