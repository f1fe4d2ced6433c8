"""The cache of compiled artefacts: what is stale or damaged is never used."""

import logging

from monodepth_ros.engines.cache import Artefact, cache_folder, digest, file_digest
import pytest

SLOT = {'checkpoint': '/weights/a.safetensors', 'shape': (1, 32, 64, 3)}
KEY = {'checkpoint': 'abc', 'version': '1.0', 'shape': (1, 32)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return tmp_path / 'monodepth_ros'


def make(**changes):
    return Artefact('kind', SLOT, {**KEY, **changes})


def test_folder(folder, monkeypatch):
    assert cache_folder() == folder
    monkeypatch.setenv('HOME', '/home/someone')
    for ignored in ('', 'relative/path'):
        monkeypatch.setenv('XDG_CACHE_HOME', ignored)
        assert str(cache_folder()) == '/home/someone/.cache/monodepth_ros'


def test_what_is_stored_is_loaded(folder):
    payload = b'\n{"x"\n' + bytes(range(256))
    assert make().load() is None
    assert make().store(payload)
    assert make().load() == payload
    assert [p.name for p in folder.iterdir()] == [make().path.name]


def test_another_version_is_stale_and_takes_the_place(folder):
    make().store(b'old')
    assert make(version='2.0').load() is None
    make(version='2.0').store(b'new')
    assert make(version='2.0').load() == b'new'
    assert len(list(folder.iterdir())) == 1


def test_another_slot_is_another_file():
    assert Artefact('kind', {**SLOT, 'shape': (2, 32, 64, 3)}, KEY).path != make().path


@pytest.mark.parametrize(
    'damage',
    [
        lambda data: b'',
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b'X' + data[1:],
        lambda data: data.replace(b'{', b'[', 1),
    ],
)
def test_damage_is_found_and_repaired(damage, caplog):
    make().store(b'payload')
    make().path.write_bytes(damage(make().path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert make().load() is None
    assert 'damaged' in caplog.text
    assert make().load_or_build(lambda: b'again') == b'again'
    assert make().load() == b'again'


def test_build_runs_once_and_again_when_told():
    built = []

    def build():
        built.append(None)
        return b'%d' % len(built)

    assert [make().load_or_build(build) for _ in range(2)] == [b'1', b'1']
    assert make().load_or_build(build, update=True) == b'2'
    assert make().load() == b'2'


def test_folder_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch, caplog):
    (tmp_path / 'file').write_bytes(b'')  # also for root, to whom every folder is writable
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    assert make().load_or_build(lambda: b'built') == b'built'
    assert not make().store(b'built')
    assert 'cannot write' in caplog.text


def test_digests(tmp_path):
    # FIPS 180-2, appendix B.1
    expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    path = tmp_path / 'abc'
    path.write_bytes(b'abc')
    assert digest(b'abc') == file_digest(path) == expected
    path.write_bytes(b'abcd')
    assert file_digest(path) == digest(b'abcd')
