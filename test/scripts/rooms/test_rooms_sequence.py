"""A tiny walk rendered by Blender: its tables agree with its depth and labels."""

import csv
from pathlib import Path
import subprocess

import cv2
from monodepth_ros.camera import load_calibration
import numpy as np
from rooms_app.classes import CLASSES
from rooms_kit import blender, environ

PROGRAM = """
from dataclasses import replace
from pathlib import Path
import sys
from rooms_app.dataset import Folder
from rooms_app.scenes import Job, render_sequence
from rooms_app.walks import WALKS
from rooms_kit import catalog

out = Path(sys.argv[1])
models = [replace(m, library='Scopia', author='A') for m in catalog()]
models += [replace(m, library='sweethome3d', author='B') for m in catalog()]
folder = Folder(out)
job = Job((64, 48), 3, 1, 1, out / 'view.exr')
assert render_sequence(1, models, folder, job, 'office', WALKS['hand']) == 3
folder.write_tables({'seed': 1})
"""


def test_a_walk_is_true_to_its_poses(tmp_path):
    python = blender()
    settings = environ()
    settings['PYTHONPATH'] += f':{Path(__file__).parent}'
    # rooms_kit has pytest, which Blender's Python need not.
    program = "import sys, types; sys.modules['pytest'] = types.ModuleType('pytest')" + PROGRAM
    command = [str(python), '-c', program, str(tmp_path)]
    done = subprocess.run(command, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / 'all.txt').read_text().split() == ['0000', '0001', '0002']
    camera = load_calibration(tmp_path / 'camera.yaml').rectified
    assert (camera.width, camera.height, camera.fx) == (64, 48, 52.5)
    v, u = np.indices((48, 64))
    rays = [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones((48, 64))]
    with open(tmp_path / 'poses.csv') as file:
        for row in csv.DictReader(file):
            pose = np.array([float(row[f'm{i}{j}']) for i in range(4) for j in range(4)])
            pose = pose.reshape(4, 4)
            depth, label = (
                cv2.imread(str(tmp_path / part / f'{row["id"]}.png'), cv2.IMREAD_UNCHANGED)
                for part in ('depth', 'label13')
            )
            z = (np.stack(rays, -1) * depth[..., None] / 1000) @ pose[2, :3] + pose[2, 3]
            floor = label == CLASSES.index('floor')
            assert floor.mean() > 0.03
            assert np.abs(np.median(z[floor])) < 0.004 and z[depth > 0].min() > -0.01
    lines = (tmp_path / 'credits.csv').read_text().splitlines()
    assert lines[0] == 'model,author,library,licence' and len(lines) > 2
    assert all(line.endswith(',A,Scopia,CC BY 3.0') for line in lines[1:])
