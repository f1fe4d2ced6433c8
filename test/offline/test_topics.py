"""Which topics of a bag are read."""

from pathlib import Path

from monodepth_ros.errors import ConfigError
import pytest

topics = pytest.importorskip('monodepth_ros.offline.topics', reason='rosbags is not installed')

BAG = Path('walk')
IMAGE, INFO = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CameraInfo'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'


@pytest.mark.parametrize('written', ['/front/image_raw', 'front/image_raw'])
@pytest.mark.parametrize('wanted', ['', '/front/image_raw', 'front/image_raw'])
def test_image_topic_as_it_is_written(written, wanted):
    assert topics.choose_image_topic(BAG, {written: IMAGE}, wanted) == written


@pytest.mark.parametrize(
    ('image', 'info'),
    [
        ('/front/image_raw', '/front/camera_info'),
        ('front/image_raw', '/front/camera_info'),
        ('/front/image_raw/compressed', 'front/camera_info'),
        ('image', 'camera_info'),
        ('/image', 'camera_info'),
    ],
)
def test_intrinsics_beside_the_images(image, info):
    kinds = {image: IMAGE, info: INFO, '/other/camera_info': INFO}
    assert topics.choose_info_topic(BAG, kinds, image) == (info, '')
    assert topics.choose_info_topic(BAG, kinds, image, info.lstrip('/')) == (info, '')


def test_the_only_intrinsics_are_used_and_named():
    kinds = {'/front/color/image_raw': IMAGE, '/front/info': INFO}
    found, remark = topics.choose_info_topic(BAG, kinds, '/front/color/image_raw')
    assert found == '/front/info'
    assert remark == (
        'bag walk: the intrinsics of /front/color/image_raw are taken from /front/info'
    )


def test_those_of_another_camera_are_not():
    kinds = {'/left/image_raw': IMAGE, '/right/image_raw': COMPRESSED, '/right/camera_info': INFO}
    found, remark = topics.choose_info_topic(BAG, kinds, '/left/image_raw')
    assert found == ''
    assert 'no /left/camera_info beside /left/image_raw' in remark
    assert remark.endswith('--camera-info-topic, of /right/camera_info')
    kinds['/info'] = INFO  # which is beside no images, so it may be of these
    assert topics.choose_info_topic(BAG, kinds, '/left/image_raw')[0] == '/info'


def test_none_and_several():
    assert topics.choose_info_topic(BAG, {'/image': IMAGE}, '/image') == ('', '')
    kinds = {'/image': IMAGE, '/b/camera_info': INFO, '/a/camera_info': INFO}
    found, remark = topics.choose_info_topic(BAG, kinds, '/image')
    assert found == '' and remark.endswith('of /a/camera_info, /b/camera_info')


def test_images_of_other_transports():
    kinds = {'/d/compressedDepth': COMPRESSED, '/theora': 'theora_image_transport/msg/Packet'}
    with pytest.raises(ConfigError, match='bag walk has no image topic; its topics: /d/compr'):
        topics.choose_image_topic(BAG, kinds)
