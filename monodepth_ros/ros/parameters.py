"""Every parameter of the node in one table: declaration, validation and README come from it."""

from __future__ import annotations

from dataclasses import dataclass
import math
import re
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from monodepth_ros.engines.base import PRECISIONS
from monodepth_ros.engines.self_check import MODES
from monodepth_ros.facts import ModelFacts
from monodepth_ros.pipeline.predictor import (
    LARGEST_MAX_ERROR,
    LONGEST_TIME_CONSTANT,
    OUTPUT_RESOLUTIONS,
    PredictorOptions,
    WIDEST_EDGE,
)
from monodepth_ros.pipeline.preprocess import METRIC_SCALING, SCALES
from monodepth_ros.ros.conversions import DEPTH_ENCODINGS
from monodepth_ros.ros.floor import GROUND_MODES
from monodepth_ros.ros.inputs import TRANSPORTS
from monodepth_ros.ros.worker import PIPELINE_DEPTHS
from monodepth_ros.scale.obstacles import ObstacleOptions
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

ANY_TIME = 'any time'
NOT_WHILE_ACTIVE = 'not while active'
AT_START = 'at start'

WITNESS = '(ground|points|motion)'
SOME_SOURCES = rf'auto|none|(?!.*\b(\w+)\b.*\b\1\b){WITNESS}(,{WITNESS}){{0,2}}'
"""Of witnesses: auto, none, or each at most once, in any order."""

_DEFAULTS = PredictorOptions()
_OBSTACLES = ObstacleOptions()

BEYOND_ALL = 1000.0
"""Metres, farther than any network says. Infinity would not survive `ros2 param dump` and `load`,
which hands the text inf on, and that is no number in YAML."""


@dataclass(frozen=True)
class Spec:
    """
    One parameter.

    Attributes:
        name: full name.
        default: its value where none is given; its type is the parameter's type. In a list
            nothing may occur twice, and `pattern` or range are of each; numbers in it rise, and
            are as many as by default.
        description: what it does, for people.
        unit: unit of a number.
        minimum: smallest value of a number.
        maximum: largest value of a number.
        choices: the values that a text may have; empty for any.
        pattern: regular expression of a text, where choices cannot list its values.
        expected: the values that `pattern` stands for, in words.
        changes: when it may change: 'any time' (from the next frame on), 'not while active'
            (from the next activation on) or 'at start'.

    """

    name: str
    default: Union[bool, int, float, str, list[str], list[float]]
    description: str
    unit: str = ''
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    choices: tuple[str, ...] = ()
    pattern: str = ''
    expected: str = ''
    changes: str = ANY_TIME

    @property
    def valid(self) -> str:
        """Return the valid values in words."""
        if self.choices:
            return ', '.join(self.choices)
        if self.minimum is not None:
            span = f'{self.minimum:.12g}..{self.maximum:.12g}'
            return f'{len(self.default)} rising in {span}' if self._is_list else span
        if isinstance(self.default, bool):
            return 'true, false'
        return self.expected

    def refusal(self, value: Any) -> Optional[str]:
        """Return why the value cannot be used, or None where it can."""
        items = value if self._is_list else (value,)
        wrong = (
            (self.choices and value not in self.choices)
            or (self.pattern and not all(re.fullmatch(self.pattern, text) for text in items))
            or len(set(items)) < len(items)
            or (self.minimum is not None and not self._is_in_range(items))
        )
        if not wrong:
            return None
        unit = f' {self.unit}' if self.unit else ''
        shown = list(value) if self._is_list else value
        return f'{self.name} is {shown!r}, expected {self.valid}{unit}'

    @property
    def _is_list(self) -> bool:
        return isinstance(self.default, list)

    def _is_in_range(self, numbers) -> bool:
        complete = not self._is_list or len(numbers) == len(self.default)
        inside = all(self.minimum <= number <= self.maximum for number in numbers)
        return complete and inside and list(numbers) == sorted(numbers)

    def descriptor(self) -> ParameterDescriptor:
        """Return what ROS tools show of this parameter."""
        constraints = f'{self.valid}; ' if self.valid else ''
        unit = f' [{self.unit}]' if self.unit else ''
        result = ParameterDescriptor(
            description=f'{self.description}{unit}',
            additional_constraints=f'{constraints}can change: {self.changes}',
            read_only=self.changes == AT_START,
        )
        if isinstance(self.default, float) and self.minimum is not None:
            limits = FloatingPointRange(from_value=self.minimum, to_value=self.maximum)
            result.floating_point_range = [limits]
        elif isinstance(self.default, int) and self.minimum is not None:
            result.integer_range = [IntegerRange(from_value=self.minimum, to_value=self.maximum)]
        return result


