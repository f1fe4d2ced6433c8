"""Folders and other places."""

import pickle

from monodepth_ros.errors import ConfigError
from monodepth_ros.fleet.store import Folder, open_store, Remote
import pytest


@pytest.fixture(params=['folder', 'file', 'memory'])
def store(request, tmp_path):
    if request.param == 'folder':
        return open_store(str(tmp_path / 'new'))
    pytest.importorskip('fsspec', reason='fsspec is not installed')
    if request.param == 'file':
        return Remote(f'local://{tmp_path}/new')
    return open_store(f'memory://{tmp_path}/new')


def test_files(store):
    assert store.names('a') == [] and not store.exists('a/x.txt')
    store.write('a/x.txt', b'one')
    store.write('a/x.txt', b'two')
    store.write('a/b.txt', b'')
    other = pickle.loads(pickle.dumps(store))
    assert other.read('a/x.txt') == b'two' and other.exists('a/b.txt')
    assert other.names('a') == ['b.txt', 'x.txt'] and str(other) == str(store)
    with pytest.raises(ConfigError, match='cannot read .*nope'):
        store.read('nope')


def test_a_file_is_whole_or_not_there(tmp_path, monkeypatch):
    store = Folder(tmp_path)
    store.write('x', b'before')

    def full(*_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.replace', full)
    with pytest.raises(ConfigError, match='x: No space left on device; make room'):
        store.write('x', b'after')
    assert [p.name for p in tmp_path.iterdir()] == ['x'] and store.read('x') == b'before'


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(ConfigError, match='cannot write .*file/x'):
        Folder(tmp_path / 'file').write('x', b'')


def test_places():
    assert isinstance(open_store('file:///tmp'), Folder)
    pytest.importorskip('fsspec', reason='fsspec is not installed')
    with pytest.raises(ConfigError, match='nowhere://x cannot be opened'):
        open_store('nowhere://x')
