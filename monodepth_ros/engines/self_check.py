"""Compare an engine with a trusted one at start: accelerators have returned wrong depth."""

from __future__ import annotations

from dataclasses import dataclass
import io
from pathlib import Path
from typing import Optional

from monodepth_ros.engines.base import Engine, MissingPackageError, output_types, raw_output
from monodepth_ros.engines.cache import Artefact, file_digest
from monodepth_ros.engines.graphs import Graph, graph_key, is_foreign, load_graph, read_facts
from monodepth_ros.engines.trusted import run_graph
from monodepth_ros.errors import ConfigError, EngineError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import RawOutput, UNLABELLED
import numpy as np

MODES = ('refuse', 'warn', 'off')
DEPTH_LIMITS = {'float32': 0.01, 'float16': 0.05, 'bfloat16': 0.05, 'int8': 0.08}
"""Largest median of the relative difference in depth, by precision: some times what is found."""
LABEL_LIMITS = {'float32': 0.99, 'float16': 0.95, 'bfloat16': 0.95, 'int8': 0.9}
"""Smallest share of equal labels among those that the trusted engine is sure of."""
SURE = 128
"""Confidence of 0..255; where two classes are as likely as each other, rounding decides."""


@dataclass(frozen=True)
class Expected:
    """What the trusted engine gives for the built-in image, and which one that was."""

    name: str
    image: np.ndarray
    raw: RawOutput


def check_mode(mode: str) -> None:
    """Raise ConfigError for a mode that there is not."""
    if mode not in MODES:
        raise ConfigError(f'unknown self_check {mode!r}; choose one of {", ".join(MODES)}')


def built_in_image(height: int, width: int) -> np.ndarray:
    """Return a picture that is the same everywhere, (1, h, w, 3) uint8: a floor, walls, things.

    Networks of depth see a room in it; a picture of noise would tell nothing of them.
    """
    rows, columns = np.mgrid[0:height, 0:width] / np.float32(max(height, width))
    horizon = 0.45 * height / max(height, width)
    image = np.stack([200 - 60 * columns, 190 - 40 * rows, 170 + 40 * columns], -1)
    tiles = (np.floor(columns * 12) + np.floor(rows * 18)) % 2
    floor = np.stack([120 + 50 * tiles, 90 + 40 * tiles, 60 + 30 * tiles], -1)
    image = np.where((rows > horizon)[..., None], floor, image)
    for left, top, side, color in (
        (0.1, 0.2, 0.25, (150, 40, 40)),
        (0.6, 0.3, 0.3, (40, 60, 140)),
    ):
        inside = (columns > left) & (columns < left + side) & (rows > top) & (rows < top + side)
        image = np.where(inside[..., None], np.float32(color) + 40 * rows[..., None], image)
    texture = np.random.default_rng(0).integers(-9, 10, image.shape)
    return np.clip(image + texture, 0, 255).astype(np.uint8)[None]


def expect(path: str | Path, engine: str) -> Optional[Expected]:
    """Return what an engine of this name should give; the cache keeps it.

    Args:
        path: checkpoint or ONNX file.
        engine: what will run it; one of torch is compared with torch, which is there already.

    Returns:
        None where nothing is there to compare with.

    Raises:
        ConfigError: a network of others gives what cannot be its manifest's.
        EngineError: the trusted engine failed.

    """
    path, facts = Path(path), read_facts(path)
    image = built_in_image(*_size(facts))
    trusted = 'torch' if engine.startswith('torch') else 'graph'
    slot = {'model': str(path.resolve()), 'trusted': trusted}
    key = {**graph_key(path), 'code': file_digest(__file__), 'size': image.shape}
    try:
        content = Artefact('self-check', slot, key).load_or_build(
            lambda: _pack(_run(path, facts, image, trusted))
        )
    except MissingPackageError:
        return None
    with np.load(io.BytesIO(content)) as file:
        raw = RawOutput(**{name: file[name] for name in file.files})
    return Expected('torch' if trusted == 'torch' else 'ONNX Runtime or OpenVINO', image, raw)


def _size(facts: ModelFacts) -> tuple[int, int]:
    """Return rows and columns that the network takes, about those of its training."""
    multiple = facts.size_rule.multiple
    return tuple(
        -(-side // multiple) * multiple for side in (facts.input_height, facts.input_width)
    )


def _run(path: Path, facts: ModelFacts, image: np.ndarray, trusted: str) -> RawOutput:
    if trusted == 'torch':
        return _run_torch(path, image)
    if is_foreign(path):
        from monodepth_ros.engines.foreign.examine import check_outputs
        from monodepth_ros.engines.foreign.network import adapted

        maps = run_graph(Graph(*adapted(path, examined=True)), image)
        count = len(output_types(facts))
        check_outputs(path, maps[count:])
        return raw_output(facts, maps[:count])
    return raw_output(facts, run_graph(load_graph(path), image))


def _run_torch(path: Path, image: np.ndarray) -> RawOutput:
    from monodepth_ros.engines.torch_engine import TorchEngine

    engine = TorchEngine.from_file(path, 'cpu')
    try:
        return engine.infer(image)
    finally:
        engine.close()


def _pack(raw: RawOutput) -> bytes:
    file = io.BytesIO()
    maps = {name: value for name, value in vars(raw).items() if value is not None}
    np.savez_compressed(file, **maps)
    return file.getvalue()


def verify(engine: Engine, expected: Expected, mode: str) -> str:
    """Compare an engine with what is expected of it.

    Args:
        engine: is run once.
        expected: of `expect`.
        mode: 'refuse' or 'warn'.

    Returns:
        What is wrong, in a line, where `mode` is 'warn'; '' where nothing is.

    Raises:
        EngineError: it failed, or is beyond the limits and `mode` is 'refuse'.

    """
    fault = _difference(engine.infer(expected.image), expected.raw, engine.precision)
    if not fault:
        return ''
    text = (
        f'self-check: engine {engine.name} on {engine.device} in {engine.precision} {fault} as '
        f'{expected.name} in float32 on the CPU says; take another engine, device or precision'
    )
    if mode == 'warn':
        return text
    engine.close()
    raise EngineError(f'{text}, or set self_check to warn')


def _difference(found: RawOutput, wanted: RawOutput, precision: str) -> str:
    """Return how an engine's maps differ too much; '' where they do not."""
    for name in ('depth', 'relative'):
        right = getattr(wanted, name)
        if right is not None and np.isfinite(right).any():
            error = _median_error(getattr(found, name), right)
            if not error <= DEPTH_LIMITS[precision]:
                return (
                    f'gives {name} that is {error:.1%} off (limit {DEPTH_LIMITS[precision]:.0%})'
                )
    sure = (wanted.confidence >= SURE) & (wanted.label != UNLABELLED)
    if sure.any():
        share = (found.label == wanted.label)[sure].mean()
        if share < LABEL_LIMITS[precision]:
            return f'gives only {share:.1%} of the labels'
    return ''


def _median_error(found: np.ndarray, right: np.ndarray) -> float:
    """Return the median of the relative difference; 1 where a map is not valid as the other is."""
    valid = np.isfinite(right) & (right != 0)
    if not valid.any():
        return 0.0
    error = np.abs(found[valid] - right[valid]) / np.abs(right[valid])
    return float(np.median(np.where(np.isfinite(error), error, 1.0)))
