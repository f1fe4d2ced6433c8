"""Growth with image size and batch, with a tiny model."""

from monodepth_ros.benchmark.growth import measure_growth
import pytest

pytest.importorskip('torch')


def test_rows(settings):
    growth, errors = measure_growth(settings, sizes=[(96, 72), (128, 96)], batches=[1, 3])
    assert errors == []
    assert [(row['width'], row['height']) for row in growth['sizes']] == [(96, 72), (128, 96)]
    for row in growth['sizes']:
        assert 0 < row['engine_ms_median'] < row['predict_ms_median'] <= row['predict_ms_p95']
        assert row['full_ms_median'] > 0
    for row, batch in zip(growth['batches'], (1, 3)):
        assert row['ms_per_image'] == pytest.approx(row['ms_median'] / batch, rel=1e-3)
    assert growth['engine']['name']
