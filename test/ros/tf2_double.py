"""A stand-in for tf2_ros, which is not on PyPI: transforms that a test sets, and its errors."""

from importlib.machinery import ModuleSpec
import sys
from types import ModuleType

from geometry_msgs.msg import TransformStamped
from monodepth_ros.ros.compat import ns_to_stamp


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
        listeners: those that have not unregistered.

    """

    def __init__(self):
        self.known = {}
        self.moving = {}
        self.listeners = []

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
        if (frame, within) in self.moving:
            at, until_ns = self.moving[frame, within]
            if time.nanoseconds > until_ns:
                raise ExtrapolationException('Lookup would require extrapolation into the future.')
            return message(time.nanoseconds, (0, 0, 0, 1), at(time.nanoseconds))
        if (frame, within) not in self.known:
            raise LookupException(f'"{within}" passed to lookupTransform\n does not exist.')
        stamp_ns, rotation, translation = self.known[frame, within]
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
    return tf2
