"""Which images a report shows, and how."""

from doubles import make_facts
from monodepth_ros.frames import Prediction
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.report.examples import (
    colorize_error,
    example_pictures,
    NOT_COUNTED,
    rank,
    RIGHT,
    TOO_FAR,
    TOO_NEAR,
    WIDTH,
)
import numpy as np
import pytest


def test_rank_by_depth():
    images = [{'name': str(i), 'abs_rel': e} for i, e in enumerate([0.3, 0.1, 0.4, 0.2, 0.5])]
    assert rank(images, 2) == ('abs_rel', [1, 3], [4, 2])


def test_no_image_is_shown_twice():
    images = [{'abs_rel': 0.3}, {'abs_rel': 0.1}, {'abs_rel': 0.2}]
    assert rank(images, 2) == ('abs_rel', [1, 2], [0])
    assert rank(images, 5) == ('abs_rel', [1, 2, 0], [])


def test_images_without_truth_are_left_out():
    assert rank([{'name': 'a'}, {'abs_rel': 0.1}], 5) == ('abs_rel', [1], [])
    assert rank([{'name': 'a'}], 5) is None


def test_rank_by_labels():
    images = [{'pixel_accuracy': 0.3}, {'pixel_accuracy': 0.9}, {}]
    assert rank(images, 1) == ('pixel_accuracy', [1], [0])


def test_error_colors():
    target = np.array([[2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]])
    depth = np.array([[2.0, 1.0, 3.0, 0.1, np.nan, np.inf, 2.0]])
    counted = target > 0
    colors = [tuple(color) for color in colorize_error(depth, target, counted)[0].tolist()]
    assert colors == [RIGHT, TOO_NEAR, TOO_FAR, TOO_NEAR, TOO_NEAR, TOO_FAR, NOT_COUNTED]


def test_half_an_error_is_half_the_color():
    color = colorize_error(np.full((1, 1), 2.5), np.full((1, 1), 2.0), np.ones((1, 1), bool))
    assert color[0, 0].tolist() == [round((a + b) / 2) for a, b in zip(RIGHT, TOO_FAR)]


@pytest.mark.parametrize(
    ('outputs', 'titles'),
    [
        (('depth',), ['image', 'true depth', 'predicted depth', 'depth error']),
        (('semantic',), ['image', 'true labels', 'predicted labels']),
    ],
)
def test_pictures_are_of_what_the_model_predicts(outputs, titles):
    image = np.full((48, 64, 3), 7, np.uint8)
    labels = np.zeros((48, 64), np.uint8)
    sample = Sample('x', image, np.full((24, 32), 2.0, np.float32), labels)
    prediction = Prediction(np.full((48, 64), 2.0, np.float32), labels + 1, labels, image)
    facts = make_facts(outputs=outputs)
    pictures = example_pictures(sample, prediction, np.ones((24, 32), bool), facts)
    assert list(pictures) == titles
    assert {p.shape for p in pictures.values()} == {(WIDTH * 3 // 4, WIDTH, 3)}
    assert (pictures['image'] == 7).all()
    if 'depth' in outputs:
        assert (pictures['depth error'] == 255).all()
        assert (pictures['true depth'] == pictures['predicted depth']).all()
    else:
        assert (pictures['true labels'] == facts.colors[0]).all()
        assert (pictures['predicted labels'] == facts.colors[1]).all()
