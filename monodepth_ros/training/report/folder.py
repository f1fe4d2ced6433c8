"""Write a report: index.html, the pictures, and figures of every image as CSV."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Callable, Sequence

import cv2
from monodepth_ros.errors import ConfigError
from monodepth_ros.facts import ModelFacts
from monodepth_ros.frames import Prediction
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.evaluate import crop_mask, Evaluation
from monodepth_ros.training.metrics import MIN_DEPTH, valid_depth
from monodepth_ros.training.report.examples import example_pictures, rank
from monodepth_ros.training.report.page import make_page

PAGE, TABLE = 'index.html', 'images.csv'
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


def check_folder(path: str | Path) -> Path:
    """Make a report's folder, before the measurement rather than after it.

    Raises:
        ConfigError: it cannot be written to.

    """
    folder = Path(path).expanduser()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f'--report {folder}: {error.strerror}; give a folder inside one that exists'
        ) from None
    if not os.access(folder, os.W_OK):
        raise ConfigError(f'--report {folder} cannot be written to; give another folder')
    return folder


def write_report(
    folder: Path,
    result: dict,
    evaluation: Evaluation,
    samples: Sequence[Sample],
    predict: Callable[[Sample], Prediction],
    facts: ModelFacts,
    count: int,
) -> None:
    """Write the report of an evaluation.

    Args:
        folder: where to; files of the same name are replaced.
        result: the figures and facts that `--out` writes.
        evaluation: what was measured.
        samples: the images, in the order in which they were measured.
        predict: what the model says about an image; called for those that are shown.
        facts: the model's outputs and class colours.
        count: how many of the best, and of the worst, images are shown.

    Raises:
        ConfigError: a file cannot be written.

    """
    try:
        examples = _write_examples(folder, evaluation, samples, predict, facts, count)
        page = make_page(result, evaluation.images, evaluation.depth, facts.colors, examples)
        (folder / PAGE).write_text(page, encoding='utf-8')
        _write_table(folder / TABLE, evaluation.images)
    except OSError as error:
        raise ConfigError(f'cannot write --report {folder}: {error.strerror}') from None


def _write_examples(folder, evaluation, samples, predict, facts, count):
    """Write the pictures; return titles, captions and file names for the page."""
    ranking = rank(evaluation.images, count)
    if ranking is None:
        return []
    groups = []
    for kind, indices in (('best', ranking.best), ('worst', ranking.worst)):
        group = []
        for place, index in enumerate(indices, 1):
            sample, record = samples[index], evaluation.images[index]
            counted = _counted(sample, evaluation)
            pictures = example_pictures(sample, predict(sample), counted, facts)
            files = [
                (title, _write(folder, f'{kind}_{place}_{title.replace(" ", "_")}.jpg', picture))
                for title, picture in pictures.items()
            ]
            group.append({'caption': _caption(record), 'pictures': files})
        if group:
            groups.append((f'{kind.capitalize()} images by {ranking.figure}', group))
    return groups


def _counted(sample, evaluation):
    mask = crop_mask(sample.image.shape[:2], evaluation.crop)
    step = sample.image.shape[0] // sample.depth.shape[0]
    return valid_depth(sample.depth, MIN_DEPTH, evaluation.max_depth, mask[::step, ::step])


def _caption(record):
    shown = ('abs_rel', 'rmse', 'delta1', 'median_ratio', 'pixel_accuracy')
    figures = (f'{key} {record[key]:.3f}' for key in shown if key in record)
    return f'{record["name"]}: {", ".join(figures)}'


def _write(folder, name, picture):
    encoded = cv2.imencode('.jpg', picture[..., ::-1], JPEG)[1]
    (folder / name).write_bytes(encoded.tobytes())
    return name


def _write_table(path, images):
    columns = list(dict.fromkeys(key for record in images for key in record))
    with open(path, 'w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, columns, restval='')
        writer.writeheader()
        writer.writerows(images)
