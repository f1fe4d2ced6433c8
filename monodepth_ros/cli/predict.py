"""Predict depth, labels and clouds of images without ROS; for each image one panel and cloud."""

from __future__ import annotations

import argparse
from pathlib import Path
import sys

from monodepth_ros.cli.options import (
    add_engine_arguments,
    add_scaling_arguments,
    make_engine,
    make_predictor_options,
)
from monodepth_ros.errors import ConfigError, ImageError, MonodepthError

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp')
MILLIMETRES = 1000.0
FARTHEST_MILLIMETRES = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        'images', nargs='+', metavar='IMAGE', help='image files or folders of them'
    )
    parser.add_argument('--out', required=True, help='folder for the results')
    intrinsics = parser.add_mutually_exclusive_group()
    intrinsics.add_argument('--camera-info', help='calibration YAML of the camera')
    intrinsics.add_argument('--hfov', type=float, help='horizontal field of view in degrees')
    add_engine_arguments(parser)
    add_scaling_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Predict all images; go on after a bad one, and end with status 1 if there was any."""
    from monodepth_ros.pipeline.predictor import Predictor
    from tqdm import tqdm

    paths = find_images(options.images)
    out = Path(options.out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f'--out {out}: {error.strerror}; choose a folder to write to') from None
    calibration = _load_calibration(options.camera_info)
    predictor = Predictor(make_engine(options), make_predictor_options(options))
    if calibration is None and options.hfov is None:
        print('no --camera-info and no --hfov: no clouds, and depth as the training camera has it')
    failures = []
    for path in tqdm(paths, desc='predict', unit='img'):
        try:
            _predict_one(predictor, path, calibration, options.hfov, out)
        except MonodepthError as error:
            failures.append(f'{path}: {error}')
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f'{len(paths) - len(failures)} of {len(paths)} images in {out}')
    return 1 if failures else 0


def find_images(names: list[str]) -> list[Path]:
    """Return the files, and the images directly in the folders, that are named; sorted by folder.

    Raises:
        ConfigError: a name that does not exist, no image at all, or two images whose results would
            have the same name.

    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += sorted(
                p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.is_dir()
            )
        elif path.is_file():
            found.append(path)
        else:
            raise ConfigError(f'image {path} does not exist')
    if not found:
        raise ConfigError(f'no images in {", ".join(names)}; known endings: {", ".join(SUFFIXES)}')
    stems: dict[str, Path] = {}
    for path in found:
        other = stems.setdefault(path.stem, path)
        if other is not path:
            raise ConfigError(
                f'results of {path} would replace those of {other}; predict them one by one into '
                'two --out folders'
            )
    return found


def _load_calibration(path):
    from monodepth_ros.camera import load_calibration

    return None if path is None else load_calibration(path)


def _camera_for(calibration, hfov, width, height):
    """Intrinsics of an image of this size, or None."""
    from monodepth_ros.camera import CameraModel

    if hfov is not None:
        return CameraModel.from_field_of_view(width, height, hfov)
    return None if calibration is None else calibration.for_image(width, height)


def _predict_one(predictor, path, calibration, hfov, out):
    import cv2
    from monodepth_ros.frames import Frame
    from monodepth_ros.pipeline.cloud import make_cloud, write_ply
    from monodepth_ros.pipeline.visualize import panel
    import numpy as np

    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ConfigError(f'cannot be read: {error.strerror}') from None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise ImageError('short_data', f'{data.size} bytes that are no whole image')
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    camera = _camera_for(calibration, hfov, image.shape[1], image.shape[0])
    prediction = predictor.predict(Frame(image, camera))
    picture = panel(prediction, predictor.engine.facts)
    _write(out / f'{path.stem}_panel.png', picture[..., ::-1])
    depth = np.nan_to_num(prediction.depth * MILLIMETRES, nan=0.0, posinf=0.0)
    depth[depth > FARTHEST_MILLIMETRES] = 0
    _write(out / f'{path.stem}_depth.png', depth.round().astype(np.uint16))
    _write(out / f'{path.stem}_label.png', prediction.label)
    if prediction.camera is not None:
        rays = prediction.camera.rays()
        write_ply(
            out / f'{path.stem}_cloud.ply', make_cloud(prediction.depth, prediction.image, rays)
        )


def _write(path, picture):
    import cv2

    if not cv2.imwrite(str(path), picture):
        raise ConfigError(f'cannot write {path}; is the disk full?')
