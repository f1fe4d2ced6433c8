"""Every reader of files that others have written, and what damaged ones may do to it: nothing."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
import json
import logging
from pathlib import Path
from random import Random
import signal
import tracemalloc
from typing import Any, Callable, Iterator, Optional, Sequence
import zlib

from doubles import make_facts
from fuzz_bytes import EXTREMES, mutate
from monodepth_ros.camera import load_calibration
from monodepth_ros.engines.cache import Artefact, digest, MAGIC
from monodepth_ros.errors import MonodepthError
from monodepth_ros.networks.checkpoint import load_checkpoint, read_facts, save_checkpoint
from monodepth_ros.networks.registry import create_network
from monodepth_ros.networks.safetensors_file import LENGTH_BYTES, read_arrays, read_metadata
from monodepth_ros.training.config import load_config, make_config
from monodepth_ros.training.datasets.mat5 import HEADER, read_array
from monodepth_ros.training.datasets.own import open_own
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.learner import Learner
from monodepth_ros.training.run_folder import RunFolder, StepLog
from monodepth_ros.training.state import load_state, save_state
import numpy as np
from scipy.io import savemat
import torch
from training_kit import register_tiny_network, VALUES
import yaml

SECONDS = 20.0
"""Longest time that a reader may take over a file, on a machine with much else to do."""
SLACK = 2**20
"""Bytes that a reader may need besides twice the size of the file."""
YAML_SLACK = 14 * 2**20
"""The same where PyYAML reads: up to 400 bytes a byte, of files of 32 KB at most."""

ODD = (None, True, '', 'x' * 300, '12', [], {}, [[]], {'': None}, 0, -1, 1.5, 1e308, 1e-320)
ODD += (float('nan'), float('inf'), 10**300, *EXTREMES)
"""Values that stand where other ones belong."""

YAML_TOKENS = (
    *(b', ', b'- ', b'[', b']', b'{', b'}', b'&a ', b'*a', b'!!int ', b'!!bool x', b'.nan'),
    *(b'!!python/object/apply:os.system [echo]', b'!!timestamp x', b'2001-99-99', b'1:99:99'),
    *(b'0x' + b'f' * 9000, b'1' * 5000, b'!!int ""', b'? ', b'<<: *a', b'--- ', b'|', b'\t'),
    *(b'[' * 9000, b'{a: ' * 3000, b'data', b'rows', b'cols', b'1e-05', b'null', b'~', b'"'),
    *(b"'", b'%', b'-.inf'),
)
JSON_TOKENS = (
    *(b'"dtype"', b'"shape"', b'"data_offsets"', b'"F16"', b'"BOOL"', b'"I64"', b'__metadata__'),
    *(b'null', b'NaN', b'-Infinity', b'1e999', b'[' * 20_000, b'{"a":' * 20_000, b'1' * 5000),
    *(b'-1', b'0', b'18446744073709551616', b'""', b'{}', b'[]', b'true', b'\\ud800', b'\xff'),
)


class HangError(BaseException):
    """A reader takes too long; no `except Exception` of it may swallow this."""


@dataclass
class Reader:
    """
    A reader under test.

    Attributes:
        name: what it reads, for people.
        file: name of the file in the reader's folder.
        seeds: whole files.
        load: reads the file at a path; raises errors of ours alone.
        damage: makes a damaged file of a seed.
        slack: bytes that it may need besides twice the file's size.
        share: how often its turn comes.

    """

    name: str
    file: str
    seeds: list[bytes]
    load: Callable[[Path], Any]
    damage: Callable[[Random, bytes], bytes]
    slack: int = SLACK
    share: int = 4
    folder: Path = field(default_factory=Path)

    @property
    def path(self) -> Path:
        """Where its file lies."""
        return self.folder / self.file

    def make(self, rng: Random) -> bytes:
        """Return a damaged file."""
        return self.damage(rng, rng.choice(self.seeds))

    def check(self, data: bytes) -> tuple[bool, Optional[str]]:
        """Read `data` as a file; return whether it was taken, and what went wrong if anything."""
        self.path.write_bytes(data)
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        problem, taken = None, False
        try:
            with deadline(SECONDS):
                self.load(self.path)
            taken = True
        except MonodepthError as error:
            if '\n' in str(error) or len(str(error)) > 3000:
                problem = f'a message of {len(str(error))} characters: {str(error)[:300]!r}'
        except (Exception, HangError) as error:
            problem = f'{type(error).__name__}: {str(error)[:300]}'
        peak = tracemalloc.get_traced_memory()[1] - before
        if problem is None and peak > 2 * len(data) + self.slack:
            problem = f'{peak} bytes of memory for a file of {len(data)}'
        return taken, problem


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise `HangError` in the main thread after so long."""

    def ring(*_):
        raise HangError(f'not done after {seconds:g} s')

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def watched() -> Iterator[None]:
    """Have memory measured, and keep quiet what readers log of each file."""
    logging.disable(logging.CRITICAL)
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)


