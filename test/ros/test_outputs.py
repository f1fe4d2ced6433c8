"""What each output parameter changes from the next frame on, and what it leaves alone."""

import math

from bench import make_camera_info, make_rgb
from message_reader import read_cloud, read_image
from monodepth_ros.ros.publishers import TOPICS
import numpy as np
import pytest

GRIDS = [topic for topic in TOPICS if topic != 'depth/points']


def depths_image(values):
    """Return a 64 x 48 image of vertical stripes that the FormulaEngine sees at these metres."""
    red = np.repeat(np.rint((np.array(values) - 1) * 100), 64 // len(values))
    image = np.zeros((48, 64, 3), np.uint8)
    image[..., 0] = red
    return image


@pytest.fixture
def exact(make_bench):
    """Return a bench whose network gives the depth of the image's own pixels."""
    f = 259.43  # pixels, the FormulaEngine's training focal length: the image is not resized
    bench = make_bench().start()
    k = [f, 0.0, 31.5, 0.0, f, 23.5, 0.0, 0.0, 1.0]
    bench.send_info(make_camera_info(k=k, p=k[:3] + [0.0] + k[3:6] + [0.0] + k[6:] + [0.0]))
    return bench


def test_labels_come_and_go_with_their_parameter(bench):
    sizes = {}
    for value in (False, True, False):
        assert bench.change('point_cloud.label', value).successful
        outputs = bench.serve()
        cloud = read_cloud(outputs['depth/points'])
        sizes[value] = (outputs['depth/points'].point_step, list(cloud))
    assert sizes[False] == (16, ['x', 'y', 'z', 'rgb'])
    assert sizes[True] == (24, ['x', 'y', 'z', 'rgb', 'label', 'confidence'])


def test_labels_of_the_cloud_are_those_of_mask_and_confidence(make_bench):
    bench = make_bench(parameters={'point_cloud.label': True}).start()
    bench.send_info()
    # Labels below the threshold become 255 in both.
    bench.change('segmentation.confidence_threshold', 0.5)
    outputs = bench.serve()
    cloud, mask = read_cloud(outputs['depth/points']), read_image(outputs['segmentation/mask'])
    assert 255 in mask and len(np.unique(mask)) > 2
    np.testing.assert_array_equal(cloud['label'], mask)
    np.testing.assert_array_equal(
        cloud['confidence'], read_image(outputs['segmentation/confidence'])
    )


def test_range_of_the_cloud_leaves_the_depth_image_alone(exact):
    assert exact.change('point_cloud.min_range', 1.5).successful
    assert exact.change('point_cloud.max_range', 2.5).successful
    outputs = exact.serve(exact.make_image(depths_image([1.2, 1.6, 2.4, 3.0])))
    depth, z = read_image(outputs['depth/image_rect']), read_cloud(outputs['depth/points'])['z']
    assert np.isfinite(depth).all()
    assert z.shape == depth.shape
    np.testing.assert_allclose(z[0, ::16], [math.nan, 1.6, 2.4, math.nan], rtol=1e-6)


@pytest.mark.parametrize('which', ['depth', 'point_cloud'])
def test_a_range_that_holds_nothing_is_refused(bench, which):
    assert bench.change(f'{which}.max_range', 2.0).successful
    refused = bench.change(f'{which}.min_range', 2.0)
    assert not refused.successful
    assert f'{which}.min_range is 2.0 m' in refused.reason
    assert bench.change(f'{which}.min_range', 1.9).successful


def test_millimetres_are_the_rounded_metres_and_0_where_there_are_none(exact):
    image = exact.make_image(depths_image([1.01, 1.5, 2.37, 3.55]))
    for name, value in (('depth.min_range', 1.2), ('depth.max_range', 3.0)):
        assert exact.change(name, value).successful
    metres = read_image(exact.serve(image)['depth/image_rect'])
    np.testing.assert_allclose(metres[7, ::16], [-math.inf, 1.5, 2.37, math.inf], rtol=1e-6)
    exact.change('depth.encoding', '16UC1')
    outputs = exact.serve(exact.make_image(depths_image([1.01, 1.5, 2.37, 3.55])))
    image = outputs['depth/image_rect']
    assert (image.encoding, image.step) == ('16UC1', 128)
    np.testing.assert_array_equal(
        read_image(image), np.tile(np.repeat([0, 1500, 2370, 0], 16), (48, 1))
    )
    # The encoding is of the image only.
    np.testing.assert_allclose(read_cloud(outputs['depth/points'])['z'][0, 20], 1.5)


def test_edge_filter_takes_flying_pixels_out_of_depth_and_cloud(exact):
    # 1 m, a ramp of 10 cm a column to 1.6 m, 1.6 m: steps of more than 6 %, where 3 degrees at
    # this focal length allow 1 / (259.43 tan 3) = 7.4 % and 5 degrees 4.4 %.
    columns = np.clip(np.arange(64) - 30, 0, 6)
    image = np.zeros((48, 64, 3), np.uint8)
    image[..., 0] = columns * 10
    for angle, removed in ((0.0, []), (5.0, [31, 32, 33, 34, 35]), (0.0, [])):
        assert exact.change('depth.edge_filter', angle).successful
        outputs = exact.serve(exact.make_image(image))
        z = read_cloud(outputs['depth/points'])['z']
        for depth in (read_image(outputs['depth/image_rect']), z):
            for row in (0, 47):
                assert np.flatnonzero(np.isnan(depth[row])).tolist() == removed
        # Labels do not depend on the depth.
        assert not read_image(outputs['segmentation/mask']).any()


@pytest.mark.parametrize('encoding', ['32FC1', '16UC1'])
def test_network_resolution_is_that_of_every_output(bench, encoding):
    bench.change('depth.encoding', encoding)
    bench.change('output_resolution', 'network')
    # 128 x 96 at twice the focal length of the CameraInfo: a field of view of 60 degrees needs
    # 259.43 * 2 / sqrt(3) = 299.6 columns at the training focal length, rounded to 288 x 216.
    outputs = bench.serve(bench.make_image(make_rgb(128, 96)))
    assert {(m.width, m.height) for m in outputs.values()} == {(288, 216)}
    info = outputs['depth/camera_info']
    assert info.p[0] == pytest.approx(0.866 * 128 * 288 / 128)
    assert info.p[2] == pytest.approx((288 - 1) / 2)
    depth, cloud = read_image(outputs['depth/image_rect']), read_cloud(outputs['depth/points'])
    unit = 0.001 if encoding == '16UC1' else 1.0
    np.testing.assert_allclose(cloud['z'], depth * unit, atol=0.00051 if unit < 1 else 0)
    np.testing.assert_allclose(
        cloud['x'], (np.arange(288) - info.p[2]) / info.p[0] * cloud['z'], rtol=2.5e-7, atol=0
    )
    bench.change('output_resolution', 'input')
    outputs = bench.serve(bench.make_image(make_rgb(128, 96)))
    assert {(m.width, m.height) for m in outputs.values()} == {(128, 96)}


def test_stride_makes_the_cloud_smaller_and_nothing_else(bench):
    bench.change('point_cloud.stride', 4)
    outputs = bench.serve()
    assert (outputs['depth/points'].width, outputs['depth/points'].height) == (16, 12)
    assert {(outputs[topic].width, outputs[topic].height) for topic in GRIDS} == {(64, 48)}
