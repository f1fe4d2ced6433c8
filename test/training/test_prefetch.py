"""Batches prepared ahead: in order, with their errors, and without threads left behind."""

import threading

from monodepth_ros.errors import DatasetError
from monodepth_ros.training.prefetch import Prefetch
import pytest


def square(step):
    return step * step


def threads():
    return [t for t in threading.enumerate() if t.name.startswith('prefetch')]


@pytest.mark.parametrize('workers', [1, 3])
@pytest.mark.parametrize(('start', 'stop'), [(0, 9), (4, 7), (3, 4), (5, 5)])
def test_all_steps_in_order(workers, start, stop):
    with Prefetch(square, start, stop, workers) as stream:
        assert list(stream) == [(step, step * step) for step in range(start, stop)]
    assert not threads()


def test_steps_in_order_though_the_first_takes_longest():
    second_is_done = threading.Event()

    def make(step):
        if step == 0:
            assert second_is_done.wait(30)
        elif step == 1:
            second_is_done.set()
        return step

    with Prefetch(make, 0, 4, workers=2) as stream:
        assert [batch for _, batch in stream] == [0, 1, 2, 3]


def test_the_next_batch_is_made_while_one_is_in_use():
    made = [threading.Event() for _ in range(6)]

    def make(step):
        made[step].set()
        return step

    with Prefetch(make, 0, 6, ahead=2) as stream:
        for step, _ in stream:
            if step == 0:
                # Nobody has asked for the next two, and they come; the one after them does not.
                assert made[1].wait(30) and made[2].wait(30)
                assert not made[3].is_set()


def test_an_error_comes_where_its_batch_would_have():
    def make(step):
        if step == 2:
            raise DatasetError('rgb/0002.jpg: 0 bytes that are no whole image')
        return step

    seen = []
    with pytest.raises(DatasetError, match='rgb/0002.jpg'):
        with Prefetch(make, 0, 9) as stream:
            for step, _ in stream:
                seen.append(step)
    assert seen == [0, 1]
    assert not threads()


def test_leaving_early_makes_no_more_batches():
    made, begun, gate = [], threading.Event(), threading.Event()

    def make(step):
        made.append(step)
        if step == 1:
            begun.set()
            assert gate.wait(30)

    with Prefetch(make, 0, 1000, ahead=3) as stream:
        assert next(iter(stream))[0] == 0
        assert begun.wait(30)
        # The thread is at step 1 until those that wait behind it are given up.
        stream._pending[-1][1].add_done_callback(lambda future: gate.set())
    assert made == [0, 1]
    assert not threads()
