"""The whole way from frame to prediction, with an engine whose answer is known."""

import math

from doubles import FormulaEngine, make_facts
from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import CalibrationError, ConfigError, EngineError, ImageError
from monodepth_ros.frames import Frame, RawOutput, UNLABELLED, Wanted
from monodepth_ros.pipeline.cloud import make_cloud
from monodepth_ros.pipeline.predictor import infer, Predictor, PredictorOptions
import numpy as np
import pytest

NAMES = ('depth', 'label', 'confidence', 'image')
BARREL = (-0.25, 0.06, 0.001, -0.001, 0.0)


def make_camera(width=640, height=480, fx=518.86, d=(), **more):
    k = (fx, 0, (width - 1) / 2, 0, fx, (height - 1) / 2, 0, 0, 1)
    return CameraModel.from_intrinsics(width, height, k, d, 'plumb_bob', **more)


def make_frame(camera=None, color=(100, 6, 200), width=640, height=480):
    image = np.full((height, width, 3), color, np.uint8)
    return Frame(image, camera, stamp_ns=1234567890123456789, frame_id='front_optical')


class PlaneEngine(Engine):
    """See the plane n . p = 2.5 m through the content of a 320 x 240 grid in 320 x 256."""

    name, device = 'plane', 'none'
    normal = np.array([0.2, -0.3, 1.0])

    def __init__(self, grid):
        self.facts = make_facts()
        self.rays = np.pad(grid.rays(), ((8, 8), (0, 0), (0, 0)))

    def _infer(self, images):
        depth = np.float32(2.5) / (self.rays @ self.normal[:2] + self.normal[2])
        zeros = np.zeros(images.shape[:3], np.uint8)
        return RawOutput(depth[None].astype(np.float32), zeros, zeros)


def test_prediction_of_a_plain_frame():
    frame = make_frame(make_camera())
    prediction = Predictor(FormulaEngine()).predict(frame)
    np.testing.assert_allclose(prediction.depth, 2.0, rtol=1e-6)  # 1 + 100 / 100
    np.testing.assert_array_equal(prediction.label, 2)  # 6 modulo 4 classes
    np.testing.assert_array_equal(prediction.confidence, 200)
    assert prediction.depth.shape == prediction.label.shape == (480, 640)
    assert prediction.image is frame.image
    assert prediction.camera == PinholeCamera(640, 480, 518.86, 518.86, 319.5, 239.5)
    assert prediction.stamp_ns == 1234567890123456789
    assert prediction.frame_id == 'front_optical'


class ConstantEngine(FormulaEngine):
    """Give one depth everywhere, but in a patch another, and beside the image 1 m."""

    def __init__(self, depth, patch, outputs=('depth', 'semantic')):
        super().__init__(make_facts(outputs=outputs))
        self.values = depth, patch

    def _infer(self, images):
        raw = super()._infer(images)
        raw.depth[:, 8:-8], raw.depth[:, 120:124, 150:154] = self.values
        raw.depth[:, :8] = raw.depth[:, -8:] = 1.0
        return raw


INVALID = (math.nan, math.inf, -math.inf, 0.0, -1.0)


@pytest.mark.parametrize('value', INVALID)
@pytest.mark.parametrize('wanted', [Wanted(), Wanted(depth=False)])
def test_a_network_that_gives_no_depth_at_all_has_failed(value, wanted):
    # Its labels, of the same weights and numbers, are no better.
    with pytest.raises(EngineError, match='no pixel of the depth'):
        Predictor(ConstantEngine(value, value)).predict(make_frame(), wanted)


@pytest.mark.parametrize('value', INVALID)
def test_some_depth_is_enough(value):
    depth = Predictor(ConstantEngine(value, 3.0)).predict(make_frame()).depth
    assert set(depth[np.isfinite(depth)]) == {3.0}
    assert np.isnan(depth).any() and not np.isinf(depth).any()


def test_a_network_without_depth_need_not_give_any():
    engine = ConstantEngine(math.nan, math.nan, ('semantic',))
    assert np.isnan(Predictor(engine).predict(make_frame()).depth).all()


def test_frame_without_calibration():
    prediction = Predictor(FormulaEngine()).predict(make_frame())
    assert prediction.camera is None
    np.testing.assert_allclose(prediction.depth, 2.0, rtol=1e-6)


