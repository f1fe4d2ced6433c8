"""A camera's scale in the node: what its frames are multiplied by, and what is published of it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
import math
from typing import Any, Callable, Mapping, Optional

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from monodepth_ros.errors import ScaleError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput
from monodepth_ros.pipeline.motion_watch import MotionWatch
from monodepth_ros.pipeline.pose_check import PoseCheck
from monodepth_ros.pipeline.predictor import Predictor, Prepared, relative_depth
from monodepth_ros.pipeline.preprocess import SCALES
from monodepth_ros.ros.diagnostics import scale_figures
from monodepth_ros.ros.signals import THREADS
from monodepth_ros.ros.witnesses import BY_WHAT_IS_KNOWN, sources, Witnesses
from monodepth_ros.scale.affine_estimator import AffineEstimator
from monodepth_ros.scale.estimator import ScaleEstimator, ScaleSettings, ScaleState
from monodepth_ros.scale.filter import Estimate
from monodepth_ros.scale.ground import ground_vote, GroundSettings, label_indices
from monodepth_ros.scale.motion_check import motion_vote
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.points import points_vote
from monodepth_ros.scale.votes import View, Vote
import numpy as np
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

SCALE_TOPIC = 'scale'
"""Factor of each frame's depth, with all that is known of it, as diagnostic_msgs/DiagnosticArray:
the one standard message that holds named numbers, text and a stamp. PlotJuggler plots it."""


class CameraScale:
    """
    Give each frame of a camera its scale, in the worker's thread.

    Attributes:
        state: the last frame's; None where nothing is estimated, or no frame was.
        watch: called with each vote, by a calibration; None for nobody.

    """

    def __init__(self, node: LifecycleNode, prefix: str, witnesses: Witnesses) -> None:
        """
        Make a camera's scale without topics.

        Args:
            node: makes the topic.
            prefix: what stands before the topic's name, such as 'front/'.
            witnesses: what the robot knows.

        """
        self.state: Optional[ScaleState] = None
        self.watch: Optional[Callable[[Vote], None]] = None
        self._node = node
        self._prefix = prefix
        self._witnesses = witnesses
        self._facts: Optional[ModelFacts] = None
        self._estimator = ScaleEstimator()
        self._pose_check = PoseCheck()
        self._motion_watch = MotionWatch()
        self._publisher: Optional[Any] = None
        # Whether static TF knows the floor; None until an image made somebody look.
        self._is_linked: Optional[bool] = None
        self._frames: Optional[tuple[str, str]] = None

    def start(self, facts: ModelFacts) -> None:
        """
        Begin to watch frames; an estimate from before holds for the same camera.

        Args:
            facts: of the model. With another kind of depth, or another unit, the estimate starts
                anew.

        """
        relative = relative_depth(facts) is not None
        # Another network that gives no metres has another unit.
        if relative != self.is_relative or (relative and facts != self._facts):
            self._estimator = AffineEstimator() if relative else ScaleEstimator()
        self._close_checks()
        self._pose_check = PoseCheck(f'{THREADS}_pose_check')
        self._motion_watch = MotionWatch(f'{THREADS}_motion_watch')
        self._facts = facts
        self.state = None

    @property
    def has_model(self) -> bool:
        """Whether the node was active once."""
        return self._facts is not None

    @property
    def is_relative(self) -> bool:
        """Whether the model gives no metres."""
        return self._facts is not None and relative_depth(self._facts) is not None

    def sources(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """
        Return the names of the witnesses of the next frame, the most trusted one first.

        By itself a model that knows no floor has none.

        Args:
            values: parameter values by name.

        """
        names = sources(values, bool(self._is_linked))
        by_itself = names and values['scale.source'] == BY_WHAT_IS_KNOWN
        return () if by_itself and not self._knows_floors(values) else names

    def may_vote(self, values: Mapping[str, Any]) -> bool:
        """Return whether a later frame may have witnesses: `sources`, or a floor found in TF."""
        return bool(self.sources(values)) or self._may_find_floor(values)

    def is_told(self, values: Mapping[str, Any]) -> bool:
        """Return whether there are witnesses, as far as it was looked for them."""
        return self.may_vote(values) if self._is_linked is None else bool(self.sources(values))

    def how_to_know(self, values: Mapping[str, Any]) -> str:
        """Return what is to be done for witnesses, where there are none."""
        known = values['camera.height'] or self._is_linked
        by_itself = values['scale.source'] == BY_WHAT_IS_KNOWN
        if by_itself and known and not self._knows_floors(values):
            return (
                'take a model that has one of the classes in scale.ground_classes, by which the '
                'floor is found, or set scale.source to points or motion'
            )
        return self._witnesses.how_to_know(values)

    def _may_find_floor(self, values):
        by_itself = values['scale.source'] == BY_WHAT_IS_KNOWN and not values['camera.height']
        return by_itself and self._witnesses.transforms.is_listening and self._knows_floors(values)

    def _knows_floors(self, values):
        classes = () if self._facts is None else self._facts.classes
        return bool(label_indices(values['scale.ground_classes'], classes))

    def _look_for_floor(self, frame, values):
        """Take the floor that static TF knows, once it does, where nothing else is asked for."""
        frames = frame.frame_id, values['scale.ground_frame']
        is_known = self._is_linked and self._frames == frames
        if is_known or not self._may_find_floor(values):
            return
        self._is_linked, self._frames = self._witnesses.is_linked(*frames), frames
        if not self._is_linked:
            return
        try:
            self._witnesses.plane(frame.frame_id, frame.stamp_ns, values)
        except ScaleError:  # which is a fault from now on, and said as such
            return
        self._node.get_logger().info(
            f'TF knows {frame.frame_id} in {values["scale.ground_frame"]}: from now on the '
            'floor corrects the depth; with scale.source none it would not'
        )

    def said(self, factor: float, values: Mapping[str, Any]) -> ScaleState:
        """
        Return what is to be said of the scale now.

        Args:
            factor: what the depth is multiplied by where nothing is estimated.
            values: parameter values by name.

        """
        if not self.is_relative:
            return self.state or ScaleState(Estimate(factor, 0.0))
        state = self.state or ScaleState(Estimate(math.nan, math.nan))
        # Before the first image there is nothing to say, and without intrinsics that is said.
        if state.estimate.votes or (self.is_told(values) and self.state is None):
            return state
        return replace(state, warnings=(self._no_metres(state, values),))

    def _no_metres(self, state, values):
        kind = self._facts.depth_kind.replace('_', ' ')
        remedy = f'scale.source knows no metres yet: {state.problem}'
        if not self.sources(values):
            remedy = f'for metres {self.how_to_know(values)}'
        return (
            f'{self._facts.network} gives depth {kind}, no metres: it is published on '
            f'depth/relative alone; {remedy}'
        )

    def create_output(self) -> None:
        """Make the topic."""
        self._publisher = self._node.create_lifecycle_publisher(
            DiagnosticArray,
            self._prefix + SCALE_TOPIC,
            QoSProfile(depth=1, reliability=QoSReliabilityPolicy.RELIABLE),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def destroy(self) -> None:
        """Take the topic down; twice is safe."""
        if self._publisher is not None:
            self._node.destroy_lifecycle_publisher(self._publisher)
        self._publisher = None
        self._close_checks()

    def _close_checks(self):
        self._pose_check.close()
        self._motion_watch.close()

    def listened(self) -> bool:
        """Return whether somebody wants the scale of frames, whatever else of them is wanted."""
        return self.watch is not None or self._has_subscriber()

    def _has_subscriber(self):
        return self._publisher is not None and self._publisher.get_subscription_count() > 0

    def scaled(
        self, predictor: Predictor, prepared: Prepared, raw: RawOutput, index: int, values: Any
    ) -> Prepared:
        """
        Return the frame with the factor for its depth; itself where nothing is estimated.

        Args:
            predictor: makes the view of the frame.
            prepared: the frame.
            raw: what the network gave for a batch.
            index: place of the frame in the batch.
            values: parameter values by name.

        """
        self._look_for_floor(prepared.frame, values)
        names = self.sources(values)
        view = predictor.view(prepared, raw, index) if names else None
        # Without intrinsics nothing is metric, and what the calibration lacks is said already.
        if view is None:
            self.state = None
            return prepared
        self._estimator.watch = self.watch
        frame, plan = prepared.frame, prepared.plan
        of_frame = {'prepared': prepared, 'values': values, 'facts': predictor.engine.facts}
        known = {
            'ground': partial(self._ground, **of_frame),
            'points': partial(self._points, frame=frame),
            'motion': partial(self._motion, **of_frame),
        }
        self.state = self._estimator.update(
            view,
            frame.stamp_ns,
            {name: known[name] for name in names},
            ScaleSettings(
                values['depth.scale'],
                tuple(values['scale.limits']),
                values['scale.time_constant'],
                values['scale.max_tilt'],
                values['scale.bend'],
            ),
            (plan.camera, plan.depth_scale),
        )
        if self.is_relative:
            return replace(prepared, options=replace(prepared.options, scale=1.0))
        factor = min(max(self.state.estimate.factor, SCALES[0]), SCALES[1])
        options = replace(prepared.options, scale=factor, bend=self.state.estimate.bend)
        return replace(prepared, options=options)

    def floor(self, known: GroundPlane, stamp_ns: int) -> GroundPlane:
        """
        Return the floor under the camera, given where it is known to be.

        It is another one where the camera's way has told that its height is.
        """
        return known if self.state is None else self._estimator.floor(known, stamp_ns)

    def in_metres(
        self, predictor: Predictor, prepared: Prepared, raw: RawOutput, index: int
    ) -> Optional[RawOutput]:
        """
        Return the output for a `scaled` frame, of a model that gives no metres, in metres.

        Args:
            predictor: as `scaled` has it, like the others.
            prepared: the frame.
            raw: what the network gave for a batch.
            index: place of the frame in the batch.

        Returns:
            A batch of one; None as long as nothing is known of the scale.

        """
        if self.state is None or not self.state.estimate.votes:
            return None
        estimate = self.state.estimate
        return predictor.in_metres(prepared, raw, index, estimate.factor, estimate.shift)

    def _ground(
        self, view: View, prepared: Prepared, values: Mapping[str, Any], facts: ModelFacts
    ):
        labels = label_indices(values['scale.ground_classes'], facts.classes)
        settings = GroundSettings(labels, values['scale.max_tilt'])
        frame = prepared.frame
        known = self._witnesses.plane(frame.frame_id, frame.stamp_ns, values)
        plane = self._estimator.floor(known, frame.stamp_ns)
        lean = None
        if settings.asks_edges:
            lean = self._pose_check.show(prepared, view.camera, plane.up)
        return ground_vote(view, plane, settings, lean)

    def _points(self, view: View, frame: Any):
        return points_vote(view, self._witnesses.points(frame.frame_id, frame.stamp_ns))

    def _motion(
        self, view: View, prepared: Prepared, values: Mapping[str, Any], facts: ModelFacts
    ):
        """Return the vote of the last frame by which the camera's way was looked at."""
        frame, odometry = prepared.frame, values['scale.odom_frame']

        def judge(view: View, points: np.ndarray):
            labels = label_indices(values['scale.ground_classes'], facts.classes)
            try:
                plane = self._witnesses.plane(frame.frame_id, frame.stamp_ns, values)
            except ScaleError:  # what is not known needs no check
                plane = None
            return motion_vote(view, points, plane, labels)

        return self._motion_watch.show(
            prepared,
            view,
            partial(self._witnesses.transforms.pose_at, frame.frame_id, odometry),
            judge,
        )

    def publish(self, header: Header, factor: float, values: Mapping[str, Any]) -> None:
        """
        Publish a frame's scale, where somebody listens.

        Args:
            header: the frame's.
            factor: what its depth was multiplied by.
            values: parameter values by name.

        """
        if not self._has_subscriber():
            return
        state = self.said(factor, values)
        words = state.warnings or (state.problem,)
        status = DiagnosticStatus(
            level=DiagnosticStatus.WARN if state.warnings else DiagnosticStatus.OK,
            name=f'{self._prefix}{SCALE_TOPIC}',
            message='; '.join(filter(None, words)),
            values=[KeyValue(key=key, value=value) for key, value in scale_figures(state)],
        )
        self._publisher.publish(DiagnosticArray(header=header, status=[status]))
