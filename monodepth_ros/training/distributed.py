"""Several processes, on one machine or many, that train one network: started by torchrun."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
import os
import time
from typing import Iterator
import weakref

from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.device import select_device
import torch
from torch import distributed, nn, Tensor

LONGEST_WAIT = timedelta(hours=2)
"""For a process that never comes; the others wait this long while the first one validates."""
RELEASE_S = 10.0
"""Far longer than a thread takes to let go of what it has summed, on a machine however loaded."""

_buffers: list[weakref.ref[Tensor]] = []


@dataclass(frozen=True)
class Processes:
    """This process and how many train with it.

    Attributes:
        device: what this process computes on.
        rank: number of this process; 0 leads, which means that it writes, validates and reports.
        count: how many processes there are.

    """

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def part(self, batch_size: int) -> slice:
        """Return this process's part of a batch; ConfigError where it is no whole number."""
        if batch_size % self.count:
            raise ConfigError(
                f'batch_size is {batch_size}, the images of all {self.count} processes together; '
                f'expected a multiple of {self.count}'
            )
        share = batch_size // self.count
        return slice(self.rank * share, (self.rank + 1) * share)

    def wrap(self, network: nn.Module) -> nn.Module:
        """Return a module whose gradients are the mean over the processes."""
        if self.count == 1:
            return network
        devices = [self.device] if self.device.type == 'cuda' else None
        return nn.parallel.DistributedDataParallel(network, device_ids=devices)

    def synchronize_norms(self, network: nn.Module) -> nn.Module:
        """Let batch norms see the whole batch; torch has that for CUDA only.

        On CPUs each process normalises its own part of the batch, and the statistics that are
        kept are those of the first process.
        """
        if self.count == 1 or self.device.type != 'cuda':
            return network
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            distributed.barrier()

    def agree(self, value: int) -> bool:
        """Tell whether all processes hold the same number."""
        number = torch.tensor(float(value), dtype=torch.float64, device=self.device)
        spread = torch.stack((number, -number))
        if self.count > 1:
            spread = _reduce(spread, distributed.ReduceOp.MAX)
        return bool(spread[0] == -spread[1])


def _reduce(values: Tensor, *op) -> Tensor:
    """Return the sum of `values` over all processes, or another reduction.

    Gloo's threads go on holding the tensor that they have reduced for a moment, and the last to
    hold it needs Python to free it. `_wait_for_release` has to know it, hence a buffer that
    nobody else has.
    """
    buffer = values.clone(memory_format=torch.contiguous_format)
    _buffers[:] = [held for held in _buffers if held() is not None] + [weakref.ref(buffer)]
    distributed.all_reduce(buffer, *op)
    return buffer.clone()


def _wait_for_release() -> None:
    """Wait until no thread of gloo's holds a tensor of Python's.

    DistributedDataParallel keeps those threads beyond destroy_process_group. One that asks for
    Python while the interpreter ends is ended in the middle of C++, and the process with it:
    "terminate called without an active exception".
    """
    latest = time.monotonic() + RELEASE_S
    while any(held() is not None for held in _buffers) and time.monotonic() < latest:
        time.sleep(0.001)
    _buffers.clear()


class _GlobalSum(torch.autograd.Function):
    """Sum over all processes; see `global_sum`."""

    @staticmethod
    def forward(ctx, values):
        return _reduce(values)

    @staticmethod
    def backward(ctx, gradient):
        return _reduce(gradient)


def global_sum(values: Tensor) -> Tensor:
    """Return the sums of `values` over all processes, each by itself, in float64.

    Each process gets the same, and a gradient whose mean over the processes, which is what
    DistributedDataParallel takes, is that of one process with the whole batch. Every process has
    to call this equally often.

    Args:
        values: any shape, in each process the same one: sums over its part of the batch.

    """
    values = values.double()  # float32 cannot count that far
    if distributed.is_available() and distributed.is_initialized():
        return _GlobalSum.apply(values)
    return values


def global_mean(total: Tensor, count: Tensor) -> Tensor:
    """Return the `global_sum` of `total` divided by that of `count`, or by 1.

    A mean of each process's mean would give pixels of a part with little ground truth more weight.

    Args:
        total: scalar, the sum over this process's part of the batch.
        count: scalar, how many values are in it.

    """
    whole = global_sum(torch.stack((total.double(), count.double())))
    return (whole[0] / whole[1].clamp(min=1)).to(total.dtype)


@contextmanager
def join_processes(device: str) -> Iterator[Processes]:
    """Join the processes that torchrun started, or be alone where it did not.

    Args:
        device: 'auto', 'cpu', 'cuda', or where there is one process 'cuda:N'. With several, each
            takes the GPU of its number on its machine.

    Raises:
        ConfigError: one GPU named for several processes.
        EngineError: unknown device, or fewer GPUs than processes on this machine.

    """
    count = int(os.environ.get('WORLD_SIZE', 1))
    if count == 1:
        yield Processes(select_device(device))
        return
    chosen = _own_device(device, count)
    if chosen.type == 'cuda':
        torch.cuda.set_device(chosen)
    backend = 'nccl' if chosen.type == 'cuda' else 'gloo'
    distributed.init_process_group(backend, timeout=LONGEST_WAIT)
    yield Processes(chosen, distributed.get_rank(), count)
    # Not after an error: it could wait for the others, whom torchrun ends once this one has ended.
    distributed.destroy_process_group()
    _wait_for_release()


def _own_device(device, count):
    if device.startswith('cuda:'):
        raise ConfigError(
            f"device is {device!r} for {count} processes; give 'cuda', and each takes a GPU of "
            'its own'
        )
    chosen = select_device(device)
    if chosen.type == 'cuda':
        chosen = select_device(f'cuda:{os.environ["LOCAL_RANK"]}')
    return chosen
