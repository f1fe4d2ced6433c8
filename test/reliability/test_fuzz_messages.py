"""Any message: its pixels or an ImageError, its intrinsics or a CalibrationError, and no other."""

from collections import Counter
import math
from random import Random

from doubles import FormulaEngine
from fuzz_campaign import make_parcel
from hypothesis import given, HealthCheck, settings, strategies
from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import (
    CALIBRATION_REASONS,
    CalibrationError,
    ConfigError,
    IMAGE_REASONS,
    ImageError,
)
from monodepth_ros.frames import Frame
from monodepth_ros.pipeline.predictor import infer, Predictor
import numpy as np
import pytest

kit = pytest.importorskip('fuzz_messages', reason='rclpy is not installed')
conversions = pytest.importorskip('monodepth_ros.ros.conversions')

FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
RANDOMS = strategies.randoms(use_true_random=False)
PREDICTOR = Predictor(FormulaEngine())


def decode(msg):
    """Return the pixels of an image, or why there are none."""
    try:
        conversions.check_stamp(msg.header)
        image = conversions.image_to_rgb(msg)
    except ImageError as error:
        assert len(str(error)) < 2000 and '\n' not in str(error)
        return error.reason
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    return image


def calibrate(info, size):
    """Return the intrinsics of a CameraInfo, or why there are none."""
    try:
        return CameraModel.from_camera_info(info, size)
    except CalibrationError as error:
        assert len(str(error)) < 2000
        return error.reason


@given(rng=RANDOMS)
@FUZZ
def test_any_image(rng):
    decode(kit.random_image(rng))


@given(rng=RANDOMS)
@FUZZ
def test_any_compressed_image(rng):
    decode(kit.random_compressed(rng))


@given(rng=RANDOMS)
@FUZZ
def test_any_camera_info_with_any_image(rng):
    info, image = kit.random_camera_info(rng), decode(kit.random_image(rng))
    if isinstance(image, str):
        image = np.zeros((48, 64, 3), np.uint8)
    camera = calibrate(info, image.shape[1::-1])
    if isinstance(camera, str):
        return
    try:
        prepared = PREDICTOR.prepare(Frame(image, camera))
    except (ImageError, ConfigError):
        return
    assert 0 < prepared.plan.depth_scale < math.inf
    prediction = PREDICTOR.finish(prepared, infer(PREDICTOR.engine, [prepared]))
    assert np.isfinite(prediction.camera.matrix()).all()
    assert prediction.depth.shape == image.shape[:2]
    assert not (prediction.depth <= 0).any()


def test_every_reason_is_met():
    reasons = Counter()
    for number in range(1500):
        rng = Random(f'reasons {number}')
        for result in (
            decode(kit.random_image(rng)),
            decode(kit.random_compressed(rng)),
            calibrate(kit.random_camera_info(rng), (64, 48)),
        ):
            reasons[result if isinstance(result, str) else 'good'] += 1
    assert set(reasons) == {'good', *IMAGE_REASONS, *CALIBRATION_REASONS} - {'bad_file'}
    assert min(reasons.values()) >= 5 and reasons['good'] > 500, reasons


def test_messages_follow_from_seed_and_number():
    first, again, other = (
        [repr(make_parcel(seed, number, 'compressed').content) for number in range(20)]
        for seed in (1, 1, 2)
    )
    assert first == again != other
    kinds = Counter(make_parcel(1, number, 'raw').kind for number in range(1000))
    assert kinds['image'] > kinds['info'] > kinds['damaged'] > 10
