"""The newest item of each sender wins; what is handed over comes in order; close ends both."""

import threading

from bench import wait_until
from monodepth_ros.ros.frame_mailbox import Handover, Mailbox
from monodepth_ros.ros.throttle import Throttle
import pytest


def in_thread(function):
    """Start a function in a thread; return the thread and the list that gets its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    return thread, results


def test_the_newest_item_wins():
    mailbox = Mailbox()
    assert mailbox.put('a', 'old') is None
    assert mailbox.put('a', 'new') == 'old'
    assert mailbox.take() == ['new']
    assert mailbox.put('a', 'next') is None


def test_each_sender_has_its_place_and_who_waits_longest_comes_first():
    mailbox = Mailbox()
    for sender, item in (('b', 'b1'), ('a', 'a1'), ('b', 'b2')):
        mailbox.put(sender, item)
    assert mailbox.take() == ['b2', 'a1']
    mailbox.put('a', 'a2')
    assert mailbox.take() == ['a2']


@pytest.mark.parametrize(
    'make, put, expected',
    [(Mailbox, ('a', 'item'), ['item']), (Handover, ('item',), 'item')],
)
def test_take_waits_for_an_item(make, put, expected):
    box = make()
    reader, taken = in_thread(box.take)
    box.put(*put)  # Of a Handover, this waits for the reader.
    reader.join(20)
    assert taken == [expected]


@pytest.mark.parametrize('make, expected', [(Mailbox, []), (Handover, None)])
def test_close_wakes_a_waiting_reader(make, expected):
    box = make()
    reader, taken = in_thread(box.take)
    box.close()
    reader.join(20)
    assert taken == [expected]


def test_a_closed_mailbox_forgets_and_gives_back():
    mailbox = Mailbox()
    mailbox.put('a', 'waiting')
    mailbox.close()
    mailbox.close()
    assert mailbox.take() == []
    assert mailbox.put('a', 'late') == 'late'
    assert mailbox.take() == []


def test_handover_keeps_every_item_and_makes_the_giver_wait():
    handover = Handover()
    given = []
    giver, _ = in_thread(lambda: [given.append(handover.put(n) or n) for n in (1, 2, 3)])
    for number in (1, 2, 3):
        assert given == list(range(1, number))
        assert handover.take() == number
        wait_until(lambda n=number: given[-1:] == [n], 'the giver')
    giver.join(20)
    assert not giver.is_alive()


def test_throttle_is_by_reason():
    now = [0.0]
    throttle = Throttle(period=5.0, clock=lambda: now[0])
    assert throttle.ready('a') and throttle.ready('b')
    now[0] = 4.9
    assert not throttle.ready('a')
    now[0] = 5.0
    assert throttle.ready('a')
    now[0] = 9.9
    assert not throttle.ready('a')
