"""What each thing is among the 40 classes of NYU Depth v2, and so among its 13."""

from __future__ import annotations

import re

CLASSES = (
    'bed',
    'books',
    'ceiling',
    'chair',
    'floor',
    'furniture',
    'objects',
    'picture',
    'sofa',
    'table',
    'tv',
    'wall',
    'window',
)
"""The 13 classes (Couprie et al., ICLR 2013), in the order of label13."""

NONE = 255
"""The label of what belongs to no class: the void behind an open ceiling."""

IN_13 = {
    'bathtub': 'objects',
    'bed': 'bed',
    'blinds': 'window',
    'books': 'books',
    'bookshelf': 'furniture',
    'cabinet': 'furniture',
    'ceiling': 'ceiling',
    'chair': 'chair',
    'counter': 'furniture',
    'curtain': 'window',
    'desk': 'table',
    'door': 'wall',
    'floor': 'floor',
    'floor mat': 'floor',
    'lamp': 'objects',
    'mirror': 'objects',
    'otherfurniture': 'furniture',
    'otherprop': 'objects',
    'otherstructure': 'objects',
    'person': 'objects',
    'picture': 'picture',
    'pillow': 'objects',
    'shelves': 'furniture',
    'shower curtain': 'objects',
    'sink': 'objects',
    'sofa': 'sofa',
    'table': 'table',
    'television': 'tv',
    'toilet': 'objects',
    'wall': 'wall',
    'whiteboard': 'objects',
    'window': 'window',
}
"""The class among the 13 of those of the 40 classes that are used here."""

# The first pattern that is in a lower-case name counts.
PATTERNS = (
    (r'shower curtain', 'shower curtain'),
    (r'tableware', 'otherprop'),
    (r'picture|painting|portrait|poster|\bframe\b', 'picture'),
    (r'cooking bench|nurses ?station|info desk', 'counter'),
    (r'^desk b\b', 'shelves'),
    (r'\b(bedside|night) ?(table|stand)?', 'cabinet'),
    (r'towel|lamp\b|light\b|lantern|candle', 'otherprop'),
    (r'carpet|\brug\b|doormat|bathmat|tatami|\bmat\b', 'floor mat'),
    (r'convertible sofa|sofa|couch|loveseat', 'sofa'),
    (r'bed\b|\bbed_|\bbed\d|crib|futon|mattress|quilt', 'bed'),
    (r'pillow|cushion$', 'pillow'),
    (r'bookcase|bookshel', 'bookshelf'),
    (r'books?\b(?!store)', 'books'),
    (r'mirror', 'mirror'),
    (r'(arm|wheel)?chair|stool|bench\b|\bseat\b|\bbank\b|ottoman|\bpuff\b', 'chair'),
    (r'table tennis bat|tablecloth stack|tablet\b', 'otherprop'),
    (r'pool table|table tennis|football table|changing table', 'otherfurniture'),
    (r'table fan', 'otherprop'),
    (r'tv stand|tv unit|television cabinet|tv ?cabinet|contemporary living room', 'cabinet'),
    (r'\bdesk\b|desk table|workbench', 'desk'),
    (r'table', 'table'),
    (r'remote', 'otherprop'),
    (
        r'\b(flat )?tv\b|^tv_|television|monitor|\bscreen\b|imac|ibook|laptop|computer',
        'television',
    ),
    (r'curtain', 'curtain'),
    (r'blind\b|shutter', 'blinds'),
    (r'window', 'window'),
    (r'elevator', 'door'),
    (r'fridge|refrigerat|oven\b|stove|washing machine|clothes washer|dryer|dishwasher', 'cabinet'),
    (r'freezer|cooker$|vanity|washbasin with cabinet|sink cabinet|island', 'cabinet'),
    (r'cabinet|wardrobe|cupboard|dresser|drawers|locker|chest\b|sideboard', 'cabinet'),
    (r'shel(f|ves)|rack\b', 'shelves'),
    (r'door\b', 'door'),
    (r'counter|reception', 'counter'),
    (r'piano|furnace|safe\b|clothes rack|trunck', 'otherfurniture'),
    (r'wall\b|walls\b|column|pillar|partition', 'wall'),
    (r'ceiling|roof', 'ceiling'),
    (r'floor|ground', 'floor'),
    (r'white ?board', 'whiteboard'),
    (r'sink|washbasin|basin', 'sink'),
    (r'toilet|bidet|urinal|lavatory', 'toilet'),
    (r'bathtub|bath\b|shower', 'bathtub'),
)


def class_of_name(name: str) -> str:
    """Return the class among the 13 of a thing with this English name; else 'objects'."""
    text = name.lower()
    for pattern, of_40 in PATTERNS:
        if re.search(pattern, text):
            return IN_13[of_40]
    return 'objects'


def index(name: str) -> int:
    """Return the label of a class among the 13."""
    return CLASSES.index(name)


def class_of_part(names: list[str]) -> str:
    """Return the class of a world's part from its names, the most special first."""
    for name in names:
        words = re.sub(r'(?<=[a-z])(?=[A-Z])|[_\-./\d]+', ' ', name)
        words = re.sub(
            r'aws|robomaker|residential|bookstore|hospital|warehouse|retail', ' ', words
        )
        if (found := class_of_name(words.strip())) != 'objects':
            return found
    return 'objects'
