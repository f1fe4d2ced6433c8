"""Train in every process that torchrun started: a whole run, a broken and resumed one, others.

Arguments: data folder, folder for the runs, configurations by name (JSON).
"""

import json
from pathlib import Path
import sys

from monodepth_ros.training.distributed import join_processes
from monodepth_ros.training.state import save_state
import torch
from training_kit import make_trainer, register_tiny_network, stop_before

STOP = 4


def break_off(trainer):
    """Train to step STOP, and save there."""
    stop_before(trainer, STOP)
    try:
        trainer.run()
    except KeyboardInterrupt:
        pass
    if trainer.processes.leads:
        trainer.save()
    trainer.processes.wait()


def main():
    data, out, configurations = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
    torch.set_num_threads(1)
    register_tiny_network()
    with join_processes('cpu') as processes:
        for name, changes in configurations.items():
            trainer = make_trainer(data, out / name, processes=processes, **changes)
            trainer.run()
            save_state(out / f'{name}{processes.rank}.safetensors', trainer.learner, {})
        changes = next(iter(configurations.values()))
        break_off(make_trainer(data, out / 'resumed', processes=processes, **changes))
        resumed = make_trainer(data, out / 'resumed', processes=processes, **changes)
        assert resumed.resume() == STOP
        resumed.run()
        assert processes.agree(5) and not processes.agree(processes.rank)


if __name__ == '__main__':
    main()
