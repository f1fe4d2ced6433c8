"""A Gazebo world becomes one file with its parts in place; floors are found in it."""

import json
import subprocess

from rooms_kit import blender, environ

MODEL = """<sdf version="1.6"><model name="{name}"><pose>0 0 1 0 0 0</pose><link name="link">
<pose>0 0 {z} 0 0 0</pose><visual name="visual"><geometry><box><size>{size}</size></box></geometry>
</visual></link></model></sdf>"""
WORLD = """<sdf version="1.6"><world name="default">
<include><uri>model://sun</uri></include>
<include><uri>model://shop_Floor_01</uri><pose>0 0 0 0 0 0</pose></include>
<model name="DeskTable_1"><pose>1 2 0 0 0 1.5708</pose>
<include><uri>model://shop_Table_01</uri></include></model>
</world></sdf>"""
PROGRAM = """
import json, sys
from pathlib import Path
import bpy
import numpy as np
from rooms_app import build, world_scene, worlds
worlds.to_gltf(Path(sys.argv[1]), Path(sys.argv[2]))
build.clear()
bounds = world_scene.load(Path(sys.argv[2]), np.random.default_rng(0))
things = {t.name.split('::')[0]: t for t in bpy.data.objects if t.type == 'MESH'}
table = np.array([things['table'].matrix_world @ v.co for v in things['table'].data.vertices])
print('FOUND', json.dumps({
    'bounds': bounds.tolist(),
    'labels': {name: t.pass_index for name, t in things.items()},
    'table': [table.min(0).tolist(), table.max(0).tolist()],
    'floors': [world_scene.floors_at(x, y, 2.0) for x, y in ((-1, -1), (1, 2), (9, 9))],
}))
"""


def test_a_world_is_in_place_and_has_its_classes(tmp_path):
    python = blender()
    root = tmp_path / 'world'
    for name, z, size in (('shop_Floor_01', -1.1, '8 8 0.2'), ('shop_Table_01', -0.6, '2 1 0.8')):
        (root / 'models' / name).mkdir(parents=True)
        text = MODEL.format(name=name, z=z, size=size)
        (root / 'models' / name / 'model.sdf').write_text(text)
    (root / 'worlds').mkdir()
    (root / 'worlds' / 'shop.world').write_text(WORLD)
    command = [str(python), '-c', PROGRAM, str(root), str(tmp_path / 'world.glb')]
    done = subprocess.run(command, env=environ(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 'missing or unreadable: model://sun' in done.stdout
    (line,) = [text for text in done.stdout.splitlines() if text.startswith('FOUND')]
    found = json.loads(line.split(' ', 1)[1])
    assert found['labels'] == {'floor': 5, 'table': 10}
    # The table of 2 x 1 x .8 m is turned by a quarter about (1, 2).
    expected = [[0.5, 1.0, 0.0], [1.5, 3.0, 0.8]]
    assert all(abs(a - b) < 1e-3 for p, q in zip(found['table'], expected) for a, b in zip(p, q))
    floors = found['floors']
    # Nobody stands under the table, and there is nothing outside.
    assert len(floors[0]) == 1 and abs(floors[0][0]) < 1e-3 and floors[1:] == [[], []]


def test_a_folder_without_a_world_is_named(tmp_path):
    python = blender()
    command = [str(python), '-m', 'rooms_app.worlds', str(tmp_path), str(tmp_path / 'x.glb')]
    done = subprocess.run(command, env=environ(), capture_output=True, text=True)
    assert done.returncode == 1
    words = done.stderr.strip().splitlines()[-1]
    assert words.startswith(f'{tmp_path} has no worlds/*.world with models/ beside it: give')