SPECS = (
    Spec(
        'model',
        'dual_efficientnet_lite0',
        'Weights: the name of a shipped model, or the path of a .safetensors file, or of an .onnx '
        'file with a manifest.',
        expected='shipped name or path',
        pattern=r'\S.*',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'semantic_model',
        '',
        'A second model that gives the labels, in place of those of the first; as model.',
        expected='empty, shipped name or path',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'semantic_at_once',
        False,
        'Run both models at the same time in place of after each other.',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'engine',
        'auto',
        'Inference engine; auto takes the fastest that is installed.',
        expected='auto or the name of an engine, such as torch',
        pattern=r'[a-z_]+',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'device',
        'auto',
        'Where the network runs; auto takes CUDA where there is a device. Others never fall back.',
        expected='auto, cpu, cuda or cuda:N, intel_gpu, npu',
        pattern=r'auto|cpu|cuda(:\d+)?|intel_gpu(:\d+)?|npu',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'threads',
        0,
        'CPU threads of the network; 0 leaves the choice to the engine.',
        minimum=0,
        maximum=256,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'precision',
        'auto',
        'What the network computes in; auto is the fastest that keeps depth and labels.',
        choices=PRECISIONS,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'self_check',
        'refuse',
        'What becomes of an engine that differs at start from a trusted one on the CPU.',
        choices=MODES,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'autostart',
        True,
        'Configure and activate at start; false leaves that to a lifecycle manager.',
        changes=AT_START,
    ),
    Spec(
        'pipeline_depth',
        1,
        '1: one frame at a time. 2: while the network has one frame, the one before is published '
        'and the next one prepared, in threads of their own.',
        minimum=min(PIPELINE_DEPTHS),
        maximum=max(PIPELINE_DEPTHS),
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'cameras',
        [''],
        "Namespaces of the cameras that share the network; an empty one is the node's own. With "
        "['front', 'rear'], topics are front/image_raw, rear/image_raw and so on.",
        expected="list of different namespaces, such as ['front', 'rear']",
        pattern=r'(/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*)?',
        changes=AT_START,
    ),
    Spec(
        'image_transport',
        'raw',
        'Transport of the input image; compressed takes JPEG and PNG on image_raw/compressed.',
        choices=TRANSPORTS,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'input_reliability',
        'best_effort',
        'QoS of the image and camera_info subscriptions; best_effort fits every publisher.',
        choices=('best_effort', 'reliable'),
        changes=AT_START,
    ),
    Spec(
        'camera.info_url',
        '',
        'Calibration file to use in place of the camera_info topic. ${NAME} in it stands for a '
        "camera's namespace, ${ROS_HOME} for ~/.ros.",
        expected='empty, a path, file:// or package://',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'camera.hfov',
        0.0,
        'Horizontal field of view that is assumed of a camera without calibration; 0 assumes '
        'none. /diagnostics says when it is in use.',
        unit='deg',
        minimum=0.0,
        maximum=179.0,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'camera.height',
        0.0,
        'Height of the camera over the floor, by which scale.source auto and ground correct the '
        'depth; 0: unknown, and they take the pose from TF.',
        unit='m',
        minimum=0.0,
        maximum=100.0,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'camera.pitch',
        0.0,
        'With camera.height: angle by which the camera looks down, positive as in REP 103.',
        unit='deg',
        minimum=-90.0,
        maximum=90.0,
    ),
    Spec(
        'camera.roll',
        0.0,
        'With camera.height: angle by which its right side hangs down, positive as in REP 103.',
        unit='deg',
        minimum=-180.0,
        maximum=180.0,
    ),
    Spec(
        'max_rate',
        0.0,
        'Most frames a second of a camera, by their stamps; the others are left out. 0 takes all.',
        unit='Hz',
        minimum=0.0,
        maximum=1000.0,
    ),
    Spec(
        'max_input_pixels',
        _DEFAULTS.max_input_pixels,
        'Largest network input; a larger one is scaled down, and depth corrected for it.',
        unit='pixels',
        minimum=32 * 32,
        maximum=4096 * 4096,
    ),
    Spec(
        'output_resolution',
        _DEFAULTS.output_resolution,
        'Size of all outputs: as the input image, or as the network sees it.',
        choices=OUTPUT_RESOLUTIONS,
    ),
    Spec(
        'depth.metric_scaling',
        _DEFAULTS.metric_scaling,
        'How metres are kept true for a camera unlike the training one: scale the depth by the '
        'ratio of focal lengths, resample the image to the training focal length, or none.',
        choices=METRIC_SCALING,
    ),
    Spec(
        'depth.scale',
        _DEFAULTS.scale,
        'Factor for all depth, on top of depth.metric_scaling; ~/calibrate_scale finds it.',
        minimum=SCALES[0],
        maximum=SCALES[1],
    ),
    Spec(
        'depth.encoding',
        '32FC1',
        'Depth image: metres with NaN where invalid, or millimetres with 0.',
        choices=DEPTH_ENCODINGS,
    ),
    Spec(
        'depth.min_range',
        _DEFAULTS.min_range,
        'Depth below is -Inf: something is there, too near to measure (REP 117).',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
    ),
    Spec(
        'depth.max_range',
        BEYOND_ALL,
        'Depth beyond is +Inf: something is there, too far to measure (REP 117).',
        unit='m',
        minimum=0.0,
        maximum=math.inf,
    ),
    Spec(
        'depth.edge_filter',
        _DEFAULTS.edge_filter,
        'Depth that changes as on a surface seen at less than this angle is taken for flying '
        'pixels between a near and a far object and becomes invalid; 0 keeps all. 5 to 10 is '
        'useful, but a floor goes too, from (camera height) / tan(angle) on.',
        unit='deg',
        minimum=0.0,
        maximum=WIDEST_EDGE,
    ),
    Spec(
        'depth.max_error',
        _DEFAULTS.max_error,
        'Depth whose expected relative error is larger becomes invalid; 0 keeps all. The error is '
        'what the network has learned of it, or a rough guess.',
        unit='m/m',
        minimum=0.0,
        maximum=LARGEST_MAX_ERROR,
    ),
    Spec(
        'depth.temporal_filter',
        _DEFAULTS.temporal_filter,
        'Time constant of an average of the depth wherever image and label stay alike, for a '
        'camera that often stands still; 0 averages nothing.',
        unit='s',
        minimum=0.0,
        maximum=LONGEST_TIME_CONSTANT,
    ),
    Spec(
        'depth.color_range',
        10.0,
        'Depth that depth/color shows in the last colour; the first one is 0 m.',
        unit='m',
        minimum=0.01,
        maximum=BEYOND_ALL,
    ),
    Spec(
        'depth.ground',
        'none',
        'snap: pixels with a label of scale.ground_classes whose depth is, within the expected '
        "error, that of the known floor get the floor's. It is known by camera.height, or by TF "
        'and scale.ground_frame.',
        choices=GROUND_MODES,
    ),
    Spec(
        'scale.source',
        'auto',
        'What the robot corrects the depth by, one or more of: ground, the floor, whose place it '
        'knows; points, of another sensor; motion, the way that it went by odometry, '
        'which before ground also replaces a height that is wrong; the most trusted one first. '
        'auto is ground once camera.height, or static TF, says where the floor is, and the model '
        'labels floors; with none, depth.scale is all.',
        expected='auto, none, or ground, points, motion, each at most once, joined by commas',
        pattern=SOME_SOURCES,
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'scale.ground_frame',
        'base_footprint',
        'Frame whose z = 0 is the floor; TF gives the pose of the camera in it.',
        expected='name of a TF frame',
        pattern=r'\S+',
    ),
    Spec(
        'scale.odom_frame',
        'odom',
        'Frame that stands still, in which TF says where the camera is, for scale.source motion.',
        expected='name of a TF frame',
        pattern=r'\S+',
    ),
    Spec(
        'scale.ground_classes',
        ['floor'],
        'Classes that are floor, of class_names.',
        expected='list of different class names',
        pattern=r'\S.*',
    ),
    Spec(
        'scale.max_tilt',
        15.0,
        'A floor that leans more than this in the depth, against the known one, gives no vote, '
        'unless edges in the image confirm the pose, nor does one that they contradict by four '
        'tenths of this; from 40 on, no edges are looked at.',
        unit='deg',
        minimum=1.0,
        maximum=90.0,
    ),
    Spec(
        'scale.points_topic',
        'scan',
        'LaserScan or PointCloud2 for scale.source points, brought to the image by TF.',
        expected='name of a topic',
        pattern=r'(~?/)?[A-Za-z_]\w*(/[A-Za-z_]\w*)*',
        changes=NOT_WHILE_ACTIVE,
    ),
    Spec(
        'scale.time_constant',
        30.0,
        'Time after which a vote counts 1/e in the mean of a camera.',
        unit='s',
        minimum=0.1,
        maximum=600.0,
    ),
    Spec(
        'scale.bend',
        True,
        'Correct the depth by its distance and across the image, too, as the floor or the points '
        'show; false leaves a factor alone, for a pose that is known to no 3 degrees.',
    ),
    Spec(
        'scale.limits',
        [0.4, 2.5],
        'Smallest and largest factor, relative to depth.scale, that a vote may have; others are '
        'not applied, and /diagnostics warns.',
        minimum=SCALES[0],
        maximum=SCALES[1],
    ),
    Spec(
        'segmentation.confidence_threshold',
        _DEFAULTS.confidence_threshold,
        'A label with a probability below becomes 255, unlabelled.',
        minimum=0.0,
        maximum=1.0,
    ),
    Spec(
        'segmentation.overlay_alpha',
        0.5,
        'Opacity of the class colours over the image.',
        minimum=0.0,
        maximum=1.0,
    ),
    Spec(
        'point_cloud.stride',
        1,
        'Every n-th row and column becomes a point: (r, c) is of the pixel (n r, n c). Only with '
        "1 does the cloud have the mask's width and height, as Nav2's semantic layer needs.",
        unit='pixels',
        minimum=1,
        maximum=64,
    ),
    Spec(
        'point_cloud.label',
        False,
        'Give points the fields label (uint32, as PCL has it) and confidence (uint8, 0..255).',
    ),
    Spec(
        'point_cloud.error',
        False,
        'Give points the field error (float32): the expected relative error of their depth.',
    ),
    Spec(
        'point_cloud.exclude',
        [''],
        "Classes that give no points, such as ['floor', 'ceiling']; with [''] all do.",
        expected='list of class names of the model',
    ),
    Spec(
        'point_cloud.min_range',
        0.0,
        'Depth below gives no point; the depth image keeps it.',
        unit='m',
        minimum=0.0,
        maximum=1000.0,
    ),
    Spec(
        'point_cloud.max_range',
        BEYOND_ALL,
        'Depth beyond gives no point; the depth image keeps it.',
        unit='m',
        minimum=0.0,
        maximum=math.inf,
    ),
    Spec(
        'obstacles.min_height',
        _OBSTACLES.min_height,
        'Height over the known floor from which on a point is in depth/obstacles.',
        unit='m',
        minimum=0.0,
        maximum=100.0,
    ),
    Spec(
        'obstacles.max_height',
        _OBSTACLES.max_height,
        'Height up to which it is.',
        unit='m',
        minimum=0.0,
        maximum=100.0,
    ),
    Spec(
        'obstacles.max_range',
        _OBSTACLES.max_range,
        'Depth up to which it is.',
        unit='m',
        minimum=0.1,
        maximum=100.0,
    ),
    Spec(
        'obstacles.margin',
        _OBSTACLES.margin,
        'Expected errors of its own height by which it has to be over the floor; with a label of '
        'scale.ground_classes twice as many.',
        minimum=0.0,
        maximum=10.0,
    ),
    Spec(
        'obstacles.voxel',
        _OBSTACLES.voxel,
        'Edge of the cubes of which each gives one point.',
        unit='m',
        minimum=0.01,
        maximum=1.0,
    ),
    Spec(
        'obstacles.min_points',
        _OBSTACLES.min_points,
        'Pixels that a cube has to hold, of every n-th row and column that leave 200 to 400 of '
        'the longer side; fewer are speckle.',
        minimum=1,
        maximum=1000,
    ),
    Spec(
        'small.max_width',
        400,
        'Largest width of small/mask, small/confidence and small/points, which take every n-th '
        'row and column.',
        unit='pixels',
        minimum=1,
        maximum=4096,
    ),
    Spec(
        'small.max_height',
        200,
        'Largest height of the same.',
        unit='pixels',
        minimum=1,
        maximum=4096,
    ),
    Spec(
        'diagnostics.period',
        1.0,
        'Time between two messages on /diagnostics.',
        unit='s',
        minimum=0.1,
        maximum=60.0,
        changes=AT_START,
    ),
)

