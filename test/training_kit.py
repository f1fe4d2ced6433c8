"""A network of a few hundred weights, and training runs of it, for tests."""

import operator

from monodepth_ros.networks.blocks import resize
from monodepth_ros.networks.output import NetworkOutput
from monodepth_ros.networks.registry import NETWORKS
from monodepth_ros.training.config import make_config
from monodepth_ros.training.distributed import Processes
from monodepth_ros.training.trainer import Trainer
import torch
from torch import nn

VALUES = {
    'network': 'tiny',
    'dataset': 'folder',
    'held_out': 2,
    'width': 64,
    'height': 64,
    'epochs': 2,
    'batch_size': 2,
    'precision': 'float32',
    'augment': {'max_zoom': 1.3, 'flip': 0.5, 'brightness': 0.2},
}
STEPS = 6
"""Two epochs of three: eight images of a tiny folder less two held out, two a step."""


class TinyEncoder(nn.Module):
    """One convolution, with what makes training inexact if it can: batch norm and dropout."""

    mean = (127.0, 127.0, 127.0)
    std = (64.0, 64.0, 64.0)

    def __init__(self, width, norm, dropout):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3, 4, 1),
            nn.BatchNorm2d(width) if norm else nn.Identity(),
            nn.ReLU(),
            nn.Dropout(dropout),
        )

    def forward(self, x):
        """Map (N, 3, H, W) to (N, width, H / 4, W / 4)."""
        return self.layers(x)


class TinyNetwork(nn.Module):
    """An encoder and a head for each output."""

    def __init__(self, classes, width=6, norm=True, dropout=0.2, outputs=('depth', 'semantic')):
        super().__init__()
        self.outputs = tuple(outputs)
        self.encoder = TinyEncoder(width, norm, dropout)
        sizes = {'depth': 1, 'semantic': classes}
        self.heads = nn.ModuleDict({name: nn.Conv2d(width, sizes[name], 1) for name in outputs})

    def forward(self, image):
        """Map (N, 3, H, W) to log metres and logits."""
        features = self.encoder(image)
        size = image.shape[-2:]
        maps = {name: resize(head(features), size) for name, head in self.heads.items()}
        return NetworkOutput(maps.get('depth'), maps.get('semantic'))

    @staticmethod
    def metres(raw):
        """Return exp."""
        return raw.float().exp()


def register_tiny_network(setitem=operator.setitem):
    """Make the network known as 'tiny', by a function that sets an item of a mapping."""
    setitem(NETWORKS, 'tiny', TinyNetwork)


def make_trainer(data, out, limit=None, processes=None, **changes):
    """Return a trainer of the tiny network on one CPU, its run in `out`."""
    config = make_config({**VALUES, **changes})
    return Trainer(config, data, out, processes or Processes(torch.device('cpu')), limit)


def stop_before(trainer, step):
    """Let a run end before `step` as by Ctrl-C."""
    learn = trainer.learner.step

    def stop(number, batch):
        if number == step:
            raise KeyboardInterrupt
        return learn(number, batch)

    trainer.learner.step = stop
