"""The node with a floor that it knows: flat, with obstacles on it, and what it says without."""

from bench import make_camera_info
from doubles import FormulaEngine, make_facts
from message_reader import read_image
from monodepth_ros.camera import PinholeCamera
from monodepth_ros.engines.base import Engine
from monodepth_ros.frames import RawOutput
from monodepth_ros.scale.plane import GroundPlane
import numpy as np
import pytest
from sensor_msgs.msg import PointField

SIZE = 320, 240
F = 259.43  # pixels, the training focal length: the image is not resized
CAMERA = PinholeCamera(*SIZE, F, F, (SIZE[0] - 1) / 2, (SIZE[1] - 1) / 2)
PLANE = GroundPlane.from_camera(0.6, 20.0)
FLOOR, CHAIR = 2, 1
BOX = slice(150, 190), slice(100, 140)
KNOWN = {'camera.height': 0.6, 'camera.pitch': 20.0, 'scale.source': 'none'}


class RoomEngine(Engine):
    """See a floor 5 % too near up to a wall at 4 m, with a box on it, and be 10 % wrong."""

    name, device = 'room', 'none'

    def __init__(self):
        self.facts = make_facts(outputs=('depth', 'semantic', 'error'))
        with np.errstate(invalid='ignore'):
            floor = PLANE.depth(CAMERA) < 4
        self.depth = np.where(floor, PLANE.depth(CAMERA) * 0.95, 4.0).astype(np.float32)
        self.label = np.where(floor, FLOOR, 3).astype(np.uint8)
        self.depth[BOX] = self.depth[BOX].min()
        self.label[BOX] = CHAIR

    def _infer(self, images):
        count, rows = images.shape[0], images.shape[1] - SIZE[1]
        pad = ((0, 0), (rows // 2, rows - rows // 2), (0, 0))
        depth, label = (
            np.pad(np.repeat(m[None], count, 0), pad, 'edge') for m in (self.depth, self.label)
        )
        error = np.full(depth.shape, 0.1, np.float32)
        return RawOutput(depth, label, np.full_like(label, 255), error)


@pytest.fixture
def make_room(make_bench):
    def make(*topics, **parameters):
        named = {name.replace('__', '.'): value for name, value in parameters.items()}
        bench = make_bench(RoomEngine(), topics=topics, parameters=named).start()
        k = [F, 0.0, CAMERA.cx, 0.0, F, CAMERA.cy, 0.0, 0.0, 1.0]
        p = k[:3] + [0.0] + k[3:6] + [0.0] + k[6:] + [0.0]
        bench.send_info(make_camera_info(*SIZE, k=k, p=p))
        return bench

    return make


def image(bench):
    return bench.make_image(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))


def read_points(msg):
    """Return the fields of a cloud that is one row, by name."""
    types = {PointField.UINT32: '<u4', PointField.FLOAT32: '<f4'}
    fields = {
        field.name: np.ndarray(
            msg.width, types[field.datatype], bytes(msg.data), field.offset, msg.point_step
        )
        for field in msg.fields
    }
    assert msg.height == 1 and msg.is_dense and msg.row_step == msg.point_step * msg.width
    return fields


def test_floor_snaps_and_the_box_keeps_its_depth(make_room):
    bench = make_room('depth/image_rect', 'segmentation/mask', **KNOWN)
    before = read_image(bench.serve(image(bench))['depth/image_rect']).copy()
    np.testing.assert_allclose(before, bench.engine.depth)
    assert bench.change('depth.ground', 'snap').successful
    after = read_image(bench.serve(image(bench))['depth/image_rect'])
    floor = bench.engine.label == FLOOR
    np.testing.assert_allclose(after[floor], PLANE.depth(CAMERA)[floor], rtol=1e-5)
    np.testing.assert_array_equal(after[~floor], before[~floor])
    assert bench.status()[1]['floor'] == 'known'


def test_obstacles_are_the_box_and_the_wall_with_the_frames_own_header(make_room):
    topics = ('depth/obstacles', 'depth/image_rect')
    bench = make_room(*topics, depth__ground='snap', **KNOWN)
    outputs = bench.serve(image(bench))
    cloud = outputs['depth/obstacles']
    assert cloud.header == outputs['depth/image_rect'].header
    points = read_points(cloud)
    assert list(points) == ['x', 'y', 'z', 'height', 'label', 'error']
    assert set(points['label']) == {CHAIR, 3}
    assert points['height'].min() >= 0.05 and points['height'].max() <= 2.0
    xyz = np.stack([points[axis] for axis in 'xyz'], axis=-1)
    np.testing.assert_allclose(xyz @ PLANE.up + PLANE.height, points['height'], atol=1e-4)
    for name, value in (('max_range', 3.0), ('max_height', 0.3)):
        assert bench.change(f'obstacles.{name}', value).successful
    points = read_points(bench.serve(image(bench))['depth/obstacles'])
    assert points['z'].max() <= 3.0 and points['height'].max() <= 0.3


@pytest.mark.parametrize(
    'name, value',
    [('min_height', 0.4), ('margin', 10.0), ('voxel', 0.3), ('min_points', 30)],
)
def test_what_is_an_obstacle_changes_with_the_next_frame(make_room, name, value):
    bench = make_room('depth/obstacles', depth__ground='snap', **KNOWN)
    before = read_points(bench.serve(image(bench))['depth/obstacles'])
    assert bench.change(f'obstacles.{name}', value).successful
    after = read_points(bench.serve(image(bench))['depth/obstacles'])
    assert 0 < after['x'].size < before['x'].size
    assert name != 'min_height' or after['height'].min() >= 0.4


def test_nothing_in_the_way_is_an_empty_cloud(make_room):
    bench = make_room('depth/obstacles', depth__ground='snap', obstacles__max_range=0.2, **KNOWN)
    cloud = bench.serve(image(bench))['depth/obstacles']
    assert (cloud.width, cloud.height, len(cloud.data)) == (0, 1, 0)
    assert len(cloud.fields) == 6


def test_without_a_floor_there_are_no_obstacles_and_diagnostics_say_why(make_room):
    topics = ('depth/obstacles', 'depth/image_rect')
    bench = make_room(*topics, depth__ground='snap')
    outputs = bench.serve(image(bench), topics=topics[1:])
    np.testing.assert_allclose(read_image(outputs['depth/image_rect']), bench.engine.depth)
    status, values = bench.status()
    assert values['floor'] == 'unknown'
    assert 'depth.ground or depth/obstacles without a floor: ' in status.message
    assert not bench.received['depth/obstacles']


def test_a_model_without_floors_is_named(make_room):
    bench = make_room('depth/image_rect', depth__ground='snap', **KNOWN)
    assert bench.change('scale.ground_classes', ['lawn']).successful
    bench.serve(image(bench))
    assert 'the model has none of scale.ground_classes' in bench.status()[0].message


def test_unused_nothing_is_asked_for(make_room, monkeypatch):
    bench = make_room('depth/image_rect', **KNOWN)

    def fail(*_):
        raise AssertionError('asked for nobody')

    monkeypatch.setattr(bench.node._witnesses, 'plane', fail)
    bench.serve(image(bench))
    status, values = bench.status()
    assert values['floor'] == 'unused' and values['dropped.inference_failed'] == '0'


def test_tf_is_heard_only_once_somebody_needs_the_floor(make_room, monkeypatch):
    bench, heard = make_room('depth/image_rect'), []
    monkeypatch.setattr(
        bench.node._witnesses.transforms, 'start', lambda *node: heard.extend(node)
    )
    bench.serve(image(bench))
    assert heard == []
    assert bench.change('depth.ground', 'snap').successful
    bench.serve(image(bench))
    assert heard and heard[0] is bench.node


def test_uncalibrated_cameras_have_neither(make_bench):
    topics = ('depth/obstacles', 'depth/image_rect')
    parameters = {'depth.ground': 'snap', **KNOWN}
    bench = make_bench(FormulaEngine(), topics=topics, parameters=parameters).start()
    bench.serve(topics=topics[1:])
    assert not bench.received['depth/obstacles']


def test_heights_that_hold_nothing_are_refused(make_bench):
    bench = make_bench(parameters=KNOWN).start()
    refused = bench.change('obstacles.min_height', 2.0)
    assert 'obstacles.min_height is 2.0 m, expected less than' in refused.reason
