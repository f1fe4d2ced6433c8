"""What a model is compared with: the same network without any of this package's engines."""

from __future__ import annotations

from monodepth_ros.engines.graphs import is_foreign


def open_plain(path: str, device: str = 'cpu', threads: int = 0):
    """Return a `PlainNetwork` of a checkpoint, a `PlainOnnx` of an ONNX file."""
    if is_foreign(path):
        from monodepth_ros.benchmark.plain_onnx import PlainOnnx

        return PlainOnnx(path, device, threads)
    from monodepth_ros.benchmark.plain_network import PlainNetwork

    return PlainNetwork(path, device, threads)
