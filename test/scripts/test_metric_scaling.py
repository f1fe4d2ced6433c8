"""A crop is the view of a longer lens: what moves, what stays, and what comes of it."""

import json

import cv2
from doubles import make_facts
from monodepth_ros.camera import CameraModel
from monodepth_ros.engines.base import Engine
from monodepth_ros.errors import ConfigError
from monodepth_ros.frames import RawOutput
from monodepth_ros.training.datasets import nyu, Sample
import numpy as np
import pytest
from script_kit import load_script
from tiny_folder import write_tiny_folder


@pytest.fixture(scope='module')
def script():
    return load_script('metric_scaling')


@pytest.mark.parametrize(
    ('zoom', 'step', 'expected'),
    [
        (1.0, 1, (0, 0, 640, 480)),
        (1.25, 1, (64, 48, 512, 384)),
        (1.5, 1, (106, 80, 427, 320)),
        (2.0, 1, (160, 120, 320, 240)),
        # 640 / 1.5 = 426.7 is 107 steps of 4; of the 212 pixels left, 106 would be left of it.
        (1.5, 4, (104, 80, 428, 320)),
        (1000.0, 2, (318, 238, 2, 2)),
    ],
)
def test_window_is_the_centre(script, zoom, step, expected):
    assert script.centre_window(640, 480, zoom, step) == expected


def test_crop_moves_the_principal_point_alone(script):
    camera = script.crop_camera(nyu.CAMERA, (160, 120, 320, 240)).rectified
    assert (camera.width, camera.height) == (320, 240)
    np.testing.assert_allclose((camera.fx, camera.fy), (518.86, 519.47))
    np.testing.assert_allclose((camera.cx, camera.cy), (325.58 - 160, 253.74 - 120))


@pytest.mark.parametrize('step', [1, 2])
def test_a_point_keeps_colour_depth_label_and_ray(script, step):
    rng = np.random.default_rng(0)
    sample = Sample(
        'x',
        rng.integers(0, 256, (480, 640, 3), np.uint8),
        rng.uniform(1, 9, (480 // step, 640 // step)).astype(np.float32),
        rng.integers(0, 13, (480, 640), np.uint8),
        nyu.CAMERA,
    )
    part = script.crop_sample(sample, (104, 80, 428, 320))
    v, u = 200, 300
    before, after = (v, u), (v - 80, u - 104)
    assert (part.image[after] == sample.image[before]).all()
    assert part.label[after] == sample.label[before]
    assert part.depth[after[0] // step, after[1] // step] == sample.depth[v // step, u // step]
    np.testing.assert_allclose(
        part.camera.rectified.rays()[after], nyu.CAMERA.rectified.rays()[before], atol=1e-6
    )


def test_area_that_counts_moves_with_the_crop_and_is_cut_to_it(script):
    assert script.crop_area(None, (64, 48, 512, 384)) is None
    # Rows 45:471 and columns 41:601 of the image; the window begins at 48 and 30.
    rows, columns = script.crop_area(nyu.CROP, (30, 48, 580, 384))
    assert (rows, columns) == (slice(0, 384), slice(11, 571))


class ConstantEngine(Engine):
    """Says 3 m everywhere, as seen by its training camera with fx = 100 at 128 columns."""

    name = 'constant'
    device = 'none'
    facts = make_facts(
        classes=tuple('abcdefghijklm'),
        colors=((0, 0, 0),) * 13,
        input_width=128,
        input_height=96,
        focal_length=100.0,
    )

    def _infer(self, images):
        shape = images.shape[:3]
        label = np.zeros(shape, np.uint8)
        return RawOutput(np.full(shape, 3.0, np.float32), label, label)


def mean_error(root, depth):
    """Return the relative error of a depth in metres, in the centre of images 0 and 2."""
    errors = []
    for name in ('0000', '0002'):
        # Depth has 48 x 64 pixels.
        truth = cv2.imread(str(root / 'depth' / f'{name}.png'), cv2.IMREAD_UNCHANGED)[12:36, 16:48]
        errors.append(np.mean(np.abs(depth - truth / 1000) / (truth / 1000)))
    return np.mean(errors)


def test_figures_of_a_longer_lens(script, tmp_path, monkeypatch, capsys):
    root = write_tiny_folder(tmp_path / 'set', count=3, camera=True)
    model = tmp_path / 'model.safetensors'
    model.write_bytes(b'weights')
    monkeypatch.setattr(script, 'make_engine', lambda options: ConstantEngine())
    arguments = ['--dataset', 'folder', '--root', str(root), '--split', 'train', '--every', '2']
    arguments += ['--zoom', '1', '2', '--model', str(model), '--out', str(tmp_path / 'out.json')]
    assert script.main(arguments) == 0
    result = json.loads((tmp_path / 'out.json').read_text())
    assert result['n_images'] == 2
    whole, zoomed = result['rows']
    assert (whole['size'], zoomed['size']) == ([128, 96], [64, 48])
    assert (whole['fx_over_width'], zoomed['fx_over_width']) == (100 / 128, 100 / 64)
    # tan(hfov / 2) = 64 / 100
    assert whole['hfov_degrees'] == pytest.approx(65.24, abs=0.01)
    # Resampled to fx = 100 it is 64 x 48, in an input of 64 x 64.
    assert zoomed['resampled_input'] == [64, 64]
    # At 128 columns the longer lens has fx = 200, where 3 m of fx = 100 are 6 m.
    for method, depth in (('none', 3.0), ('scale', 6.0), ('resample', 3.0)):
        found = zoomed['figures'][method]['abs_rel']
        assert found == pytest.approx(mean_error(root, depth), rel=1e-6)
    assert whole['figures']['scale'] == whole['figures']['none'] == whole['figures']['resample']
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[2].startswith('| 65 degrees | 0.78 | 128 x 96 |')


def test_best_method_is_bold(script):
    figures = {'none': {'delta1': 0.41}, 'scale': {'delta1': 0.5}, 'resample': {'delta1': 0.6234}}
    row = {'hfov_degrees': 90.0, 'fx_over_width': 0.5, 'resampled_input': [512, 512]}
    assert script.table([{**row, 'figures': figures}]).splitlines()[2] == (
        '| 90 degrees | 0.50 | 512 x 512 | 0.410 | 0.500 | **0.623** |'
    )


def test_camera_comes_from_the_field_of_view_or_is_missed(script, tmp_path):
    root = write_tiny_folder(tmp_path / 'set', count=1, camera=False)
    arguments = ['--dataset', 'folder', '--root', str(root), '--split', 'train']
    classes = ConstantEngine.facts.classes
    with pytest.raises(ConfigError, match='--hfov'):
        script.open_images(script.parse(arguments), classes)
    found = script.open_images(script.parse([*arguments, '--hfov', '90']), classes).camera
    assert found == CameraModel.from_field_of_view(128, 96, 90.0)
    assert found.matrix[0] == pytest.approx(64.0)


@pytest.mark.parametrize('zoom', ['0.5', 'nan', 'inf', 'wide'])
def test_no_crop_is_wider_than_the_image(script, zoom, capsys):
    with pytest.raises(SystemExit):
        script.parse(['--root', 'x', '--zoom', zoom])
    assert zoom in capsys.readouterr().err