def test_network_resolution():
    engine = FormulaEngine()
    predictor = Predictor(engine, PredictorOptions(output_resolution='network'))
    prediction = predictor.predict(make_frame(make_camera(d=BARREL)))
    assert prediction.depth.shape == prediction.confidence.shape == (240, 320)
    assert prediction.image.shape == (240, 320, 3)
    assert prediction.camera.matrix()[0].tolist() == [259.43, 0.0, 159.5]
    assert prediction.camera.height == 240
    assert predictor.predict(make_frame()).camera is None


def test_options_take_effect_on_the_next_frame():
    predictor = Predictor(FormulaEngine(), PredictorOptions('resample'))
    frame = make_frame(make_camera(fx=320.0))
    assert predictor.predict(frame).depth[0, 0] == pytest.approx(2 * 256 / 259.43)
    predictor.options = PredictorOptions('none', min_range=2.5)
    assert predictor.predict(frame).depth[0, 0] == -math.inf
    predictor.options = PredictorOptions('none', max_range=1.5)
    assert predictor.predict(frame).depth[0, 0] == math.inf
    predictor.options = PredictorOptions('scale', confidence_threshold=0.9)
    prediction = predictor.predict(frame)
    assert prediction.depth[0, 0] == pytest.approx(2 * 160 / 259.43)
    assert prediction.label[0, 0] == UNLABELLED


def test_plans_are_cached_by_size_and_camera():
    predictor = Predictor(FormulaEngine())
    plan = predictor.plan(640, 480, make_camera(d=BARREL))
    assert predictor.plan(640, 480, make_camera(d=BARREL)) is plan
    assert predictor.plan(640, 480, make_camera()) is not plan
    assert predictor.plan(320, 240).height == 256


def test_a_plane_seen_through_a_calibrated_camera():
    # What the network sees on its small grid is, on the full grid, still the same plane.
    camera = make_camera(p=(518.86, 0, 310, 0, 0, 518.86, 251, 0, 0, 0, 1, 0))
    engine = PlaneEngine(camera.rectified.resized(320, 240))
    prediction = Predictor(engine).predict(make_frame(camera))
    cloud = make_cloud(prediction.depth, prediction.image, prediction.camera.rays())
    points = np.stack([cloud[axis] for axis in 'xyz'], axis=-1)[2:-2, 2:-2]
    points = points[np.isfinite(points).all(-1)]
    assert len(points) > 280_000
    np.testing.assert_allclose(points @ engine.normal, 2.5, rtol=1e-4)


@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('d', [(), BARREL], ids=['plain', 'distorted'])
def test_maps_lie_on_the_image(resolution, d):
    # A square that is near and of class 1 stands out of a far background of class 0.
    image = np.full((480, 640, 3), (200, 0, 0), np.uint8)
    image[101:203, 299:421] = (0, 1, 255)
    predictor = Predictor(FormulaEngine(), PredictorOptions(output_resolution=resolution))
    prediction = predictor.predict(Frame(image, make_camera(d=d)))
    square = prediction.image[..., 2] > 127
    factor = 2 if resolution == 'input' else 1
    for found in (prediction.depth < 2.0, prediction.confidence > 127):
        for axis in (0, 1):
            ends = [np.flatnonzero(m.any(axis))[[0, -1]] for m in (found, square)]
            np.testing.assert_allclose(*ends, atol=factor)
    assert prediction.label[square].mean() > 0.95


class RampEngine(Engine):
    """See 1 m, which from column 100 to 140 of 320 rises by 2 % a column, and then stays."""

    name, device = 'ramp', 'none'

    def __init__(self):
        self.facts = make_facts()

    def _infer(self, images):
        row = 1.02 ** np.clip(np.arange(320) - 100, 0, 40)
        depth = np.tile(row.astype(np.float32), (1, images.shape[1], 1))
        zeros = np.zeros(depth.shape, np.uint8)
        return RawOutput(depth, zeros, zeros)


@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('camera', [make_camera(), None], ids=['calibrated', 'uncalibrated'])
def test_edge_filter(resolution, camera):
    # 2 % a pixel at the training focal length, 259.43 px, is atan(1 / (259.43 * 0.02)) = 10.9
    # degrees, whatever the size of the output.
    depths = {}
    for angle in (0.0, 10.0, 12.0):
        options = PredictorOptions(edge_filter=angle, output_resolution=resolution)
        depths[angle] = Predictor(RampEngine(), options).predict(make_frame(camera)).depth
    assert np.isfinite(depths[0.0]).all()
    np.testing.assert_array_equal(depths[10.0], depths[0.0])
    factor = 2 if resolution == 'input' else 1
    removed = np.isnan(depths[12.0])
    columns = np.flatnonzero(removed.any(0))
    np.testing.assert_allclose(columns[[0, -1]], [101 * factor, 139 * factor], atol=factor)
    assert removed[:, columns].all()
    np.testing.assert_array_equal(depths[12.0][~removed], depths[0.0][~removed])


