"""What stands where in a room: plain data in metres, x and y on the floor, z up."""

from __future__ import annotations

from dataclasses import dataclass, field
import math

import numpy as np
from rooms_app.catalog import Model


@dataclass(frozen=True)
class Footprint:
    """A rectangle on the floor: centre, width and depth, yaw in radians."""

    x: float
    y: float
    width: float
    depth: float
    angle: float = 0.0

    def corners(self) -> np.ndarray:
        """Return the (4, 2) corners in turn."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (self.width / 2, self.depth / 2)
        return half @ np.array([[c, s], [-s, c]]) + (self.x, self.y)

    def grown(self, margin: float) -> Footprint:
        """Return it with a margin on all sides."""
        width, depth = self.width + 2 * margin, self.depth + 2 * margin
        return Footprint(self.x, self.y, width, depth, self.angle)

    def meets(self, other: Footprint) -> bool:
        """Say whether the two have more than a border in common (separating axes)."""
        a, b = self.corners(), other.corners()
        for angle in (self.angle, other.angle):
            for axis in ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))):
                p, q = a @ axis, b @ axis
                if p.max() <= q.min() + 1e-6 or q.max() <= p.min() + 1e-6:
                    return False
        return True

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point is in it."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        dx, dy = x - self.x, y - self.y
        return abs(c * dx + s * dy) < self.width / 2 and abs(-s * dx + c * dy) < self.depth / 2


@dataclass(frozen=True)
class Skin:
    """
    A surface: a pattern that `textures` draws, or an image file, with its colours.

    Attributes:
        pattern: a name that `textures.PATTERNS` has, 'plain' or 'file'.
        color: mean colour, linear RGB 0 to 1.
        seed: of the pattern.
        metres: side of the texture's square.
        roughness: 0 mirror-like to 1 matt.
        glow: emitted light; 0 none.
        file: the image, for 'file'.
        metallic: 0 or 1.

    """

    pattern: str
    color: tuple[float, float, float]
    seed: int = 0
    metres: float = 1.0
    roughness: float = 0.7
    glow: float = 0.0
    file: str = ''
    metallic: float = 0.0


@dataclass(frozen=True)
class Solid:
    """
    A part that is built, not bought: shape, centre, size, yaw, class and skin.

    Shapes: 'box', 'cushion' (rounded), 'cylinder' (along z), 'curtain' (a wavy sheet across the
    depth), 'panel' (a box whose texture fills its front, at -y, once), 'arch' (a box without the
    half ellipse below). `shift` moves the texture of a box, metres, so that it goes on from
    another's; `tilt` turns it about its own y before its yaw, as a book leans.
    """

    shape: str
    center: tuple[float, float, float]
    size: tuple[float, float, float]
    label: str
    skin: Skin
    angle: float = 0.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    tilt: float = 0.0

    def pose(self) -> np.ndarray:
        """Return the 3 x 3 rotation from its own axes to the room's."""
        c, s, ct, st = (f(a) for a in (self.angle, self.tilt) for f in (math.cos, math.sin))
        return np.array([[c * ct, -s, c * st], [s * ct, c, s * st], [-st, 0, ct]])

    def reach(self) -> np.ndarray:
        """Return how far it reaches from its centre along the room's axes, metres."""
        return np.abs(self.pose()) @ np.array(self.size) / 2


@dataclass(frozen=True)
class Placed:
    """
    A model in the room.

    Attributes:
        model: what.
        x, y, z: middle of its bottom, metres.
        angle: yaw; at 0 its front looks to -y.
        scale: of its size.
        rests: it is dropped onto what is below it, or left out where that is not flat.
        tint: multiplies its plain colours, or None.

    """

    model: Model
    x: float
    y: float
    z: float
    angle: float
    scale: float = 1.0
    rests: bool = False
    tint: tuple[float, float, float] | None = None

    @property
    def footprint(self) -> Footprint:
        """The floor under it."""
        width, depth, _ = self.model.size
        return Footprint(self.x, self.y, width * self.scale, depth * self.scale, self.angle)


@dataclass(frozen=True)
class Light:
    """
    A lamp's or window's light.

    Attributes:
        position: metres.
        direction: where it shines.
        size: width and height of the shining area, metres.
        power: watts, as Blender counts them.
        color: linear RGB.
        spread: full angle of the beam, radians.

    """

    position: tuple[float, float, float]
    direction: tuple[float, float, float]
    size: tuple[float, float]
    power: float
    color: tuple[float, float, float]
    spread: float = math.pi


@dataclass(frozen=True)
class Obstacle:
    """What a camera cannot be in: a footprint from `bottom` to `top`, metres."""

    footprint: Footprint
    bottom: float
    top: float


@dataclass(frozen=True)
class Opening:
    """A hole in a wall: `s` metres along it, from the floor up; `arch` metres of it are a bow."""

    wall: int
    s: float
    width: float
    height: float
    arch: float = 0.0


@dataclass(frozen=True)
class Doorway:
    """The middle of an opening on the floor, and the yaw of a camera that looks out through it."""

    x: float
    y: float
    yaw: float
    width: float
    height: float


@dataclass(frozen=True)
class Top:
    """The top of a table or a counter: its outline and its height, metres."""

    footprint: Footprint
    z: float


@dataclass
class Plan:
    """
    A room: inner size and what is in it.

    `solids`, `models` and `lights` include those of the rooms behind its doorways, `obstacles` do
    not; `spaces` are the outlines of these rooms, with their walls.
    """

    kind: str
    seed: int
    size: tuple[float, float, float]
    solids: list[Solid] = field(default_factory=list)
    models: list[Placed] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    doorways: list[Doorway] = field(default_factory=list)
    spaces: list[Footprint] = field(default_factory=list)
    tops: list[Top] = field(default_factory=list)
    ambient: float = 0.0

    def is_free(self, x: float, y: float, z: float, margin: float) -> bool:
        """Say whether a camera fits at a point: inside the room, outside of all things."""
        width, depth, height = self.size
        if not (margin < x < width - margin and margin < y < depth - margin and z < height - 0.1):
            return False
        return not any(
            o.bottom - margin < z < o.top + margin and o.footprint.grown(margin).holds(x, y)
            for o in self.obstacles
        )
