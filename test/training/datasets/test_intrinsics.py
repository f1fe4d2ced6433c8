"""Cameras of single images."""

from monodepth_ros.camera import CameraModel
from monodepth_ros.errors import DatasetError
from monodepth_ros.training.datasets import open_dataset
from monodepth_ros.training.datasets.intrinsics import Intrinsics
import pytest
from tiny_folder import HEIGHT, WIDTH

HEAD = 'id,width,height,fx,fy,cx,cy,camera_height_m,world\n'


def line(index, fx=90.0, rest='0.5,a', size=f'{WIDTH},{HEIGHT}'):
    return f'{index:04},{size},{fx},{fx},60.5,40.5,{rest}\n'


@pytest.fixture
def write(tiny_folder):
    def write(*lines, head=HEAD):
        (tiny_folder / 'intrinsics.csv').write_text(head + ''.join(lines))
        return tiny_folder / 'intrinsics.csv'

    return write


def test_each_image_has_its_own_camera(write, tiny_folder):
    write(*(line(i, 90.0 + i, f'0.{i},a' if i else ',a') for i in range(8)))
    dataset = open_dataset('folder', tiny_folder, 'train')
    assert dataset.camera is None and dataset.calibrated
    found = [sample.camera.rectified for sample in dataset]
    assert [grid.fx for grid in found] == [90.0 + i for i in range(8)]
    assert (found[3].cx, found[3].cy, found[3].width) == (60.5, 40.5, WIDTH)
    heights = [sample.camera_height for sample in dataset]
    assert heights == [None, *(i / 10 for i in range(1, 8))]


def test_without_the_file_all_have_one(tiny_folder):
    dataset = open_dataset('folder', tiny_folder, 'train')
    assert dataset[2].camera is dataset.camera and dataset[2].camera_height is None
    (tiny_folder / 'camera.yaml').unlink()
    assert not open_dataset('folder', tiny_folder, 'train').calibrated


def test_a_camera_that_is_given_goes_first(write, tiny_folder):
    write(*(line(i) for i in range(8)))
    camera = CameraModel.from_field_of_view(WIDTH, HEIGHT, 90.0)
    assert open_dataset('folder', tiny_folder, 'train', camera=camera)[0].camera is camera


def test_a_line_is_understood_when_it_is_asked_for(write):
    cameras = Intrinsics(write(line(0), line(1, 'wide')), ['0000', '0001'])
    assert cameras.camera('0000').rectified.fx == 90.0
    with pytest.raises(DatasetError, match="image '0001': fx is 'wide', expected a number"):
        cameras.camera('0001')


def test_an_image_without_a_line_is_named(write, tiny_folder):
    write(*(line(i) for i in range(8) if i not in (3, 5)))
    with pytest.raises(DatasetError, match="intrinsics.csv has no line for image '0003' and 1 mo"):
        open_dataset('folder', tiny_folder, 'train')


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        (line(0, -1.0), "image '0000': .*fx"),
        (line(0, 'nan'), "image '0000': "),
        (line(0, size='64.5,96'), "width is '64.5', expected a whole number"),
        ('0000,128\n', 'height is None, expected a whole number'),
    ],
)
def test_a_line_that_is_no_camera(write, text, words):
    with pytest.raises(DatasetError, match=words):
        Intrinsics(write(text), ['0000']).camera('0000')


def test_a_height_that_is_no_number(write):
    with pytest.raises(DatasetError, match="camera_height_m is 'low', expected a number"):
        Intrinsics(write(line(0, rest='low,a')), ['0000']).height('0000')


def test_a_file_that_is_none(write, tiny_folder):
    with pytest.raises(DatasetError, match="has no column 'fy'"):
        Intrinsics(write(head='id,width,height,fx,cx,cy\n'), [])
    with pytest.raises(DatasetError, match='cannot be read'):
        Intrinsics(tiny_folder / 'none.csv', [])
    (tiny_folder / 'intrinsics.csv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(DatasetError, match='cannot be read'):
        Intrinsics(tiny_folder / 'intrinsics.csv', [])


def test_an_image_of_another_size_than_its_camera(write, tiny_folder):
    write(*(line(i, size='64,48') for i in range(8)))
    with pytest.raises(
        DatasetError, match='image is 128 x 96, but the intrinsics are for 64 x 48'
    ):
        open_dataset('folder', tiny_folder, 'train')[0]
