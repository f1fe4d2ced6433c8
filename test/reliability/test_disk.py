"""A full disk and one that is read only: the node serves, and the cache costs only time."""

import errno
import os
import subprocess
import time

from monodepth_ros.engines.cache import Artefact
from node_process import NodeProcess
import pytest
from witness import Witness

MOUNT = """
mount -t tmpfs -o size=16k tmpfs "$FULL" || exit 1
cat /dev/zero > "$FULL/everything" 2> /dev/null
exec "$@"
"""
PREFIX = ('unshare', '--map-root-user', '--mount', 'sh', '-c', MOUNT, 'sh')


def may_mount():
    """Return whether this user may mount something for a process alone."""
    command = [*PREFIX[:3], 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not may_mount(), reason='unshare --map-root-user --mount is not allowed here')
def test_the_node_serves_though_its_logs_cannot_be_written(ros, tmp_path):
    full = tmp_path / 'full'
    full.mkdir()
    names = ('FULL', 'ROS_LOG_DIR', 'XDG_CACHE_HOME')
    witness, since = Witness(), time.time_ns()
    environ = dict.fromkeys(names, str(full))
    node = NodeProcess(tmp_path / 'log', *witness.arguments, prefix=PREFIX, environ=environ)
    try:
        assert witness.first_since(since, 60), node.log.read_text()
        mounts = (f'/proc/{node.process.pid}/root{full}', str(full))
        assert [os.path.exists(f'{mount}/everything') for mount in mounts] == [True, False]
        assert node.end(15) == 0
    finally:
        node.kill()
        witness.close()


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize('step', ['mkdir', 'fsync', 'replace'])
def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path, monkeypatch, caplog, code, step):
    def fail(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    artefact = Artefact('kind', {'a': 1}, {'b': 2})
    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        assert artefact.load_or_build(lambda: b'built') == b'built'
    assert os.strerror(code) in caplog.text and 'built at each start' in caplog.text
    assert not any(path.is_file() for path in tmp_path.rglob('*'))
    assert artefact.load_or_build(lambda: b'again') == b'again'
    assert artefact.load() == b'again'
