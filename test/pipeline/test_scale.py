"""The factor for depth, and what an estimate of it is shown."""

from doubles import FormulaEngine, make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.base import Engine
from monodepth_ros.frames import Frame, RawOutput
from monodepth_ros.pipeline.predictor import infer, Predictor, PredictorOptions
from monodepth_ros.pipeline.preprocess import METRIC_SCALING
from monodepth_ros.scale.bend import Bend
import numpy as np
import pytest

WIDE = CameraModel.from_intrinsics(640, 480, (400.0, 0, 319.5, 0, 400.0, 239.5, 0, 0, 1))
PINCUSHION = CameraModel.from_intrinsics(
    640, 480, WIDE.matrix, (0.3, 0.0, 0.0, 0.0, 0.0), 'plumb_bob'
)
IMAGE = np.full((480, 640, 3), (100, 6, 200), np.uint8)


def _predict(camera=WIDE, engine=None, **options):
    predictor = Predictor(engine or FormulaEngine(), PredictorOptions(**options))
    return predictor.predict(Frame(IMAGE, camera))


@pytest.mark.parametrize('method', METRIC_SCALING)
@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('camera', [WIDE, None])
def test_the_depth_is_multiplied_however_else_it_becomes_metric(method, resolution, camera):
    options = {'metric_scaling': method, 'output_resolution': resolution}
    plain, scaled = _predict(camera, **options), _predict(camera, **options, scale=1.3)
    np.testing.assert_allclose(scaled.depth, 1.3 * plain.depth, rtol=1e-6)
    np.testing.assert_array_equal(scaled.label, plain.label)


class _Slope(Engine):
    """Give 1 m at the left of the input to 5 m at its right."""

    name, device = 'slope', 'none'

    def __init__(self):
        self.facts = make_facts()

    def _infer(self, images):
        count, height, width = images.shape[:3]
        depth = np.broadcast_to(np.linspace(1, 5, width, dtype=np.float32), (height, width))
        zeros = np.zeros(images.shape[:3], np.uint8)
        return RawOutput(np.repeat(depth[None], count, axis=0), zeros, zeros)


@pytest.mark.parametrize('method', METRIC_SCALING)
@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('camera', [WIDE, PINCUSHION])
def test_the_bend_is_of_the_metres_and_the_image_however_else_it_becomes_metric(
    method, resolution, camera
):
    options = {'metric_scaling': method, 'output_resolution': resolution}
    bend = Bend(2.5, 0.4, 0.3, -0.2)
    plain = _predict(camera, _Slope(), **options).depth
    bent = _predict(camera, _Slope(), **options, scale=1.3, bend=bend).depth
    assert np.nanmax(plain) > 1.5 * np.nanmin(plain)
    np.testing.assert_allclose(bent, 1.3 * plain * bend.factors(plain), rtol=2e-3)


def test_ranges_are_of_the_depth_that_is_given_out():
    # The network says 2 m, which is 3 m after scaling.
    options = {'metric_scaling': 'none', 'scale': 1.5}
    assert np.isposinf(_predict(**options, max_range=2.9).depth).all()
    assert np.isfinite(_predict(**options, max_range=3.1).depth).all()
    assert np.isneginf(_predict(**options, min_range=3.1).depth).all()


class _Spotted(Engine):
    """Give 1 m everywhere but for pixels that are no depth."""

    name, device = 'spotted', 'none'

    def __init__(self):
        self.facts = make_facts()

    def _infer(self, images):
        depth = np.ones(images.shape[:3], np.float32)
        depth[:, 50, 50], depth[:, 60, 60], depth[:, 70, 70] = np.nan, np.inf, -1.0
        zeros = np.zeros(images.shape[:3], np.uint8)
        return RawOutput(depth, zeros, zeros)


def test_what_is_no_depth_is_none_after_scaling():
    plain = _predict(engine=_Spotted(), output_resolution='network')
    scaled = _predict(engine=_Spotted(), output_resolution='network', scale=0.5)
    assert np.isnan(plain.depth).sum() == 3
    np.testing.assert_allclose(scaled.depth, 0.5 * plain.depth, rtol=1e-6)


def _view(engine, camera, **options):
    predictor = Predictor(engine, PredictorOptions(**options))
    prepared = predictor.prepare(Frame(IMAGE, camera))
    return predictor.view(prepared, infer(engine, [prepared])), prepared.plan


def test_a_view_is_the_content_of_the_networks_grid_before_the_factor():
    view, plan = _view(FormulaEngine(), WIDE, scale=7.0, metric_scaling='scale')
    assert view.depth.shape == view.label.shape == view.confidence.shape == (240, 320)
    np.testing.assert_allclose(view.depth, 2.0 * plan.depth_scale, rtol=1e-6)
    assert plan.depth_scale == pytest.approx(200 / 259.43, rel=1e-3)
    assert view.camera == WIDE.rectified.resized(320, 240)
    assert (view.label == 2).all() and (view.confidence == 200).all()


def test_a_view_leaves_out_what_the_image_does_not_show():
    view, plan = _view(FormulaEngine(), PINCUSHION)
    assert 0 < plan.unseen_content.mean() < 1
    np.testing.assert_array_equal(np.isnan(view.depth), plan.unseen_content)


def test_there_is_no_view_without_a_camera_and_none_of_labels_without_classes():
    assert _view(FormulaEngine(), None)[0] is None
    blind = FormulaEngine(make_facts(outputs=('depth',), classes=('x',), colors=((0, 0, 0),)))
    view = _view(blind, WIDE)[0]
    assert view.label is None and view.confidence is None
