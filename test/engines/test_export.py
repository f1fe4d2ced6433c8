"""The exported graph, and what is said where it cannot be exported."""

import sys

from doubles import make_facts
from monodepth_ros.engines import export
from monodepth_ros.engines.base import MissingPackageError
from monodepth_ros.networks.checkpoint import save_checkpoint
import pytest

torch = pytest.importorskip('torch')


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    save_checkpoint(tmp_path / 'tiny.safetensors', torch.nn.Linear(2, 2), make_facts())
    return tmp_path / 'tiny.safetensors'


@pytest.fixture
def without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnx', None)


def test_missing_package_shows_before_the_first_image(checkpoint, without_onnx):
    with pytest.raises(MissingPackageError, match='pip install torch onnx; missing: onnx'):
        export.check_exporter(checkpoint)
    with pytest.raises(MissingPackageError, match='pip install torch onnx'):
        export.export_onnx(checkpoint)


def test_exported_graph_needs_no_exporter(checkpoint, without_onnx, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(export, '_export', lambda path, half: b'graph, half: %d' % half)
        assert export.export_onnx(checkpoint) == b'graph, half: 0'
    export.check_exporter(checkpoint)
    assert export.export_onnx(checkpoint) == b'graph, half: 0'
    with pytest.raises(MissingPackageError):  # the one in float16 is another
        export.check_exporter(checkpoint, half=True)


def test_changed_networks_are_exported_again(checkpoint, monkeypatch):
    graphs = iter((b'old', b'new'))
    monkeypatch.setattr(export, '_export', lambda path, half: next(graphs))
    assert export.export_onnx(checkpoint) == b'old'
    monkeypatch.setattr(export, '_code_digest', lambda: 'of other code')
    assert export.export_onnx(checkpoint) == b'new'
