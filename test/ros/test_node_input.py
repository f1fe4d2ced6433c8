"""Whatever a camera driver sends is served, or dropped and counted and the next one served."""

from collections import Counter

from bench import FRAME_ID, make_camera_info, make_rgb, wait_until
from monodepth_ros.pipeline import predictor
from monodepth_ros.ros.conversions import camera_info_key, ENCODINGS
from monodepth_ros.ros.inputs import unheard_camera_info
from monodepth_ros.ros.publishers import CALIBRATED_TOPICS, TOPICS
import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo
from test_image_encodings import COLOUR_ROWS, PIXEL_BYTES, YUV

UNCALIBRATED_TOPICS = [topic for topic in TOPICS if topic not in CALIBRATED_TOPICS]


def make_grey(bench, encoding):
    """Return an image message of 64 x 48 pixels, all of grey 100."""
    # Grey 100 is 100 in every byte, of 16 bits too; in video range it is (100 / 1.164) + 16.
    data = np.full((48, 64 * PIXEL_BYTES[encoding]), 100, np.uint8)
    if encoding in YUV:
        data[:] = 102
    if encoding in YUV and encoding not in COLOUR_ROWS:
        first = 1 if encoding.startswith('yuy') or encoding.endswith('yuy2') else 0
        data[:, first::2] = 128
    msg = bench.make_image(data, encoding)
    if encoding in COLOUR_ROWS:
        msg.data.extend([128] * int(64 * 48 * COLOUR_ROWS[encoding]))
    msg.width = 64
    return msg


def test_every_encoding_is_served(bench):
    bench.change('depth.metric_scaling', 'none')
    for encoding in ENCODINGS:
        outputs = bench.serve(make_grey(bench, encoding))
        depth = np.frombuffer(outputs['depth/image_rect'].data, '<f4')
        np.testing.assert_allclose(depth, 2.0, err_msg=encoding)


BAD_IMAGES = [
    ('zero_size', {'width': 0}),
    ('zero_size', {'height': 0}),
    ('unknown_encoding', {'encoding': 'nonsense'}),
    ('short_step', {'step': 5}),
    ('short_data', {'data': [1, 2, 3]}),
    ('short_data', {'data': []}),
    ('short_data', {'height': 49}),
]


def test_a_bad_image_is_counted_and_the_next_is_served(bench):
    counts = Counter()
    for number, (reason, changes) in enumerate(BAD_IMAGES, 1):
        msg = bench.make_image()
        for name, value in changes.items():
            setattr(msg, name, value)
        counts[reason] += 1
        bench.images.publish(msg)
        wait_until(lambda r=reason: bench.count(r) == counts[r], f'{reason} of {changes}')
        bench.serve()
        assert bench.count('processed') == number
    values = bench.status()[1]
    assert {reason: int(values[f'dropped.{reason}']) for reason in counts} == counts


def test_one_warning_for_many_bad_images(bench, capfd):
    for number in range(1, 6):
        msg = bench.make_image()
        msg.step = 5
        bench.images.publish(msg)
        wait_until(lambda n=number: bench.count('short_step') == n, 'the dropped image')
    lines = [line for line in capfd.readouterr().err.splitlines() if 'step is 5' in line]
    assert len(lines) == 1
    assert '192' in lines[0]  # 64 pixels of 3 bytes


NAN = float('nan')
F, CX, CY = 55.0, 31.5, 23.5


@pytest.mark.parametrize(
    'reason, changes',
    [
        ('uncalibrated', {'k': [0.0] * 9, 'p': [0.0] * 12}),
        ('bad_focal_length', {'k': [NAN, 0.0, CX, 0.0, F, CY, 0.0, 0.0, 1.0]}),
        ('bad_focal_length', {'k': [-F, 0.0, CX, 0.0, F, CY, 0.0, 0.0, 1.0]}),
        ('bad_size', {'height': 64}),
        ('bad_distortion', {'distortion_model': 'no_such_lens', 'd': [0.1]}),
        ('bad_distortion', {'d': [0.1] * 6}),
    ],
)
def test_bad_camera_info_leaves_depth_and_labels(make_bench, reason, changes):
    bench = make_bench().start()
    bench.send_info(make_camera_info(**changes))
    for _ in range(2):
        bench.serve(topics=UNCALIBRATED_TOPICS)
    for topic in CALIBRATED_TOPICS:
        assert not bench.received[topic]
    status, values = bench.status()
    assert status.level == b'\x01' and values['calibration'] == reason
    assert 'calib' in status.message
    bench.send_info(make_camera_info())
    bench.serve()
    status, values = bench.status()
    assert status.level == b'\x00' and values['calibration'] == 'ok'


