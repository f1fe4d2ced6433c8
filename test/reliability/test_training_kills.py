"""The program of scripts/kills training: a run of its own is killed, resumed, and compared."""

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from training_kills import differences, RECORDS, summarise, TrainingKills, WEIGHTS


@pytest.fixture(scope='module')
def kills(tmp_path_factory):
    """Return what came of one kill of a run of two epochs."""
    kills = TrainingKills(tmp_path_factory.mktemp('kills'), epochs=2)
    kills.run(1)
    return kills


def test_a_killed_run_ends_as_the_unbroken_one(kills):
    figures = summarise(kills)
    assert figures['broken'] == [] and figures['runs'] == 1
    assert figures['recovered'] == figures['kills'] == len(kills.kills)


def test_every_difference_is_found(kills, tmp_path):
    shutil.copytree(kills.whole, tmp_path / 'run')
    assert differences(kills.whole, tmp_path / 'run') == []
    for name in WEIGHTS:
        arrays = load_file(tmp_path / 'run' / name)
        key = min(arrays)
        arrays[key] = np.nextafter(arrays[key], np.float32(np.inf))
        del arrays[max(arrays)]
        save_file(arrays, tmp_path / 'run' / name)
    for name in RECORDS:
        with (tmp_path / 'run' / name).open('a') as file:
            file.write('{}\n')
    (tmp_path / 'run' / 'more').write_text('')
    found = differences(kills.whole, tmp_path / 'run')
    assert len(found) == 2 * len(WEIGHTS) + len(RECORDS) + 1


def test_kills_of_a_run_that_ends_otherwise_are_not_recovered(kills, monkeypatch):
    monkeypatch.setattr(kills, 'kills', [{'run': n, 'step': 3} for n in (0, 0, 1)])
    monkeypatch.setattr(kills, 'differences', [[], ['last.safetensors: a']])
    figures = summarise(kills)
    assert (figures['kills'], figures['recovered']) == (3, 2)
    (text,) = figures['broken']
    assert text.startswith('run 1 ends otherwise')
