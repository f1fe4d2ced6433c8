"""Topics for particular consumers: what they carry, and that they cost nothing unheard."""

from pathlib import Path

from bench import make_camera_info, make_rgb
from doubles import FormulaEngine, make_facts
from message_reader import read_cloud, read_image
from monodepth_ros.frames import RawOutput
from monodepth_ros.pipeline.visualize import colorize_depth
from monodepth_ros.ros.extra_outputs import small_stride
from monodepth_ros.ros.publishers import EXTRA_TOPICS, TOPICS
import numpy as np
import pytest

README = Path(__file__).parents[2] / 'README.md'
GREEN = 1


class ErrorEngine(FormulaEngine):
    """Say an error of green / 500."""

    def __init__(self):
        super().__init__(make_facts(outputs=('depth', 'semantic', 'error')))

    def _infer(self, images):
        raw = super()._infer(images)
        error = images[..., GREEN].astype(np.float32) / 500
        return RawOutput(raw.depth, raw.label, raw.confidence, error)


F = 259.43  # pixels, the training focal length: the image is not resized


def exact_info(width=64, height=48):
    k = [F, 0.0, (width - 1) / 2, 0.0, F, (height - 1) / 2, 0.0, 0.0, 1.0]
    p = k[:3] + [0.0] + k[3:6] + [0.0] + k[6:] + [0.0]
    return make_camera_info(width, height, k=k, p=p)


@pytest.fixture
def make_exact(make_bench):
    """Return a maker of benches that listen to some topics, with one pixel an input pixel."""

    def make(*topics, size=(64, 48), engine=None, **parameters):
        named = {name.replace('__', '.'): value for name, value in parameters.items()}
        bench = make_bench(engine, topics=topics, parameters=named).start()
        bench.send_info(exact_info(*size))
        return bench

    return make


def test_confidence_is_255_less_500_times_the_learned_error(make_exact):
    bench = make_exact('depth/confidence', 'depth/image_rect', engine=ErrorEngine())
    image = make_rgb()
    outputs = bench.serve(bench.make_image(image))
    confidence = outputs['depth/confidence']
    assert confidence.encoding == 'mono8'
    assert confidence.header == outputs['depth/image_rect'].header
    np.testing.assert_array_equal(read_image(confidence), 255 - image[..., GREEN])


def test_a_network_that_has_not_learned_its_error_has_a_confidence_too(make_exact):
    bench = make_exact('depth/confidence')
    confidence = read_image(bench.serve()['depth/confidence'])
    # Of a guess between 11 % and some 40 %.
    assert 50 < confidence.min() and confidence.max() < 202


def test_max_error_leaves_holes_in_depth_and_cloud(make_exact):
    bench = make_exact('depth/image_rect', 'depth/points', engine=ErrorEngine())
    image = make_rgb()
    assert bench.change('depth.max_error', 0.2).successful
    outputs = bench.serve(bench.make_image(image))
    expected = image[..., GREEN] / 500 > 0.2
    assert 0 < expected.mean() < 1
    depth, z = read_image(outputs['depth/image_rect']), read_cloud(outputs['depth/points'])['z']
    for values in (depth, z):
        np.testing.assert_array_equal(np.isnan(values), expected)
    assert bench.change('depth.encoding', '16UC1').successful
    depth = read_image(bench.serve(bench.make_image(image))['depth/image_rect'])
    np.testing.assert_array_equal(depth == 0, expected)


@pytest.mark.parametrize('labelled', [False, True])
def test_points_have_their_error(make_exact, labelled):
    bench = make_exact('depth/points', engine=ErrorEngine(), point_cloud__error=True)
    assert bench.change('point_cloud.label', labelled).successful
    image = make_rgb()
    cloud = read_cloud(bench.serve(bench.make_image(image))['depth/points'])
    assert list(cloud) == [
        *('x', 'y', 'z', 'rgb'),
        *(('label', 'confidence') if labelled else ()),
        'error',
    ]
    np.testing.assert_allclose(cloud['error'], image[..., GREEN] / 500, rtol=1e-6)


def test_excluded_classes_give_no_points_but_keep_depth_and_mask(make_exact):
    topics = ('depth/points', 'depth/image_rect', 'segmentation/mask', 'small/points')
    bench = make_exact(*topics)
    assert bench.change('point_cloud.exclude', ['floor', 'bed']).successful
    outputs = bench.serve()
    mask = read_image(outputs['segmentation/mask'])
    expected = (mask == 0) | (mask == 2)  # bed, chair, floor, wall
    assert 0 < expected.mean() < 1
    for topic in ('depth/points', 'small/points'):
        np.testing.assert_array_equal(np.isnan(read_cloud(outputs[topic])['x']), expected)
    assert np.isfinite(read_image(outputs['depth/image_rect'])).all()
    assert bench.change('point_cloud.exclude', ['']).successful
    assert np.isfinite(read_cloud(bench.serve()['depth/points'])['x']).all()


def test_a_class_that_the_model_does_not_have_is_refused(make_bench):
    bench = make_bench().start()
    refused = bench.change('point_cloud.exclude', ['floor', 'lawn'])
    assert not refused.successful
    assert "'lawn', expected of: bed, chair, floor, wall" in refused.reason
    assert bench.change('point_cloud.exclude', ['floor']).successful


