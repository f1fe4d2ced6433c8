"""Points of the cloud are where the lens says: through model, R, P, ROI, binning and resizes."""

import cv2
from monodepth_ros.camera import CameraModel, rectification_maps
from monodepth_ros.pipeline.cloud import make_cloud
import numpy as np
import pytest

WIDTH, HEIGHT = 640, 480
K = np.array([[410.0, 0, 322.4], [0, 402.0, 236.7], [0, 0, 1]])
P = np.array([[380.0, 0, 315.2, 0], [0, 372.0, 243.1, 0], [0, 0, 1, 0]])
ROTATION = cv2.Rodrigues(np.array([0.02, -0.03, 0.04]))[0]
LENSES = {
    'none': (),
    'plumb_bob': (-0.21, 0.05, 0.001, -0.0015, 0.002),
    'rational_polynomial': (0.3, -0.15, 0.001, -0.0015, 0.02, 0.55, -0.08, 0.01),
    'equidistant': (0.02, -0.01, 0.004, -0.001),
}
# ROI, binning, and the size in which the image came: None for as it was sent.
DELIVERIES = {
    'whole': ((0, 0, 0, 0), (1, 1), None),
    'roi': ((101, 43, 400, 300), (1, 1), None),
    'binned': ((0, 0, 0, 0), (2, 2), None),
    'roi, binned': ((100, 44, 480, 360), (2, 3), None),
    'resized': ((0, 0, 0, 0), (1, 1), (320, 240)),
    'roi, binned, resized': ((64, 32, 512, 384), (2, 2), (512, 384)),
}


def project(points, model):
    """Return the pixels, (N, 2), of points in the camera's frame on the whole sensor."""
    zero, d = np.zeros(3), np.array(LENSES[model] or (0.0,) * 4)
    if model == 'equidistant':
        return cv2.fisheye.projectPoints(points[:, None], zero, zero, K, d)[0][:, 0]
    return cv2.projectPoints(points, zero, zero, K, d)[0][:, 0]


@pytest.mark.parametrize('delivery', DELIVERIES)
@pytest.mark.parametrize('model', LENSES)
def test_a_point_of_the_cloud_is_seen_at_its_pixel(model, delivery):
    (x0, y0, w, h), (bx, by), size = DELIVERIES[delivery]
    camera = CameraModel.from_intrinsics(
        WIDTH,
        HEIGHT,
        K.ravel(),
        LENSES[model],
        model,
        ROTATION.ravel(),
        P.ravel(),
        bx,
        by,
        (x0, y0, w, h),
        size,
    )
    grid = camera.rectified
    v, u = np.meshgrid(range(0, grid.height, 7), range(0, grid.width, 9), indexing='ij')
    depth = np.random.default_rng(0).uniform(0.5, 8, (grid.height, grid.width)).astype(np.float32)
    cloud = make_cloud(depth, np.zeros((*depth.shape, 3), np.uint8), grid.rays())
    points = np.stack([cloud[axis][v, u].ravel() for axis in 'xyz'], axis=1).astype(float)
    # Where the sensor has the point, then where the delivered image has it: edges lie at -0.5.
    seen = project(points @ ROTATION, model)
    window = np.array([w or WIDTH, h or HEIGHT])
    delivered = np.array(size or (window[0] // bx, window[1] // by))
    seen = (seen - [x0, y0] + 0.5) * delivered / window - 0.5
    maps = [m[v, u].ravel() for m in rectification_maps(camera, grid)]
    # Beyond the image the maps need not agree with OpenCV, which knows no fold.
    inside = ((seen > -1) & (seen < delivered)).all(1)
    assert inside.mean() > 0.5
    # 1e-4 of the distance is 1e-4 focal lengths in the image.
    tolerance = 1e-4 * grid.fx
    np.testing.assert_allclose(np.stack(maps, 1)[inside], seen[inside], atol=tolerance)
