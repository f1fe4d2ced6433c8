"""What a run of the demo is to do: worked out once and handed to its processes as a file."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
import json
import math
from pathlib import Path

from demo_app.stand import rendered_stand
from monodepth_ros.camera import load_calibration
from monodepth_ros.engines.factory import resolve_model
from monodepth_ros.engines.graphs import read_facts
from monodepth_ros.errors import ConfigError
from monodepth_ros.facts import ModelFacts

ROOM = Path(__file__).resolve().parents[1] / 'room' / 'rgb'
FOLDER_RATE = 10.0


@dataclass(frozen=True)
class Plan:
    """
    One run of the demo.

    Attributes:
        kind: 'images', 'video' or 'camera'.
        source: folder, file or number of the camera.
        rate: frames a second; 0 for the source's own.
        duration: seconds, a folder or video begins again until then; 0 for once through.
        calibration: path of the calibration YAML, or ''.
        focal_share: focal length over image width where there is no calibration.
        model: shipped name or path.
        device: as the node's parameter.
        out: folder for the results.
        stamps: file in which the camera notes each frame before it publishes it.
        height: metres of the camera above the floor; 0 where no scale is estimated.
        pitch: degrees that it looks down.

    """

    kind: str
    source: str
    rate: float
    duration: float
    calibration: str
    focal_share: float
    model: str
    device: str
    out: str
    stamps: str
    height: float = 0.0
    pitch: float = 0.0

    def save(self, path: Path) -> None:
        """Write the plan for another process."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: str) -> Plan:
        """Read what `save` wrote."""
        return cls(**json.loads(Path(path).read_text()))


def make_plan(options: argparse.Namespace, stamps: Path) -> Plan:
    """
    Check the source, the calibration and the model, and return the plan.

    Raises:
        MonodepthError: one of them cannot be used.

    """
    kind, source = _source(options)
    height, pitch = _stand(options.camera_height, source)
    facts = read_facts(resolve_model(options.model))
    calibration = options.camera_info or _calibration_beside(kind, source, options.hfov)
    if calibration:
        load_calibration(calibration)
    return Plan(
        kind=kind,
        source=source,
        rate=options.rate or (FOLDER_RATE if kind == 'images' else 0.0),
        duration=options.duration or 0.0,
        calibration=calibration,
        focal_share=_focal_share(options.hfov, facts),
        model=options.model,
        device=options.device,
        out=str(Path(options.out).resolve()),
        stamps=str(stamps),
        height=height,
        pitch=pitch,
    )


def _stand(asked, source) -> tuple[float, float]:
    """Return height and pitch of the camera; 0 for none."""
    if asked == 'none':
        return 0.0, 0.0
    if asked != 'auto':
        return asked
    return rendered_stand(source)


def describe_camera(plan: Plan) -> str:
    """Return in words where the intrinsics come from."""
    if plan.calibration:
        return f'calibration {plan.calibration}'
    hfov = 2 * math.degrees(math.atan(0.5 / plan.focal_share))
    return (
        f'no calibration: a camera {hfov:.1f} degrees wide is assumed; '
        'set --camera-info or --hfov for true metres'
    )


def _source(options):
    if options.camera is not None:
        return 'camera', str(options.camera)
    if options.video is not None:
        if not Path(options.video).is_file():
            raise ConfigError(f'--video {options.video} is no file; give a video file')
        return 'video', options.video
    folder = Path(options.images) if options.images is not None else ROOM
    if not folder.is_dir():
        raise ConfigError(f'--images {folder} is no folder; give a folder of JPEG or PNG files')
    return 'images', str(folder)


def _calibration_beside(kind, source, hfov):
    """Return the path of camera.yaml in the folder of the images or the one above, or ''."""
    if kind != 'images' or hfov:
        return ''
    folder = Path(source).resolve()
    candidates = (folder / 'camera.yaml', folder.parent / 'camera.yaml')
    return next((str(path) for path in candidates if path.is_file()), '')


def _focal_share(hfov: float | None, facts: ModelFacts) -> float:
    if hfov:
        return 0.5 / math.tan(math.radians(hfov) / 2)
    return facts.focal_length / facts.input_width