def test_a_node_with_a_wrong_class_in_its_file_says_so(make_bench):
    bench = make_bench(parameters={'point_cloud.exclude': ['lawn']})
    assert not bench.run(bench.node.bring_up)
    status, _ = bench.status()
    assert "point_cloud.exclude names the class 'lawn'" in status.message
    assert bench.change('point_cloud.exclude', ['']).successful
    assert bench.run(bench.node.bring_up)


def test_colors_and_image_are_on_the_grid_of_the_depth(make_exact):
    topics = ('depth/color', 'depth/image_rect_color', 'depth/image_rect', 'depth/camera_info')
    bench = make_exact(*topics)
    image = make_rgb()
    for reach in (10.0, 2.5):
        assert bench.change('depth.color_range', reach).successful
        outputs = bench.serve(bench.make_image(image))
        depth = read_image(outputs['depth/image_rect'])
        shown = np.frombuffer(outputs['depth/color'].data, np.uint8).reshape(48, 64, 3)
        np.testing.assert_array_equal(shown, colorize_depth(depth, 0.0, reach))
    picture = outputs['depth/image_rect_color']
    assert picture.encoding == outputs['depth/color'].encoding == 'rgb8'
    np.testing.assert_array_equal(np.frombuffer(picture.data, np.uint8), image.ravel())
    assert len({str(msg.header) for msg in outputs.values()}) == 1
    bench.change('output_resolution', 'network')
    outputs = bench.serve(bench.make_image(make_rgb(128, 96)), topics=topics[:3])
    sizes = {(msg.width, msg.height) for msg in outputs.values()}
    assert len(sizes) == 1


@pytest.mark.parametrize(
    'shape, limits, stride',
    [
        ((480, 640), (400, 200), 3),
        ((240, 320), (400, 200), 2),
        ((200, 400), (400, 200), 1),
        ((201, 400), (400, 200), 2),
        ((1, 1), (400, 200), 1),
        ((48, 64), (1, 1), 64),
    ],
)
def test_small_stride(shape, limits, stride):
    assert small_stride(shape, *limits) == stride
    assert -(-shape[1] // stride) <= limits[0] and -(-shape[0] // stride) <= limits[1]


def test_the_small_grid_is_every_nth_pixel_of_all_three(make_exact):
    small = ('small/mask', 'small/confidence', 'small/points')
    whole = ('segmentation/mask', 'segmentation/confidence', 'depth/points')
    bench = make_exact(*small, *whole, point_cloud__label=True)
    assert bench.change('small.max_width', 30).successful
    outputs = bench.serve()
    for part, full in zip(small[:2], whole[:2]):
        assert (outputs[part].width, outputs[part].height) == (22, 16)
        assert outputs[part].header == outputs[full].header
        expected = read_image(outputs[full])[::3, ::3]
        np.testing.assert_array_equal(read_image(outputs[part]), expected)
    points, all_points = (read_cloud(outputs[t[2]]) for t in (small, whole))
    assert list(points) == list(all_points)
    for name, values in points.items():
        np.testing.assert_array_equal(values, all_points[name][::3, ::3])
    assert outputs['depth/points'].width == outputs['segmentation/mask'].width == 64
    assert bench.change('small.max_height', 10).successful
    outputs = bench.serve()
    assert {(outputs[topic].width, outputs[topic].height) for topic in small} == {(13, 10)}


def test_the_filter_over_time_acts_from_the_next_frame_on(make_exact):
    bench = make_exact('depth/image_rect')
    random = np.random.default_rng(0)
    tiles = np.kron(random.integers(0, 200, (6, 8)), np.ones((8, 8))).astype(np.uint8)
    image = np.dstack([np.zeros_like(tiles), tiles // 4 * 4, tiles])

    def depth_of(red):
        picture = image.copy()
        picture[..., 0] = red
        return read_image(bench.serve(bench.make_image(picture))['depth/image_rect'])[20, 20]

    assert depth_of(100) == 2.0 and depth_of(104) == pytest.approx(2.04)
    assert bench.change('depth.temporal_filter', 5.0).successful
    assert depth_of(100) == 2.0
    # A step of 2 % in 0.1 s of 5.
    assert depth_of(104) == pytest.approx(2.0 * 1.02 ** (1 - np.exp(-0.02)), rel=1e-4)


def test_without_intrinsics_there_are_no_small_points(make_bench):
    bench = make_bench(topics=('small/mask', 'small/points')).start()
    bench.serve(topics=('small/mask',))
    assert not bench.received['small/points']


def test_every_topic_is_in_the_readme_with_its_type():
    if not README.exists():
        pytest.skip('no README in this checkout')
    rows = [row.split('|')[1:3] for row in README.read_text().splitlines() if row[:3] == '| `']
    for topic, kind in {**TOPICS, **EXTRA_TOPICS}.items():
        (stated,) = [cell for name, cell in rows if f'`{topic}`' in name]
        assert stated.strip() == f'sensor_msgs/{kind.__name__}', topic
