"""Votes on the scale from recordings: by a tape, the floor, a sensor's points, or odometry."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional, Union

from monodepth_ros.errors import ConfigError, MonodepthError, ScaleError
from monodepth_ros.frames import Frame
from monodepth_ros.offline.images import ImageSource
from monodepth_ros.offline.jobs import Source
from monodepth_ros.offline.odometry import Odometry
from monodepth_ros.offline.places import EVERY, Place, Places
from monodepth_ros.offline.transforms import STATIC_TOPIC
from monodepth_ros.pipeline.pose_check import lean_of
from monodepth_ros.pipeline.predictor import infer, Predictor, Prepared
from monodepth_ros.scale.affine import AffineVote
from monodepth_ros.scale.ground import ground_vote, GroundSettings, label_indices
from monodepth_ros.scale.messages import cloud_of, scan_of
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.points import depth_points, points_vote
from monodepth_ros.scale.pose import Pose
from monodepth_ros.scale.tape import tape_vote
from monodepth_ros.scale.tree import FrameTree
from monodepth_ros.scale.votes import View, Vote

MOVING_TOPIC = '/tf'

SCAN, CLOUD = 'sensor_msgs/msg/LaserScan', 'sensor_msgs/msg/PointCloud2'
DEPTHS = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
TF = 'tf2_msgs/msg/TFMessage'

OLD_NS = 500_000_000
"""How far a message may be from an image, by their stamps, as in the node."""


@dataclass(frozen=True)
class Knowledge:
    """What is known of distances; the first that is given counts, and TF otherwise.

    Attributes:
        places: what a tape has shown; images that it has none of are left out.
        points_topic: of a LaserScan or PointCloud2 in a bag.
        depth_topic: of a depth image in a bag, raw or compressedDepth, on the rectified grid of
            the camera at any size.
        plane: the floor.
        ground_frame: frame whose z = 0 is the floor, in the TF of a bag.
        classes: names of classes that are floor.
        max_tilt: degrees, as `GroundSettings` have it.
        odom_frame: frame that stands still, in the TF of a bag.

    """

    places: Optional[Places] = None
    points_topic: str = ''
    depth_topic: str = ''
    plane: Optional[GroundPlane] = None
    ground_frame: str = 'base_footprint'
    classes: tuple[str, ...] = ('floor',)
    max_tilt: float = 15.0
    odom_frame: str = ''

    @property
    def topics(self) -> tuple[str, ...]:
        """Topics that a bag must have."""
        if self.places is not None or self.odom_frame:
            return ()
        if self.depth_topic:
            return (self.depth_topic,)
        if self.points_topic:
            return (self.points_topic, STATIC_TOPIC)
        return () if self.plane else (STATIC_TOPIC,)


def votes(
    source: Source, predictor: Predictor, knowledge: Knowledge, every: int = 1
) -> Iterator[Union[Vote, AffineVote, MonodepthError]]:
    """Yield each frame's vote, or each place's, or why it has none.

    Args:
        source: the frames.
        predictor: the model, and how it treats images.
        knowledge: what is known of distances.
        every: take each so many-th frame.

    Raises:
        ConfigError: the source lacks what is needed.

    """
    if knowledge.places is not None:
        yield from _taped(source, predictor, knowledge.places, every)
        return
    odometry = Odometry(source, knowledge.odom_frame) if knowledge.odom_frame else None
    frames = _among(source, knowledge) if knowledge.topics else _alone(source)
    for number, (load, around) in enumerate(frames):
        is_passed = number % every != 0
        if is_passed and odometry is None:
            continue
        try:
            prepared = predictor.prepare(load())
            if is_passed:
                odometry.follow(prepared)
                continue
            view = _view(predictor, prepared)
            if odometry is not None:
                yield odometry.vote(view, prepared)
            else:
                yield _vote(view, prepared, around, knowledge, predictor.engine.facts.classes)
        except MonodepthError as error:
            yield error


def _taped(source, predictor, places, every):
    """Yield the vote of each place, or why it has none, and what is said of no image."""
    left = {*places} - {EVERY}
    if left and not isinstance(source, ImageSource):
        raise ConfigError(
            f'--places names files of images, and {source.name} is a video or bag; give a folder '
            'of pictures out of it'
        )
    for number, job in enumerate(source.jobs()):
        name = Path(job.label).name
        left.discard(name)
        of_frame = places.get(EVERY, ()) if number % every == 0 else ()
        found = (*of_frame, *places.get(name, ()))
        try:
            prepared = predictor.prepare(job.load()[0]) if found else None
            view = prepared and _view(predictor, prepared)
        except MonodepthError as error:
            yield from [error] * len(found)
            continue
        for place in found:
            try:
                yield _by_tape(view, prepared.frame, place)
            except MonodepthError as error:
                yield error
    for name in sorted(left):
        missing = ConfigError(f'{name} of --places is none of the images that are there')
        yield from [missing] * len(places[name])


def _view(predictor: Predictor, prepared: Prepared) -> View:
    view = predictor.view(prepared, infer(predictor.engine, [prepared]))
    if view is None and prepared.plan.camera is not None:
        raise ConfigError(
            f'{predictor.engine.facts.network} gives no depth; take a model that does'
        )
    if view is None:
        raise ConfigError('the camera is not calibrated; give --camera-info or --hfov')
    return view


def _alone(source):
    """Yield what loads a frame, and no surroundings."""
    for job in source.jobs():
        yield (lambda job=job: job.load()[0]), _Surroundings()


def _among(source, knowledge):
    """Yield what loads a frame, and what the bag has said until then."""
    kinds = _checked(source, knowledge)
    around = _Surroundings()
    if STATIC_TOPIC in kinds:
        for data in source.messages_of(STATIC_TOPIC):
            around.hear(TF, data)
    for topic, payload in source.recorded({*kinds} - {STATIC_TOPIC}):
        if topic:
            around.hear(kinds[topic], payload)
        else:
            yield (lambda load=payload: load()[0]), around


def _checked(source, knowledge) -> dict[str, str]:
    """Return the types of the topics that are heard, by name."""
    known = getattr(source, 'topics', None)
    if known is None:
        raise ConfigError(
            f'{source.name} is no bag, which alone has TF and topics; give --height, '
            '--places, or --distance and --pixel'
        )
    allowed = {STATIC_TOPIC: (TF,), knowledge.depth_topic: DEPTHS}
    for topic in knowledge.topics:
        if known.get(topic) not in allowed.get(topic, (SCAN, CLOUD)):
            listed = ', '.join(f'{name} ({kind})' for name, kind in sorted(known.items()))
            raise ConfigError(
                f'bag {source.name} has no {topic} of type '
                f'{" or ".join(allowed.get(topic, (SCAN, CLOUD)))}; its topics: {listed}'
            )
    heard = {topic: known[topic] for topic in knowledge.topics}
    return (
        {**heard, MOVING_TOPIC: TF}
        if STATIC_TOPIC in heard and known.get(MOVING_TOPIC) == TF
        else heard
    )


class _Surroundings:
    """What other topics have said last."""

    def __init__(self) -> None:
        self.tree = FrameTree()
        self._latest: Optional[tuple[str, bytes]] = None

    def hear(self, kind: str, data: bytes) -> None:
        """Take a message in."""
        if kind != TF:
            self._latest = kind, data
            return
        for part in _deserialize(data, kind).transforms:
            q, t = part.transform.rotation, part.transform.translation
            # What is no rotation, often of a frame that nobody asks for, leaves the one before.
            with suppress(ScaleError):
                pose = Pose.from_quaternion((q.x, q.y, q.z, q.w), (t.x, t.y, t.z))
                self.tree.put(part.child_frame_id, part.header.frame_id, pose)

    def latest(self, frame: Frame) -> tuple[str, Any]:
        """Return type and message of the last points, which are of about the frame's time."""
        if self._latest is None:
            raise ScaleError('no_points', 'nothing has come on the topic before the image')
        kind, data = self._latest
        msg = _deserialize(data, kind)
        stamp = msg.header.stamp
        late = frame.stamp_ns - (stamp.sec * 1_000_000_000 + stamp.nanosec)
        if abs(late) > OLD_NS:
            raise ScaleError('no_points', f'the last points are {late * 1e-9:.1f} s away')
        return kind, msg


