"""Every field of a manifest in one table: validation, documentation and defaults come from it."""

from __future__ import annotations

from dataclasses import dataclass
import math
from typing import Any, Callable

from monodepth_ros.errors import shown
from monodepth_ros.yaml_file import number

LAYOUTS = ('NCHW', 'NHWC', 'NVCHW')
MAP_LAYOUTS = ('NCHW', 'NHWC', 'NHW', 'HW')
METRIC_KINDS = ('metres', 'millimetres', 'log_metres', 'inverse_metres')
RELATIVE_KINDS = ('up_to_scale', 'up_to_scale_and_shift', 'inverse_up_to_scale_and_shift')
DEPTH_KINDS = (*METRIC_KINDS, *RELATIVE_KINDS)
LABEL_KINDS = ('logits', 'probabilities', 'map')
MOST_CLASSES = 255
"""Labels are bytes, and 255 is none."""


@dataclass(frozen=True)
class Field:
    """
    One field.

    Attributes:
        name: sections and name with dots between them, such as 'input.layout'.
        read: makes the value of what YAML gave; ValueError says what was expected.
        default: the value where the field is left out.
        valid: the values, in words.
        unit: of a number.
        meaning: what it says, for people.

    """

    name: str
    read: Callable[[Any], Any]
    default: Any
    valid: str
    meaning: str
    unit: str = ''


def _text(value):
    if not isinstance(value, str) or not value.strip():
        raise ValueError('a text')
    return value.strip()


def _tensor(value):
    # Names such as 350 are numbers to YAML.
    return _text(str(value) if isinstance(value, int) else value)


def _choice(*choices):
    def read(value):
        if value not in choices:
            raise ValueError(f'one of {", ".join(choices)}')
        return value

    return read


def _number(low=-math.inf, above=-math.inf):
    def read(value):
        found = number(value)
        if found is None or not math.isfinite(found) or found < low or found <= above:
            edge = f' above {above:g}' if above > -math.inf else ''
            raise ValueError(f'a number{edge}' + (f' of {low:g} or more' if low > above else ''))
        return found

    return read


def _whole(low, high):
    def read(value):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f'a whole number, {low}..{high}')
        return value

    return read


def _triple(above=-math.inf):
    def read(value):
        one = _number(above=above)
        if not isinstance(value, list) or len(value) != 3:
            raise ValueError('three numbers in the order R, G, B')
        return tuple(one(v) for v in value)

    return read


def _names(value):
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise ValueError('a list of names (in quotes where YAML takes them for something else)')
    if len(set(value)) < len(value):
        raise ValueError('different names')
    return tuple(value)


def _colors(value):
    whole = _whole(0, 255)
    if not isinstance(value, list) or not all(isinstance(c, list) and len(c) == 3 for c in value):
        raise ValueError('a list of [r, g, b], 0..255')
    return tuple(tuple(whole(v) for v in color) for color in value)


def _merge(value):
    if not isinstance(value, dict) or not value:
        raise ValueError('new class names, each with a list of old ones')
    if not all(isinstance(name, str) for name in value):
        raise ValueError('names for the new classes')
    return {name: _names(old) for name, old in value.items()}


def _constants(value):
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ValueError('names of inputs, each with a number or a list of numbers')
    return {name: _constant(given) for name, given in value.items()}


def _constant(given):
    values = given if isinstance(given, list) else [given]
    if not values or any(number(v) is None for v in values):
        raise ValueError('a number or a list of numbers for each input')
    return [number(v) for v in values] if isinstance(given, list) else number(given)


SIDE = _whole(1, 2**13)

