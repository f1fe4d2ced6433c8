"""The deployment graph around a network whose answer is known."""

import math

from monodepth_ros.networks.deploy import DeploymentGraph, UNLABELLED
from monodepth_ros.networks.output import NetworkOutput
import pytest
import torch
from torch import nn


class Stub(nn.Module):
    """Answer with given maps, whatever the image, which it keeps."""

    def __init__(self, depth=None, semantic=None, error=None):
        super().__init__()
        self.answer = NetworkOutput(depth, semantic, error)

    def forward(self, image):
        self.image = image
        return self.answer

    @staticmethod
    def metres(raw):
        return raw.exp()


def run(depth=None, semantic=None, size=(1, 1), mean=(0.0,) * 3, std=(1.0,) * 3):
    graph = DeploymentGraph(Stub(depth, semantic), mean, std).eval()
    return graph(torch.zeros(1, *size, 3, dtype=torch.uint8))


def test_normalisation():
    network = Stub(torch.zeros(1, 1, 2, 2))
    graph = DeploymentGraph(network, mean=(1.0, 2.0, 3.0), std=(2.0, 4.0, 5.0))
    graph(torch.tensor([10, 20, 30], dtype=torch.uint8).expand(1, 2, 2, 3))
    assert network.image.shape == (1, 3, 2, 2)
    expected = torch.tensor([4.5, 4.5, 5.4]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    torch.testing.assert_close(network.image, expected)


def test_rows_and_channels_keep_their_place():
    network = Stub(torch.zeros(1, 1, 2, 3))
    images = torch.arange(18, dtype=torch.uint8).view(1, 2, 3, 3)
    DeploymentGraph(network, (0.0,) * 3, (1.0,) * 3)(images)
    assert network.image[0, 2].tolist() == [[2, 5, 8], [11, 14, 17]]


def test_label_is_the_highest_class():
    logits = torch.tensor([[0.0, 3.0, -5.0], [1.0, 2.0, -4.0], [-1.0, 4.0, -6.0]])
    _, label, _ = run(semantic=logits.view(1, 3, 1, 3), size=(1, 3))
    assert label.tolist() == [[[1, 2, 1]]]


def test_label_of_the_exported_graph_is_the_same(monkeypatch):
    logits = torch.randn(1, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    _, label, confidence = run(semantic=logits, size=(8, 12))
    monkeypatch.setattr(torch.onnx, 'is_in_onnx_export', lambda: True)
    _, exported, exported_confidence = run(semantic=logits, size=(8, 12))
    assert torch.equal(exported, label)
    assert torch.equal(exported_confidence, confidence)


@pytest.mark.parametrize(
    ('logit', 'expected'),
    [
        (0.0, 128),  # 127.5 goes up
        (math.log(3.0), 191),  # 0.75 x 255 = 191.25
        (-math.log(3.0), 64),  # 63.75
        (50.0, 255),
        (-50.0, 0),
    ],
)
def test_confidence_is_rounded(logit, expected):
    semantic = torch.tensor([logit, logit - 1.0]).view(1, 2, 1, 1)
    assert run(semantic=semantic)[2].item() == expected


def test_the_error_is_the_last_map():
    depth, error = torch.zeros(1, 1, 1, 2), torch.tensor([0.1, 0.3]).log().view(1, 1, 1, 2)
    graph = DeploymentGraph(Stub(depth, None, error), (0.0,) * 3, (1.0,) * 3).eval()
    maps = graph(torch.zeros(1, 1, 4, 3, dtype=torch.uint8))
    assert len(maps) == 4 and len(run(depth)) == 3
    torch.testing.assert_close(maps[3], torch.tensor([[[0.1, 0.15, 0.25, 0.3]]]))


def test_small_maps_are_resized_in_metres():
    raw = torch.tensor([1.0, 3.0]).log().view(1, 1, 1, 2)
    depth, _, _ = run(depth=raw, size=(2, 4))
    # Centres at 0.25, 0.75, 1.25 and 1.75 between the two pixels' 0.5 and 1.5.
    torch.testing.assert_close(depth[0], torch.tensor([[1.0, 1.5, 2.5, 3.0]]).expand(2, 4))


def test_small_class_maps_are_resized_before_the_arg_max():
    logits = torch.tensor([[4.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)
    _, label, confidence = run(semantic=logits, size=(1, 4))
    # Class 0 goes 4, 3, 1, 0 and class 1 goes 0, 0.5, 1.5, 2.
    assert label.tolist() == [[[0, 0, 1, 1]]]
    expected = [round(255 / (1 + math.exp(-x))) for x in (4.0, 3.0, 1.5, 2.0)]
    assert confidence[0, 0].tolist() == expected


def test_without_a_semantic_branch():
    depth, label, confidence = run(depth=torch.zeros(1, 1, 2, 3), size=(2, 3))
    assert (depth == 1.0).all()
    assert (label == UNLABELLED).all() and label.dtype == torch.uint8
    assert (confidence == 0).all() and confidence.dtype == torch.uint8


def test_without_a_depth_branch():
    depth, label, _ = run(semantic=torch.zeros(1, 2, 2, 3), size=(2, 3))
    assert depth.shape == (1, 2, 3) and depth.dtype == torch.float32
    assert depth.isnan().all()
    assert (label == 0).all()


def test_unlabelled_is_the_package_s_value():
    from monodepth_ros import frames

    assert UNLABELLED == frames.UNLABELLED


def test_statistics_are_no_weights():
    assert not DeploymentGraph(nn.Identity(), (0.0,) * 3, (1.0,) * 3).state_dict()
