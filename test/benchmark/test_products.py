"""Matrix products run, in the precision that they are named after."""

from monodepth_ros.benchmark import products
from monodepth_ros.benchmark.products import make_product
from monodepth_ros.errors import BenchmarkError
import pytest
import torch

SIZE = 96


@pytest.mark.parametrize(
    ('precision', 'kind'),
    [('float32', torch.float32), ('bfloat16', torch.bfloat16), ('int8', torch.int32)],
)
def test_torch(precision, kind):
    product = make_product('torch', precision, SIZE, 'cpu', 1)()
    assert product.shape == (SIZE, SIZE) and product.dtype == kind
    assert product.float().abs().sum() > 0


@pytest.mark.parametrize('precision', ['float32', 'bfloat16', 'int8'])
def test_openvino(precision):
    openvino = pytest.importorskip('openvino')
    capabilities = openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
    if precision == 'bfloat16' and 'BF16' not in capabilities:
        pytest.skip('this CPU does not compute in bfloat16')
    if precision == 'int8' and 'INT8' not in capabilities:
        pytest.skip('this CPU has no INT8 products in OpenVINO')
    result = make_product('openvino', precision, SIZE, 'cpu', 1)()
    assert next(iter(result.values())).shape == (SIZE, SIZE)


def test_openvino_in_another_precision_is_refused(monkeypatch):
    pytest.importorskip('openvino')
    monkeypatch.setitem(products.OPENVINO_TYPES, 'float32', ('f32', 'u8'))
    with pytest.raises(BenchmarkError, match='f32.*expected u8'):
        make_product('openvino', 'float32', SIZE, 'cpu', 1)