def test_no_camera_info_at_all(make_bench):
    bench = make_bench().start()
    bench.serve(topics=UNCALIBRATED_TOPICS)
    status, values = bench.status()
    assert status.level == b'\x01' and values['calibration'] == 'uncalibrated'
    assert 'camera.info_url' in status.message
    assert 'nothing on /camera_info (1 publisher)' in status.message


def test_camera_info_beside_a_remapped_image_is_named(make_bench):
    bench = make_bench()
    names = ('/cam/image', '/camera_info')
    assert unheard_camera_info(bench.node, *names) == 'nothing on /camera_info (1 publisher)'
    bench.helper.create_publisher(CameraInfo, '/cam/camera_info', 1)
    wait_until(lambda: bench.node.count_publishers('/cam/camera_info'), 'the driver')
    said = unheard_camera_info(bench.node, *names)
    assert said.startswith('remap camera_info to /cam/camera_info, beside the image')
    assert unheard_camera_info(bench.node, '/cam/image/compressed', '/camera_info') == said


def test_an_empty_frame_id_is_said_first(bench):
    msg = bench.make_image()
    msg.header.frame_id = ''
    bench.serve(msg)
    status, values = bench.status()
    assert status.level == b'\x01' and values['frame_id'] == ''
    assert status.message.startswith('set the frame_id in the camera driver')
    bench.serve()
    status, values = bench.status()
    assert status.level == b'\x00' and values['frame_id'] == FRAME_ID


def test_field_of_view_gives_an_uncalibrated_camera_a_cloud(make_bench):
    bench = make_bench(parameters={'camera.hfov': 90.0}).start()
    info = bench.serve()['depth/camera_info']
    assert info.k[0] == pytest.approx(32)
    status, values = bench.status()
    assert status.level == b'\x01' and values['calibration'] == 'assumed'
    assert 'intrinsics are assumed: camera.hfov is 90 degrees' in status.message


def test_repeated_camera_info_keeps_the_model(bench):
    bench.serve()
    first = bench.camera.calibration.camera(64, 48)
    for _ in range(3):
        bench.infos.publish(make_camera_info())
        bench.serve()
    assert bench.camera.calibration.camera(64, 48) is first


def test_calibration_file_replaces_the_topic(make_bench, tmp_path):
    from test_calibration import YAML

    (tmp_path / 'camera.yaml').write_text(YAML)
    bench = make_bench(parameters={'camera.info_url': f'file://{tmp_path}/camera.yaml'})
    assert bench.run(bench.node.bring_up)
    assert bench.node.count_subscribers('camera_info') == 0
    bench._listeners = [bench._listen(topic) for topic in TOPICS]
    wait_until(bench.images.get_subscription_count, 'image subscription')
    wait_until(lambda: len(bench.camera.outputs.listened()) == len(TOPICS), 'listeners')
    info = bench.serve()['depth/camera_info']
    assert info.k[0] == pytest.approx(55)
    info = bench.serve(bench.make_image(make_rgb(128, 96)))['depth/camera_info']
    assert info.k[0] == pytest.approx(110)


def test_lost_frames_name_the_remedy(bench):
    for number in range(40):
        msg = bench.make_image()
        if number % 10 != 9:
            bench.serve(msg)
    status, values = bench.status()
    assert int(values['lost_upstream']) == 3


def test_a_changed_calibration_is_planned_once(bench, monkeypatch):
    plans = []
    original = predictor.plan_input
    monkeypatch.setattr(predictor, 'plan_input', lambda *a: plans.append(a[2]) or original(*a))

    def serve(info):
        bench.infos.publish(info)
        key = camera_info_key(info)
        wait_until(lambda: bench.camera.calibration._key == key, 'camera_info')
        return bench.serve()['depth/camera_info'].k[0]

    near, far = make_camera_info(), make_camera_info(d=[-0.1, 0.0, 0.0, 0.0, 0.0])
    far.p[0] = far.p[5] = 40.0
    for _ in range(3):
        assert serve(near) == pytest.approx(0.866 * 64)
    assert len(plans) == 1
    for _ in range(3):
        assert serve(far) == pytest.approx(40.0)
    assert len(plans) == 2 and plans[1].is_distorted
    # A zoom lens that goes back finds its plan again.
    serve(near)
    serve(far)
    assert len(plans) == 2


@pytest.mark.parametrize('model', ['equidistant', 'fisheye'])
def test_fisheye_lens(make_bench, model):
    bench = make_bench().start()
    bench.send_info(make_camera_info(distortion_model=model, d=[0.01, 0.0, 0.0, 0.0]))
    info = bench.serve()['depth/camera_info']
    assert list(info.d) == [0.0] * 5 and info.distortion_model == 'plumb_bob'
    assert bench.camera.calibration.camera(64, 48).model == 'equidistant'