# Damage that gets past the first check of a format


def change_value(rng: Random, value: Any) -> Any:
    """Return JSON or YAML's plain types with one place changed, however deep."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key = rng.choice(list(value))
        changed = dict(value)
        what = rng.random()
        if what < 0.1:
            del changed[key]
        elif what < 0.2:
            changed[rng.choice(('', 'extra', 'classes', 'name', key * 2))] = changed.pop(key)
        else:
            changed[key] = change_value(rng, value[key])
        return changed
    if isinstance(value, list) and value and rng.random() < 0.85:
        index = rng.randrange(len(value))
        what = rng.random()
        before, after = value[:index], value[index:][1:]
        if what < 0.1:
            return before + after
        if what < 0.2:
            return value + [value[index]] * rng.choice((1, 300))
        return [*before, change_value(rng, value[index]), *after]
    return rng.choice(ODD)


def _damage_json(rng: Random, data: bytes) -> bytes:
    if rng.random() < 0.5:
        return mutate(rng, data, JSON_TOKENS)
    return json.dumps(change_value(rng, json.loads(data))).encode()


def _damage_yaml(rng: Random, data: bytes) -> bytes:
    if rng.random() < 0.6:
        return mutate(rng, data, YAML_TOKENS)
    return yaml.safe_dump(change_value(rng, yaml.safe_load(data))).encode()


def _damage_calibration(rng: Random, data: bytes) -> bytes:
    # The formats that are no YAML have no values that could be changed one by one.
    plain = b'!!' not in data and data[:1] not in b'%['
    return _damage_yaml(rng, data) if plain else mutate(rng, data, YAML_TOKENS)


def _damage_safetensors(rng: Random, data: bytes) -> bytes:
    if rng.random() < 0.3:
        return mutate(rng, data, JSON_TOKENS)
    start = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], 'little')
    header, rest = json.loads(data[LENGTH_BYTES:start]), data[start:]
    what = rng.random()
    if what < 0.3:
        key = next(iter(header['__metadata__']))
        facts = _damage_json(rng, header['__metadata__'][key].encode())
        header['__metadata__'][key] = facts.decode('utf-8', 'replace')
    elif what < 0.9:
        header = change_value(rng, header)
    else:
        rest = mutate(rng, rest)
    text = json.dumps(header).encode()
    return len(text).to_bytes(LENGTH_BYTES, 'little') + text + rest


def _damage_artefact(rng: Random, data: bytes) -> bytes:
    if rng.random() < 0.4:
        return mutate(rng, data, JSON_TOKENS)
    head, _, payload = data.removeprefix(MAGIC).partition(b'\n')
    return MAGIC + _damage_json(rng, head) + b'\n' + payload


def _damage_mat(rng: Random, data: bytes) -> bytes:
    """Damage a MATLAB file, or what is packed in it, or pack what is huge or packed already."""
    what = rng.random()
    if what < 0.5:
        return mutate(rng, data)
    body = mutate(rng, data[HEADER:])
    if what > 0.97:
        body = b'\0' * rng.choice((10**6, 10**7, 3 * 10**7))
    for _ in range(rng.choice((1, 1, 2, 50))):
        packed = zlib.compress(body, 1)
        body = (15).to_bytes(4, 'little') + len(packed).to_bytes(4, 'little') + packed
    return data[:HEADER] + body


# The readers


def make_readers(folder: Path) -> list[Reader]:
    """Return the readers, with their folders made in `folder`."""
    register_tiny_network()
    torch.manual_seed(0)
    readers = [
        _arrays(),
        _facts(),
        _checkpoint(),
        _state(),
        _calibration(),
        _description(),
        _training_config(),
        _run_config(),
        _step_log(),
        _artefact(),
        _mat(),
    ]
    for reader in readers:
        reader.folder = folder / reader.name
        reader.folder.mkdir(parents=True, exist_ok=True)
        (reader.folder / 'label3').mkdir(exist_ok=True)
        (reader.folder / 'train.txt').write_text('0\n')
    return readers


def choose(rng: Random, readers: Sequence[Reader]) -> Reader:
    """Return one of the readers, each as often as its share says."""
    return rng.choices(readers, [reader.share for reader in readers])[0]


def _facts_text() -> str:
    return json.dumps(make_facts(network='tiny', options={'width': 6}).to_dict())


def _safetensors(arrays, metadata):
    from safetensors.numpy import save

    return save(arrays, metadata)


def _small_weights():
    arrays = {
        'a': np.arange(12, dtype=np.float32).reshape(3, 4),
        'b.c': np.ones((2, 0), np.float16),
        'd': np.array(7, np.int64),
    }
    return [_safetensors(arrays, {'monodepth_facts': _facts_text()})]


def _arrays():
    def load(path):
        arrays, texts = read_arrays(path)
        assert read_metadata(path) == texts
        assert all(isinstance(array, np.ndarray) for array in arrays.values())

    return Reader('arrays', 'a.safetensors', _small_weights(), load, _damage_safetensors)


def _facts():
    return Reader('facts', 'f.safetensors', _small_weights(), read_facts, _damage_safetensors)


def _saved(save):
    """Return the bytes of the file that `save` writes to a path."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        path = Path(name) / 'x.safetensors'
        save(path)
        return path.read_bytes()