BY_NAME = {spec.name: spec for spec in SPECS}

CLASS_PARAMETERS = ('point_cloud.exclude',)
"""Parameters that name classes of the model; [''] names none."""

FACT_PARAMETERS = {
    'class_names': 'Class names of the loaded model; the index is the label. Read-only.',
    'class_colors': 'Class colours of the loaded model as #rrggbb. Read-only.',
}
"""Parameters that show what the weights say; configuration cannot contradict them."""


def declare_parameters(node: Node) -> dict[str, str]:
    """
    Declare every parameter; a given value that cannot be used leaves the default in its place.

    Returns:
        Why each unusable value was refused, by name, so that configure can fail with the reason
        and succeed once the parameter has been set to a valid value.

    """
    refused = {}
    for spec in SPECS:
        try:
            node.declare_parameter(spec.name, spec.default, spec.descriptor())
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            refused[spec.name] = _startup_refusal(spec, error)
            node.declare_parameter(
                spec.name, spec.default, spec.descriptor(), ignore_override=True
            )
    return refused


def declare_facts(node: Node, facts: ModelFacts) -> None:
    """Show a loaded model's facts as parameters, whatever the parameter file says of them."""
    values = {
        'class_names': list(facts.classes),
        'class_colors': [f'#{r:02x}{g:02x}{b:02x}' for r, g, b in facts.colors],
    }
    for name, value in values.items():
        descriptor = ParameterDescriptor(description=FACT_PARAMETERS[name])
        node.declare_parameter(name, value, descriptor, ignore_override=True)


