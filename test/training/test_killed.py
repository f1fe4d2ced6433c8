"""A run that is killed again and again, at writes and in between, ends as an unbroken one."""

import json
import os
from pathlib import Path
import subprocess
import sys

import pytest
from safetensors.torch import load_file
import torch
from training_kit import make_trainer

ROOT = Path(__file__).parents[2]
CHANGES = {'epochs': 24, 'validate_every': 6}  # 72 steps


@pytest.mark.usefixtures('tiny_network')
def test_a_run_that_is_killed_many_times_ends_as_an_unbroken_one(tiny_folder, tmp_path):
    path = os.pathsep.join([str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')])
    command = [sys.executable, ROOT / 'test' / 'training' / 'killed_program.py']
    result = subprocess.run(
        [*command, tiny_folder, tmp_path / 'killed', json.dumps(CHANGES)],
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    kills = json.loads(result.stdout)
    assert kills['at_writes'] == 16 and kills['at_random'] >= 3, kills
    assert kills['began'] == sorted(kills['began']) and len(set(kills['began'])) >= 5, kills

    whole = make_trainer(tiny_folder, tmp_path / 'whole', **CHANGES)
    whole.run()
    for name in ('state', 'last', 'best'):
        expected = load_file(getattr(whole.files, name))
        found = load_file(tmp_path / 'killed' / getattr(whole.files, name).name)
        assert found.keys() == expected.keys()
        assert all(torch.equal(found[key], expected[key]) for key in expected), name
    for path in (whole.files.steps, whole.files.history):
        assert (tmp_path / 'killed' / path.name).read_text() == path.read_text()
    left_over = {p.name for p in (tmp_path / 'killed').iterdir()}
    assert left_over == {p.name for p in whole.files.path.iterdir()}
