"""Curves for TensorBoard, read back with its own reader."""

import json
import logging
import sys

from monodepth_ros.training.tensorboard import EventLog
import numpy as np
import pytest
from training_kit import make_trainer, STEPS, stop_before


def read_events(folder):
    reader = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    events = reader.EventAccumulator(str(folder), {'scalars': 0, 'images': 0})
    return events.Reload()


def values(events, tag):
    return {event.step: event.value for event in events.Scalars(tag)}


def test_steps_that_are_done_again_are_there_once(tmp_path):
    pytest.importorskip('tensorboard')
    for start, steps, loss in ((0, (1, 2, 3, 4), 5.0), (2, (3, 4, 5), 7.0)):
        log = EventLog(tmp_path, start)
        for step in steps:
            log.scalars(step, {'loss': loss, 'gradient_norm': None}, 'train')
        log.close()
    found = [(e.step, e.value) for e in read_events(tmp_path).Scalars('train/loss')]
    assert found == [(1, 5.0), (2, 5.0), (3, 7.0), (4, 7.0), (5, 7.0)]


def test_without_tensorboard_one_line_says_so(tmp_path, monkeypatch, caplog):
    for name in [*sys.modules]:
        if name.startswith('torch.utils.tensorboard'):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'tensorboard', None)  # as if it were not installed
    with caplog.at_level(logging.WARNING):
        log = EventLog(tmp_path / 'events', 0)
        log.scalars(1, {'loss': 1.0}, 'train')
        log.picture(1, np.zeros((2, 2, 3), np.uint8))
        log.flush()
        log.close()
    (line,) = caplog.messages
    assert 'pip install tensorboard' in line and '\n' not in line
    assert not (tmp_path / 'events').exists()


def test_a_run_and_its_resume_as_curves(tiny_folder, tmp_path, tiny_network):
    pytest.importorskip('tensorboard')
    trainer = make_trainer(tiny_folder, tmp_path / 'run')
    stop_before(trainer, 4)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    # Steps 1 to 4 are in the curves; the state is of before.
    make_trainer(tiny_folder, tmp_path / 'run').run()

    events = read_events(trainer.files.events)
    lines = trainer.files.steps.read_text().splitlines()
    steps = [json.loads(line) for line in lines]
    for name in ('loss', 'focal', 'learning_rate', 'gradient_norm'):
        found = [(event.step, event.value) for event in events.Scalars(f'train/{name}')]
        assert [step for step, _ in found] == list(range(1, STEPS + 1))
        assert [value for _, value in found] == pytest.approx([s[name] for s in steps], rel=1e-6)
    assert min(values(events, 'train/images_per_second').values()) > 0
    records = [json.loads(line) for line in trainer.files.history.read_text().splitlines()]
    expected = {record['step']: record['rmse'] for record in records}
    assert values(events, 'held_out/rmse') == pytest.approx(expected, rel=1e-6)
    assert [event.step for event in events.Images('held_out')] == [3, 6]
