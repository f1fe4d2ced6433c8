"""Matrix products: the most arithmetic that a machine does, as the measure of an engine."""

from __future__ import annotations

from typing import Callable

from monodepth_ros.errors import BenchmarkError
import numpy as np

OPENVINO_TYPES = {'float32': ('f32', 'f32'), 'bfloat16': ('bf16', 'bf16'), 'int8': ('f32', 'u8')}
"""By precision: what OpenVINO is told to infer in, and what its product must then run in."""


def make_product(
    library: str, precision: str, size: int, device: str, threads: int
) -> Callable[[], object]:
    """
    Return a function that multiplies two `size` x `size` matrices once.

    Args:
        library: 'torch' (oneDNN on the CPU, cuBLAS on CUDA) or 'openvino' (oneDNN, MLAS).
        precision: of the factors: float32, float16, bfloat16 or int8.
        size: rows and columns.
        device: 'cpu', 'cuda' or 'cuda:N'; OpenVINO runs on the CPU.
        threads: CPU threads; 0 leaves the library's own choice.

    Raises:
        BenchmarkError: the library runs the product in another precision than asked for.

    """
    if library == 'torch':
        return _torch_product(precision, size, device, threads)
    return _openvino_product(precision, size, threads)


def _torch_product(precision, size, device, threads):
    import torch

    if threads:
        torch.set_num_threads(threads)
    if precision == 'int8':
        a, b = (torch.randint(-127, 128, (size, size), dtype=torch.int8) for _ in range(2))
        multiply = torch._int_mm  # int8 factors, int32 sums; torch has no public name for it
    else:
        a, b = (torch.randn(size, size).to(getattr(torch, precision)) for _ in range(2))
        multiply = torch.mm
    a, b = a.to(device), b.to(device)

    def run():
        product = multiply(a, b)
        if product.is_cuda:
            torch.cuda.synchronize()
        return product

    return run


def _openvino_product(precision, size, threads):
    import openvino
    from openvino import opset8

    hint, wanted = OPENVINO_TYPES[precision]
    random = np.random.default_rng(0)
    factor = opset8.parameter([size, size], np.float32)
    if precision == 'int8':
        # As NNCF writes a quantised layer; OpenVINO then multiplies u8 by i8.
        left = opset8.fake_quantize(factor, *np.float32([0, 255, 0, 255]), 256)
        stored = opset8.constant(random.integers(-127, 128, (size, size)).astype(np.int8))
        scale = opset8.constant(np.full((size, 1), 0.01, np.float32))
        right = opset8.multiply(opset8.convert(stored, 'f32'), scale)
    else:
        left = factor
        right = opset8.constant(random.standard_normal((size, size)).astype(np.float32))
    product = opset8.matmul(left, right, False, True)
    options = {
        'INFERENCE_PRECISION_HINT': hint,
        'PERFORMANCE_HINT': 'LATENCY',
        'ENABLE_CPU_PINNING': False,
    }
    if threads:
        options['INFERENCE_NUM_THREADS'] = threads
    model = openvino.Model([product], [factor], 'product')
    compiled = openvino.Core().compile_model(model, 'CPU', options)
    _check_precision(compiled, wanted)
    request = compiled.create_infer_request()
    values = random.integers(0, 256, (size, size)).astype(np.float32)
    return lambda: request.infer([values], share_inputs=True)


def _check_precision(compiled, wanted):
    infos = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    ran = [
        info['runtimePrecision'].astype(str)
        for info in infos
        if info['layerType'].astype(str) in ('FullyConnected', 'MatMul')
    ]
    if ran != [wanted]:
        raise BenchmarkError(f'OpenVINO multiplies in {ran}, expected {wanted}')
