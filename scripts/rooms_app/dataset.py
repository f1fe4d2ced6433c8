"""The folder of views: written a scene at a time, so that a stopped run goes on where it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

import cv2
import numpy as np
from rooms_app.cameras import Camera
from rooms_app.classes import CLASSES
from rooms_app.failure import RoomsFailure

PARTS = ('rgb', 'depth', 'label13')
INTRINSICS = 'id,width,height,fx,fy,cx,cy,camera_height_m,pitch_deg,roll_deg,kind,seed'
POSES = 'id,' + ','.join(f'm{row}{column}' for row in range(4) for column in range(4))


def _write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is whole or not there."""
    partial = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        partial.write_bytes(data)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise RoomsFailure(
            f'{path}: {error.strerror}; make room or choose another --out, then run this again: '
            'what is finished stays'
        ) from error


def _encode(image, ending, *options):
    done, data = cv2.imencode(ending, image, list(options))
    if not done:
        raise RoomsFailure(f'OpenCV cannot encode {image.shape} as {ending}')
    return data.tobytes()


class Folder:
    """
    A data set in the making.

    `scenes/NAME.json` appears when all views of a scene are written and holds their rows; the
    tables of the whole set are made from these files.
    """

    def __init__(self, path: Path):
        self.path = path
        for part in (*PARTS, 'scenes'):
            try:
                (path / part).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RoomsFailure(
                    f'{path / part}: {error.strerror}; choose another --out'
                ) from error

    def is_done(self, scene: str) -> bool:
        """Say whether a scene's views are all there."""
        return (self.path / 'scenes' / f'{scene}.json').is_file()

    def write_view(self, name: str, picture, depth, labels, quality: int = 90) -> None:
        """
        Write the three files of a view.

        Args:
            name: the id.
            picture: (H, W, 3) uint8 RGB.
            depth: (H, W) float metres, 0 unknown.
            labels: (H, W) uint8.
            quality: JPEG's.

        """
        bgr = np.ascontiguousarray(picture[..., ::-1])
        jpeg = _encode(bgr, '.jpg', cv2.IMWRITE_JPEG_QUALITY, quality)
        millimetres = np.clip(np.rint(np.asarray(depth) * 1000), 0, 65535).astype(np.uint16)
        best = (cv2.IMWRITE_PNG_COMPRESSION, 9)
        _write_bytes(self.path / 'rgb' / f'{name}.jpg', jpeg)
        _write_bytes(self.path / 'depth' / f'{name}.png', _encode(millimetres, '.png', *best))
        _write_bytes(self.path / 'label13' / f'{name}.png', _encode(labels, '.png', *best))

    def write_camera(self, camera: Camera) -> None:
        """Write camera.yaml, for views that one camera took."""
        _write_bytes(self.path / 'camera.yaml', camera_yaml(camera).encode())

    def write_credits(self, table: str) -> None:
        """Write credits.csv, which names the authors of what the views show."""
        _write_bytes(self.path / 'credits.csv', table.encode())

    def finish_scene(self, scene: str, facts: dict) -> None:
        """Note that all views of a scene are written; `facts['views']` has their rows."""
        _write_bytes(self.path / 'scenes' / f'{scene}.json', json.dumps(facts).encode())

    def scenes(self) -> list[dict]:
        """Return the facts of all finished scenes, in the order of their names."""
        paths = sorted((self.path / 'scenes').glob('*.json'))
        return [json.loads(path.read_text()) for path in paths]

    def write_tables(self, source: dict, holdout: int = 0) -> int:
        """
        Write the lists, intrinsics, poses and facts of all finished scenes.

        Args:
            source: what the command was given, for facts.json.
            holdout: every n-th scene goes to test.txt whole, the others to train.txt; 0: all are
                training.

        Returns:
            The number of views.

        """
        scenes = self.scenes()
        lists: dict[str, list[str]] = {'all': [], 'train': [], 'test': []}
        intrinsics, poses = [INTRINSICS], [POSES]
        for number, scene in enumerate(scenes):
            part = 'test' if holdout and number % holdout == holdout - 1 else 'train'
            for view in scene['views']:
                lists['all'].append(view['id'])
                lists[part].append(view['id'])
                intrinsics.append(view['intrinsics'])
                poses.append(view['id'] + ',' + ','.join(f'{v:.6f}' for v in view['pose']))
        for name, ids in lists.items():
            _write_bytes(self.path / f'{name}.txt', ''.join(f'{i}\n' for i in ids).encode())
        _write_bytes(self.path / 'intrinsics.csv', ('\n'.join(intrinsics) + '\n').encode())
        _write_bytes(self.path / 'poses.csv', ('\n'.join(poses) + '\n').encode())
        _write_bytes(
            self.path / 'facts.json', json.dumps(_facts(scenes, source), indent=2).encode()
        )
        return len(lists['all'])


def _facts(scenes, source):
    kinds: dict[str, int] = {}
    for scene in scenes:
        kinds[scene['kind']] = kinds.get(scene['kind'], 0) + len(scene['views'])
    return {
        'classes': list(CLASSES),
        'views': sum(kinds.values()),
        'scenes': len(scenes),
        'views_by_kind': kinds,
        'seeds': [scene['seed'] for scene in scenes],
        'cpu_seconds': round(sum(scene.get('cpu_s', 0.0) for scene in scenes), 1),
        **source,
    }


def camera_yaml(camera: Camera) -> str:
    """Return the file that camera_calibration would write for the ideal camera."""
    focal, (cx, cy) = float(camera.focal), camera.center
    identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    matrix = [focal, 0.0, cx, 0.0, focal, cy, 0.0, 0.0, 1.0]
    projection = [focal, 0.0, cx, 0.0, 0.0, focal, cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return (
        f'image_width: {camera.width}\nimage_height: {camera.height}\ncamera_name: room\n'
        f'camera_matrix:\n  rows: 3\n  cols: 3\n  data: {matrix}\n'
        'distortion_model: plumb_bob\n'
        f'distortion_coefficients:\n  rows: 1\n  cols: 5\n  data: {[0.0] * 5}\n'
        f'rectification_matrix:\n  rows: 3\n  cols: 3\n  data: {identity}\n'
        f'projection_matrix:\n  rows: 3\n  cols: 4\n  data: {projection}\n'
    )


def view_row(name: str, camera: Camera, height: float, kind: str, seed: int) -> dict:
    """Return what the tables have of a view; its height is over the floor below it, metres."""
    cx, cy = camera.center
    angles = np.degrees([camera.pitch, camera.roll])
    row = (
        f'{name},{camera.width},{camera.height},{camera.focal:.4f},{camera.focal:.4f},{cx},{cy},'
        f'{height:.4f},{angles[0]:.3f},{angles[1]:.3f},{kind},{seed}'
    )
    return {'id': name, 'intrinsics': row, 'pose': camera.pose().ravel().tolist()}
