"""The command `monodepth scale`, and --scale of the others."""

import re

import cv2
from monodepth_ros.cli import scale
from monodepth_ros.cli.main import main
import numpy as np
import pytest
from scale_kit import make_depth, POSE, RelativeRoomEngine, RoomEngine

F = 0.866 * 64


def by_tape(u, v):
    """Return the metres along the ray from the lens to what a pixel of the photo shows."""
    grid = RoomEngine.grid.resized(64, 48)
    ray = np.linalg.norm(((u - grid.cx) / F, (v - grid.cy) / F, 1))
    return make_depth(grid, POSE)[0][v, u] * ray


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
    assert run(photo, '--distance', by_tape(50, 40), '--pixel', '50,40') == 0
    said = capsys.readouterr()
    found = re.fullmatch(r'depth\.scale: (1\.\d{3}) \(spread .*% over 1 frame\)\n', said.out)
    assert float(found.group(1)) == pytest.approx(1.4, abs=0.02)
    assert '1 place by tape can mislead as much as none: measure ten' in said.err


@pytest.fixture
def tape(photo):
    """Return a writer of a table, and the folder of its images: three, of the same room."""
    for name in ('second.png', 'third.png'):
        (photo.parent / name).write_bytes(photo.read_bytes())

    def write(*lines):
        table = photo.parent / 'places.csv'
        table.write_text('\n'.join(('image , u, v, distance, what', *lines)) + '\n')
        return photo.parent, '--places', table

    return write


def test_places_in_several_photos_vote_together(tape, capsys):
    # One is read off the tape wrongly, and one photo shows nothing that was measured.
    lines = [f'photo.png, {u}, {v}, {by_tape(u, v):.4f}, floor' for u, v in ((50, 40), (20, 44))]
    lines += [f'third.png, 32, 40, {by_tape(32, 40):.4f}, floor', 'third.png, 10, 40, 9.9, x']
    lines += [f'third.png, 44, 44, {by_tape(44, 44):.4f}, floor']
    assert run(*tape(*lines)) == 0
    said = capsys.readouterr()
    found = re.fullmatch(r'depth\.scale: (1\.\d{3}) \(spread .*% over 5 places\)\n', said.out)
    assert float(found.group(1)) == pytest.approx(1.4, abs=0.03)
    assert 'mislead' not in said.err


def test_places_that_cannot_be_used_are_named(tape, capsys):
    lines = [f'photo.png, 50, 40, {by_tape(50, 40)}, floor', 'photo.png, 99, 40, 2, x']
    assert run(*tape(*lines, 'fourth.png, 3, 4, 2, x', 'photos/fourth.png, 3, 5, 2, x')) == 0
    said = capsys.readouterr()
    assert 'over 1 place)' in said.out and '1 place by tape can mislead' in said.err
    assert '1 of 4 places: the pixel is not in the image' in said.err
    assert '2 of 4 places: fourth.png of --places is none of the images' in said.err


def test_one_place_in_many_frames_is_one_place(tape, capsys):
    folder, *_ = tape()
    assert run(folder, '--distance', by_tape(50, 40), '--pixel', '50,40') == 0
    said = capsys.readouterr()
    assert 'over 3 frames)' in said.out and '1 place by tape can mislead' in said.err


@pytest.mark.parametrize(
    ('lines', 'words'),
    [
        (['photo.png, 3, x, 2, y'], "line 2: v is 'x', expected a number"),
        (['photo.png, 3'], 'line 2: v is None, expected a number'),
        (['photo.png, 3, 4, 0, y'], 'line 2: distance is 0, expected metres above 0'),
        (['photo.png, 3, 4, nan, y'], "line 2: distance is 'nan', expected a number"),
        (['photo.png, inf, 4, 2, y'], "line 2: u is 'inf', expected a number"),
        ([', 3, 4, 2, y'], "line 2: expected the name of the image's file"),
        ([], 'no place in it; write a line for each: image,u,v,distance'),
    ],
)
def test_a_table_that_is_wrong_is_said(tape, capsys, lines, words):
    assert run(*tape(*lines)) == 1
    assert words in capsys.readouterr().err


def test_a_table_that_is_none_is_said(tape, capsys, tmp_path):
    folder, option, table = tape()
    table.write_text('image;u;v;distance\n')
    assert run(folder, option, table) == 1
    assert 'no column image, u, v, distance; the first line is expected' in capsys.readouterr().err
    assert run(folder, option, tmp_path / 'none.csv') == 1
    assert 'none.csv: No such file or directory' in capsys.readouterr().err
    table.write_bytes(b'\xff\xfe\x00')
    assert run(folder, option, table) == 1
    assert f'cannot read {table}' in capsys.readouterr().err


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
        (['--places', 'x.csv', '--height', 1], '--places, --height are given'),
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
