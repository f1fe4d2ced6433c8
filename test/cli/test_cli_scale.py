"""The command `monodepth scale`, and --scale of the others."""

import re

import cv2
from monodepth_ros.cli import scale
from monodepth_ros.cli.main import main
import numpy as np
import pytest
from scale_kit import make_depth, POSE, RelativeRoomEngine, RoomEngine

F = 0.866 * 64


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """Return a photo of the room, which an engine sees 1.4 times too near."""
    monkeypatch.setattr(scale, 'make_engine', lambda options: RoomEngine(1.4))
    cv2.imwrite(str(tmp_path / 'photo.png'), np.zeros((48, 64, 3), np.uint8))
    return tmp_path / 'photo.png'


def run(path, *options):
    fixed = ['--hfov', str(2 * np.degrees(np.arctan(32 / F))), '--metric-scaling', 'none']
    return main(['scale', str(path), *fixed, *map(str, options)])


def test_a_tape_measure_gives_the_line_of_the_parameter_file(photo, capsys):
    u, v = 50, 40
    grid = RoomEngine.grid.resized(64, 48)
    depth = make_depth(grid, POSE)[0][v, u]
    ray = np.linalg.norm(((u - grid.cx) / F, (v - grid.cy) / F, 1))
    assert run(photo, '--distance', depth * ray, '--pixel', f'{u},{v}') == 0
    found = re.fullmatch(
        r'depth\.scale: (1\.\d{3}) \(spread .*% over 1 frame\)\n', capsys.readouterr().out
    )
    assert float(found.group(1)) == pytest.approx(1.4, abs=0.02)


def test_a_height_gives_it_from_a_photo_with_floor(photo, capsys):
    assert run(photo, '--height', 0.6, '--pitch', 12, '--roll', 3) == 0
    assert capsys.readouterr().out.startswith('depth.scale: 1.400 (')


@pytest.mark.parametrize(
    ('kind', 'shift', 'words'),
    [
        ('up_to_scale', 0.0, r'depth = (\S+) x number()'),
        ('up_to_scale_and_shift', -0.2, r'depth = (\S+) x number - (\S+)'),
        ('inverse_up_to_scale_and_shift', 0.3, r'1 / depth = (\S+) x number \+ (\S+)'),
    ],
)
def test_depth_that_is_no_metres_has_scale_and_shift(
    photo, capsys, monkeypatch, kind, shift, words
):
    engine = RelativeRoomEngine(kind, 0.02, shift)
    monkeypatch.setattr(scale, 'make_engine', lambda options: engine)
    assert run(photo, '--height', 0.6, '--pitch', 12, '--roll', 3) == 0
    said = capsys.readouterr().out
    found = re.match(rf'{words} 1?/?m \(spread .*% over 1 frame\); no parameter takes it', said)
    assert float(found.group(1)) == pytest.approx(0.02, rel=0.02)
    if shift:
        assert float(found.group(2)) == pytest.approx(abs(shift), abs=0.01)


def test_one_distance_fixes_no_shift(photo, capsys, monkeypatch):
    engine = RelativeRoomEngine('inverse_up_to_scale_and_shift')
    monkeypatch.setattr(scale, 'make_engine', lambda options: engine)
    assert run(photo, '--distance', 2, '--pixel', '50,40') == 1
    assert 'which fixes no shift' in capsys.readouterr().err


def test_why_there_is_none_is_said(photo, capsys):
    assert run(photo, '--height', 0.6, '--pitch', 40) == 1
    error = capsys.readouterr().err
    assert '1 of 1 frames: the floor in the depth leans by 28 degrees' in error
    assert error.endswith('monodepth scale: none of 1 frames gave a factor\n')


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--distance', 2], '--distance and --pixel belong together'),
        (['--pixel', '3,4'], '--distance and --pixel belong together'),
        (['--height', 1, '--points-topic', '/scan'], '--height, --points-topic are given'),
        ([], 'is no bag, which alone has TF'),
    ],
)
def test_what_does_not_go_together_is_said(photo, capsys, options, words):
    assert run(photo, *options) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ('option', 'value'),
    [('--distance', '0'), ('--height', 'tall'), ('--pixel', '3'), ('--pixel', 'a,b')],
)
def test_values_that_are_none_are_refused(photo, capsys, option, value):
    with pytest.raises(SystemExit):
        run(photo, f'{option}={value}')
    assert f'{value!r}, expected' in capsys.readouterr().err


def test_predict_multiplies_by_a_scale(tiny_folder, tiny_model, tmp_path):
    image = str(tiny_folder / 'rgb' / '0001.png')
    depths = []
    for factor in ('1', '2'):
        out = tmp_path / factor
        arguments = ['--out', str(out), '--scale', factor, '--write', 'depth', '--hfov', '60']
        assert main(['predict', image, '--model', str(tiny_model), *arguments]) == 0
        path = str(next(out.glob('*_depth.png')))
        depths.append(cv2.imread(path, cv2.IMREAD_UNCHANGED).astype(float))
    np.testing.assert_allclose(depths[1], 2 * depths[0], atol=1)


@pytest.mark.parametrize('value', ['0', '-1', 'nan', '101', 'x'])
def test_a_scale_that_is_none_is_refused(capsys, value):
    with pytest.raises(SystemExit):
        main(['predict', 'x', '--out', 'y', f'--scale={value}'])
    assert 'expected 0.01..100' in capsys.readouterr().err
