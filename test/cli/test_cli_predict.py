"""The command `monodepth predict`."""

import cv2
from monodepth_ros.cli.main import main
from monodepth_ros.cli.predict import find_images
from monodepth_ros.errors import ConfigError
import numpy as np
import pytest
from tiny_folder import FOCAL, HEIGHT, WIDTH

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
    assert f'{broken}: 60 bytes that are no whole image\n' in captured.err
    assert '0003.png: cannot be read: No such file' in captured.err
    assert 'Traceback' not in captured.err
    assert '2 of 4 images' in captured.out


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


def test_find_images(tmp_path):
    for name in ('b.JPG', 'a.png', 'notes.txt'):
        (tmp_path / name).write_text('')
    (tmp_path / 'folder.png').mkdir()
    single = tmp_path / 'notes.txt'
    found = find_images([str(single), str(tmp_path)])
    assert [path.name for path in found] == ['notes.txt', 'a.png', 'b.JPG']
    with pytest.raises(ConfigError, match='image /none.png does not exist'):
        find_images(['/none.png'])
    with pytest.raises(ConfigError, match='no images in .*folder.png; known endings: .jpg'):
        find_images([str(tmp_path / 'folder.png')])


def test_results_never_replace_each_other(tmp_path):
    for name in ('a/x.png', 'b/x.png'):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text('')
    with pytest.raises(ConfigError, match='b/x.png would replace those of .*a/x.png'):
        find_images([str(tmp_path / 'a'), str(tmp_path / 'b')])
