"""The command `monodepth predict`."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

from bag_kit import (
    BagKit,
    read_bag,
    room_images,
    stamp,
    stamps,
    write_room_bag,
    write_video,
)
import cv2
from image_kit import corner_image, encoded, exif, with_png_chunk
from monodepth_ros.cli.main import main
import numpy as np
import pytest
import rerun_double
from tiny_folder import FOCAL, HEIGHT, WIDTH, write_tiny_folder

ROOT = Path(__file__).parents[2]
PICTURES = ['depth.png', 'label.png', 'panel.png']


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def predict(model, out, *arguments):
    return main(['predict', '--model', str(model), '--out', str(out), *map(str, arguments)])


def test_results_of_a_calibrated_camera(tiny_folder, tiny_model, tmp_path):
    out = tmp_path / 'deep' / 'out'
    image, calibration = tiny_folder / 'rgb' / '0001.png', tiny_folder / 'camera.yaml'
    assert predict(tiny_model, out, image, '--camera-info', calibration) == 0
    assert names(out) == ['0001_cloud.ply', *(f'0001_{name}' for name in PICTURES)]

    depth = cv2.imread(str(out / '0001_depth.png'), cv2.IMREAD_UNCHANGED)
    assert depth.dtype == np.uint16 and depth.shape == (HEIGHT, WIDTH)
    label = cv2.imread(str(out / '0001_label.png'), cv2.IMREAD_UNCHANGED)
    assert label.dtype == np.uint8 and label.shape == (HEIGHT, WIDTH)
    assert label.max() < 13
    header = (out / '0001_cloud.ply').read_bytes()[:300].decode(errors='replace')
    assert f'element vertex {np.count_nonzero(depth)}\n' in header
    assert cv2.imread(str(out / '0001_panel.png')) is not None


def test_field_of_view_stands_for_a_calibration(tiny_folder, tiny_model, tmp_path):
    image = tiny_folder / 'rgb' / '0001.png'
    degrees = 2 * np.degrees(np.arctan(WIDTH / 2 / FOCAL))
    predict(tiny_model, tmp_path / 'a', image, '--hfov', degrees)
    predict(tiny_model, tmp_path / 'b', image, '--camera-info', tiny_folder / 'camera.yaml')
    found, expected = (
        cv2.imread(str(tmp_path / out / '0001_depth.png'), cv2.IMREAD_UNCHANGED).astype(int)
        for out in 'ab'
    )
    assert np.abs(found - expected).max() <= 1


def test_without_calibration_there_is_no_cloud(tiny_folder, tiny_model, tmp_path, capsys):
    assert predict(tiny_model, tmp_path / 'out', tiny_folder / 'rgb' / '0001.png') == 0
    assert names(tmp_path / 'out') == [f'0001_{name}' for name in PICTURES]
    assert 'no clouds' in capsys.readouterr().out


def test_a_broken_image_does_not_end_the_run(tiny_folder, tiny_model, tmp_path, capfd):
    broken = tiny_folder / 'rgb' / '0001.png'
    broken.write_bytes(broken.read_bytes()[:60])
    (tiny_folder / 'rgb' / '0003.png').symlink_to(tmp_path / 'nowhere')
    assert predict(tiny_model, tmp_path / 'out', tiny_folder / 'rgb') == 1
    expected = [f'{index}_{name}' for index in ('0000', '0002') for name in PICTURES]
    assert names(tmp_path / 'out') == expected
    captured = capfd.readouterr()
    assert f'{broken}: 60 bytes that are no whole image (PNG)\n' in captured.err
    assert '0003.png: cannot be read: No such file' in captured.err
    assert 'Traceback' not in captured.err
    assert '2 of 4 frames' in captured.out


def test_calibration_of_another_size(tiny_folder, tiny_model, tmp_path, capfd):
    wide = tiny_folder / 'rgb' / '0001.png'
    cv2.imwrite(str(wide), np.zeros((HEIGHT, 2 * WIDTH, 3), np.uint8))
    calibration = tiny_folder / 'camera.yaml'
    assert predict(tiny_model, tmp_path / 'out', wide, '--camera-info', calibration) == 1
    assert f'{wide}: ' in capfd.readouterr().err
    assert names(tmp_path / 'out') == []


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--camera-info', '/none.yaml'], '/none.yaml'),
        (['--hfov', '180'], 'field of view is 180.0 degrees'),
    ],
)
def test_wrong_intrinsics(tiny_folder, tiny_model, tmp_path, capfd, options, words):
    image = tiny_folder / 'rgb' / '0001.png'
    assert predict(tiny_model, tmp_path / 'out', image, *options) == 1
    assert words in capfd.readouterr().err


def test_intrinsics_are_given_once(tmp_path, capsys):
    with pytest.raises(SystemExit):
        predict('x', tmp_path, 'y.png', '--hfov', '60', '--camera-info', 'c.yaml')
    assert 'not allowed with' in capsys.readouterr().err


def test_folder_that_cannot_be_made(tiny_folder, tiny_model, tmp_path, capsys):
    (tmp_path / 'file').write_text('')
    image = tiny_folder / 'rgb' / '0001.png'
    assert predict(tiny_model, tmp_path / 'file', image) == 1
    assert 'choose a folder to write to' in capsys.readouterr().err


@pytest.fixture
def room_bag(tmp_path):
    pytest.importorskip('rosbags')
    write_room_bag(tmp_path / 'room', 3, (64, 48))
    return tmp_path / 'room'


def test_bag_becomes_a_bag(tiny_model, room_bag, tmp_path, capsys):
    out = tmp_path / 'out'
    assert predict(tiny_model, out, room_bag) == 0
    assert names(out) == ['room_monodepth']
    found = read_bag(out / 'room_monodepth')
    assert stamps(found['/depth/points']) == [stamp(index) for index in range(3)]
    assert f'3 of 3 frames in {out}' in capsys.readouterr().out
    assert predict(tiny_model, out, room_bag) == 1
    assert 'room_monodepth exists; keep it with --resume' in capsys.readouterr().err
    assert predict(tiny_model, out, room_bag, '--resume') == 0
    assert 'room was complete' in capsys.readouterr().out


def test_everything_at_once_with_workers(tiny_folder, tiny_model, room_bag, tmp_path):
    out = tmp_path / 'out'
    write_video(tmp_path / 'walk.avi', room_images(2, (64, 48)), codec='MJPG')
    inputs = (tiny_folder / 'rgb', tmp_path / 'walk.avi', room_bag)
    assert predict(tiny_model, out, *inputs, '--write', 'label,video', '--workers', '2') == 0
    labels = [f'{name}_label.png' for name in ('0000', '0001', '0002')]
    labels += [f'room_00000{index}_label.png' for index in range(3)]
    labels += [f'walk_00000{index}_label.png' for index in range(2)]
    videos = [f'{name}_monodepth.mp4' for name in ('images', 'room', 'walk')]
    assert names(out) == sorted(labels + videos)


def test_topics_are_listed(tiny_model, room_bag, tmp_path, capsys):
    assert predict(tiny_model, tmp_path / 'out', room_bag, '--image-topic', '/nope') == 1
    assert capsys.readouterr().err == (
        f'monodepth predict: bag {room_bag} has no image topic /nope; its topics: '
        '/camera/camera_info (sensor_msgs/msg/CameraInfo), '
        '/camera/image_raw (sensor_msgs/msg/Image)\n'
    )
    assert not (tmp_path / 'out').exists()


def test_bags_without_the_library(tiny_model, tmp_path, capsys, monkeypatch):
    (tmp_path / 'x.mcap').write_text('')
    for name in ('rosbags', 'rosbags.rosbag2', 'monodepth_ros.offline.bags'):
        monkeypatch.setitem(sys.modules, name, None)
    assert predict(tiny_model, tmp_path / 'out', tmp_path / 'x.mcap') == 1
    assert 'bags need the library rosbags' in capsys.readouterr().err


def test_notes_come_once(tiny_model, tmp_path, capsys):
    pytest.importorskip('rosbags')
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), (50, 48))
        for index, image in enumerate(room_images(2, (64, 48))):
            bag.image(image, stamp(index))
    assert predict(tiny_model, tmp_path / 'out', tmp_path / 'room') == 0
    assert '2 frames: no cloud, since its camera_info cannot be used' in capsys.readouterr().err


def test_a_turned_photo_has_the_cloud_of_its_stored_pixels(tiny_model, tmp_path, capsys):
    calibration = write_tiny_folder(tmp_path / 'data', count=1) / 'camera.yaml'
    upright = cv2.resize(corner_image(), (WIDTH, HEIGHT))
    plain = encoded('.png', upright)
    (tmp_path / 'a.png').write_bytes(plain)
    (tmp_path / 'b.png').write_bytes(with_png_chunk(plain, b'eXIf', exif(6)))
    inputs = (tmp_path / 'a.png', tmp_path / 'b.png')
    assert predict(tiny_model, tmp_path / 'out', *inputs, '--camera-info', calibration) == 0
    clouds = [(tmp_path / 'out' / f'{name}_cloud.ply').read_bytes() for name in 'ab']
    assert clouds[0] == clouds[1]
    error = capsys.readouterr().err
    assert '1 frames: the stored pixels are used' in error and '(orientation 6)' in error


def test_names_that_are_not_utf8(tiny_model, tmp_path):
    """In a process of its own: OpenCV ends it where such a name reaches it."""
    name = os.fsdecode(b'caf\xe9')
    write_video(tmp_path / 'x.avi', room_images(2, (64, 48)), codec='MJPG')
    video, out = tmp_path / f'{name}.avi', tmp_path / f'{name}_out'
    (tmp_path / 'x.avi').rename(video)
    (tmp_path / f'{name}.png').write_bytes(encoded('.png'))
    command = [sys.executable, '-m', 'monodepth_ros.cli.main', 'predict', '--model', tiny_model]
    command += ['--out', out, video, tmp_path / f'{name}.png']
    result = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True)
    assert result.returncode == 0, result.stderr
    assert b'3 of 3 frames' in result.stdout and b'\\udce9_out' in result.stdout
    expected = [f'{name}_{picture}' for picture in PICTURES] + [f'{name}_monodepth.mp4']
    assert names(out) == sorted(expected)
    assert (out / f'{name}_monodepth.mp4').stat().st_size > 1000


def test_where_intrinsics_come_from_is_said(tiny_model, tmp_path, capsys):
    pytest.importorskip('rosbags')
    with BagKit(tmp_path / 'room') as bag:
        bag.info(stamp(0), (64, 48), '/info')
        bag.image(room_images(1, (64, 48))[0], stamp(0))
    assert predict(tiny_model, tmp_path / 'out', tmp_path / 'room') == 0
    assert 'are taken from /info\n' in capsys.readouterr().out


def test_recordings_for_the_viewer(tiny_model, tmp_path, capsys, monkeypatch):
    pytest.importorskip('rosbags')
    made = []
    monkeypatch.setitem(sys.modules, 'rerun', rerun_double)
    monkeypatch.setattr(rerun_double.RecordingStream, 'made', made)
    write_drive(tmp_path / 'room')
    out = tmp_path / 'out'
    command = (tiny_model, out, tmp_path / 'room', '--write', 'rrd,bag', '--scale', '1.25')
    assert predict(*command) == 0
    assert names(out) == ['room_monodepth', 'room_monodepth.rrd']
    (recording,) = made
    assert [v.values for v in recording.of('plot/scale')] == 3 * [([1.25],)]
    stamps = [times['stamp'] for times in recording.times('world/camera/points')]
    assert stamps == [np.datetime64(stamp(index), 'ns') for index in range(3)]
    # After the last transform there is no pose.
    places = [v.named['translation'].tolist() for v in recording.of('world/camera')]
    assert places == [[0, 0, 1], [0.1, 0, 1]]
    assert isinstance(recording.of('world/camera/points')[2], rerun_double.Clear)
    assert predict(*command) == 1
    assert 'exists; keep it with --resume' in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, 'rerun', None)
    assert predict(tiny_model, tmp_path / 'new', tmp_path / 'room', '--write', 'rrd') == 1
    assert 'need the library rerun-sdk' in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()


def write_drive(path):
    """Write a bag of three images, with a camera that moves in odom for the first two."""
    with BagKit(path) as bag:
        for index in range(3):
            pose = np.eye(4)
            pose[:3, 3] = 0.1 * index, 0, 1
            if index < 2:
                frames = ('odom', 'camera_optical_frame')
                bag.transforms(stamp(index), {frames: pose}, '/tf')
            bag.info(stamp(index), (64, 48))
            bag.image(room_images(1, (64, 48))[0], stamp(index))


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--write', 'depth,photo'], 'photo; expected of panel, depth'),
        (['--fps', '0'], "'0', expected 0.1 to 1000 frames a second"),
        (['--namespace', '/a b'], "'/a b', expected names with slashes"),
        (['--workers', 'x'], "'x', expected a whole number above 0"),
    ],
)
def test_wrong_options(tmp_path, capsys, options, words):
    with pytest.raises(SystemExit):
        predict('x', tmp_path, 'y.png', *options)
    assert words in capsys.readouterr().err


def interrupted(model, tmp_path, workers, begun):
    """Press Ctrl-C once the run has begun, as a terminal would; return what it left in --out."""
    write_video(tmp_path / 'walk.avi', room_images(36, (640, 480)), codec='MJPG')
    out = tmp_path / 'out'
    command = [sys.executable, '-m', 'monodepth_ros.cli.main', 'predict', '--model', model]
    command += ['--out', out, tmp_path / 'walk.avi', '--write', 'label,video', '--workers']
    process = subprocess.Popen(
        [*map(str, command), str(workers)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not begun(process.pid, out):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        error = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130, error
    assert 'monodepth predict: interrupted' in error and 'Traceback' not in error
    return names(out)


def has_label(pid, out):
    return bool(list(out.glob('*_label.png')))


def has_workers(pid, out):
    """Return whether a worker process is there and busy with its imports."""
    children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return any(
        'spawn_main' in Path(f'/proc/{child}/cmdline').read_text()
        and 'numpy' in Path(f'/proc/{child}/maps').read_text()
        for child in children
    )


def test_interrupted_by_ctrl_c(tiny_model, tmp_path):
    made = interrupted(tiny_model, tmp_path, 1, has_label)
    assert 0 < len(made) < 36 and all(name.endswith('_label.png') for name in made)


def test_interrupted_while_workers_start(tiny_model, tmp_path):
    made = interrupted(tiny_model, tmp_path, 2, has_workers)
    assert all(name.endswith('_label.png') for name in made)
