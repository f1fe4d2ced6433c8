"""The service ~/calibrate_scale: find the factor for depth once, and set it."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from monodepth_ros.errors import ScaleError
from monodepth_ros.ros.camera_scale import CameraScale
from monodepth_ros.scale.calibration import calibrate
from monodepth_ros.scale.votes import Vote
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from rclpy.task import Future
from std_srvs.srv import Trigger

COLLECT_S = 5.0
"""Time for which votes are collected."""


class ScaleCalibration:
    """Answer ~/calibrate_scale with what the votes of some seconds come to."""

    def __init__(
        self,
        node: LifecycleNode,
        scales: Mapping[str, CameraScale],
        values: Callable[[], Mapping[str, Any]],
    ) -> None:
        """
        Offer the service.

        Args:
            node: has the service and the parameter depth.scale.
            scales: of the cameras, by name.
            values: gives the parameter values by name that hold now.

        """
        self._node = node
        self._scales = scales
        self._values = values
        self._is_busy = False
        # While a callback waits its group is busy: in the node's own no image would come.
        self._group = ReentrantCallbackGroup()
        node.create_service(
            Trigger, '~/calibrate_scale', self._on_request, callback_group=self._group
        )

    async def _on_request(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        try:
            self._check()
            votes = await self._collect()
            # Where TF may know the floor, the first image tells whether it does.
            if not votes:
                self._require(CameraScale.is_told)
            found = calibrate(votes)
        except ScaleError as error:
            response.message = str(error)
            return response
        result = self._node.set_parameters([Parameter('depth.scale', value=found.factor)])[0]
        response.success = result.successful
        response.message = str(found) if result.successful else result.reason
        self._node.get_logger().info(f'calibrate_scale: {response.message}')
        return response

    def _check(self):
        if self._is_busy:
            raise ScaleError('few_votes', 'a calibration is under way; wait for its answer')
        if not all(scale.has_model for scale in self._scales.values()):
            raise ScaleError('few_votes', 'the node is not active; activate it first')
        self._require(CameraScale.may_vote)
        if any(scale.is_relative for scale in self._scales.values()):
            raise ScaleError(
                'few_votes',
                'the model gives no metres, which no factor makes of its depth; leave scale and '
                'shift to scale.source',
            )
        if len(self._scales) > 1:
            raise ScaleError(
                'few_votes',
                f'depth.scale is one for all of the cameras {", ".join(self._scales)}; calibrate '
                'each by a node of its own, or leave them to scale.source',
            )

    def _require(self, of_scale):
        """Raise ScaleError where a question about the values is answered by no for all cameras."""
        values = self._values()
        scales = self._scales.values()
        if not any(of_scale(scale, values) for scale in scales):
            remedy = next(scale.how_to_know(values) for scale in scales)
            raise ScaleError(
                'few_votes',
                f'scale.source is {values["scale.source"]}, so that nothing is known to calibrate '
                f'by; deactivate the node, {remedy}, and activate it',
            )

    async def _collect(self) -> list[Vote]:
        """Return the votes from now on for some seconds; the executor goes on meanwhile."""
        votes: list[Vote] = []
        over = Future()
        clock = Clock(clock_type=ClockType.STEADY_TIME)
        timer = self._node.create_timer(
            COLLECT_S, lambda: over.set_result(None), callback_group=self._group, clock=clock
        )
        (scale,) = self._scales.values()
        self._is_busy, scale.watch = True, votes.append
        try:
            await over
        finally:
            self._is_busy, scale.watch = False, None
            self._node.destroy_timer(timer)
        return votes