def undeclare_facts(node: Node) -> None:
    """Take back what `declare_facts` has shown, if anything."""
    for name in FACT_PARAMETERS:
        if node.has_parameter(name):
            node.undeclare_parameter(name)


def _startup_refusal(spec: Spec, error: Exception) -> str:
    kind = type(spec.default).__name__
    remedy = 'correct it in the parameter file'
    remedy += (
        ' and start the node again'
        if spec.changes == AT_START
        else f', or: ros2 param set NODE {spec.name} VALUE'
    )
    if isinstance(error, InvalidParameterTypeException):
        example = ' such as 1.0' if kind == 'float' else ''
        return f'{spec.name} has the wrong type, expected {kind}{example}; {remedy}'
    return f'{error}; {remedy}'


def refusal(
    parameters: list[Parameter],
    values: Mapping[str, Any],
    active: bool,
    fact: Callable[[str], Any],
) -> Optional[str]:
    """
    Return why a change of parameters cannot be made, or None where it can.

    Args:
        parameters: the new values; names that are not in the table are none of our business.
        values: the declared parameters' present values by name.
        active: whether the node is active.
        fact: gives the present value of one of `FACT_PARAMETERS`; None where it is being declared.

    """
    new = {parameter.name: parameter.value for parameter in parameters}
    for name, value in new.items():
        if name in FACT_PARAMETERS and fact(name) not in (None, value):
            return f'{name} comes with the weights of the model; set the parameter model instead'
        spec = BY_NAME.get(name)
        if spec is None:
            continue
        if reason := spec.refusal(value):
            return reason
        changed = name in values and value != values[name]
        if active and changed and spec.changes == NOT_WHILE_ACTIVE:
            return f'{name} cannot change while the node is active; deactivate it first'
    classes = fact('class_names')
    if classes is not None and (reason := class_refusal(new, classes)):
        return reason
    return _range_refusal({**values, **new})


