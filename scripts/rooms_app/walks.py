"""How cameras go through rooms; the standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Walk:
    """
    How a camera goes through a room.

    Attributes:
        focal_share: its focal length over the image's width.
        height: metres over the floor; on the way it rises and falls by 2 cm.
        pitch, nod: degrees, up is positive, and how far it nods about that on the way.
        turns: least and most radians that it turns by.
        longest: metres from start to end.
        nearest: metres to what is nearest in the probes.
        middle: metres; half of what is seen is to be nearer.
        floor: least share of a frame that is floor.

    """

    focal_share: float
    height: float
    pitch: float
    nod: float
    turns: tuple[float, float]
    longest: float
    nearest: float
    middle: float
    floor: float


WALKS = {
    # A Kinect in the hand, at distances as in photographs of rooms.
    'hand': Walk(525 / 640, 1.25, -10.0, 1.5, (0.8, 2.0), 2.0, 0.7, 3.0, 0.1),
    # A wide camera on a small robot, which comes near to things and turns away from the floor.
    'robot': Walk(0.6, 0.4, -5.0, 1.5, (1.0, 3.5), 5.0, 0.4, 2.0, 0.03),
}
