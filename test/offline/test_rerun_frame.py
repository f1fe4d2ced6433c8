"""What the Rerun viewer is given of a frame."""

from bag_kit import make_predictor, room_images
import cv2
from monodepth_ros.camera import CameraModel, PinholeCamera
from monodepth_ros.frames import Frame
from monodepth_ros.offline.rerun_frame import (
    figures,
    frame_of_prediction,
    MOST_POINTS,
    thin_cloud,
)
import numpy as np
import pytest

CAMERA = CameraModel(320, 256, (259.43, 0, 159.5, 0, 259.43, 127.5, 0, 0, 1))


@pytest.fixture
def predictor():
    return make_predictor()


def test_a_frame_has_what_the_prediction_has(predictor):
    image = room_images(1, (320, 256))[0]
    prediction = predictor.predict(Frame(image, CAMERA, 123, 'lens'))
    facts = predictor.engine.facts
    frame = frame_of_prediction(prediction, facts, scale=1.5)
    shown = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(shown.astype(int) - prediction.image).mean() < 5
    assert list(frame.depths) == ['depth'] and frame.depths['depth'].dtype == np.uint16
    np.testing.assert_allclose(frame.depths['depth'], prediction.depth * 1000, atol=0.51)
    np.testing.assert_array_equal(frame.label, prediction.label)
    assert frame.classes[0] == (0, facts.classes[0], facts.colors[0])
    assert frame.classes[-1][:2] == (255, 'unlabelled')
    assert (frame.stamp_ns, frame.frame_id, frame.camera) == (123, 'lens', prediction.camera)
    assert frame.scalars['scale'] == 1.5
    assert frame.scalars['median_depth'] == pytest.approx(np.median(prediction.depth))


def test_without_intrinsics_there_are_no_points(predictor):
    prediction = predictor.predict(Frame(room_images(1, (320, 256))[0]))
    frame = frame_of_prediction(prediction, predictor.engine.facts)
    assert frame.points.shape == (0, 3) and frame.camera is None and frame.depths


def test_a_large_cloud_is_thinned_by_whole_rows_and_columns():
    depth = np.full((480, 640), 2, np.float32)
    depth[0, 0] = np.nan
    image = np.zeros((480, 640, 3), np.uint8)
    image[:, 636] = 9
    camera = PinholeCamera(640, 480, 500, 400, 319.5, 239.5)
    points, colors = thin_cloud(depth, image, camera)
    # 307199 points: of every 4th row and column, 19200 less the unknown one.
    assert len(points) == len(colors) == 19199 <= MOST_POINTS
    np.testing.assert_allclose(points[0], [2 * (4 - 319.5) / 500, 2 * -239.5 / 400, 2], rtol=1e-5)
    assert np.count_nonzero(colors[:, 0]) == 120
    assert len(thin_cloud(depth, image, camera, stride=8)[0]) == 4799


def test_sparse_points_all_stay():
    depth = np.zeros((480, 640), np.float32)
    depth[7, ::3] = 1
    image = np.zeros((480, 640, 3), np.uint8)
    points, _ = thin_cloud(depth, image, PinholeCamera(640, 480, 500, 500, 319.5, 239.5))
    assert len(points) == 214


def test_figures_of_known_depths_alone():
    depth = np.array([[0, np.nan, np.inf, 1], [2, 4, -np.inf, 0]], np.float32)
    assert figures(depth) == {'median_depth': 2.0, 'known_share': 3 / 8}
    assert figures(np.zeros((2, 2), np.float32)) == {'known_share': 0.0}
