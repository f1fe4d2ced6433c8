"""A data set of recordings: plans, parts, and the tables and lists that make it one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
import json
from pathlib import Path

from monodepth_ros.errors import ConfigError, DatasetError, MonodepthError
from monodepth_ros.fleet.options import FACTS, Options
from monodepth_ros.fleet.parts import make_part, MANIFESTS, Part, parts_of
from monodepth_ros.fleet.plan import LeftOut, make_plan
from monodepth_ros.fleet.split import split
from monodepth_ros.fleet.store import Store

INTRINSICS = 'id,width,height,fx,fy,cx,cy,camera_height_m,pitch_deg,roll_deg,recording,stamp_ns'
POSES = 'id,' + ','.join(f'm{row}{column}' for row in range(4) for column in range(4))


class DatasetWorker:
    """Makes parts; can be sent to another process.

    Args:
        store: where to.
        options: of the data set.

    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options

    def __call__(self) -> DatasetWorker:
        """Return itself: it is made once, and so stands for its maker too."""
        return self

    def run(self, part: Part) -> dict:
        """Make a part; return its manifest."""
        return make_part(part, self.store, self.options)


@dataclass
class Recorded:
    """What is known of a recording once it was planned.

    Attributes:
        name: what its frames' names begin with.
        images: how many it has.
        planned: how many become frames, if nothing is wrong with them.
        parts: names of its parts.
        left_out: images that were not planned, by reason: how many, and the first.
        remarks: what is worth to know.
        error: why nothing is made of it, or ''.

    """

    name: str
    images: int = 0
    planned: int = 0
    parts: list[str] = field(default_factory=list)
    left_out: dict[str, list] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    error: str = ''


class DatasetMaker:
    """Make a data set in a store, or go on with one.

    Args:
        store: where to.
        options: how.

    Raises:
        ConfigError: the store has a data set that was made otherwise, or cannot be written to.

    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.options = options
        self.recorded: list[Recorded] = []
        self._check_same()

    def _check_same(self):
        own = self.options.to_dict()
        if not self.store.exists(FACTS):
            if any(self.store.names(name) for name in ('rgb', 'depth')):
                raise ConfigError(
                    f'--out {self.store} has images, but no {FACTS} of this command; choose '
                    'another place'
                )
            self.store.write(FACTS, json.dumps(own, indent=2).encode())
            return
        before = _parsed(self.store, FACTS)
        changed = sorted(k for k in own if before.get(k) != own[k])
        if changed:
            values = ', '.join(str(before.get(key)) for key in changed)
            raise ConfigError(
                f'{self.store} was begun with another {", ".join(changed)} ({values}); go on with '
                'the same options, or choose another --out'
            )

    def parts(self, recordings: Iterable[tuple[Path, str]]) -> Iterator[Part]:
        """
        Yield the parts of recordings that are not done yet.

        A recording that cannot be used is noted in `recorded`, and the others go on. The store is
        asked once what is done: to ask it for each part would be what a bucket is slowest at.

        Args:
            recordings: paths and names.

        """
        done = set(self.store.names(MANIFESTS))
        for path, name in recordings:
            try:
                plan = make_plan(path, name, self.options)
            except MonodepthError as error:
                self.recorded.append(Recorded(name, error=' '.join(str(error).split())))
                continue
            parts = parts_of(plan)
            left = {reason: list(entry) for reason, entry in plan.left_out.reasons.items()}
            names = [part.name for part in parts]
            count = len(plan.frames)
            self.recorded.append(
                Recorded(name, plan.images, count, names, left, list(plan.remarks))
            )
            yield from (p for p in parts if p.manifest.partition('/')[2] not in done)

    def finish(self) -> Summary:
        """Write tables, lists and facts of all parts that are done; return what came of it."""
        rows, left_out = [], LeftOut()
        for manifest in _manifests(self.store):
            rows += manifest['rows']
            left_out.join(_left_out(manifest['left_out']))
        for recorded in self.recorded:
            left_out.join(_left_out(recorded.left_out))
        sides = split(rows, self.options.split, self.options.test_share)
        self._write_tables(rows)
        lists = {side: [n for n, s in sides.items() if s == side] for side in ('train', 'test')}
        lists['all'] = [row['id'] for row in rows]
        for name, ids in lists.items():
            self._write(f'{name}.txt', ids)
        self._write('dataset.yaml', [f'max_depth: {self.options.max_depth:g}'])
        return Summary(rows, sides, left_out, self.recorded)

    def _write_tables(self, rows):
        cameras = [INTRINSICS]
        poses = [POSES]
        for row in rows:
            size, lens = row['camera'][:2], row['camera'][2:]
            stand = [f'{v:.4f}' for v in row['stand']] if row['stand'] else ['', '', '']
            numbers = [*map(str, size), *(f'{v:.6f}' for v in lens), *stand]
            tail = [row['recording'], str(row['stamp_ns'])]
            cameras.append(','.join([row['id'], *numbers, *tail]))
            if row['pose']:
                poses.append(','.join([row['id'], *(f'{v:.6f}' for v in row['pose'])]))
        self._write('intrinsics.csv', cameras)
        self._write('poses.csv', poses)

    def _write(self, name, lines: Sequence[str]) -> None:
        self.store.write(name, ''.join(f'{line}\n' for line in lines).encode())


@dataclass
class Summary:
    """What came of the recordings.

    Attributes:
        rows: of the frames, as the manifests have them.
        sides: for each frame's id 'train', 'test', or ''.
        left_out: images that are no frames.
        recorded: what is known of each recording.

    """

    rows: list[dict]
    sides: dict[str, str]
    left_out: LeftOut
    recorded: list[Recorded]

    def count(self, side: str) -> int:
        """Return how many frames are for 'train', 'test' or, with '', neither."""
        return sum(found == side for found in self.sides.values())

    def lines(self) -> list[str]:
        """Return what is worth to know, a line each."""
        lines = [f'{r.name}: {r.error}' for r in self.recorded if r.error]
        lines += [f'{r.name}: {remark}' for r in self.recorded for remark in r.remarks]
        lines += self.left_out.lines()
        if near := self.count(''):
            lines.append(f'{near} in neither list: too near to a test frame')
        return lines


def read_rows(store: Store) -> list[dict]:
    """Return the rows of the frames of a data set, as the manifests of its parts have them."""
    return [row for manifest in _manifests(store) for row in manifest['rows']]


def _manifests(store):
    for name in store.names(MANIFESTS):
        yield _parsed(store, f'{MANIFESTS}/{name}')


def _left_out(reasons) -> LeftOut:
    found = LeftOut()
    for reason, (count, name) in reasons.items():
        found.add(reason, name, count)
    return found


def _parsed(store, name):
    try:
        return json.loads(store.read(name))
    except ValueError as error:
        raise DatasetError(
            f'{store}/{name} is damaged: {error}; remove it and run again'
        ) from None
