"""Say what an ONNX file takes and gives, or try it once."""  # noqa: A005 - the command's name

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
import time

from monodepth_ros.errors import ConfigError, MonodepthError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument('file', type=Path, metavar='FILE.onnx', help='network of others')
    parser.add_argument(
        '--check',
        type=Path,
        metavar='IMAGE',
        help='run it once with the manifest beside it, and write a panel of what comes out',
    )
    parser.add_argument(
        '--out', type=Path, metavar='PNG', help='the panel (default: FILE_check.png, here)'
    )
    parser.add_argument(
        '--hfov', type=float, help='horizontal field of view of the image, degrees'
    )
    parser.add_argument('--engine', default='auto', help='for --check (default: auto)')


def run(options: argparse.Namespace) -> int:
    """Print what is known of the file, or check it with its manifest."""
    if options.check:
        return _check(options)
    from monodepth_ros.engines.foreign import onnx_file
    from monodepth_ros.engines.foreign.guess import starter
    from monodepth_ros.engines.foreign.manifest import manifest_path

    model = onnx_file.load(options.file)
    found = onnx_file.signature(model)
    # As comments of YAML, so that all of it can become the manifest.
    print(f'# {options.file.name}: opset {found.opset}')
    for what, tensors in (('takes', found.inputs), ('gives', found.outputs)):
        for tensor in tensors:
            print(f'# {what} {tensor}')
    for name in onnx_file.external_files(model):
        print(f'# weights in {name}')
    print(f'# A manifest to start from; check it, and save it as {manifest_path(options.file)}.')
    print(starter(options.file, model, found), end='')
    return 0


def _check(options):
    from monodepth_ros.engines.factory import create_engine
    from monodepth_ros.frames import Frame
    from monodepth_ros.pipeline.predictor import Predictor

    image, camera = _load(options.check, options.hfov)
    with closing(
        create_engine(str(options.file), options.engine, 'cpu', self_check='refuse')
    ) as engine:
        predictor = Predictor(engine)
        frame = Frame(image, camera)
        predictor.predict(frame)
        begun = time.perf_counter()
        prediction = predictor.predict(frame)
        seconds = time.perf_counter() - begun
        plan = predictor.plan(image.shape[1], image.shape[0], camera)
        print(
            f'{engine.facts.network} on {engine.name}, {engine.device}: {plan.width} x '
            f'{plan.height}, {seconds * 1e3:.0f} ms'
        )
        for line in _describe(prediction, engine.facts):
            print(line)
        _write(options, prediction, engine.facts)
    return 0


def _load(path, hfov):
    """Return image and camera, the latter None where nothing is known of it."""
    from monodepth_ros.camera import CameraModel
    from monodepth_ros.image_files import read_image_file

    try:
        image, _ = read_image_file(path)
    except MonodepthError as error:
        raise ConfigError(f'--check {path}: {error}') from None
    size = image.shape[1], image.shape[0]
    return image, CameraModel.from_field_of_view(*size, hfov) if hfov else None


def _describe(prediction, facts):
    """Yield what came out, in words."""
    import numpy as np

    if 'depth' in facts.outputs:
        low, middle, high = np.nanpercentile(prediction.depth, (2, 50, 98))
        invalid = np.isnan(prediction.depth).mean()
        yield f'depth {low:.2f} to {high:.2f} m, median {middle:.2f} m, {invalid:.0%} invalid'
    if 'relative' in facts.outputs:
        yield f'depth {facts.depth_kind.replace("_", " ")}: no metres'
    if 'semantic' in facts.outputs:
        counts = np.bincount(prediction.label.ravel(), minlength=256) / prediction.label.size
        names = (*facts.classes, *[''] * (255 - len(facts.classes)), 'unlabelled')
        most = [index for index in np.argsort(-counts)[:5] if counts[index]]
        yield 'labels ' + ', '.join(f'{names[index]} {counts[index]:.0%}' for index in most)


def _write(options, prediction, facts):
    import cv2
    from monodepth_ros.pipeline.visualize import panel

    out = options.out or Path(f'{options.file.stem}_check.png')
    picture = cv2.imencode('.png', panel(prediction, facts)[..., ::-1])[1]
    try:
        out.write_bytes(picture.tobytes())
    except OSError as error:
        raise ConfigError(f'--out {out}: {error.strerror}; name a file to write to') from None
    print(f'panel: {out}')
