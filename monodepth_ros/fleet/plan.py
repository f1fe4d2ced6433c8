"""Which images of a recording become frames of a data set, and what is needed for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Optional

from monodepth_ros.errors import DatasetError
from monodepth_ros.fleet.index import Index, make_index
from monodepth_ros.fleet.options import GROUND_FRAMES, Options
from monodepth_ros.fleet.pairing import check_clocks, pair
from monodepth_ros.fleet.poses import choose_frame, distance, pose_in, Stand, stand
from monodepth_ros.fleet.topics import choose_topics, POINTS, Topics
from monodepth_ros.offline.recording import Recording
from monodepth_ros.offline.transforms import FIXED_FRAMES
import numpy as np


class FramePlan(NamedTuple):
    """One frame to make.

    Attributes:
        name: id in the data set.
        stamp_ns: of the image.
        image_time: when the image was recorded, by which it is found again.
        truth_time: when its measurement was.
        image_info: CDR bytes of its CameraInfo, or None.
        truth_info: CDR bytes of that of the depth image, or None.
        transform: (4, 4), from the measurement's frame to the image's; None where they agree.
        pose: (4, 4), of the camera in the frame that the robot moves in, or None.
        stand: of the camera over the floor, or None.

    """

    name: str
    stamp_ns: int
    image_time: int
    truth_time: int
    image_info: Optional[bytes]
    truth_info: Optional[bytes]
    transform: Optional[np.ndarray]
    pose: Optional[np.ndarray]
    stand: Optional[Stand]


class LeftOut:
    """Why images are left out, how many, and which is the first."""

    def __init__(self) -> None:
        self.reasons: dict[str, list] = {}

    def add(self, reason: str, name: str, count: int = 1) -> None:
        """Count what is left out for a reason."""
        entry = self.reasons.setdefault(reason, [0, name])
        entry[0] += count

    def join(self, other: LeftOut) -> None:
        """Add what another one has."""
        for reason, (count, name) in other.reasons.items():
            self.add(reason, name, count)

    def lines(self) -> list[str]:
        """Return a line for each reason."""
        return [
            f'{count} left out: {reason} (first: {name})'
            for reason, (count, name) in self.reasons.items()
        ]


@dataclass
class RecordingPlan:
    """What is made of a recording.

    Attributes:
        path: the recording.
        name: what its frames' names begin with.
        topics: that are read.
        kinds: their types.
        frames: to make.
        left_out: images that are not among them.
        images: how many there are.
        fixed_frame: that poses are in, or ''.
        ground_frame: that heights are over, or ''.
        remarks: what is worth to know, a line each.

    """

    path: Path
    name: str
    topics: Topics
    kinds: tuple[str, str]
    frames: list[FramePlan] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)
    images: int = 0
    fixed_frame: str = ''
    ground_frame: str = ''
    remarks: list[str] = field(default_factory=list)


def make_plan(path: Path, name: str, options: Options) -> RecordingPlan:
    """
    Return what is made of a recording.

    Args:
        path: a bag.
        name: what its frames' names begin with.
        options: of the data set.

    Raises:
        ConfigError: topics or frames that are not there.
        DatasetError: the recording cannot be read, or nothing in it belongs together.

    """
    recording = Recording(path)
    topics = choose_topics(recording, options.image_topic, options.truth_topic)
    kinds = (recording.topics[topics.image], recording.topics[topics.truth])
    plan = RecordingPlan(path, name, topics, kinds)
    index = make_index(recording, topics)
    if index.damage:
        plan.remarks.append(f'what comes after the damage is left out: {index.damage}')
    images, truths = index.image.by(options.clock), index.truth.by(options.clock)
    partners = pair(images, truths, round(options.tolerance * 1e9))
    check_clocks(f'bag {path}, {topics.truth}', images, truths, partners)
    plan.images = images.size
    _choose_frames(plan, index, options)
    _take(plan, index, partners, options)
    return plan


def _choose_frames(plan, index, options):
    camera, transforms = index.image.frames[0], index.transforms
    plan.fixed_frame = choose_frame(
        'fixed-frame', options.fixed_frame, FIXED_FRAMES, transforms, camera
    )
    plan.ground_frame = choose_frame(
        'ground-frame', options.ground_frame, GROUND_FRAMES, transforms, camera
    )
    if not plan.fixed_frame and options.min_move:
        plan.remarks.append(
            'no pose of the camera in map, odom or world: frames are not thinned by motion; use '
            '--every, or record /tf and /tf_static'
        )
    if not plan.ground_frame:
        plan.remarks.append(
            'no pose of the camera over the floor in /tf: heights stay unknown (--ground-frame)'
        )


def _take(plan: RecordingPlan, index: Index, partners: np.ndarray, options: Options) -> None:
    """Fill in frames and what is left out."""
    last: Optional[np.ndarray] = None
    taken = 0
    for number, partner in enumerate(partners):
        name = f'{plan.name}_{number:06}'
        if partner < 0:
            after = f'no {plan.topics.truth} within {options.tolerance * 1e3:g} ms'
            plan.left_out.add(f'{after}; --tolerance allows more', name)
            continue
        taken += 1
        if (taken - 1) % options.every:
            plan.left_out.add(f'--every {options.every}', name)
            continue
        try:
            frame = _frame(name, plan, index, number, int(partner), options)
        except DatasetError as error:
            # The reason without its time, so that those of one kind count together.
            plan.left_out.add(_kind_of(str(error)), name)
            continue
        if reason := _too_little_motion(last, frame.pose, plan, options):
            plan.left_out.add(reason, name)
            continue
        last = frame.pose
        plan.frames.append(frame)


def _kind_of(text):
    words = text.split(' at ')
    return words[0] + ' at its time (a gap in /tf)' if len(words) > 1 else text


def _too_little_motion(last, pose, plan, options):
    if not (plan.fixed_frame and options.min_move):
        return ''
    if pose is None:
        return (
            f'no pose in {plan.fixed_frame} at its time (a gap in /tf); --min-move 0 takes them '
            'all the same'
        )
    if last is None:
        return ''
    metres, degrees = distance(last, pose)
    if metres >= options.min_move or degrees >= options.min_turn:
        return ''
    return f'moved by less than {options.min_move:g} m and {options.min_turn:g} degrees'


def _frame(name, plan, index, number, partner, options):
    image, truth = index.image, index.truth
    camera, stamp = image.frames[number], image.stamps[number]
    info, truth_info = image.infos[number], truth.infos[partner]
    if info < 0 and not options.intrinsics.known:
        raise DatasetError(
            f'no camera_info for {plan.topics.image}; record it, or give --camera-info or --hfov'
        )
    pose = pose_in(plan.fixed_frame, camera, stamp, index.transforms)
    ground = pose_in(plan.ground_frame, camera, stamp, index.transforms)
    return FramePlan(
        name,
        stamp,
        image.times[number],
        truth.times[partner],
        index.image_infos[info] if info >= 0 else None,
        index.truth_infos[truth_info] if truth_info >= 0 else None,
        _transform(plan, index, number, partner, options),
        pose,
        stand(ground),
    )


def _transform(plan, index, number, partner, options):
    """Return the (4, 4) from the measurement to the image, the robot's motion between included."""
    target, source = index.image.frames[number], index.truth.frames[partner]
    points = plan.kinds[1] in POINTS
    if not points and (options.registered or target == source):
        return None
    transforms, fixed = index.transforms, plan.fixed_frame
    stamp, taken = index.image.stamps[number], index.truth.stamps[partner]
    try:
        if fixed and options.clock == 'stamp' and taken != stamp:
            to_fixed = transforms.lookup(fixed, source, taken)
            return transforms.lookup(target, fixed, stamp) @ to_fixed
        return transforms.lookup(target, source, stamp)
    except DatasetError as error:
        if points or transforms.connects(target, source):
            raise
        raise DatasetError(
            f'{error}; record /tf_static, or say --registered where depth is aligned with the '
            'image'
        ) from None
