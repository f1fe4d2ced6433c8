"""A call that takes long is waited for, until the process is to end."""

import threading

from monodepth_ros.ros.interruption import InterruptedCallError, Interruption
import pytest


def test_what_the_call_gives_is_passed_on():
    names = []
    assert (
        Interruption().call(lambda: names.append(threading.current_thread().name) or 3, 'a') == 3
    )
    assert names == ['a']


@pytest.mark.parametrize('error', [ValueError('no'), SystemExit(3), KeyboardInterrupt()])
def test_what_the_call_raises_is_passed_on(error):
    def fail():
        raise error

    with pytest.raises(type(error)) as caught:
        Interruption().call(fail, 'a')
    assert caught.value is error


@pytest.fixture
def gate():
    """Return an event for which calls wait, at most as long as the test."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_call_is_left_behind(gate):
    interruption, entered = Interruption(), threading.Event()

    def hang():
        entered.set()
        gate.wait()

    interrupter = threading.Thread(target=lambda: entered.wait(20) and interruption.interrupt())
    interrupter.start()
    with pytest.raises(InterruptedCallError, match='load was interrupted'):
        interruption.call(hang, 'load')
    interrupter.join()


def test_no_later_call_is_begun():
    interruption, begun = Interruption(), []
    interruption.interrupt()
    interruption.interrupt()
    with pytest.raises(InterruptedCallError):
        interruption.call(lambda: begun.append(True), 'load')
    assert not begun
