"""A tiny scene rendered by Blender: depth against geometry, labels against the objects."""

import subprocess

import numpy as np
from rooms_app.cameras import Camera
from rooms_kit import blender, environ

FOCAL, WIDTH, HEIGHT = 50.0, 80, 60
PROGRAM = """
import sys
from pathlib import Path
import numpy as np
from rooms_app import build, render
from rooms_app.cameras import Camera
from rooms_app.plan import Light, Plan, Skin, Solid

grey, glass = Skin('plain', (0.5, 0.5, 0.5)), Skin('tiles', (0.5, 0.4, 0.3), 1, 1.0)
plan = Plan('office', 0, (4.0, 5.0, 2.5))
plan.solids = [
    Solid('box', (2, 2.5, -0.05), (4, 5, 0.1), 'floor', glass),
    Solid('box', (2, 5.05, 1.25), (4, 0.1, 2.5), 'wall', grey),
    Solid('box', (2, 3.0, 1.0), (0.6, 0.4, 0.5), 'books', grey),
    Solid('panel', (3.2, 4.99, 1.5), (0.8, 0.02, 0.6), 'picture', Skin('scene', (1, 1, 1), 2)),
]
plan.lights = [Light((2, 1, 2.4), (0, 0, -1), (0.5, 0.5), 100, (1, 1, 1))]
build.clear()
build.build(plan, build.Library())
thing = render.set_up((80, 60), 1)
scratch = Path(sys.argv[1]) / 'view.exr'
for name, values in (('level', (0.0, 0.0, 0.0)), ('turned', (0.2, -0.3, 0.1))):
    camera = Camera(80, 60, 50.0, (2.0, 1.0, 1.0), *values)
    render.aim(thing, camera)
    light = render.photograph(scratch, 2, 1)
    depth, labels = render.measure(scratch)
    np.savez(Path(sys.argv[1]) / name, light=light, depth=depth, labels=labels)
"""


def expected(camera):
    """Return depth and label of each pixel, by intersecting rays with the scene's four boxes."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    cx, cy = camera.center
    rays = np.stack([(u - cx) / FOCAL, (v - cy) / FOCAL, np.ones_like(u)], -1)
    world = rays @ camera.pose()[:3, :3].T + 1e-12
    depth = np.full(u.shape, np.inf)
    label = np.full(u.shape, 255)
    boxes = [
        ((0, 0, -0.1), (4, 5, 0), 4),
        ((0, 5, 0), (4, 5.1, 2.5), 11),
        ((1.7, 2.8, 0.75), (2.3, 3.2, 1.25), 1),
        ((2.8, 4.98, 1.2), (3.6, 5.0, 1.8), 7),
    ]
    for low, high, number in boxes:
        t = (np.array([low, high])[:, None, None] - camera.position) / world
        near, far = t.min(0).max(-1), t.max(0).min(-1)
        hit = (near < far) & (near > 0) & (near < depth)
        depth[hit], label[hit] = near[hit], number
    return np.where(np.isfinite(depth), depth, 0), label


def test_depth_and_labels_are_the_geometrys(tmp_path):
    python = blender()
    command = [str(python), '-c', PROGRAM, str(tmp_path)]
    done = subprocess.run(command, env=environ(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for name, angles in (('level', (0.0, 0.0, 0.0)), ('turned', (0.2, -0.3, 0.1))):
        found = np.load(tmp_path / f'{name}.npz')
        camera = Camera(WIDTH, HEIGHT, FOCAL, (2.0, 1.0, 1.0), *angles)
        depth, label = expected(camera)
        assert set(np.unique(label)) >= {1, 4, 11, 255}
        # Only a ray along an edge may fall to either side.
        same = found['labels'] == label
        assert same.mean() > 0.995
        np.testing.assert_allclose(found['depth'][same], depth[same], atol=1e-3)
        # What the void behind the walls is, is dark; the wall and the box are lit.
        assert found['light'].shape == (HEIGHT, WIDTH, 3) and found['light'][label == 1].mean() > 0
    straight = Camera(WIDTH, HEIGHT, FOCAL, (2, 1, 1), 0.0)
    np.testing.assert_allclose(expected(straight)[0][30, 40], 1.8)  # the box begins at y = 2.8
