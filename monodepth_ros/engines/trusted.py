"""A slower, trusted way to run a graph: float32 on the CPU, by the library's plainest call."""

from __future__ import annotations

from importlib.util import find_spec
import io

from monodepth_ros.engines.base import MissingPackageError
from monodepth_ros.engines.graphs import Graph
from monodepth_ros.errors import EngineError
import numpy as np

WEIGHTS_FOLDER = 'session.model_external_initializers_file_folder_path'


def run_graph(graph: Graph, images: np.ndarray) -> list[np.ndarray]:
    """Return all outputs of a graph.

    Args:
        graph: takes the images alone.
        images: (1, h, w, 3) uint8.

    Raises:
        EngineError: neither ONNX Runtime nor OpenVINO is installed, or the graph fails.

    """
    for name, run in (('onnxruntime', _in_onnxruntime), ('openvino', _in_openvino)):
        if find_spec(name):
            try:
                return run(graph, images)
            except Exception as error:  # both have errors of their own
                text = ' '.join(str(error).split())
                raise EngineError(f'{name} cannot run the network on the CPU: {text}') from None
    raise MissingPackageError(
        'a network of others needs ONNX Runtime or OpenVINO; pip install onnxruntime onnx'
    )


def _in_onnxruntime(graph, images):
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if graph.folder is not None:
        options.add_session_config_entry(WEIGHTS_FOLDER, str(graph.folder))
    session = onnxruntime.InferenceSession(graph.content, options, ['CPUExecutionProvider'])
    return session.run(None, {session.get_inputs()[0].name: images})


def _in_openvino(graph, images):
    import openvino

    core = openvino.Core()
    if graph.folder is None:
        model = core.read_model(io.BytesIO(graph.content))
    else:
        with graph.on_disk() as path:
            model = core.read_model(path)
    model.reshape(list(images.shape))
    compiled = core.compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
    result = compiled([images])
    return [result[i] for i in range(len(compiled.outputs))]
