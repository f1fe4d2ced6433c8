"""Command line, plan and sources of the demo."""

import csv
import math

import cv2
from demo_app import plan as plan_module
from demo_app.options import parse_options
from demo_app.plan import describe_camera, make_plan, Plan
from demo_app.sources import open_source
from doubles import make_facts
from monodepth_ros.errors import CalibrationError, ConfigError
import numpy as np
import pytest

CALIBRATION = """
image_width: 8
image_height: 6
distortion_model: plumb_bob
camera_matrix: {rows: 3, cols: 3, data: [7, 0, 3.5, 0, 7, 2.5, 0, 0, 1]}
distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}
"""


@pytest.fixture
def folder(tmp_path):
    """Two images of 8 x 6 pixels, red and then blue, and the true depth of the second."""
    (tmp_path / 'rgb').mkdir()
    (tmp_path / 'depth').mkdir()
    for name, bgr in (('b', (255, 0, 0)), ('a', (0, 0, 255))):
        cv2.imwrite(str(tmp_path / 'rgb' / f'{name}.png'), np.full((6, 8, 3), bgr, np.uint8))
    (tmp_path / 'rgb' / 'notes.txt').touch()
    cv2.imwrite(str(tmp_path / 'depth' / 'b.png'), np.full((6, 8), 1500, np.uint16))
    return tmp_path / 'rgb'


@pytest.fixture(autouse=True)
def facts(monkeypatch):
    monkeypatch.setattr(plan_module, 'resolve_model', lambda model: model)
    monkeypatch.setattr(plan_module, 'read_facts', lambda path: make_facts())


def _plan(*arguments):
    return make_plan(parse_options(arguments), 'stamps.tsv')


@pytest.mark.parametrize(
    'arguments',
    [
        ['--rate', '0'],
        ['--rate', 'fast'],
        ['--duration', 'inf'],
        ['--hfov', '180'],
        ['--domain', '1.5'],
        ['--domain', '233'],
        ['--images', 'a', '--camera', '0'],
        ['--hfov', '60', '--camera-info', 'x'],
    ],
)
def test_wrong_options_are_refused(arguments):
    with pytest.raises(SystemExit) as ended:
        parse_options(arguments)
    assert ended.value.code == 2


def test_folder_is_played_in_order_with_its_truth(folder):
    plan = _plan('--images', str(folder))
    assert (plan.kind, plan.rate, plan.duration) == ('images', 10.0, 0.0)
    source = open_source(plan)
    frames = list(source.frames())
    assert source.length == len(frames) == 2
    assert [tuple(f.image[0, 0]) for f in frames] == [(255, 0, 0), (0, 0, 255)]
    assert [f.truth for f in frames] == ['', str(folder.parent / 'depth' / 'b.png')]


def test_video_is_played_at_its_rate(tmp_path):
    path = str(tmp_path / 'video.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 25.0, (64, 48))
    if not writer.isOpened():
        pytest.skip('this OpenCV writes no MJPG video')
    for _ in range(5):
        writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))
    writer.release()
    plan = _plan('--video', path)
    source = open_source(plan)
    frames = list(source.frames())
    assert (plan.kind, plan.rate, source.rate) == ('video', 0.0, 25.0)
    assert source.length == len(frames) == 5
    red, green, blue = frames[0].image[24, 32]
    assert red > 200 and green < 50 and blue < 50


def test_sources_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / 'bad.avi').write_text('no video')
    with pytest.raises(ConfigError, match='nowhere is no folder'):
        _plan('--images', 'nowhere')
    with pytest.raises(ConfigError, match='nowhere.avi is no file'):
        _plan('--video', 'nowhere.avi')
    with pytest.raises(ConfigError, match='bad.avi cannot be opened'):
        open_source(_plan('--video', str(tmp_path / 'bad.avi')))
    with pytest.raises(ConfigError, match='holds no image'):
        open_source(_plan('--images', str(tmp_path)))


def test_broken_image_is_named(folder):
    (folder / 'c.png').write_text('no image')
    with pytest.raises(ConfigError, match='c.png is no image'):
        list(open_source(_plan('--images', str(folder))).frames())


