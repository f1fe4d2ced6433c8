"""Evaluation of an engine whose errors are known."""

from dataclasses import replace

from doubles import FormulaEngine, make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.torch_engine import TorchEngine
from monodepth_ros.networks.registry import create_network
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.training.datasets import nyu, Sample
from monodepth_ros.training.evaluate import evaluate, measure
from monodepth_ros.training.metrics import DEPTH_METRICS
import numpy as np
import pytest
import torch


def make_sample(depth, label, width=640, height=480, red=100, green=6, ratio=1, camera=None):
    """Return an image for which the formula engine says 1 + red / 100 m and class green % 4."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:] = (red, green, 200)
    truth = np.full((height // ratio, width // ratio), depth, np.float32)
    return Sample('x', image, truth, np.full((height, width), label, np.uint8), camera)


def test_figures():
    samples = [make_sample(4.0, 2), make_sample(2.0, 1, ratio=2)]
    found = evaluate(FormulaEngine(), samples)
    assert set(found) == {
        'n_images',
        'miou',
        'pixel_accuracy',
        'mean_accuracy',
        *DEPTH_METRICS,
    }
    assert found['n_images'] == 2
    assert found['abs_rel'] == pytest.approx((0.5 + 0.0) / 2, abs=1e-6)
    assert found['rmse'] == pytest.approx((2.0 + 0.0) / 2, abs=1e-6)
    assert found['pixel_accuracy'] == 0.5
    # Class 2 found twice, once right; class 1 never found.
    assert found['miou'] == pytest.approx((0.5 + 0.0) / 2)


@pytest.mark.parametrize(('crop', 'counts'), [(nyu.CROP, False), (None, True)])
@pytest.mark.parametrize('ratio', [1, 2])
def test_nothing_counts_outside_the_crop(crop, counts, ratio):
    sample = make_sample(2.0, 2, ratio=ratio)
    sample.depth[: 44 // ratio] = 8.0
    sample.label[:44] = 0
    found = evaluate(FormulaEngine(), [sample], crop=crop)
    assert (found['abs_rel'] > 1e-6) == counts
    assert (found['pixel_accuracy'] < 1) == counts


def test_depth_beyond_the_range_does_not_count():
    sample = make_sample(2.0, 2)
    sample.depth[::2] = 9.0
    assert evaluate(FormulaEngine(), [sample], max_depth=8.0)['abs_rel'] < 1e-6
    assert evaluate(FormulaEngine(), [sample])['abs_rel'] > 0.1


def test_depth_is_scaled_to_the_camera():
    # Half the training focal length over width: resampling makes the image half as wide.
    camera = CameraModel.from_intrinsics(640, 480, (259.43, 0, 320, 0, 259.43, 240, 0, 0, 1))
    sample = make_sample(2.0, 2, camera=camera)
    found = evaluate(FormulaEngine(), [sample], PredictorOptions('resample'))
    assert found['abs_rel'] == pytest.approx(0.0, abs=1e-6)
    # Scaling instead halves the depth that the network sees.
    found = evaluate(FormulaEngine(), [sample], PredictorOptions('scale'))
    assert found['abs_rel'] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(
    ('output', 'present', 'absent'), [('depth', 'rmse', 'miou'), ('semantic', 'miou', 'rmse')]
)
def test_single_outputs(output, present, absent):
    engine = FormulaEngine(make_facts(outputs=(output,)))
    found = evaluate(engine, [make_sample(2.0, 2)])
    assert present in found and absent not in found


def test_no_images():
    assert evaluate(FormulaEngine(), []) == {'n_images': 0}
    evaluation = measure(Predictor(FormulaEngine()), [])
    assert (evaluation.details(), evaluation.images) == ({}, [])


def test_details():
    samples = [make_sample(4.0, 2), make_sample(2.5, 1, ratio=2)]
    evaluation = measure(Predictor(FormulaEngine()), samples)
    details = evaluation.details()
    assert evaluation.figures() == evaluate(FormulaEngine(), samples)
    assert details['median_scaled']['abs_rel'] == pytest.approx(0.0, abs=1e-6)
    assert details['median_ratio'] == pytest.approx({'mean': (2 + 1.25) / 2, 'std': 0.375})
    # A quarter as many pixels have depth in the second image.
    assert [g['share'] for g in details['by_distance']] == pytest.approx([0, 1, 0, 0])
    assert details['by_distance'][1]['abs_rel'] == pytest.approx((0.5 * 4 + 0.2) / 5)
    assert details['iou'] == {'bed': None, 'chair': 0.0, 'floor': 0.5, 'wall': None}
    assert np.array(details['confusion'])[[1, 2], 2].tolist() == [640 * 480] * 2


def test_records_of_images():
    samples = [make_sample(4.0, 2), make_sample(0.0, 2), make_sample(2.0, 255)]
    records = measure(Predictor(FormulaEngine()), samples).images
    assert records[0]['rmse'] == pytest.approx(2.0)
    assert records[0]['median_ratio'] == pytest.approx(2.0)
    floor = {'floor_pixels': 640 * 480, 'floor_as_floor': 640 * 480, 'floor_as_wall': 0}
    assert records[1] == {'name': 'x', 'pixel_accuracy': 1.0, **floor}
    assert records[2]['abs_rel'] == pytest.approx(0.0, abs=1e-6)
    assert 'pixel_accuracy' not in records[2]


def test_network_in_memory():
    torch.manual_seed(0)
    facts = make_facts(classes=nyu.CLASSES, colors=nyu.COLORS)
    network = create_network('dual_efficientnet_lite0', classes=13, widths=[8, 8, 8, 8])
    engine = TorchEngine(network, facts, device='cpu')
    found = evaluate(engine, [make_sample(2.0, 2, 128, 96)], max_depth=10.0)
    assert found['n_images'] == 1
    assert np.isfinite(list(found.values())).all()


class CarefulEngine(FormulaEngine):
    """Expects an error of red / 100."""

    def __init__(self):
        super().__init__(make_facts(outputs=('depth', 'semantic', 'error')))

    def _infer(self, images):
        raw = super()._infer(images)
        return replace(raw, error=(images[..., 0] / 100.0).astype(np.float32))


def test_the_learned_error():
    # 2 m where 4 m are true, and 3 m where 3 m are.
    samples = [make_sample(4.0, 2), make_sample(3.0, 2, red=200)]
    evaluation = measure(Predictor(CarefulEngine()), samples)
    error = evaluation.details()['error']
    assert error['ratio'] == pytest.approx(np.log(2.0) / 2 / 1.5, rel=1e-3)
    shares = {(g['from'], g['to']): g['share'] for g in error['calibration']}
    assert shares[0.5, 1.0] == shares[1.0, None] == 0.5
    assert [record['error_correlation'] for record in evaluation.images] == [0.0, 0.0]
    assert 'error' not in measure(Predictor(FormulaEngine()), samples).details()


def test_figures_by_camera():
    near = CameraModel.from_intrinsics(640, 480, (320, 0, 320, 0, 320, 240, 0, 0, 1))
    samples = [
        replace(make_sample(2.0, 2, camera=near), camera_height=0.3),
        replace(make_sample(2.0, 2, green=7), camera_height=0.6),
        make_sample(2.0, 1),
    ]
    details = measure(Predictor(FormulaEngine()), samples).details()
    assert [g['n_images'] for g in details['by_camera_height']] == [1, 1, 0]
    assert [g.get('floor_as_floor') for g in details['by_camera_height']] == [1.0, 0.0, None]
    assert details['low_floor'] == {
        'below_m': 0.7,
        'n_images': 2,
        'floor_as_floor': 0.5,
        'floor_as_wall': 0.5,
    }
    assert 'by_focal_length' not in details