FIELDS = (
    Field('name', _text, '', 'a text', 'What the network is called.'),
    Field('licence', _text, '', 'a text', 'Terms of the weights.'),
    Field('source', _text, '', 'a text', 'Where to get the file, and how it was exported.'),
    Field('tested', _text, '', 'a text', 'How far this manifest was tried.'),
    Field(
        'input.tensor',
        _tensor,
        '',
        'a name in the graph',
        'The input that takes the image; may be left out where the graph has one.',
    ),
    Field(
        'input.layout',
        _choice(*LAYOUTS),
        'NCHW',
        ', '.join(LAYOUTS),
        'Order of the axes: images, channels, rows, columns; V is a number of views, which is 1.',
    ),
    Field(
        'input.width',
        SIDE,
        0,
        '1..8192',
        'Columns that the network is fed; needed where the graph leaves them open.',
        'pixels',
    ),
    Field(
        'input.height',
        SIDE,
        0,
        '1..8192',
        'Rows that the network is fed with images of its own aspect; as width.',
        'pixels',
    ),
    Field(
        'input.multiple',
        _whole(1, 1024),
        1,
        '1..1024',
        'Both sides must be multiples of it, where the graph leaves them open.',
        'pixels',
    ),
    Field(
        'input.aspect',
        _choice('keep', 'stretch'),
        'keep',
        'keep, stretch',
        'keep: what an image lacks is filled with its edge; stretch: it fills width x height.',
    ),
    Field(
        'input.colors', _choice('RGB', 'BGR'), 'RGB', 'RGB, BGR', 'Order of the colour channels.'
    ),
    Field(
        'input.mean',
        _triple(),
        (0.0, 0.0, 0.0),
        'three numbers',
        'Subtracted from the pixels, R, G, B whatever the order of the channels is.',
        '0..255',
    ),
    Field(
        'input.std',
        _triple(above=0.0),
        (255.0, 255.0, 255.0),
        'three numbers above 0',
        'Divides them afterwards, R, G, B; 255 with mean 0 gives 0..1.',
        '0..255',
    ),
    Field(
        'input.constants',
        _constants,
        {},
        'input: number or list',
        'What further inputs of the graph always get.',
    ),
    Field(
        'depth.tensor',
        _tensor,
        '',
        'a name in the graph',
        'The output that is depth; may be left out where the graph has one.',
    ),
    Field(
        'depth.layout',
        _choice(*MAP_LAYOUTS),
        '',
        ', '.join(MAP_LAYOUTS),
        'Order of its axes; left out: by their number (NCHW, NHW, HW).',
    ),
    Field('depth.channel', _whole(0, 4095), 0, '0..4095', 'Which of its channels is depth.'),
    Field(
        'depth.kind',
        _choice(*DEPTH_KINDS),
        None,
        ', '.join(DEPTH_KINDS),
        'What its numbers are. Required. The last three are no metres: see below.',
    ),
    Field(
        'depth.factor',
        _number(above=0.0),
        1.0,
        'a number above 0',
        'Multiplies the metres, after they were made of the kind.',
    ),
    Field(
        'depth.focal_length',
        _number(above=0.0),
        0.0,
        'a number above 0',
        'The horizontal focal length that its metres belong to, at the width that the network is '
        'fed: depth is multiplied by (that of the camera) / (this). Left out: metres as they are.',
        'pixels',
    ),
    Field(
        'depth.nearest',
        _number(above=0.0),
        0.1,
        'a number above 0',
        'Nearest depth it knows.',
        'm',
    ),
    Field(
        'depth.farthest',
        _number(above=0.0),
        100.0,
        'a number above 0',
        'Farthest depth it knows.',
        'm',
    ),
    Field(
        'depth.mask.tensor',
        _tensor,
        '',
        'a name in the graph',
        'An output that tells valid pixels.',
    ),
    Field(
        'depth.mask.valid',
        _choice('above', 'below'),
        'above',
        'above, below',
        'Depth is valid where the mask is above the threshold; below for a mask of sky.',
    ),
    Field('depth.mask.threshold', _number(), 0.5, 'a number', "In the mask's own unit."),
    Field(
        'depth.confidence.tensor',
        _tensor,
        '',
        'a name in the graph',
        "An output with the depth's confidence.",
    ),
    Field(
        'depth.confidence.threshold',
        _number(),
        0.0,
        'a number',
        'Depth of no more confidence than this is invalid; in its own unit.',
    ),
    Field(
        'labels.tensor',
        _tensor,
        '',
        'a name in the graph',
        'The output that tells classes; may be left out where the graph has one.',
    ),
    Field(
        'labels.layout',
        _choice(*MAP_LAYOUTS),
        '',
        ', '.join(MAP_LAYOUTS),
        'As depth.layout.',
    ),
    Field(
        'labels.kind',
        _choice(*LABEL_KINDS),
        None,
        ', '.join(LABEL_KINDS),
        'Scores or probabilities of each class, or the number of the class. Required.',
    ),
    Field(
        'labels.activation',
        _choice('softmax', 'sigmoid'),
        'softmax',
        'softmax, sigmoid',
        'What makes probabilities of logits, which become the confidence.',
    ),
    Field(
        'labels.classes',
        _names,
        (),
        'a list of names',
        'The classes of the graph in its order. Required; of one that names what a YAML word is, '
        'in quotes.',
    ),
    Field(
        'labels.colors',
        _colors,
        (),
        'a list of [r, g, b]',
        'Of the classes that are published; left out: made up.',
        '0..255',
    ),
    Field(
        'labels.merge',
        _merge,
        {},
        'new: [old, ...]',
        'Fewer classes in place of those of the graph; what is in none is 255, unlabelled.',
    ),
)

BY_NAME = {field.name: field for field in FIELDS}


def read_field(name: str, value: Any) -> Any:
    """Return the value of a field; ValueError names the field, the value and the valid ones."""
    try:
        return BY_NAME[name].read(value)
    except ValueError as error:
        raise ValueError(f'{name} is {shown(value)}, expected {error}') from None


def markdown_table() -> str:
    """Return the table of the documentation."""
    rows = ['| Field | Default | Values | Unit | Meaning |', '|---|---|---|---|---|']
    for field in FIELDS:
        rows.append(
            f'| `{field.name}` | {_shown_default(field)} | {field.valid} | {field.unit} '
            f'| {field.meaning} |'
        )
    return '\n'.join(rows) + '\n'


def _shown_default(field):
    if isinstance(field.default, tuple) and field.default:
        return f'{", ".join(f"{v:g}" for v in field.default)}'
    if not field.default and not isinstance(field.default, (int, float)):
        return ''
    return '' if field.default == 0 and field.unit == 'pixels' else f'{field.default}'