ONLY = {name: Wanted(*(name == n for n in NAMES)) for name in NAMES}


@pytest.mark.parametrize('d', [(), BARREL], ids=['plain', 'distorted'])
@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('name', NAMES)
def test_a_map_alone_is_the_same_as_with_the_others(name, resolution, d):
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    frame = Frame(image, make_camera(64, 48, 52.0, d))
    options = PredictorOptions(
        output_resolution=resolution, confidence_threshold=0.5, max_range=2.0, edge_filter=5.0
    )
    predictor = Predictor(FormulaEngine(), options)
    everything, alone = predictor.predict(frame), predictor.predict(frame, ONLY[name])
    np.testing.assert_array_equal(getattr(alone, name), getattr(everything, name))
    assert all(getattr(alone, other) is None for other in NAMES if other != name)
    assert alone.camera == everything.camera


def test_frames_of_a_batch_keep_their_own():
    engine = FormulaEngine()
    # Two cameras, two predictors, one network.
    frames = [
        Frame(np.full((h, w, 3), (value, value, value), np.uint8), make_camera(w, h, f))
        for value, w, h, f in ((10, 64, 48, 50.0), (90, 128, 96, 103.0), (40, 64, 48, 52.0))
    ]
    predictors = [Predictor(engine) for _ in frames]
    prepared = [predictor.prepare(frame) for predictor, frame in zip(predictors, frames)]
    raw = infer(engine, prepared)
    assert raw.depth.shape == (3, 256, 320)
    for index, (predictor, frame) in enumerate(zip(predictors, frames)):
        together = predictor.finish(prepared[index], raw, index)
        alone = predictor.predict(frame)
        for name in NAMES:
            np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_maps_lie_in_the_arrays_that_are_given():
    arrays = {}

    def new_array(name, shape, dtype):
        arrays[name] = np.full(shape, 77, dtype)
        return arrays[name]

    engine = FormulaEngine()
    predictor = Predictor(engine)
    prepared = predictor.prepare(make_frame(make_camera(d=BARREL)))
    raw = infer(engine, [prepared])
    before = [array.copy() for array in (raw.depth, raw.label, raw.confidence)]
    prediction = predictor.finish(prepared, raw, 0, Wanted(), new_array)
    expected = predictor.predict(make_frame(make_camera(d=BARREL)))
    for name in NAMES:
        assert getattr(prediction, name) is arrays[name]
        np.testing.assert_array_equal(arrays[name], getattr(expected, name))
    for array, old in zip((raw.depth, raw.label, raw.confidence), before):
        np.testing.assert_array_equal(array, old)


def test_a_frame_keeps_the_options_it_was_prepared_with():
    predictor = Predictor(FormulaEngine(), PredictorOptions(max_range=1.5))
    prepared = predictor.prepare(make_frame())
    predictor.options = PredictorOptions()
    prediction = predictor.finish(prepared, infer(predictor.engine, [prepared]))
    assert np.isposinf(prediction.depth).all()


def test_errors_come_through():
    predictor = Predictor(FormulaEngine())
    with pytest.raises(CalibrationError):
        predictor.predict(make_frame(make_camera(), width=320, height=240))
    with pytest.raises(ImageError):
        predictor.predict(Frame(np.zeros((480, 640), np.uint8)))
    with pytest.raises(ImageError):
        predictor.predict(Frame(np.zeros((0, 640, 3), np.uint8)))


@pytest.mark.parametrize(
    ('option', 'value', 'words'),
    [
        ('metric_scaling', 'metres', "'metres'.*'resample'"),
        ('output_resolution', 'half', "'half'.*'network'"),
        ('max_input_pixels', 1023, '1024 or more'),
        ('min_range', -0.1, 'min_range is -0.1'),
        ('min_range', math.nan, 'min_range is nan'),
        ('max_range', 0.0, 'max_range 0.0'),
        ('confidence_threshold', 1.1, '0..1'),
        ('confidence_threshold', math.nan, '0..1'),
        ('edge_filter', -1.0, '0..45'),
        ('edge_filter', 45.1, '0..45'),
        ('edge_filter', math.nan, '0..45'),
        ('scale', 0.0, '0.01..100'),
        ('scale', -1.0, '0.01..100'),
        ('scale', math.nan, '0.01..100'),
    ],
)
def test_bad_options(option, value, words):
    with pytest.raises(ConfigError, match=words):
        PredictorOptions(**{option: value})