def _deserialize(data, kind):
    from monodepth_ros.offline.messages import deserialize

    return deserialize(data, kind)


def _vote(view, prepared, around, knowledge, classes) -> Union[Vote, AffineVote]:
    frame = prepared.frame
    if knowledge.depth_topic:
        return points_vote(view, _measured(around, frame))
    if knowledge.points_topic:
        kind, msg = around.latest(frame)
        points = scan_of(msg) if kind == SCAN else cloud_of(msg)
        return points_vote(
            view, around.tree.pose(msg.header.frame_id, frame.frame_id).apply(points)
        )
    plane = knowledge.plane
    if plane is None:
        plane = GroundPlane.from_pose(around.tree.pose(frame.frame_id, knowledge.ground_frame))
    labels = label_indices(knowledge.classes, classes)
    settings = GroundSettings(labels, knowledge.max_tilt)
    lean = lean_of(prepared, view.camera, plane.up) if settings.asks_edges else None
    return ground_vote(view, plane, settings, lean)


def _measured(around, frame):
    """Return the points of the last depth image, which is of the frame's view."""
    from monodepth_ros.offline.ranges import depth_of

    kind, msg = around.latest(frame)
    return depth_points(depth_of(msg, kind), frame.camera.rectified)


def _by_tape(view: View, frame: Frame, place: Place):
    height, width = frame.image.shape[:2]
    column = (place.column + 0.5) * view.camera.width / width - 0.5
    row = (place.row + 0.5) * view.camera.height / height - 0.5
    return tape_vote(view, place.distance, column, row)
