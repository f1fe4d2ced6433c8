"""A checkpoint with weights set by hand, whose depth and labels follow the image's brightness."""

from pathlib import Path

from doubles import make_facts
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
import torch

WHITE = 4.0
"""What white is inside the network; black is 0, and ReLU6 lets both through."""
NEAR, FAR = 1.0, 4.0
"""Depth in metres of black and of white."""
SURE = 4.0
"""Logit of the right class; 0.98 as a probability."""
OPTIONS = {'widths': [1, 1, 1, 1], 'up_skips': False, 'lateral_sharing': False}


def write_watermark_model(path: Path, side: int = 64) -> Path:
    """
    Write a network of the package that maps black to 1 m and 'dark', white to 4 m and 'bright'.

    Brightness goes through the first layers of the encoder and the last of the decoder, two by two
    pixels at a time, and nowhere else: all other weights are zero. The depth of a pixel is so a
    function of its own brightness, whatever is around it.

    Args:
        path: where to.
        side: width and height in pixels that images are brought to.

    """
    network = create_network('dual_efficientnet_lite0', classes=2, **OPTIONS)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if '_bn' not in name and 'norm' not in name and weight.ndim > 1:
                weight.zero_()
        _pass_brightness_on(network)
    facts = make_facts(
        network='dual_efficientnet_lite0',
        options=OPTIONS,
        classes=('dark', 'bright'),
        colors=((0, 0, 0), (255, 255, 255)),
        input_width=side,
        input_height=side,
        focal_length=0.866 * side,
        mean=(0.0, 0.0, 0.0),
        std=(255.0 / WHITE,) * 3,
    )
    save_checkpoint(path, network, facts)
    return path


def _pass_brightness_on(network: torch.nn.Module) -> None:
    encoder, depth, semantic = network.encoder, network.branch['depth'], network.branch['semantic']
    encoder._conv_stem.weight[0, :, :2, :2] = 1 / 12  # The mean of two by two pixels' colours.
    first = encoder._blocks[0]
    first._depthwise_conv.weight[0, 0, 1, 1] = 1.0
    first._project_conv.weight[0, 0] = 1.0
    for branch in (depth, semantic):
        # Channel 0 is what comes from below, 1 and on what comes from the encoder.
        branch.up[-1].fuse[0].weight[0, 1, 1, 1] = 1.0
    depth.sum.convolutions[-1].weight[0] = torch.log(torch.tensor(FAR / NEAR)) / WHITE
    depth.sum.convolutions[-1].bias.zero_()
    steps = torch.tensor([-1.0, 1.0]) * 2 * SURE / WHITE
    semantic.sum.convolutions[-1].weight[:, 0, 0, 0] = steps
    semantic.sum.convolutions[-1].bias[:] = torch.tensor([SURE, -SURE])
