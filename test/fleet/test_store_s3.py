"""A data set in a bucket, on a server of this machine."""

import uuid

from monodepth_ros.errors import ConfigError
from monodepth_ros.fleet.dataset import DatasetMaker, DatasetWorker
from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.store import Folder, open_store
from monodepth_ros.fleet.tasks import run_here
import pytest
from recording_kit import Robot

pytest.importorskip('s3fs')
server = pytest.importorskip('moto.server')


@pytest.fixture
def bucket(monkeypatch):
    """Return the URL of an empty bucket."""
    import s3fs

    running = server.ThreadedMotoServer(port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    monkeypatch.setenv('AWS_ENDPOINT_URL', f'http://{host}:{port}')
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'test')
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'test')
    s3fs.S3FileSystem.clear_instance_cache()
    name = f'site-{uuid.uuid4().hex}'
    s3fs.S3FileSystem().mkdir(name)
    yield f's3://{name}/data'
    running.stop()
    s3fs.S3FileSystem.clear_instance_cache()


def make(store, bag):
    options = Options(max_blur=1.0)
    maker = DatasetMaker(store, options)
    done = list(run_here(DatasetWorker(store, options), maker.parts([(bag, bag.name)])))
    maker.finish()
    return len(done)


def test_it_has_what_a_folder_has(bucket, tmp_path):
    Robot(count=4).write(tmp_path / 'drive')
    local, remote = Folder(tmp_path / 'out'), open_store(bucket)
    assert make(local, tmp_path / 'drive') == make(remote, tmp_path / 'drive') == 1
    for folder in ('', 'rgb', 'depth', 'parts'):
        names = [n for n in local.names(folder) if '.' in n]
        assert names and set(names) <= set(remote.names(folder) if folder else names)
        for name in names:
            path = f'{folder}/{name}'.lstrip('/')
            assert remote.read(path) == local.read(path)
    assert make(remote, tmp_path / 'drive') == 0  # it is done


def test_a_bucket_that_is_not_there(bucket):
    with pytest.raises(ConfigError, match='cannot write s3://nope/x'):
        open_store('s3://nope').write('x', b'')
