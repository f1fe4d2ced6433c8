"""The kinds of rooms: how large they are and what is in them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """
    A kind of room.

    Attributes:
        share: how often, relative to the others.
        short, long: range of the two sides, metres.
        height: range, metres.
        floors, walls: patterns of `skins`, one of which is drawn.
        steps: what is placed in turn: (step of `furnish.STEPS`, least, most).
        windows, doors: range of their number.
        opens: share of the rooms that have doorways into others.

    """

    share: float
    short: tuple[float, float]
    long: tuple[float, float]
    height: tuple[float, float]
    floors: tuple[str, ...]
    walls: tuple[str, ...]
    steps: tuple[tuple[str, int, int], ...]
    windows: tuple[int, int] = (1, 2)
    doors: tuple[int, int] = (1, 2)
    opens: float = 0.5


HOME_FLOORS = ('planks', 'planks', 'parquet', 'carpet', 'tiles', 'plain_floor')
PUBLIC_FLOORS = ('tiles', 'terrazzo', 'concrete', 'carpet', 'plain_floor', 'screed')
HOME_WALLS = ('plaster', 'plaster', 'plaster', 'wallpaper')

KINDS = {
    'bedroom': Kind(
        1.3,
        (2.7, 4.2),
        (3.2, 5.5),
        (2.3, 2.9),
        HOME_FLOORS,
        HOME_WALLS,
        (
            ('bed', 1, 2),
            ('bedside', 1, 2),
            ('wardrobe', 1, 2),
            ('desk', 0, 1),
            ('shelves', 0, 2),
            ('wall_board', 0, 2),
            ('dresser', 0, 2),
            ('armchair', 0, 1),
            ('rug', 0, 1),
            ('plant', 0, 1),
            ('floor_lamp', 0, 1),
            ('clutter', 1, 6),
            ('litter', 0, 1),
        ),
    ),
    'living': Kind(
        1.5,
        (3.2, 5.2),
        (4.0, 7.5),
        (2.3, 3.0),
        HOME_FLOORS,
        HOME_WALLS,
        (
            ('lounge', 1, 1),
            ('sofa', 0, 2),
            ('television', 1, 1),
            ('dining', 0, 1),
            ('shelves', 1, 4),
            ('wall_board', 0, 2),
            ('cabinet', 1, 3),
            ('armchair', 0, 2),
            ('piano', 0, 1),
            ('rug', 0, 1),
            ('plant', 1, 3),
            ('floor_lamp', 0, 2),
            ('person', 0, 1),
            ('clutter', 1, 7),
            ('litter', 0, 1),
        ),
        windows=(1, 3),
    ),
    'kitchen': Kind(
        1.2,
        (2.4, 3.8),
        (3.0, 5.5),
        (2.3, 2.9),
        ('tiles', 'tiles', 'planks', 'plain_floor'),
        ('plaster', 'plaster', 'wall_tiles'),
        (
            ('kitchen_row', 1, 2),
            ('fridge', 1, 1),
            ('dining', 0, 1),
            ('kitchen_thing', 0, 2),
            ('plant', 0, 1),
            ('wall_board', 0, 1),
            ('bin', 0, 1),
            ('person', 0, 1),
            ('clutter', 0, 4),
        ),
        windows=(0, 2),
    ),
    'office': Kind(
        1.5,
        (3.0, 6.5),
        (4.0, 10.0),
        (2.5, 3.1),
        PUBLIC_FLOORS,
        ('plaster',),
        (
            ('desk', 1, 3),
            ('desk_group', 1, 5),
            ('shelves', 1, 5),
            ('wall_board', 0, 2),
            ('cabinet', 1, 3),
            ('whiteboard', 0, 1),
            ('office_chair', 0, 2),
            ('printer', 0, 1),
            ('plant', 0, 2),
            ('bin', 0, 2),
            ('person', 0, 1),
            ('clutter', 1, 6),
            ('litter', 0, 1),
        ),
        windows=(1, 3),
    ),
    'dining': Kind(
        0.9,
        (3.0, 5.0),
        (3.6, 6.5),
        (2.3, 3.0),
        HOME_FLOORS,
        HOME_WALLS,
        (
            ('dining', 1, 2),
            ('cabinet', 1, 3),
            ('shelves', 0, 3),
            ('wall_board', 0, 1),
            ('rug', 0, 1),
            ('plant', 0, 2),
            ('floor_lamp', 0, 1),
            ('clutter', 0, 4),
        ),
    ),
    'corridor': Kind(
        1.3,
        (1.2, 2.6),
        (5.0, 15.0),
        (2.3, 3.0),
        (*PUBLIC_FLOORS, *HOME_FLOORS),
        ('plaster', 'plaster', 'wallpaper', 'brick'),
        (
            ('slim', 1, 4),
            ('bench', 0, 2),
            ('shelves', 0, 2),
            ('extinguisher', 0, 1),
            ('plant', 0, 2),
            ('bin', 0, 1),
            ('rug', 0, 1),
            ('person', 0, 1),
            ('clutter', 0, 5),
        ),
        windows=(0, 2),
        doors=(2, 6),
        opens=0.85,
    ),
    'bathroom': Kind(
        0.7,
        (1.8, 3.0),
        (2.2, 4.2),
        (2.2, 2.7),
        ('tiles', 'tiles', 'plain_floor'),
        ('wall_tiles', 'wall_tiles', 'plaster'),
        (
            ('bath', 1, 1),
            ('toilet', 1, 1),
            ('washbasin', 1, 2),
            ('washer', 0, 1),
            ('bathroom_cabinet', 0, 1),
            ('bathmat', 0, 1),
            ('clutter', 0, 3),
        ),
        windows=(0, 1),
        doors=(1, 1),
    ),
    'hall': Kind(
        1.3,
        (6.0, 11.0),
        (9.0, 16.0),
        (3.0, 5.5),
        PUBLIC_FLOORS,
        ('plaster', 'plaster', 'brick', 'concrete_wall'),
        (
            ('column', 0, 6),
            ('partition', 0, 3),
            ('bench', 1, 5),
            ('dining', 0, 4),
            ('cabinet', 0, 4),
            ('chair_row', 0, 3),
            ('plant', 1, 5),
            ('bin', 0, 3),
            ('person', 0, 4),
            ('clutter', 0, 6),
        ),
        windows=(0, 5),
        doors=(1, 4),
        opens=0.85,
    ),
    'workshop': Kind(
        1.2,
        (4.5, 9.0),
        (6.0, 14.0),
        (2.8, 5.0),
        ('concrete', 'screed', 'plain_floor', 'terrazzo'),
        ('plaster', 'brick', 'concrete_wall'),
        (
            ('column', 0, 3),
            ('rack', 1, 5),
            ('shelves', 0, 2),
            ('work_table', 1, 3),
            ('pallet', 1, 5),
            ('boxes', 1, 4),
            ('cabinet', 0, 2),
            ('tool', 1, 4),
            ('office_chair', 0, 2),
            ('extinguisher', 0, 1),
            ('person', 0, 2),
            ('clutter', 1, 8),
            ('litter', 0, 1),
        ),
        windows=(0, 3),
    ),
    'lobby': Kind(
        1.1,
        (4.5, 8.0),
        (6.0, 13.0),
        (2.6, 4.2),
        PUBLIC_FLOORS,
        ('plaster', 'plaster', 'wood_wall', 'brick'),
        (
            ('column', 0, 3),
            ('reception', 1, 1),
            ('lounge', 1, 2),
            ('sofa', 0, 3),
            ('chair_row', 0, 2),
            ('television', 0, 1),
            ('plant', 1, 4),
            ('shelves', 1, 4),
            ('rug', 0, 1),
            ('bin', 0, 2),
            ('person', 0, 3),
            ('clutter', 0, 4),
        ),
        windows=(1, 4),
        doors=(1, 3),
        opens=0.7,
    ),
    'classroom': Kind(
        0.9,
        (4.5, 8.0),
        (6.0, 12.0),
        (2.6, 3.6),
        PUBLIC_FLOORS,
        ('plaster', 'plaster', 'plaster', 'wood_wall'),
        (
            ('whiteboard', 1, 2),
            ('table_rows', 1, 1),
            ('cabinet', 0, 2),
            ('desk', 0, 1),
            ('shelves', 0, 2),
            ('chair_row', 0, 1),
            ('bin', 0, 2),
            ('person', 0, 1),
            ('clutter', 0, 3),
        ),
        windows=(1, 4),
    ),
    'bare': Kind(
        1.0,
        (2.5, 9.0),
        (3.5, 14.0),
        (2.3, 4.2),
        (*PUBLIC_FLOORS, 'screed', 'screed', 'planks'),
        ('plaster', 'plaster', 'plaster', 'concrete_wall'),
        (
            ('column', 0, 1),
            ('slim', 0, 1),
            ('bench', 0, 1),
            ('boxes', 0, 1),
            ('chair_row', 0, 1),
            ('whiteboard', 0, 1),
            ('bin', 0, 1),
            ('clutter', 0, 3),
            ('litter', 0, 1),
        ),
        windows=(0, 3),
        doors=(1, 3),
    ),
}
"""What rooms there are."""

HOME = ('bedroom', 'living', 'kitchen', 'dining', 'corridor', 'corridor', 'bathroom')
PUBLIC = (
    'office',
    'corridor',
    'corridor',
    'workshop',
    'lobby',
    'hall',
    'kitchen',
    'classroom',
    'bare',
)
"""What may be behind a doorway of a room that is one of these."""
