"""Things of one class that are unlabelled get their label back."""

from dataclasses import replace

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.checkpoint import load_checkpoint
from monodepth_ros.training import label_completion as module
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.label_completion import (
    estimate_frequencies,
    LabelCompletion,
    NetworkProbabilities,
    unlabelled_things,
)
import numpy as np
import pytest
from tiny_model import write_tiny_model
import torch

CLASSES = ('floor', 'box')


def make_sample(label):
    height, width = label.shape
    image = np.zeros((height, width, 3), np.uint8)
    return Sample('a', image, np.ones((height, width), np.float32), label)


@pytest.mark.parametrize(('width', 'border', 'corner'), [(200, 2, 1), (400, 6, 3), (640, 10, 5)])
def test_borders_between_things_are_no_things(width, border, corner):
    label = np.zeros((120, width), np.uint8)
    label[20:, 100:][:, :border] = 255  # between two things
    label[:border] = label[20:, -border:] = 255  # the frame of the image
    label[40:60, 20:40] = 255
    found = unlabelled_things(label)
    inside = np.zeros_like(found)
    inside[40:60, 20:40] = True
    assert not found[~inside].any()
    # A disc reaches everything but the corners.
    reached = found[40:60, 20:40]
    assert reached[corner:-corner].all() and reached[:, corner:-corner].all()
    np.testing.assert_array_equal(reached, reached[::-1, ::-1])


def test_what_is_found_is_unlabelled():
    rng = np.random.default_rng(0)
    for width in range(100, 700, 30):
        small = rng.integers(0, 2, (8, 10)).astype(np.uint8) * 255
        label = small.repeat(20, 0).repeat(width // 10, 1)
        found = unlabelled_things(label)
        assert found.any() and (label[found] == 255).all()


def test_frequencies_are_those_that_the_pixels_have():
    # A pixel shows one of two features; p(feature 0 | class) is 0.9 and 0.2, and the network has
    # learnt from as many pixels of either class.
    likelihood = np.array([[0.9, 0.2], [0.1, 0.8]])  # (feature, class)
    posterior = likelihood / likelihood.sum(axis=1, keepdims=True)
    # Three quarters of these are of class 1: feature 0 has 0.25 * 0.9 + 0.75 * 0.2 = 0.375.
    pixels = np.concatenate((np.tile(posterior[0], (375, 1)), np.tile(posterior[1], (625, 1))))
    found = estimate_frequencies(pixels, np.array([0.5, 0.5]))
    assert found == pytest.approx([0.25, 0.75], abs=1e-3)


def test_frequencies_that_do_not_settle_are_refused(monkeypatch):
    monkeypatch.setattr(module, 'MOST_ROUNDS', 2)
    with pytest.raises(ConfigError, match='still change after 2 rounds'):
        estimate_frequencies(np.array([[0.9, 0.1]]), np.array([0.5, 0.5]))


def test_frequencies_that_the_network_has_learnt_stay():
    likelihood = np.array([[0.9, 0.2], [0.1, 0.8]])
    learnt = np.array([0.7, 0.3])
    joint = likelihood * learnt
    shares = joint.sum(axis=1)  # 0.69 and 0.31 of the pixels
    posterior = joint / shares[:, None]
    pixels = np.repeat(posterior, np.rint(shares * 100).astype(int), axis=0)
    assert estimate_frequencies(pixels, learnt) == pytest.approx(learnt, abs=1e-6)


class TestCompletion:
    """Labelled are 7400 pixels of floor and 1000 of boxes; what is unlabelled is a box.

    Half of it the network takes for one.
    """

    @pytest.fixture
    def label(self):
        label = np.zeros((100, 100), np.uint8)
        label[:10] = 1
        label[20:60, 20:60] = 255
        return label

    @staticmethod
    def network(sample):
        found = np.full((100, 100, 2), (0.95, 0.05), np.float32)
        found[:10] = found[20:40, 20:60] = (0.1, 0.9)
        found[40:60, 20:60] = (0.6, 0.4)  # a box, so far as one can tell
        found[80:, 80:] = (0.0, 1.0)
        return found

    def test_unlabelled_things_get_the_label(self, label):
        sample = make_sample(label)
        completion = LabelCompletion(self.network, [sample], CLASSES, 'box')
        assert completion.learnt == pytest.approx([1 - 1000 / 8400, 1000 / 8400])
        assert completion.unlabelled[1] > 0.9
        expected = np.where(label == 255, 1, label)
        found = completion(sample)
        assert found.dtype == np.uint8
        corners = found != expected
        assert corners.sum() <= 4 and (label[corners] == 255).all()
        assert (sample.label == 255).any()  # left as it is

    def test_things_of_other_classes_stay_unlabelled(self, label):
        completion = LabelCompletion(self.network, [make_sample(label)], CLASSES, 'floor')
        np.testing.assert_array_equal(completion(make_sample(label)), label)

    def test_another_class_is_refused(self, label):
        with pytest.raises(ConfigError, match="no class 'cat', expected one of floor, box"):
            LabelCompletion(self.network, [make_sample(label)], CLASSES, 'cat')

    @pytest.mark.parametrize('labels', [(0, 1), (0, 255), (255, 255)])
    def test_nothing_to_estimate_from_is_refused(self, label, labels):
        label[:50], label[50:] = labels
        with pytest.raises(
            ConfigError, match="labels of each .* pixels: {'floor'.* things: .* pixels"
        ):
            LabelCompletion(self.network, [make_sample(label)], CLASSES, 'box')


class TestNetworkProbabilities:
    """What a checkpoint says, on the image's grid."""

    def test_probabilities_are_those_of_the_logits(self, tmp_path):
        path = write_tiny_model(tmp_path / 'tiny.safetensors')
        probabilities = NetworkProbabilities(path)
        facts = probabilities.facts
        size = (64, 64)  # what the network takes as it is
        image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        sample = replace(make_sample(np.zeros(size, np.uint8)), image=image)
        found = probabilities(sample)
        assert found.shape == (*size, len(facts.classes))
        network = load_checkpoint(path)[0]
        mean, std = (torch.tensor(x).view(1, 3, 1, 1) for x in (facts.mean, facts.std))
        with torch.no_grad():
            pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
            expected = network((pixels - mean) / std).semantic.softmax(dim=1)
        np.testing.assert_allclose(found, expected[0].permute(1, 2, 0), atol=1e-3)
        larger = replace(sample, image=image.repeat(2, 0).repeat(2, 1))
        assert probabilities(larger).shape == (2 * size[0], 2 * size[1], len(facts.classes))
