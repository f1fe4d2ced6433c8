"""Any driver's quality of service is met: by parameter, and by qos_overrides."""

from bench import make_camera_info, wait_until
import pytest
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

RELIABLE, BEST_EFFORT = QoSReliabilityPolicy.RELIABLE, QoSReliabilityPolicy.BEST_EFFORT


def replace_camera(bench, reliability):
    bench.helper.destroy_publisher(bench.images)
    bench.helper.destroy_publisher(bench.infos)
    qos = QoSProfile(depth=5, reliability=reliability)
    bench.images = bench.helper.create_publisher(Image, 'image_raw', qos)
    bench.infos = bench.helper.create_publisher(CameraInfo, 'camera_info', qos)


def subscription(bench, topic):
    profiles = [info.qos_profile for info in bench.node.get_subscriptions_info_by_topic(topic)]
    return next(qos for qos in profiles if qos.durability == QoSDurabilityPolicy.VOLATILE)


@pytest.mark.parametrize('driver', [RELIABLE, BEST_EFFORT])
def test_best_effort_hears_every_driver(make_bench, driver):
    bench = make_bench()
    replace_camera(bench, driver)
    bench.start()
    bench.send_info()
    bench.serve()
    assert subscription(bench, '/image_raw').reliability == BEST_EFFORT


@pytest.mark.parametrize(
    'settings',
    [
        {'input_reliability': 'reliable'},
        {
            'qos_overrides./image_raw.subscription.reliability': 'reliable',
            'qos_overrides./camera_info.subscription.reliability': 'reliable',
        },
    ],
    ids=['parameter', 'overrides'],
)
def test_reliable_input(make_bench, settings):
    bench = make_bench(parameters=settings)
    replace_camera(bench, RELIABLE)
    bench.start()
    bench.send_info()
    bench.serve()
    for topic in ('/image_raw', '/camera_info'):
        assert subscription(bench, topic).reliability == RELIABLE
    # Reliable hears no best-effort driver: this is what the default is for.
    deaf = bench.helper.create_publisher(
        Image, 'image_raw', QoSProfile(depth=5, reliability=BEST_EFFORT)
    )
    heard = bench.helper.create_publisher(
        Image, 'image_raw', QoSProfile(depth=5, reliability=RELIABLE)
    )
    wait_until(heard.get_subscription_count, 'the reliable driver')
    assert deaf.get_subscription_count() == 0


def test_overrides_win_over_the_parameter_and_are_of_one_topic(make_bench):
    settings = {
        'input_reliability': 'reliable',
        'qos_overrides./image_raw.subscription.reliability': 'best_effort',
        'qos_overrides./image_raw.subscription.depth': 7,
    }
    bench = make_bench(parameters=settings).start()
    assert subscription(bench, '/image_raw').reliability == BEST_EFFORT
    assert subscription(bench, '/camera_info').reliability == RELIABLE
    assert bench.node.get_parameter('qos_overrides./image_raw.subscription.depth').value == 7


def test_overrides_of_the_compressed_topic(make_bench):
    name = 'qos_overrides./image_raw/compressed.subscription.reliability'
    bench = make_bench(parameters={'image_transport': 'compressed', name: 'reliable'}).start()
    assert bench.images.msg_type is CompressedImage
    assert subscription(bench, '/image_raw/compressed').reliability == RELIABLE
    bench.send_info()
    bench.serve(bench.make_compressed())


def test_latched_camera_info(make_bench):
    bench = make_bench()
    bench.helper.destroy_publisher(bench.infos)
    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    bench.infos = bench.helper.create_publisher(CameraInfo, 'camera_info', latched)
    # Said once, before there is a node to hear it.
    bench.infos.publish(make_camera_info())
    bench.start()
    wait_until(lambda: bench.camera.calibration._key is not None, 'camera_info')
    bench.serve()
