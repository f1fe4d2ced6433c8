"""Damaged files: an error of ours or a correct load, in time and in bounded memory."""

import os
from pathlib import Path
from random import Random
import signal
import time

from fuzz_campaign import fuzz_files
import fuzz_files as kit
from fuzz_files import CALIBRATION, make_readers, Reader, watched
from hypothesis import given, HealthCheck, settings, strategies
from monodepth_ros.errors import ConfigError
import pytest

NAMES = 'arrays facts checkpoint state calibration dataset config run steps cache mat'.split()


@pytest.fixture(scope='module')
def readers(tmp_path_factory):
    made = make_readers(tmp_path_factory.mktemp('readers'))
    with watched():
        yield {reader.name: reader for reader in made}


def test_all_readers_are_tested(readers):
    assert list(readers) == NAMES


@pytest.mark.parametrize('name', NAMES)
def test_whole_files_are_taken(readers, name):
    for seed in readers[name].seeds:
        assert readers[name].check(seed) == (True, None)


@pytest.mark.parametrize('name', NAMES)
@given(rng=strategies.randoms(use_true_random=False))
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_damaged_files_do_no_harm(readers, name, rng):
    reader = readers[name]
    assert reader.check(reader.make(rng))[1] is None


@pytest.mark.parametrize('name', NAMES)
def test_damage_is_noticed_and_gets_past_the_first_check(readers, name):
    reader = readers[name]
    made = [reader.make(Random(f'{name} {number}')) for number in range(40)]
    assert len(set(made)) > 33
    if name in ('steps', 'cache'):  # which begin anew
        return
    taken = sum(reader.check(data)[0] for data in made)
    assert 0 < taken < 30


def make_reader(folder, load, **fields):
    return Reader('x', 'x', [b'x'], load, lambda rng, data: data, folder=folder, **fields)


def raise_(error):
    raise error


@pytest.mark.parametrize(
    'load, words',
    [
        (lambda path: raise_(KeyError('a')), 'KeyError'),
        (lambda path: raise_(ConfigError('a\nb')), 'a message of 3'),
        (lambda path: raise_(ConfigError('a' * 4000)), 'a message of 4000'),
        (lambda path: bytearray(3 * 2**20), 'bytes of memory for a file of 5'),
        (lambda path: time.sleep(9), 'HangError: not done after 0.2 s'),
    ],
)
def test_harm_is_found(tmp_path, monkeypatch, load, words):
    monkeypatch.setattr(kit, 'SECONDS', 0.2)
    reader = make_reader(tmp_path, load)
    with watched():
        assert words in reader.check(b'12345')[1]
        assert make_reader(tmp_path, Path.read_bytes).check(b'12345') == (True, None)


def test_a_crash_is_found_and_its_file_kept(tmp_path, monkeypatch):
    def crash(path):
        os.kill(os.getpid(), signal.SIGKILL)

    readers = [make_reader(tmp_path / 'x', crash)]
    readers[0].folder.mkdir()
    monkeypatch.setattr(kit, 'make_readers', lambda folder: readers)
    result = fuzz_files(10, 1, tmp_path)
    assert result['broken'] and '-9' in result['failures'][0]['what']
    assert Path(result['failures'][0]['replay']).read_bytes() == b'x'


BOMBS = {
    'brackets': b'[' * 32_000,
    'many values': CALIBRATION + b'x: [' + b'1,' * 15_000 + b']',
    'aliases': b'a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n'
    + b''.join(
        b'%c: &%c [%s]\n' % (to, to, b', '.join([b'*%c' % of] * 8))
        for of, to in zip(b'abcdefghij', b'bcdefghijk')
    ),
    'holds itself': b'camera_matrix: &a [*a]\n',
    'too long': CALIBRATION + b'# ' + b'x' * 10**6,
    'huge number': CALIBRATION.replace(b'64', b'0x' + b'f' * 9000),
    'no number for a float': CALIBRATION.replace(b'55.0', b'0x' + b'f' * 900),
    'no date': CALIBRATION + b'date: 2001-99-99\n',
}


@pytest.mark.parametrize('bomb', BOMBS)
def test_yaml_bombs_are_refused_at_once(readers, bomb):
    assert readers['calibration'].check(BOMBS[bomb]) == (False, None)
