"""SIGTERM and SIGINT end the node where it cannot go on by itself: in a load, in a frame."""

from monodepth_ros.ros.signals import LONGEST_END_S
import pytest
from signal_times import LIMIT_S, SIGNALS, SignalTimes, summarise
from witness import Witness

FACTOR = 5.0
"""A machine that does other things as well; scripts/kills signals takes the limit as it is."""


@pytest.fixture
def witness(ros):
    witness = Witness(rate=20.0)
    yield witness
    witness.close()


@pytest.mark.parametrize('number', SIGNALS)
@pytest.mark.parametrize('phase', ['load_hangs', 'frame_hangs'])
def test_a_hanging_node_ends_quietly(witness, tmp_path, phase, number):
    end = SignalTimes(tmp_path, witness).measure(phase, number)
    assert end['exit_code'] == 0 and end['bad_words'] == []
    # On a machine that is far too busy, the node leaves without taking the middleware down.
    assert end['segments_left'] == 0 or end['seconds'] > LONGEST_END_S
    assert end['seconds'] < FACTOR * LIMIT_S


def test_figures_and_broken_promises():
    end = {'phase': 'inferring', 'signal': 'SIGINT', 'seconds': 0.5}
    end.update(exit_code=0, segments_left=1, bad_words=[])
    assert summarise([end, {**end, 'seconds': 1.5}]) == {
        'ends': 2,
        'segments_left': 2,
        'seconds_max': {'inferring': 1.5},
        'broken': [],
    }
    for wrong in ({'seconds': 2.1}, {'exit_code': -11}, {'bad_words': ['Traceback']}):
        (text,) = summarise([end, {**end, **wrong}])['broken']
        assert 'SIGINT while inferring' in text and str(list(wrong.values())[0]) in text
