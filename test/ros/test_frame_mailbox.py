"""One place, the newest wins, close wakes the reader."""

import threading

from monodepth_ros.ros.frame_mailbox import Mailbox
from monodepth_ros.ros.throttle import Throttle


def test_the_newest_item_wins():
    mailbox = Mailbox()
    assert mailbox.put('old') is None
    assert mailbox.put('new') == 'old'
    assert mailbox.take() == 'new'
    assert mailbox.put('next') is None


def test_take_waits_for_an_item():
    mailbox, taken = Mailbox(), []
    reader = threading.Thread(target=lambda: taken.append(mailbox.take()))
    reader.start()
    mailbox.put('item')
    reader.join(20)
    assert taken == ['item']


def test_close_wakes_a_waiting_reader():
    mailbox, taken = Mailbox(), []
    reader = threading.Thread(target=lambda: taken.append(mailbox.take()))
    reader.start()
    mailbox.close()
    reader.join(20)
    assert taken == [None]


def test_a_closed_mailbox_forgets_and_gives_back():
    mailbox = Mailbox()
    mailbox.put('waiting')
    mailbox.close()
    mailbox.close()
    assert mailbox.take() is None
    assert mailbox.put('late') == 'late'
    assert mailbox.take() is None


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
