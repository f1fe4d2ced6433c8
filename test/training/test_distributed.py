"""Several processes train as one: two on the CPU, started by torchrun, against one."""

import json
import os
from pathlib import Path
import subprocess
import sys
from threading import Event, Thread
import time

import cv2
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.training import distributed as module
from monodepth_ros.training.distributed import global_mean, join_processes, Processes
import pytest
from safetensors.torch import load_file
from tiny_folder import write_tiny_folder
import torch
from torch import nn
from training_kit import make_trainer, STEPS

ROOT = Path(__file__).parents[2]
CPU = torch.device('cpu')
PLAIN = {
    'options': {'norm': False, 'dropout': 0.0},
    'loss': {'log_depth': 1.0, 'silog': 1.0, 'cross_entropy': 0.5, 'jaccard': 0.5},
}
"""Nothing in the network depends on which images are in one process: no batch norm, no dropout.
The loss has all kinds of terms: means, slopes, a root of a difference of means, and a ratio."""
CONFIGURATIONS = {'plain': PLAIN, 'normed': {}}


def blind_every_other(data):
    """Leave little ground truth in every other image, so that a mean of means would be wrong."""
    for index in range(0, 8, 2):
        for folder, unknown in (('depth', 0), ('label13', 255)):
            path = str(data / folder / f'{index:04}.png')
            image = cv2.imread(path, cv2.IMREAD_UNCHANGED)
            known = image.shape[0] // 8
            image[known:] = unknown
            cv2.imwrite(path, image)


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Return the data folder, and the folder with the runs of two processes."""
    folder = tmp_path_factory.mktemp('distributed')
    data = write_tiny_folder(folder / 'data')
    blind_every_other(data)
    path = os.pathsep.join([str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')])
    torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2']
    program = str(ROOT / 'test' / 'training' / 'distributed_program.py')
    result = subprocess.run(
        [sys.executable, *torchrun, program, data, folder, json.dumps(CONFIGURATIONS)],
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return data, folder


def read_steps(folder):
    return [json.loads(line) for line in (folder / 'steps.jsonl').read_text().splitlines()]


def test_two_processes_learn_what_one_does(runs, tmp_path, tiny_network):
    data, folder = runs
    one = make_trainer(data, tmp_path / 'one', **PLAIN)
    before = {k: v.clone() for k, v in one.learner.network.state_dict().items()}
    one.run()
    alone, together = read_steps(one.files.path), read_steps(folder / 'plain')
    assert len(alone) == len(together) == STEPS
    for expected, found in zip(alone, together, strict=True):
        assert found == pytest.approx(expected, rel=1e-4)
    weights = load_file(folder / 'plain' / 'state.safetensors')
    for key, value in one.learner.network.state_dict().items():
        found = weights[f'network.{key}']
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-5)
        learnt = (value - before[key]).abs().max()
        assert learnt > 1e-3  # far above the tolerance


def test_resumed_processes_are_unbroken_ones_bit_for_bit(runs):
    whole, resumed = runs[1] / 'plain', runs[1] / 'resumed'
    assert (resumed / 'steps.jsonl').read_text() == (whole / 'steps.jsonl').read_text()
    expected = load_file(whole / 'state.safetensors')
    found = load_file(resumed / 'state.safetensors')
    assert all(torch.equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize('name', CONFIGURATIONS)
def test_all_processes_have_the_same_weights(runs, name):
    first, second = (load_file(runs[1] / f'{name}{rank}.safetensors') for rank in range(2))
    trained = [key for key in first if 'running' not in key]  # of batch norm: each has its own
    assert trained and all(torch.equal(first[key], second[key]) for key in trained)


def test_only_the_first_process_writes(runs):
    records = (runs[1] / 'plain' / 'history.jsonl').read_text().splitlines()
    assert [json.loads(record)['epoch'] for record in records] == [1, 2]
    session = json.loads((runs[1] / 'plain' / 'sessions.jsonl').read_text())
    assert session['processes'] == 2


def test_one_process_is_alone(monkeypatch):
    monkeypatch.delenv('WORLD_SIZE', raising=False)
    with join_processes('cpu') as processes:
        assert processes == Processes(CPU, 0, 1)
        assert processes.leads and processes.agree(7)
        processes.wait()
        layer = nn.Linear(1, 1)
        assert processes.wrap(layer) is processes.synchronize_norms(layer) is layer
    assert global_mean(torch.tensor(6.0), torch.tensor(4)).item() == 1.5
    assert global_mean(torch.tensor(0.0), torch.tensor(0)).item() == 0.0


def test_parts_of_a_batch():
    parts = [Processes(CPU, rank, 3).part(6) for rank in range(3)]
    assert [list(range(6))[part] for part in parts] == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(ConfigError, match='batch_size is 8, .* all 3 processes.* multiple of 3'):
        Processes(CPU, 0, 3).part(8)


def test_batch_norms_are_joined_on_gpus_only():
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2))
    keys = list(network.state_dict())
    assert Processes(CPU, 0, 2).synchronize_norms(network) is network
    assert Processes(torch.device('cuda', 0), 0, 1).synchronize_norms(network) is network
    joined = Processes(torch.device('cuda', 1), 1, 2).synchronize_norms(network)
    assert isinstance(joined[1], nn.SyncBatchNorm)
    assert list(joined.state_dict()) == keys


def test_several_processes_cannot_train_an_output_without_a_loss(
    tiny_folder, tmp_path, tiny_network
):
    loss = {'loss': {'focal': 0.0, 'class_sobel': 0.0}}
    make_trainer(tiny_folder, tmp_path / 'run', **loss)
    with pytest.raises(ConfigError, match='semantic has no loss'):
        make_trainer(tiny_folder, tmp_path / 'run', processes=Processes(CPU, 0, 2), **loss)


def test_one_gpu_for_several_processes_is_refused(monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '2')
    with pytest.raises(ConfigError, match="'cuda:1' for 2 processes; give 'cuda'"):
        with join_processes('cuda:1'):
            pass


def test_each_process_takes_the_gpu_of_its_number(monkeypatch):
    def select(name):
        if name == 'cuda:1':
            raise EngineError('sees 1 CUDA devices')
        return torch.device(name)

    monkeypatch.setattr(module, 'select_device', select)
    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setenv('LOCAL_RANK', '1')
    with pytest.raises(EngineError, match='sees 1 CUDA devices'):
        with join_processes('cuda'):
            pass


def test_no_thread_holds_a_tensor_when_the_processes_part(monkeypatch):
    """A thread that frees one while the interpreter ends would abort the process."""
    leaving, freed = Event(), []

    def all_reduce(tensor, op):
        holds = [tensor]

        def release():
            leaving.wait()
            time.sleep(0.2)
            freed.append(True)
            holds.clear()

        Thread(target=release).start()

    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setattr(module.distributed, 'init_process_group', lambda *_, **__: None)
    monkeypatch.setattr(module.distributed, 'get_rank', lambda: 0)
    monkeypatch.setattr(module.distributed, 'destroy_process_group', leaving.set)
    monkeypatch.setattr(module.distributed, 'all_reduce', all_reduce)
    with join_processes('cpu') as processes:
        assert processes.agree(7)
        assert not freed
    assert freed