def _checkpoint():
    facts = make_facts(network='tiny', options={'width': 6})
    network = create_network('tiny', classes=len(facts.classes), width=6)
    data = _saved(lambda path: save_checkpoint(path, network, facts))
    return Reader('checkpoint', 'c.safetensors', [data], load_checkpoint, _damage_safetensors)


def _state():
    def learner():
        config = make_config(VALUES)
        network = create_network('tiny', classes=4)
        return Learner(network, config, Processes(torch.device('cpu')), 6, 10.0, torch.float32)

    progress = {'step': 3, 'best': None, 'losses': [1.5, 2.5], 'history': [{'epoch': 1}]}
    data = _saved(lambda path: save_state(path, learner(), progress))
    target = learner()
    return Reader(
        'state', 'state.safetensors', [data], lambda p: load_state(p, target), _damage_safetensors
    )


CALIBRATION = b"""image_width: 64
image_height: 48
camera_name: front
camera_matrix: {rows: 3, cols: 3, data: [55.0, 0.0, 31.5, 0.0, 55.0, 23.5, 0.0, 0.0, 1.0]}
distortion_model: MODEL
distortion_coefficients: {rows: 1, cols: COUNT, data: NUMBERS}
rectification_matrix:
  rows: 3
  cols: 3
  data: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
projection_matrix:
  rows: 3
  cols: 4
  data: [55.0, 0.0, 31.5, 0.0, 0.0, 55.0, 23.5, 0.0, 0.0, 0.0, 1.0, 0.0]
"""