def class_refusal(values: Mapping[str, Any], classes: Sequence[str]) -> Optional[str]:
    """
    Return why parameters name classes that a model does not have, or None where it has all.

    Args:
        values: parameter values by name, of all parameters or some.
        classes: class names of the model.

    """
    for name in CLASS_PARAMETERS:
        for text in values.get(name, ()):
            if text and text not in classes:
                known = ', '.join(classes) or 'none, as this model gives no labels'
                return f'{name} names the class {text!r}, expected of: {known}'
    return None


def _range_refusal(values: Mapping[str, Any]) -> Optional[str]:
    for of in ('depth', 'point_cloud'):
        near, far = values.get(f'{of}.min_range'), values.get(f'{of}.max_range')
        if near is not None and far is not None and near >= far:
            return f'{of}.min_range is {near} m, expected less than {of}.max_range, {far} m'
    low, high = values.get('obstacles.min_height'), values.get('obstacles.max_height')
    if low is not None and high is not None and low >= high:
        return (
            f'obstacles.min_height is {low} m, expected less than obstacles.max_height, {high} m'
        )
    return None


def predictor_options(values: Mapping[str, Any]) -> PredictorOptions:
    """Return the pipeline's options from parameter values by name."""
    return PredictorOptions(
        metric_scaling=values['depth.metric_scaling'],
        max_input_pixels=values['max_input_pixels'],
        min_range=values['depth.min_range'],
        max_range=values['depth.max_range'],
        confidence_threshold=values['segmentation.confidence_threshold'],
        output_resolution=values['output_resolution'],
        edge_filter=values['depth.edge_filter'],
        max_error=values['depth.max_error'],
        temporal_filter=values['depth.temporal_filter'],
        scale=values['depth.scale'],
    )


def markdown_table() -> str:
    """Return the README's parameter table."""
    rows = [
        '| Parameter | Default | Values | Unit | Changes | Meaning |',
        '|---|---|---|---|---|---|',
    ]
    for spec in SPECS:
        default = str(spec.default).lower() if isinstance(spec.default, bool) else spec.default
        shown = f'`{default}`' if default != '' else 'empty'
        rows.append(
            f'| `{spec.name}` | {shown} | {spec.valid} | {spec.unit} | {spec.changes} '
            f'| {spec.description} |'
        )
    for name, description in FACT_PARAMETERS.items():
        rows.append(f'| `{name}` | of the model | | | never | {description} |')
    return '\n'.join(rows) + '\n'
