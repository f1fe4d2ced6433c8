"""Many messages and files, by number: what each is follows from a seed and its number alone."""

from __future__ import annotations

from collections import Counter
import multiprocessing
from pathlib import Path
from random import Random
import time
from typing import Callable, Optional

from fuzz_bytes import mutate

BATCH = 200
"""Messages between two good images."""
CHUNK = 2000
"""Files that one process reads."""
DAMAGED = 0.04
"""Share of messages whose bytes are damaged after they were made."""
TRANSPORTS = ('raw', 'compressed')
MOST_FAILURES = 5
"""Then there is enough to look at."""

Tell = Callable[[str], None]


def silent(text: str) -> None:
    """Print nothing."""


# Messages


def make_parcel(seed: int, number: int, transport: str):
    """Return message `number` for a transport."""
    from fuzz_messages import random_message
    from fuzz_node import Parcel

    rng = Random(f'{seed} {number}')
    parcel = Parcel.of(random_message(rng, transport == 'compressed'))
    if parcel.kind == 'image' and rng.random() < DAMAGED:
        # A sample of no byte stalls its own reliable writer in Fast DDS, whoever reads it.
        return Parcel('damaged', mutate(rng, parcel.encode()) or b'\0')
    return parcel


def fuzz_messages(
    count: int,
    seed: int,
    folder: Path,
    model: Optional[Path] = None,
    tell: Tell = silent,
    batch: int = BATCH,
) -> dict:
    """
    Send messages to the node, one half of each transport, with a good image after each batch.

    Args:
        count: how many, good ones not counted.
        seed: what they are.
        folder: gets the messages of a batch after which something was wrong.
        model: weights for the real network; None for a formula.
        tell: called now and then with how far it is.
        batch: messages between two good images.

    Returns:
        Counts of what was sent, what the node counted, and the failures.

    """
    result: dict = {'count': 0, 'seed': seed, 'failures': [], 'transports': {}}
    for transport in TRANSPORTS:
        half = range(count // 2) if transport == 'raw' else range(count // 2, count)
        runs = result['transports'][transport] = []
        numbers = list(half)
        while numbers and len(result['failures']) < MOST_FAILURES:
            sent, run = _run_node(numbers, seed, folder, transport, model, tell, batch, result)
            numbers = numbers[sent:]
            result['count'] += sent
            runs.append(run)
    result['broken'] = bool(result['failures'])
    return result


def _run_node(numbers, seed, folder, transport, model, tell, batch, result):
    """Send until all is sent or something is wrong; return how many, and what was counted."""
    from fuzz_node import FuzzedNode, FuzzFailure

    begun, sent, parcels, run = time.monotonic(), 0, [], {}
    try:
        with FuzzedNode(folder / f'node_{transport}.log', transport, model) as node:
            run['resident_kb'] = [node.resident_kb()]
            while sent < len(numbers):
                part = numbers[sent:][:batch]
                parcels = [make_parcel(seed, number, transport) for number in part]
                sent += len(part)
                try:
                    node.send(parcels)
                    node.check()
                finally:
                    run.update(_figures(node))
                tell(f'{transport}: {sent} of {len(numbers)}, the node counts {run["node"]}')
            run['resident_kb'].append(node.resident_kb())
    except FuzzFailure as failure:
        replay = keep_batch(folder / f'{transport}_{seed}_{numbers[sent - len(parcels)]}', parcels)
        result['failures'].append({'what': str(failure), 'replay': str(replay)})
        tell(f'FAILED: {failure}; scripts/fuzz replay {replay}')
    return sent, {**run, 'seconds': round(time.monotonic() - begun, 1)}


def _figures(node):
    images = node.sent['image'] + node.sent['damaged']
    return {
        'sent': dict(node.sent),
        'good_images': node.probes,
        'node': node.told(),
        'not_delivered': images - node.counts.get('received', 0),
    }


def keep_batch(folder: Path, parcels) -> Path:
    """Write a batch to a folder, a file each message, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, parcel in enumerate(parcels):
        (folder / f'{place:04}.{parcel.kind}').write_bytes(parcel.encode())
    return folder


def replay_messages(folder: Path, log: Path, model: Optional[Path] = None) -> None:
    """Send a batch that `keep_batch` wrote; raise FuzzFailure where something is wrong."""
    from fuzz_node import FuzzedNode, KINDS, Parcel

    transport = folder.name.partition('_')[0]
    paths = sorted(p for p in folder.iterdir() if p.suffix[1:] in KINDS)
    with FuzzedNode(log, transport, model) as node:
        node.send([Parcel(path.suffix[1:], path.read_bytes()) for path in paths])
        node.check()


# Files


def fuzz_files(count: int, seed: int, folder: Path, tell: Tell = silent) -> dict:
    """
    Have readers read damaged files, in processes that may crash.

    Args:
        count: how many.
        seed: what they are.
        folder: gets the files that were not refused or read as they should.
        tell: called now and then with how far it is.

    Returns:
        Counts by reader of what was taken and refused, and the failures.

    """
    import fuzz_files as kit

    kept = folder / 'kept'
    kept.mkdir(parents=True, exist_ok=True)
    readers = kit.make_readers(folder / 'readers')
    counts: Counter = Counter()
    failures: list[dict] = []
    done = 0
    while done < count and len(failures) < MOST_FAILURES:
        chunk = range(done, min(done + CHUNK, count))
        counts.update(_run_readers(readers, seed, chunk, kept, failures))
        done = chunk.stop
        tell(f'{done} of {count} files, {len(failures)} failures')
    by_reader = {
        reader.name: {how: counts[reader.name, how] for how in ('taken', 'refused')}
        for reader in readers
    }
    return {
        'count': sum(counts.values()),
        'seed': seed,
        'readers': by_reader,
        'failures': failures,
        'broken': bool(failures),
    }


def _run_readers(readers, seed, numbers, kept, failures) -> Counter:
    # A copy of this process, in which the libraries are loaded already.
    context = multiprocessing.get_context('fork')
    queue = context.SimpleQueue()
    process = context.Process(target=_read_files, args=(readers, seed, numbers, kept, queue))
    process.start()
    counts: Counter = Counter()
    while (told := _next(queue, process)) is not None:
        number, name, how, problem = told
        counts[name, how] += 1
        if problem:
            _note(failures, kept / f'{name}-{seed}-{number}', problem)
    process.join()
    if process.exitcode:
        newest = max((r.path for r in readers if r.path.exists()), key=lambda p: p.stat().st_mtime)
        path = kept / f'{newest.parent.name}-{seed}-crash'
        path.write_bytes(newest.read_bytes())
        _note(failures, path, f'the reader has crashed with {process.exitcode}')
    return counts


def _note(failures, path, problem):
    failures.append({'what': problem, 'replay': str(path)})


def _next(queue, process):
    """Return the next word of a process, None where it has ended."""
    while queue.empty():
        if not process.is_alive() and queue.empty():
            return None
        process.join(0.01)
    return queue.get()


def _read_files(readers, seed, numbers, kept, queue):
    import fuzz_files as kit

    with kit.watched():
        for number in numbers:
            rng = Random(f'{seed} {number}')
            reader = kit.choose(rng, readers)
            data = reader.make(rng)
            taken, problem = reader.check(data)
            if problem:
                (kept / f'{reader.name}-{seed}-{number}').write_bytes(data)
            queue.put((number, reader.name, 'taken' if taken else 'refused', problem))
        queue.put(None)


def replay_file(path: Path, folder: Path) -> Optional[str]:
    """Read a file that was kept once more; return what is wrong, None where nothing is."""
    import fuzz_files as kit

    readers = {reader.name: reader for reader in kit.make_readers(folder)}
    with kit.watched():
        return readers[path.name.partition('-')[0]].check(path.read_bytes())[1]
