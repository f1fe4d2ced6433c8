"""The kit itself: a board is read from what is made of its image alone, and from nothing else."""

from monodepth_ros.engines.factory import create_engine
from monodepth_ros.frames import Frame
from monodepth_ros.image_encodings import ENCODINGS
from monodepth_ros.pipeline.predictor import Predictor, PredictorOptions
from monodepth_ros.ros import conversions
import numpy as np
import pytest
import watermark
from watermark_model import FAR, NEAR, write_watermark_model

STAMPS = (0, 1, 999_999_999, 1_700_000_000_123_456_789, (2**32 - 1) * 10**9 + 999_999_999)


@pytest.fixture(scope='module')
def predictor(tmp_path_factory):
    """Return the way from a frame to depth through a network that follows brightness."""
    path = write_watermark_model(tmp_path_factory.mktemp('model') / 'watermark.safetensors')
    return Predictor(create_engine(str(path), 'torch', 'cpu', 1))


@pytest.mark.parametrize('stamp', STAMPS)
@pytest.mark.parametrize('size', [(32, 32), (50, 37), (640, 480)])
def test_every_stamp_is_read_back(stamp, size):
    assert watermark.read(watermark.draw(stamp, *size)) == stamp


def test_two_stamps_show_different_boards():
    boards = {watermark.board(stamp).tobytes() for stamp in STAMPS}
    assert len(boards) == len(STAMPS)


@pytest.mark.parametrize('encoding', (*ENCODINGS, *watermark.COMPRESSED))
def test_every_encoding_shows_the_stamp(encoding):
    for stamp, size in zip(STAMPS[3:], ((64, 64), (128, 96))):
        rgb = conversions.image_to_rgb(watermark.make_message(stamp, 'optical', *size, encoding))
        assert [watermark.read(rgb[..., channel]) for channel in range(3)] == [stamp] * 3


@pytest.mark.parametrize('resolution', ['input', 'network'])
@pytest.mark.parametrize('size', [(64, 48), (48, 64), (160, 120), (320, 240)])
def test_every_size_shows_the_stamp(predictor, size, resolution):
    predictor.options = PredictorOptions(output_resolution=resolution)
    image = np.dstack([watermark.draw(STAMPS[3], *size)] * 3)
    prediction = predictor.predict(Frame(image, None, STAMPS[3], 'optical'))
    assert watermark.read(prediction.depth, is_depth=True) == STAMPS[3]
    assert watermark.read(prediction.label) == STAMPS[3]
    predictor.options = PredictorOptions()


def test_depth_is_a_function_of_brightness(predictor):
    white = np.full((64, 64, 3), 255, np.uint8)
    for image, depth in ((white * 0, NEAR), (white, FAR)):
        prediction = predictor.predict(Frame(image, None, 1, 'optical'))
        assert prediction.depth == pytest.approx(np.full((64, 64), depth), rel=0.01)


def test_a_mixture_of_two_images_is_no_board():
    one, other = (watermark.draw(stamp, 64, 64).astype(np.float32) for stamp in STAMPS[2:4])
    with pytest.raises(watermark.UnreadableBoardError, match='neither black nor white'):
        watermark.read((one + other) / 2)
    torn = np.vstack([one[:32], other[32:]])
    assert watermark.read(torn) not in STAMPS


@pytest.mark.parametrize('value', [0.0, 1.0, np.nan, np.inf])
def test_an_even_picture_is_no_board(value):
    for is_depth in (False, True):
        with pytest.raises(watermark.UnreadableBoardError, match='white'):
            watermark.read(np.full((64, 64), value, np.float32), is_depth)


def test_a_cell_without_depth_is_no_board():
    depth = watermark.draw(STAMPS[3], 64, 64) / 255 * 3 + 1
    depth[4, 4] = np.nan
    with pytest.raises(watermark.UnreadableBoardError):
        watermark.read(depth, is_depth=True)