OTHER_CALIBRATIONS = (
    b"""[image]

width
64

height
48

[front]

camera matrix
55 0 31.5
0 55 23.5
0 0 1

distortion
0.1 0.1 0 0 0

rectification
1 0 0
0 1 0
0 0 1

projection
55 0 31.5 0
0 55 23.5 0
0 0 1 0
""",
    b"""%YAML:1.0
---
image_width: 64
image_height:48
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 55., 0., 31.5, 0., 55., 23.5, 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ 1.0e-01, 0., 0., 0., 0. ]
""",
    b"""cam0:
  camera_model: pinhole
  distortion_coeffs: [0.1, 0.1, 0.0, 0.0]
  distortion_model: radtan
  intrinsics: [55.0, 55.0, 31.5, 23.5]
  resolution: [64, 48]
""",
    b"""%YAML:1.0
---
model_type: KANNALA_BRANDT
image_width: 64
image_height: 48
projection_parameters: {k2: 0.1, k3: 0.0, k4: 0.0, k5: 0.0, mu: 55.0, mv: 55.0, u0: 31.5, v0: 23.5}
""",
)


def _calibration():
    seeds = list(OTHER_CALIBRATIONS)
    for model, count in (('plumb_bob', 5), ('rational_polynomial', 8), ('equidistant', 4)):
        text = CALIBRATION.replace(b'MODEL', model.encode()).replace(b'COUNT', b'%d' % count)
        seeds.append(text.replace(b'NUMBERS', str([1e-2] * count).encode()))
    return Reader(
        'calibration',
        'camera.yaml',
        seeds,
        load_calibration,
        _damage_calibration,
        YAML_SLACK,
        share=6,
    )


def _description():
    text = b"""classes: [floor, wall, 'other thing']
colors: [[0, 0, 0], [1, 2, 3], [255, 255, 255]]
max_depth: 10.0
depth_scale: 0.001
crop: {rows: [1, 40], columns: [2, 60]}
license: CC0
"""
    return Reader(
        'dataset',
        'dataset.yaml',
        [text],
        lambda path: open_own(path.parent, 'train'),
        _damage_yaml,
        YAML_SLACK,
    )


def _training_config():
    text = yaml.safe_dump({**VALUES, 'sizes': [[64, 64]], 'extra': []}).encode()
    return Reader('config', 'train.yaml', [text], load_config, _damage_yaml, YAML_SLACK)


def _run_config():
    config = make_config(VALUES)
    data = json.dumps(config.to_dict(), indent=2).encode()

    def load(path):
        RunFolder(path.parent).check_same_run(config)

    return Reader('run', 'config.json', [data], load, _damage_json, share=2)


def _step_log():
    lines = b''.join(b'{"step": %d, "loss": 1.25}\n' % step for step in range(1, 6))

    def load(path):
        StepLog(path, 3).close()

    def damage(rng, data):
        return mutate(rng, data, JSON_TOKENS)

    return Reader('steps', 'steps.jsonl', [lines], load, damage, share=1)


def _artefact():
    key = {'weights': 'abc', 'versions': [1, 2]}
    header = json.dumps({'key': key, 'sha256': digest(b'engine' * 50)}).encode()
    data = b''.join((MAGIC, header, b'\n', b'engine' * 50))
    artefact = Artefact('fuzz', {}, key)

    def load(path):
        artefact.path = path
        payload = artefact.load()
        assert payload in (None, b'engine' * 50)

    return Reader('cache', 'engine.bin', [data], load, _damage_artefact)


def _mat():
    numbers = np.arange(1, 200, dtype=np.uint16).reshape(-1, 1)
    seeds = []
    for packed in (False, True):
        seeds.append(
            _saved(lambda p, c=packed: savemat(p, {'trainNdxs': numbers}, do_compression=c))
        )
    # Without the text in the header, which tells the time.
    seeds = [bytes(124) + seed[124:] for seed in seeds]
    # Up to 1 MiB is unpacked, and an array is as large as what it was made of.
    return Reader(
        'mat', 'x.mat', seeds, lambda p: read_array(p, 'trainNdxs'), _damage_mat, 6 * 2**20
    )
