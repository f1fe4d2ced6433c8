"""Stand-ins for tf2_ros and tf2_msgs, which are not on PyPI: transforms that a test sets."""

from importlib.machinery import ModuleSpec
import math
import sys
from types import ModuleType, SimpleNamespace

from geometry_msgs.msg import TransformStamped
from monodepth_ros.ros.compat import ns_to_stamp
from std_msgs.msg import Header


class LookupException(Exception):
    """No such frames."""


class ExtrapolationException(Exception):
    """No transform at that time."""


class Tf2:
    """
    What tf2 knows.

    Attributes:
        known: (frame, within) to (stamp in ns or None for a static one, rotation, translation).
        moving: (frame, within) to what gives the translation by ns, and the last time it is for.
        listeners: those of all of TF that have not unregistered; without one, what is static alone
            is known.
        said: transforms that a listener of static ones put into a buffer.
        turn: quaternion of all that moves.
        cleared: how often a buffer was.

    """

    def __init__(self):
        self.known = {}
        self.moving, self.turn = {}, (0, 0, 0, 1)
        self.listeners = []
        self.said = []
        self.cleared = 0

    def put(self, frame, within, rotation, translation, stamp_ns=None):
        """Say where a frame is in another one; at one time only, unless that is None."""
        self.known[frame, within] = stamp_ns, rotation, translation

    def put_moving(self, frame, within, at, until_ns):
        """Say where a frame is at each time up to one, by a function of ns that gives a place."""
        self.moving[frame, within] = at, until_ns

    def lookup(self, within, frame, time):
        """Answer as `Buffer.lookup_transform` does."""
        if within.startswith('/') or frame.startswith('/'):
            raise ValueError('tf2 frame_ids cannot start with a /')
        if self.listeners and (frame, within) in self.moving:
            at, until_ns = self.moving[frame, within]
            if time.nanoseconds > until_ns:
                raise ExtrapolationException('Lookup would require extrapolation into the future.')
            # The latest is of when it was last said.
            now_ns = time.nanoseconds or until_ns
            return message(now_ns, self.turn, at(now_ns))
        stamp_ns, rotation, translation = self.known.get((frame, within), (math.nan, None, None))
        if stamp_ns is not None and (stamp_ns != stamp_ns or not self.listeners):
            raise LookupException(f'"{within}" passed to lookupTransform\n does not exist.')
        if stamp_ns is not None and time.nanoseconds not in (0, stamp_ns):
            raise ExtrapolationException('Lookup would require extrapolation into the future.')
        return message(stamp_ns or 0, rotation, translation)


def message(stamp_ns, rotation, translation):
    """Return where a frame is in another one at a time, as TF says it, without their names."""
    found = TransformStamped()
    found.header.stamp = ns_to_stamp(stamp_ns)
    for name, value in zip('xyzw', rotation):
        setattr(found.transform.rotation, name, float(value))
    for name, value in zip('xyz', translation):
        setattr(found.transform.translation, name, float(value))
    return found


def install(monkeypatch):
    """Put a stand-in where `import tf2_ros` finds it, and return what it knows."""
    tf2 = Tf2()

    class Buffer:
        """Answer from what is known."""

        def lookup_transform(self, target_frame, source_frame, time):
            return tf2.lookup(target_frame, source_frame, time)

        def set_transform_static(self, transform, authority):
            tf2.said.append(transform)

        def clear(self):
            tf2.cleared += 1

    class TransformListener:
        """Be counted."""

        def __init__(self, buffer, node, *, spin_thread=False):
            assert not spin_thread
            tf2.listeners.append(self)

        def unregister(self):
            tf2.listeners.remove(self)

    module = ModuleType('tf2_ros')
    module.__spec__ = ModuleSpec('tf2_ros', None)
    module.Buffer, module.TransformListener = Buffer, TransformListener
    monkeypatch.setitem(sys.modules, 'tf2_ros', module)
    messages = ModuleType('tf2_msgs.msg')
    # Of whatever type that can be subscribed to: nobody publishes it.
    messages.TFMessage = Header
    monkeypatch.setitem(sys.modules, 'tf2_msgs', ModuleType('tf2_msgs'))
    monkeypatch.setitem(sys.modules, 'tf2_msgs.msg', messages)
    return tf2


class Hearer:
    """
    A stand-in for a node that listens.

    Attributes:
        heard: callbacks of its subscriptions by topic.
        jumps: callbacks of its clock, as (threshold, callback).
        timers: callbacks of its timers by what `create_timer` returned; None while cancelled.

    """

    def __init__(self):
        self.heard = {}
        self.jumps = []
        self.timers = {}

    def create_subscription(self, kind, topic, callback, qos):
        """Return the topic."""
        self.heard[topic] = callback
        return topic

    def destroy_subscription(self, topic):
        """Forget a topic."""
        del self.heard[topic]

    def create_timer(self, seconds, callback, *, clock):
        """Return what the timer can be cancelled and begun anew by."""
        name = len(self.timers)
        self.timers[name] = callback

        def cancel():
            self.timers[name] = None

        def reset():
            self.timers[name] = callback

        return SimpleNamespace(name=name, cancel=cancel, reset=reset)

    def destroy_timer(self, timer):
        """Forget a timer."""
        del self.timers[timer.name]

    def get_clock(self):
        """Return what has the next one."""
        return self

    def create_jump_callback(self, threshold, *, post_callback):
        """Return what can be unregistered."""
        self.jumps.append((threshold, post_callback))
        return SimpleNamespace(unregister=self.jumps.clear)
