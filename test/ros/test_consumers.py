"""The conventions of those who take the outputs, each played by a reader written for it."""

from collections import defaultdict

from bench import make_camera_info, make_rgb, wait_until
from message_reader import read_cloud, read_colors, read_image
from monodepth_ros.ros import compat
from monodepth_ros.ros.publishers import TOPICS
import numpy as np
import pytest
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import PointField, RegionOfInterest

ONE_PIXEL = (
    'depth/image_rect',
    'depth/camera_info',
    'depth/points',
    'segmentation/mask',
    'segmentation/confidence',
)
TRAINING_F = 259.43  # pixels, of the FormulaEngine's facts


def exact_camera_info(width=64, height=48):
    """Return a camera with the training focal length: no resize comes between image and output."""
    f, cx, cy = TRAINING_F, (width - 1) / 2, (height - 1) / 2
    return make_camera_info(
        width,
        height,
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def coded_image(width=64, height=48):
    """Return an image whose red is the row and whose blue is the column; green is their sum."""
    rows, columns = np.indices((height, width))
    return np.stack([rows * 3, rows + columns, columns * 2], axis=-1).astype(np.uint8)


@pytest.fixture
def coded(make_bench):
    bench = make_bench(topics=ONE_PIXEL, parameters={'point_cloud.label': True}).start()
    bench.send_info(exact_camera_info())
    return bench


def test_one_index_addresses_one_pixel_in_mask_confidence_and_cloud(coded):
    # As Nav2's semantic segmentation layer reads: one counter for all three, in steps of a point.
    image = coded_image()
    outputs = coded.serve(coded.make_image(image))
    mask, confidence = outputs['segmentation/mask'], outputs['segmentation/confidence']
    cloud, info = outputs['depth/points'], outputs['depth/camera_info']
    assert mask.header == confidence.header == cloud.header
    assert (mask.height, mask.width) == (confidence.height, confidence.width) == (48, 64)
    assert (cloud.height, cloud.width) == (48, 64)
    fields = {name: values.reshape(-1) for name, values in read_cloud(cloud).items()}
    colors = read_colors(fields)
    for v, u in np.ndindex(48, 64):
        i = v * mask.width + u
        red, green, blue = (int(value) for value in image[v, u])
        assert mask.data[i] == green % 4
        assert confidence.data[i] == blue
        assert colors[i].tolist() == [red, green, blue]
        x, y, z = (fields[axis][i] for axis in 'xyz')
        assert z == pytest.approx(1 + red / 100, rel=1e-6)
        # On the ray of pixel (u, v), and of no other.
        assert x / z * info.p[0] + info.p[2] == pytest.approx(u, abs=1e-4)
        assert y / z * info.p[5] + info.p[6] == pytest.approx(v, abs=1e-4)


@pytest.mark.parametrize('stride', [2, 5])
def test_a_point_of_a_strided_cloud_is_of_the_pixel_times_the_stride(coded, stride):
    assert coded.change('point_cloud.stride', stride).successful
    image = coded_image()
    outputs = coded.serve(coded.make_image(image))
    cloud = read_cloud(outputs['depth/points'])
    assert cloud['z'].shape == (-(-48 // stride), -(-64 // stride))
    np.testing.assert_array_equal(read_colors(cloud), image[::stride, ::stride])
    for field, topic in (
        ('z', 'depth/image_rect'),
        ('label', 'segmentation/mask'),
        ('confidence', 'segmentation/confidence'),
    ):
        np.testing.assert_array_equal(cloud[field], read_image(outputs[topic])[::stride, ::stride])


DISTORTIONS = {
    'plumb_bob': [-0.25, 0.06, 0.001, -0.001, 0.0],
    'rational_polynomial': [0.5, 0.1, 0.001, -0.0015, 0.01, 0.8, 0.2, 0.02],
    'equidistant': [0.02, -0.01, 0.004, -0.001],
}

# Sensor of 160 x 120; offset and size of the region of interest in its pixels, and binning.
WINDOWS = {
    'whole': (0, 0, 0, 0, 0),
    'roi': (24, 10, 96, 72, 1),
    'roi_and_binning': (16, 12, 128, 96, 2),
}


def sensor_info(model, window):
    x, y, width, height, binning = window
    return make_camera_info(
        160,
        120,
        distortion_model=model,
        d=DISTORTIONS[model],
        k=[100.0, 0.0, 78.0, 0.0, 101.0, 61.0, 0.0, 0.0, 1.0],
        p=[90.0, 0.0, 80.0, 0.0, 0.0, 91.0, 59.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        binning_x=binning,
        binning_y=binning,
        roi=RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height),
    )


def reproject(depth, info):
    """Return x, y, z of every pixel from P alone, as depth_image_proc's point_cloud_xyz does."""
    v, u = np.indices(depth.shape)
    z = depth.astype(np.float64)
    return (u - info.p[2]) * z / info.p[0], (v - info.p[6]) * z / info.p[5], z


@pytest.mark.parametrize('window', list(WINDOWS))
@pytest.mark.parametrize('model', list(DISTORTIONS))
def test_reprojected_depth_is_the_cloud(make_bench, model, window):
    x, y, width, height, binning = WINDOWS[window]
    size = (width // binning, height // binning) if width else (160, 120)
    bench = make_bench(topics=ONE_PIXEL, parameters={'point_cloud.label': True}).start()
    bench.send_info(sensor_info(model, WINDOWS[window]))
    for stride in (1, 3):
        assert bench.change('point_cloud.stride', stride).successful
        outputs = bench.serve(bench.make_image(make_rgb(*size)))
        info, depth = outputs['depth/camera_info'], read_image(outputs['depth/image_rect'])
        assert depth.shape == (info.height, info.width) == size[::-1]
        assert 0.8 < np.isfinite(depth).mean()
        assert np.nanmax(depth) > 1.2 * np.nanmin(depth)
        cloud = read_cloud(outputs['depth/points'])
        for axis, expected in zip('xyz', reproject(depth, info)):
            # Two roundings to float32: of the ray, and of its product with the depth.
            np.testing.assert_allclose(
                cloud[axis], expected[::stride, ::stride], rtol=2.5e-7, atol=0, err_msg=axis
            )
        mask = read_image(outputs['segmentation/mask'])
        np.testing.assert_array_equal(cloud['label'], mask[::stride, ::stride])
    # The window's grid by hand: moved by the offset, then scaled about the outer pixel edge.
    scale = binning or 1
    assert info.p[0] == pytest.approx(90 / scale) and info.p[5] == pytest.approx(91 / scale)
    assert info.p[2] == pytest.approx((80 - x + 0.5) / scale - 0.5)
    assert info.p[6] == pytest.approx((59 - y + 0.5) / scale - 0.5)
    assert not any(info.d) and info.binning_x <= 1 and info.roi.width == 0


def test_reprojected_millimetres_are_the_cloud_to_half_a_millimetre(coded):
    assert coded.change('depth.encoding', '16UC1').successful
    outputs = coded.serve()
    depth = read_image(outputs['depth/image_rect'])
    assert depth.dtype == np.uint16 and depth.min() >= 1000
    cloud = read_cloud(outputs['depth/points'])
    for axis, expected in zip('xyz', reproject(depth, outputs['depth/camera_info'])):
        np.testing.assert_allclose(cloud[axis], expected / 1000, rtol=0, atol=0.00051)


def test_cloud_has_the_fields_that_rviz_pcl_and_the_voxel_layer_look_for(coded):
    cloud = coded.serve()['depth/points']
    fields = {field.name: (field.offset, field.datatype, field.count) for field in cloud.fields}
    real, byte = PointField.FLOAT32, PointField.UINT8
    assert fields == {
        'x': (0, real, 1),
        'y': (4, real, 1),
        'z': (8, real, 1),
        'rgb': (12, real, 1),
        'label': (16, PointField.UINT32, 1),
        'confidence': (20, byte, 1),
    }
    assert cloud.point_step == 24


def test_depth_and_camera_info_pair_by_exact_time(coded):
    for _ in range(3):
        coded.serve()
    pairs = [coded.received[topic] for topic in ('depth/image_rect', 'depth/camera_info')]
    assert list(pairs[0]) == list(pairs[1]) and len(pairs[0]) == 3
    for stamp in pairs[0]:
        assert pairs[0][stamp].header == pairs[1][stamp].header
        assert pairs[0][stamp].step == 4 * pairs[1][stamp].width


def test_best_effort_and_reliable_subscribers_are_served_together(make_bench):
    bench = make_bench().start()  # Its own listeners are reliable.
    received = defaultdict(list)
    qos = QoSProfile(depth=10, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    for topic, kind in TOPICS.items():
        bench.helper.create_subscription(kind, topic, received[topic].append, qos)
    writers = bench.camera.outputs._publishers
    wait_until(
        lambda: all(writers[topic].get_subscription_count() == 2 for topic in TOPICS),
        'both listeners',
    )
    bench.send_info(make_camera_info(640, 480))
    for count in (1, 2, 3):
        outputs = bench.serve(bench.make_image(make_rgb(640, 480, seed=count)))
        wait_until(
            lambda n=count: all(len(received[topic]) == n for topic in TOPICS), 'best effort'
        )
        for topic in TOPICS:
            assert received[topic][-1] == outputs[topic], topic
    assert compat.stamp_to_ns(outputs['depth/points'].header.stamp) == bench.clock
