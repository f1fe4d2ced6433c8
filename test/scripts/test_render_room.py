"""The room's depth against hand-worked distances, and the sequence that ships with the demo."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from room_renderer.furniture import turn
from room_renderer.lightmap import AreaLight, bake
from room_renderer.primitives import CLASSES, Primitive
from room_renderer.render import measure
from room_renderer.room import camera_path, furnished_room, shell
from room_renderer.scene import Camera, Scene
from script_kit import load_script

SCRIPTS = Path(__file__).parents[2] / 'scripts'
SHIPPED = SCRIPTS / 'room'
EYE = (2.5, 1.0, 1.3)  # in the empty room of 5.0 x 4.5 x 2.6 m


def solid(shape, distance, half, rotation=None, radius=0.0):
    """Return a solid straight ahead of EYE in the empty room, its centre `distance` away."""
    center = (EYE[0], EYE[1] + distance, EYE[2])
    rotation = np.eye(3) if rotation is None else rotation
    return Primitive(shape, center, half, (0.5, 0.5, 0.5), 'objects', 'paint', rotation, radius)


def centre_depth(primitive, **pose):
    """Return depth and label at the exact centre of an image with odd sides."""
    scene = Scene([shell(), [primitive]])
    depth, label = measure(scene, Camera(65, 49, 50.0, pose.pop('position', EYE), **pose))
    return depth[24, 32], label[24, 32]


class TestEmptyRoom:
    """A frontal camera 3.5 m before the back wall, 1.3 m above the floor."""

    def test_back_wall_is_as_far_in_the_corner_as_in_the_centre(self):
        camera = Camera(160, 120, 100.0, EYE)
        depth, label = measure(Scene([shell()]), camera)
        # +-1.3 m of the wall is +-37 rows, 2.5 m is 71 columns: z, unlike range, is constant there
        wall = np.s_[24:96, 10:150]
        np.testing.assert_allclose(depth[wall], 3.5, atol=1e-5)
        assert (label[wall] == CLASSES.index('wall')).all()

    def test_floor_and_ceiling(self):
        depth, label = measure(Scene([shell()]), Camera(161, 121, 100.0, EYE))
        # z = height x f / (v - cy): 1.3 x 100 / 50
        np.testing.assert_allclose(depth[60 + 50], 2.6, atol=1e-5)
        np.testing.assert_allclose(depth[60 - 50], 2.6, atol=1e-5)
        assert (label[110] == CLASSES.index('floor')).all()
        assert (label[10] == CLASSES.index('ceiling')).all()

    def test_yaw_turns_right_and_pitch_turns_up(self):
        empty = Scene([shell()])
        right, _ = measure(empty, Camera(65, 49, 50.0, (1.5, 1.0, 1.3), yaw=np.pi / 2))
        np.testing.assert_allclose(right[24, 32], 3.5, atol=1e-5)
        up, label = measure(empty, Camera(65, 49, 50.0, (2.5, 1.0, 1.0), pitch=np.pi / 2))
        np.testing.assert_allclose(up[24, 32], 1.6, atol=1e-5)
        assert label[24, 32] == CLASSES.index('ceiling')


class TestSolids:
    """One solid of half depth 0.5 m with its centre 3 m ahead begins at 2.5 m."""

    @pytest.mark.parametrize('shape', ['box', 'cylinder', 'ellipsoid'])
    def test_front(self, shape):
        depth, label = centre_depth(solid(shape, 3.0, (0.4, 0.5, 0.3)))
        assert depth == pytest.approx(2.5, abs=1e-5)
        assert label == CLASSES.index('objects')

    def test_rounded_box_front_is_within_the_stored_millimetre(self):
        depth, _ = centre_depth(solid('rounded', 3.0, (0.4, 0.5, 0.3), radius=0.1))
        assert depth == pytest.approx(2.5, abs=5e-4)

    def test_rounded_corner_is_cut_off(self):
        # turned by 45 degrees, the edge of the cube lies at 0.5 sqrt(2), its rounding at
        # 0.4 sqrt(2) + 0.1 from the centre
        cube = solid('rounded', 3.0, (0.5, 0.5, 0.5), turn(45), 0.1)
        depth, _ = centre_depth(cube)
        assert depth == pytest.approx(3.0 - 0.4 * np.sqrt(2) - 0.1, abs=5e-4)

    def test_turned_box_begins_at_its_edge(self):
        depth, _ = centre_depth(solid('box', 3.0, (0.5, 0.5, 0.5), turn(45)))
        assert depth == pytest.approx(3.0 - 0.5 * np.sqrt(2), abs=1e-4)

    def test_cylinder_along_the_view_shows_its_top(self):
        lying = solid('cylinder', 3.0, (0.3, 0.3, 0.5), turn(90, 'x'))
        depth, _ = centre_depth(lying)
        assert depth == pytest.approx(2.5, abs=1e-5)

    def test_sphere_beside_the_axis(self):
        scene = Scene([shell(), [solid('ellipsoid', 3.0, (0.5, 0.5, 0.5))]])
        depth, _ = measure(scene, Camera(65, 49, 50.0, EYE))
        # 5 columns from the centre: |z (0.1, 0, 1) - (0, 0, 3)|^2 = 0.25
        expected = (6 - (36 - 4 * 1.01 * 8.75) ** 0.5) / (2 * 1.01)
        np.testing.assert_allclose(depth[24, 32 + 5], expected, atol=1e-4)

    def test_look_and_trace_agree_in_the_furnished_room(self):
        scene, _ = furnished_room()
        camera = camera_path(3, 64, 48)[1]
        rays = camera.rays()
        depth, index = scene.look(camera, rays)
        origins = np.zeros((3, rays[0].size), np.float32)
        origins += np.array(camera.position, np.float32)[:, None]
        t, traced = scene.trace(origins, rays.reshape(3, -1))
        np.testing.assert_allclose(t, depth.reshape(-1), atol=1e-3)
        assert (traced == index.reshape(-1)).mean() > 0.999


def test_light_falls_off_with_the_square_of_distance():
    lamp = AreaLight((2.5, 2.25, 2.6 - 0.01), (0, 0.1, 0), (0.1, 0, 0), (10.0, 5.0, 2.5))
    scene = Scene([shell()])
    lightmap = bake(scene, [lamp], texel=0.1, samples=4, bounces=0)
    under = np.array([[2.5], [2.25], [0.0]], np.float32)
    light = lightmap.at(scene.surface(np.array([0]), under))[:, 0]
    # radiance x 0.2 m x 0.2 m / (2.59 m)^2
    np.testing.assert_allclose(light, np.array([10, 5, 2.5]) * 0.04 / 2.59**2, rtol=0.03)


class TestScript:
    """The command, at thumbnail size."""

    OPTIONS = '--frames 2 --size 64x48 --samples 1 --light-samples 2 --texel 0.5'.split()

    def test_writes_the_same_files_twice(self, tmp_path):
        script = load_script('render_room')
        for name in 'ab':
            assert script.main(['--out', str(tmp_path / name), *self.OPTIONS]) == 0
        files = sorted(p.relative_to(tmp_path / 'a') for p in (tmp_path / 'a').rglob('*.*'))
        assert [p.as_posix() for p in files] == [
            'camera.yaml',
            *(f'depth/000{k}.png' for k in (0, 1)),
            *(f'label13/000{k}.png' for k in (0, 1)),
            *(f'rgb/000{k}.jpg' for k in (0, 1)),
        ]
        for path in files:
            assert (tmp_path / 'a' / path).read_bytes() == (tmp_path / 'b' / path).read_bytes()
        depth = cv2.imread(str(tmp_path / 'a/depth/0000.png'), cv2.IMREAD_UNCHANGED)
        assert depth.shape == (48, 64) and depth.dtype == np.uint16
        assert cv2.imread(str(tmp_path / 'a/rgb/0000.jpg')).shape == (48, 64, 3)

    @pytest.mark.parametrize(
        'option', [['--size', '640'], ['--samples', '3'], ['--frames', '0'], ['--texel', '-1']]
    )
    def test_refuses_bad_values(self, tmp_path, option, capsys):
        with pytest.raises(SystemExit):
            load_script('render_room').main(['--out', str(tmp_path), *option])
        assert option[1] in capsys.readouterr().err


class TestShippedSequence:
    """scripts/room, as the demo plays it."""

    def test_parts_match_and_fit(self):
        names = [
            sorted(p.stem for p in (SHIPPED / d).iterdir()) for d in ('rgb', 'depth', 'label13')
        ]
        assert names[0] == names[1] == names[2] == [f'{k:04d}' for k in range(len(names[0]))]
        assert len(names[0]) >= 30
        assert sum(p.stat().st_size for p in SHIPPED.rglob('*') if p.is_file()) <= 6e6

    def test_depth_and_labels_are_the_scripts(self):
        frames = len(list((SHIPPED / 'rgb').iterdir()))
        scene, _ = furnished_room()
        depth, label = measure(scene, camera_path(frames, 640, 480)[frames - 1])
        name = f'{frames - 1:04d}.png'
        stored = cv2.imread(str(SHIPPED / 'depth' / name), cv2.IMREAD_UNCHANGED)
        labels = cv2.imread(str(SHIPPED / 'label13' / name), cv2.IMREAD_UNCHANGED)
        # a ray along an edge may fall to either side on another machine
        assert (np.abs(stored / 1000 - depth) < 1e-3).mean() > 0.999
        assert (labels == label).mean() > 0.999

    def test_every_class_is_seen_at_indoor_distances(self):
        seen, depths = set(), []
        for path in sorted((SHIPPED / 'label13').iterdir())[::5]:
            seen |= set(np.unique(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)))
            depths.append(cv2.imread(str(SHIPPED / 'depth' / path.name), cv2.IMREAD_UNCHANGED))
        assert seen == set(range(len(CLASSES)))
        assert 500 < np.min(depths) and np.max(depths) < 6500

    def test_calibration_is_a_kinects(self):
        text = (SHIPPED / 'camera.yaml').read_text()
        assert 'image_width: 640\nimage_height: 480\n' in text
        assert 'data: [525.0, 0.0, 319.5, 0.0, 525.0, 239.5, 0.0, 0.0, 1.0]' in text
        assert 'distortion_model: plumb_bob' in text


def test_classes_are_nyus_in_alphabetical_order():
    assert len(CLASSES) == 13
    assert list(CLASSES) == sorted(CLASSES)
