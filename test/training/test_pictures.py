"""Pictures of a validation."""

from dataclasses import replace

from doubles import make_facts
from monodepth_ros.frames import Prediction
from monodepth_ros.pipeline.visualize import colorize_depth
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.pictures import GAP, validation_sheet, WIDTH
import numpy as np
import pytest

RED, BLUE = (200, 0, 0), (0, 0, 200)
SIZE = (WIDTH * 3 // 4, WIDTH)  # as large as a tile, so that nothing is resized


@pytest.fixture
def pair():
    """Return a sample and a prediction with one thing each to be seen."""
    depth = np.full((SIZE[0] // 2, SIZE[1] // 2), 2.5, np.float32)
    depth[:5] = 0.0
    sample = Sample('a', np.full((*SIZE, 3), 90, np.uint8), depth, np.zeros(SIZE, np.uint8))
    found = np.full(SIZE, 1.5, np.float32)
    confidence = np.full(SIZE, 255, np.uint8)
    return sample, Prediction(found, np.ones(SIZE, np.uint8), confidence, sample.image)


@pytest.fixture
def facts():
    return make_facts(classes=('wall', 'floor'), colors=(RED, BLUE))


def tile(sheet, row, column):
    top, left = row * (SIZE[0] + GAP), column * (WIDTH + GAP)
    return sheet[top:, left:][: SIZE[0], :WIDTH]


def test_a_row_shows_truth_beside_prediction(pair, facts):
    sheet = validation_sheet([pair, pair], facts)
    assert sheet.shape == (2 * (SIZE[0] + GAP), 5 * (WIDTH + GAP), 3)
    # Both depths in the colours of 0 to 3 m: the next full metre above 2.5.
    colors = colorize_depth(np.array([[2.5, 1.5]], np.float32), 0.0, 3.0)[0]
    for row in range(2):
        assert (tile(sheet, row, 0) == 90).all()
        assert (tile(sheet, row, 1)[:10] == 0).all()  # unknown
        assert (tile(sheet, row, 1)[10:] == colors[0]).all()
        assert (tile(sheet, row, 2) == colors[1]).all()
        assert (tile(sheet, row, 3) == RED).all()
        assert (tile(sheet, row, 4) == BLUE).all()


def test_what_is_not_predicted_is_left_out(pair, facts):
    depth = validation_sheet([pair], replace(facts, outputs=('depth',)))
    labels = validation_sheet([pair], replace(facts, outputs=('semantic',)))
    assert depth.shape[1] == labels.shape[1] == 3 * (WIDTH + GAP)
    assert (tile(depth, 0, 2) == colorize_depth(np.full((1, 1), 1.5), 0.0, 3.0)).all()
    assert (tile(labels, 0, 2) == BLUE).all()


def test_a_sample_without_any_depth(pair, facts):
    sample, prediction = pair
    blind = replace(sample, depth=np.zeros_like(sample.depth))
    assert (tile(validation_sheet([(blind, prediction)], facts), 0, 1) == 0).all()
