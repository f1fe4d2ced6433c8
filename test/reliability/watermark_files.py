"""The watermark network as two networks of others: an ONNX file for depth, one for labels."""

from pathlib import Path

from foreign_kit import write_manifest
from monodepth_ros.engines.export import export_onnx, INPUT
import onnx
from onnx.utils import Extractor
from watermark_model import write_watermark_model

MANIFESTS = {
    'depth': {
        'input': {'layout': 'NHWC', 'width': 160, 'height': 128, 'multiple': 32},
        'depth': {'kind': 'metres'},
    },
    'label': {
        'input': {'layout': 'NHWC', 'width': 96, 'height': 64, 'aspect': 'stretch'},
        'labels': {
            'kind': 'map',
            'classes': ['dark', 'bright'],
            'colors': [[0, 0, 0], [255, 255, 255]],
        },
    },
}
"""By output: one keeps an image's proportions, one does not, and both have sizes of their own."""


def write_watermark_files(folder: Path) -> dict[str, str]:
    """Write a file for each output and its manifest; return the node's parameters for them."""
    graph = onnx.load_from_string(export_onnx(write_watermark_model(folder / 'both.safetensors')))
    for output, manifest in MANIFESTS.items():
        path = folder / f'watermark_{output}.onnx'
        onnx.save(Extractor(graph).extract_model([INPUT], [output]), str(path))
        write_manifest(path, manifest)
    model, semantic_model = (str(folder / f'watermark_{output}.onnx') for output in MANIFESTS)
    return {'model': model, 'semantic_model': semantic_model}