def test_calibration_beside_or_above_is_found(folder):
    assert _plan('--images', str(folder)).calibration == ''
    above = folder.parent / 'camera.yaml'
    above.write_text(CALIBRATION)
    assert _plan('--images', str(folder)).calibration == str(above)
    beside = folder / 'camera.yaml'
    beside.write_text(CALIBRATION)
    assert _plan('--images', str(folder)).calibration == str(beside)
    assert _plan('--images', str(folder), '--camera-info', str(above)).calibration == str(above)
    assert _plan('--images', str(folder), '--hfov', '60').calibration == ''


def test_broken_calibration_is_refused(folder):
    (folder / 'camera.yaml').write_text('image_width: 8\n')
    with pytest.raises(CalibrationError, match='camera.yaml'):
        _plan('--images', str(folder))


def test_assumed_camera(folder):
    # 90 degrees wide: half the width lies at 45 degrees, so f is half the width.
    assert _plan('--images', str(folder), '--hfov', '90').focal_share == pytest.approx(0.5)
    plan = _plan('--images', str(folder))
    assert plan.focal_share == pytest.approx(259.43 / 320)
    # The Kinect of NYU Depth v2, 2 atan(160 / 259.43).
    hfov = 2 * math.degrees(math.atan2(160, 259.43))
    assert f'{hfov:.1f} degrees wide is assumed' in describe_camera(plan)


def test_plan_survives_its_file(folder, tmp_path):
    plan = _plan('--images', str(folder), '--duration', '3')
    plan.save(tmp_path / 'plan.json')
    assert Plan.load(tmp_path / 'plan.json') == plan


def test_where_the_camera_stands(folder, tmp_path):
    def stand(*arguments):
        plan = make_plan(parse_options(arguments), tmp_path / 'stamps')
        return plan.height, plan.pitch

    assert stand() == (0, 0) == stand('--camera-height', 'none')
    assert stand('--camera-height', '0.62,10') == (0.62, 10)
    assert stand('--images', str(folder), '--camera-height', '0.62') == (0.62, 0)
    shipped = csv.DictReader((plan_module.ROOM.parent / 'intrinsics.csv').open())
    means = np.mean([(float(r['camera_height_m']), -float(r['pitch_deg'])) for r in shipped], 0)
    assert stand('--camera-height', 'auto') == pytest.approx(means, abs=0.01)


@pytest.mark.parametrize(
    'rows, expected',
    [
        (None, 'no intrinsics.csv above .* says how the camera stands.*0.62,10'),
        (['id,camera_height_m', 'a,1.2'], 'no intrinsics.csv above'),
        (['id,camera_height_m,pitch_deg', 'a,,'], 'no intrinsics.csv above'),
        (['id,camera_height_m,pitch_deg', 'a,nan,-9'], 'no intrinsics.csv above'),
        (['id,camera_height_m,pitch_deg'], 'no intrinsics.csv above'),
        (['id,camera_height_m,pitch_deg', 'a,1.2,-9', 'b,.3,-9'], 'differ by 0.9 m: .*0.62,10'),
        (['id,camera_height_m,pitch_deg', 'a,1,0', 'b,1,-9'], 'differ by 9.0 degrees: '),
    ],
)
def test_where_auto_does_not_know(folder, rows, expected):
    if rows is not None:
        (folder.parent / 'intrinsics.csv').write_text('\n'.join(rows) + '\n')
    with pytest.raises(ConfigError, match=expected):
        _plan('--images', str(folder), '--camera-height', 'auto')


def test_auto_is_the_mean_over_a_sequence(folder):
    table = folder.parent / 'intrinsics.csv'
    table.write_text('id,camera_height_m,pitch_deg\na,1.2,-9\nb,1.3,-7\n')
    plan = _plan('--images', str(folder), '--camera-height', 'auto')
    assert (plan.height, plan.pitch) == (1.25, 8)
    # A camera has no table, whatever lies where the demo is started.
    with pytest.raises(ConfigError, match='no intrinsics.csv above 0 '):
        _plan('--camera', '0', '--camera-height', 'auto')


@pytest.mark.parametrize('text', ['0', '-1', 'nan', 'high', '1,95', '1,x'])
def test_where_no_camera_stands(text, capsys):
    with pytest.raises(SystemExit):
        parse_options(['--camera-height', text])
    assert 'is not none, auto, or metres above the floor' in capsys.readouterr().err
