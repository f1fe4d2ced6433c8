"""ONNX Runtime on the CPU, on CUDA, and on CUDA through its TensorRT provider."""

from __future__ import annotations

from monodepth_ros.engines.base import (
    choose_precision,
    Engine,
    OF_THE_FILE,
    output_types,
    raw_output,
)
from monodepth_ros.engines.cache import cache_folder, file_digest
from monodepth_ros.engines.export import INPUT
from monodepth_ros.engines.graphs import Graph, is_foreign, load_graph, read_facts
from monodepth_ros.errors import EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
import numpy as np
import onnxruntime

CPU = 'CPUExecutionProvider'
CUDA = 'CUDAExecutionProvider'
TENSORRT = 'TensorrtExecutionProvider'
onnxruntime.disable_telemetry_events()  # a robot does not report to anyone
WEIGHTS_FOLDER = 'session.model_external_initializers_file_folder_path'
"""Where the weights are that a graph, given as bytes, keeps in other files."""
ONLY_ERRORS = 3
"""Old files list what is never used: a warning for each weight."""
PRECISIONS = {'cpu': ('float32',), 'cuda': ('float16', 'float32')}


class OnnxRuntimeEngine(Engine):
    """Run the deployment graph in ONNX Runtime.

    Args:
        path: checkpoint or ONNX file.
        facts: its facts.
        device: 'auto' (CUDA where this ONNX Runtime has it), 'cpu', 'cuda' or 'cuda:N'.
        threads: CPU threads; 0 leaves ONNX Runtime's own choice.
        precision: 'auto', 'float32', or on CUDA 'float16', which 'auto' takes there.
        update: build anew what the cache has.

    """

    name = 'onnxruntime'
    provider = CUDA

    def __init__(
        self, path, facts: ModelFacts, device='auto', threads=0, precision='auto', update=False
    ):
        self.facts = facts
        kind, _, index = self._resolve(device).partition(':')
        # A network of others computes in what its file says.
        offered = ('float32',) if is_foreign(path) else PRECISIONS[kind]
        where = f'{self.name} on {kind}{OF_THE_FILE if is_foreign(path) else ""}'
        self.precision = choose_precision(precision, offered, where)
        providers = [CPU]
        if kind == 'cuda':
            options = {'device_id': int(index or 0), **self._provider_options(path, update)}
            providers.insert(0, (self.provider, options))
        graph = load_graph(path, half=self.precision == 'float16', update=update)
        self._session = self._open(graph, providers, threads)
        self.device = self._describe(kind, index, threads)

    @classmethod
    def from_file(cls, path, device='auto', threads=0, precision='auto', update=False):
        """Load a checkpoint; raise CheckpointError or EngineError."""
        return cls(path, read_facts(path), device, threads, precision, update)

    def _resolve(self, device: str) -> str:
        there = self.provider in onnxruntime.get_available_providers()
        if device == 'auto':
            return 'cuda' if there else 'cpu'
        if device != 'cpu' and not there:
            raise EngineError(
                f'device {device!r} asked for, but ONNX Runtime {onnxruntime.__version__} has no '
                f"{self.provider}; pip install onnxruntime-gpu, or set device to 'cpu'"
            )
        return device

    def _provider_options(self, path, update: bool) -> dict:
        return {}

    def _open(self, graph: Graph, providers: list, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = ONLY_ERRORS
        # Idle threads that spin take the core from the rest of the robot.
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        if graph.folder is not None:
            options.add_session_config_entry(WEIGHTS_FOLDER, str(graph.folder))
        try:
            session = onnxruntime.InferenceSession(graph.content, options, providers=providers)
        except Exception as error:  # its errors derive from Exception alone
            raise EngineError(
                f'ONNX Runtime cannot load the network: {" ".join(str(error).split())}'
            ) from error
        session._model_bytes = None  # its Python side would keep them, weights and all
        # ONNX Runtime goes on with the CPU where a provider cannot start.
        wanted = providers[0] if isinstance(providers[0], str) else providers[0][0]
        if session.get_providers()[0] != wanted:
            raise EngineError(
                f'ONNX Runtime could not start {wanted}, and took {session.get_providers()[0]}; '
                "check the driver, CUDA and cuDNN, or set device to 'cpu'"
            )
        return session

    def _describe(self, kind: str, index: str, threads: int) -> str:
        if kind == 'cuda':
            return f'cuda:{index or 0} ({self.provider})'
        return f'cpu ({threads} threads)' if threads else 'cpu (threads as ONNX Runtime likes)'

    def _infer(self, images: np.ndarray) -> RawOutput:
        if self._session is None:
            raise EngineError('the engine is closed; create a new one')
        # Many exported graphs take one image at a time.
        single = isinstance(self._session.get_inputs()[0].shape[0], int)
        parts = np.split(images, len(images)) if single else [images]
        try:
            results = [self._run(part) for part in parts]
        except Exception as error:  # its errors derive from Exception alone
            raise EngineError(f'ONNX Runtime failed on {self.device}: {error}') from error
        maps = results[0] if len(results) == 1 else map(np.concatenate, zip(*results))
        return raw_output(self.facts, list(maps))

    def _run(self, images: np.ndarray) -> list[np.ndarray]:
        return self._session.run(
            list(output_types(self.facts)), {INPUT: np.ascontiguousarray(images)}
        )

    def close(self) -> None:
        """Drop the session."""
        self._session = None


class OnnxRuntimeTensorrtEngine(OnnxRuntimeEngine):
    """Run the deployment graph in ONNX Runtime's TensorRT provider, which builds per shape."""

    name = 'onnxruntime_tensorrt'
    provider = TENSORRT

    def _resolve(self, device: str) -> str:
        if device == 'cpu':
            raise EngineError(
                f"engine {self.name!r} needs a GPU, device is 'cpu'; set device to 'cuda' or "
                "engine to 'auto'"
            )
        return super()._resolve('cuda' if device == 'auto' else device)

    def _provider_options(self, path, update: bool) -> dict:
        """Let the provider keep what it builds; it checks GPU, shape and TensorRT's version."""
        half = {'trt_fp16_enable': self.precision == 'float16'}
        names = (file_digest(path)[:16], self.precision, onnxruntime.__version__)
        folder = cache_folder() / 'onnxruntime_tensorrt' / '-'.join(names)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.iterdir() if update else ():
                old.unlink()
        except OSError:
            return half
        return {**half, 'trt_engine_cache_enable': True, 'trt_engine_cache_path': str(folder)}
