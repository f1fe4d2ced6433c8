"""A whole report of made-up images."""

import csv
from html.parser import HTMLParser
import os
import re

import cv2
from doubles import FormulaEngine, make_facts
from monodepth_ros.errors import ConfigError
from monodepth_ros.pipeline.predictor import Predictor
from monodepth_ros.training.datasets import Sample
from monodepth_ros.training.evaluate import measure, predict_sample
from monodepth_ros.training.report import check_folder, write_report
import numpy as np
import pytest

FACTS = {
    'model': 'formula',
    'engine': 'none',
    'device': 'none',
    'precision': 'float32',
    'dataset': '<folder>',
    'split': 'test',
    'metric_scaling': 'scale',
    'checkpoint': 'formula.safetensors',
    'checkpoint_sha256': '0' * 64,
    'measured': '2020-01-01T00:00:00+00:00',
    'protocol': {'crop': None, 'min_depth_m': 0.001, 'max_depth_m': 10.0, 'scales': 1},
    'versions': {'python': '3'},
}
EMPTY_TAGS = {'meta', 'img', 'rect', 'path', 'image'}


class Page(HTMLParser):
    """Reads a page, and checks that its tags are closed in the order in which they opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.files, self.headings = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.files += [values[key] for key in ('src', 'href') if key in values]
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY_TAGS:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ('h1', 'h2'):
            self.headings.append(data)


def make_sample(name, depth, label=2):
    """Return an image for which the formula engine says 2 m and class 2."""
    image = np.zeros((96, 128, 3), np.uint8)
    image[:] = (100, 6, 200)
    truth = np.full((48, 64), depth, np.float32)
    return Sample(name, image, truth, np.full((96, 128), label, np.uint8))


def write(folder, samples, count=2, outputs=('depth', 'semantic'), **changes):
    engine = FormulaEngine(make_facts(outputs=outputs))
    predictor = Predictor(engine)
    evaluation = measure(predictor, samples)
    result = {**evaluation.figures(), **FACTS, **evaluation.details(), **changes}

    def predict(sample):
        return predict_sample(predictor, sample)

    write_report(folder, result, evaluation, samples, predict, engine.facts, count)
    text = (folder / 'index.html').read_text()
    return text, Page(text)


SAMPLES = [make_sample(f'{depth} m', depth) for depth in (2.2, 4.0, 2.0, 1.0)]


def test_page(tmp_path):
    text, page = write(tmp_path, SAMPLES)
    assert page.open == []
    assert page.headings[0] == 'formula on <folder>, test'
    assert page.headings[1:] == [
        'Summary',
        'By distance',
        'Depth edges',
        'Distributions',
        'Classes',
        'Best images by abs_rel',
        'Worst images by abs_rel',
        'Provenance',
    ]
    # abs_rel is 0.2 / 2.2, 0.5, 0 and 1.
    assert f'<td>abs_rel</td><td>{(0.2 / 2.2 + 1.5) / 4:.4f}</td>' in text
    assert re.findall(r'<h3>([\d.]+ m):', text) == ['2.0 m', '2.2 m', '1.0 m', '4.0 m']


def test_nothing_comes_from_elsewhere(tmp_path):
    text, page = write(tmp_path, SAMPLES)
    local = [file for file in page.files if not file.startswith('data:')]
    assert len(local) == 4 * 6
    for file in local:
        assert cv2.imread(str(tmp_path / file)).shape == (240, 320, 3)
    assert not re.search(r'https?:|<script|@import|url\(', text)


def test_table_of_images(tmp_path):
    write(tmp_path, [*SAMPLES, make_sample('=no truth', 0.0, 255)])
    rows = list(csv.DictReader((tmp_path / 'images.csv').open()))
    assert [row['name'] for row in rows] == ['2.2 m', '4.0 m', '2.0 m', '1.0 m', '=no truth']
    assert float(rows[1]['rmse']) == pytest.approx(2.0)
    assert float(rows[1]['median_ratio']) == pytest.approx(2.0)
    assert rows[4]['rmse'] == rows[4]['pixel_accuracy'] == ''


@pytest.mark.parametrize(
    ('output', 'present', 'absent'),
    [('depth', 'By distance', 'Classes'), ('semantic', 'Classes', 'By distance')],
)
def test_single_outputs(tmp_path, output, present, absent):
    _, page = write(tmp_path, SAMPLES, outputs=(output,))
    assert present in page.headings and absent not in page.headings
    assert page.open == []


def test_without_any_truth(tmp_path):
    _, page = write(tmp_path, [make_sample('x', 0.0, 255)])
    assert page.headings[1:] == ['Provenance']


def test_check_folder(tmp_path):
    folder = check_folder(tmp_path / 'report')
    assert folder.is_dir() and check_folder(folder) == folder
    with pytest.raises(ConfigError, match='none/report: No such file or directory; give a folder'):
        check_folder(tmp_path / 'none' / 'report')
    (tmp_path / 'file').touch()
    with pytest.raises(ConfigError, match='--report .*file: File exists'):
        check_folder(tmp_path / 'file')


def test_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda path, mode: False)  # root may write anywhere
    with pytest.raises(ConfigError, match='cannot be written to'):
        check_folder(tmp_path)


def test_file_that_cannot_be_written(tmp_path):
    (tmp_path / 'index.html').mkdir()
    with pytest.raises(ConfigError, match='cannot write --report .*: Is a directory'):
        write(tmp_path, SAMPLES)
