"""Launch files under the real launch system: what they start, and with which settings."""

import signal
import subprocess
import sys
import time

from launch_kit import (
    add_own_package,
    add_program,
    add_stand_ins,
    flatten,
    LAUNCH,
    launch,
    ROOT,
    run,
    TIMEOUT,
)
import pytest
import yaml

pytest.importorskip('launch_ros.actions', reason='launch_ros is not on PyPI')

PROGRAMS = (
    ('monodepth_ros', 'monodepth_node'),
    ('monodepth_ros', 'monodepth_rviz'),
    ('depthimage_to_laserscan', 'depthimage_to_laserscan_node'),
    ('pointcloud_to_laserscan', 'pointcloud_to_laserscan_node'),
    ('nav2_costmap_2d', 'nav2_costmap_2d'),
    ('nav2_lifecycle_manager', 'lifecycle_manager'),
    ('rviz2', 'rviz2'),
    ('usb_cam', 'usb_cam_node_exe'),
)

DEFAULTS = flatten(
    yaml.safe_load((ROOT / 'config' / 'monodepth.yaml').read_text())['/**']['ros__parameters']
)

PROFILES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """Return an install prefix with our package and stand-ins for all that is started."""
    for name in PROFILES:
        monkeypatch.delenv(name, raising=False)
    add_own_package(tmp_path)
    add_stand_ins(tmp_path, PROGRAMS)
    return tmp_path


def test_defaults_start_the_node_alone_with_the_parameter_file(prefix):
    (node,) = run(prefix, 'monodepth.launch.py', count=1)['monodepth_node']
    assert node.name == '/monodepth'
    assert node.parameters == DEFAULTS
    assert node.remappings['image_raw'] == 'image_raw'
    assert node.remappings['camera_info'] == 'camera_info'
    assert any(node.environment.get(name, '').endswith('fastdds.xml') for name in PROFILES)


def test_a_given_argument_wins_over_the_parameter_file(prefix):
    own = prefix / 'own.yaml'
    own.write_text('/**:\n  ros__parameters: {device: cuda, model: other, threads: 3}\n')
    (node,) = run(
        prefix,
        'monodepth.launch.py',
        f'params_file:={own}',
        'image_transport:=compressed',
        'camera_info_url:=package://monodepth_ros/config/example_calibration.yaml',
        'camera_hfov:=69',
        'scale_source:=ground',
        'camera_height:=1',
        'camera_pitch:=-5',
        'device:=cpu',
        'autostart:=false',
        'use_sim_time:=true',
        count=1,
    )['monodepth_node']
    assert node.parameters == {
        'model': 'other',
        'threads': 3,
        'image_transport': 'compressed',
        'camera.info_url': 'package://monodepth_ros/config/example_calibration.yaml',
        # Not the whole number that launch would make of it, which the node would refuse.
        'camera.hfov': pytest.approx(69.0),
        'scale.source': 'ground',
        'camera.height': pytest.approx(1.0),
        'camera.pitch': pytest.approx(-5.0),
        'device': 'cpu',
        'autostart': False,
        'use_sim_time': True,
    }
    for name in ('camera.hfov', 'camera.height', 'camera.pitch'):
        assert isinstance(node.parameters[name], float)


def test_namespace_topics_and_log_level(prefix):
    (node,) = run(
        prefix,
        'monodepth.launch.py',
        'namespace:=robot',
        'image_topic:=/camera/image',
        'camera_info_topic:=/camera/info',
        'log_level:=debug',
        count=1,
    )['monodepth_node']
    assert node.name == '/robot/monodepth'
    assert node.remappings['image_raw'] == '/camera/image'
    # What image_transport appends to the topic by convention.
    assert node.remappings['image_raw/compressed'] == '/camera/image/compressed'
    assert node.remappings['camera_info'] == '/camera/info'
    assert node.own_arguments == ['--log-level', 'debug']


def test_a_profile_of_the_user_stays(prefix, monkeypatch):
    monkeypatch.setenv(PROFILES[0], '/of/the/user.xml')
    (node,) = run(prefix, 'monodepth.launch.py', count=1)['monodepth_node']
    assert node.environment[PROFILES[0]] == '/of/the/user.xml'
    assert PROFILES[1] not in node.environment


def test_rviz_without_a_fixed_frame_waits_for_that_of_the_images(prefix):
    arguments = ['namespace:=robot', 'image_topic:=/camera/image', 'rviz:=true']
    (rviz,) = run(prefix, 'monodepth.launch.py', *arguments, count=2)['monodepth_rviz']
    config = prefix / 'share' / 'monodepth_ros' / 'config' / 'monodepth.rviz'
    assert rviz.own_arguments == [str(prefix / 'lib' / 'rviz2' / 'rviz2'), '-d', str(config)]
    assert rviz.remappings['__ns'] == '/robot'
    assert rviz.remappings['image_raw'] == '/camera/image'
    assert rviz.remappings['image_raw/compressed'] == '/camera/image/compressed'


def test_a_scan_of_the_obstacles_of_each_camera(prefix):
    started = run(
        prefix,
        'monodepth.launch.py',
        'cameras:=front rear',
        'obstacle_scan:=true',
        'obstacle_scan_frame:=floor',
        count=3,
    )
    scans = started['pointcloud_to_laserscan_node']
    assert {scan.remappings['__ns'] for scan in scans} == {'/front', '/rear'}
    for scan in scans:
        assert scan.remappings['cloud_in'] == 'depth/obstacles'
        # Not on scan, which scale.source points may listen to.
        assert scan.remappings['scan'] == 'depth/scan'
        assert scan.parameters['target_frame'] == 'floor'
        assert scan.parameters['use_inf'] is False
        for low, high in (('range_min', 'range_max'), ('min_height', 'max_height')):
            assert 0.0 < scan.parameters[low] < scan.parameters[high]


def test_scan_and_rviz(prefix):
    started = run(
        prefix,
        'monodepth.launch.py',
        'namespace:=robot',
        'use_sim_time:=true',
        'scan:=true',
        'scan_frame:=mast',
        'rviz:=true',
        'fixed_frame:=lens',
        count=3,
    )
    (scan,) = started['depthimage_to_laserscan_node']
    assert scan.remappings == {
        '__ns': '/robot',
        'depth': 'depth/image_rect',
        'depth_camera_info': 'depth/camera_info',
    }
    assert scan.parameters['output_frame'] == 'mast'
    assert scan.parameters['use_sim_time'] is True
    assert isinstance(scan.parameters['scan_height'], int)
    assert 0.0 < scan.parameters['range_min'] < scan.parameters['range_max']
    (rviz,) = started['rviz2']
    config = prefix / 'share' / 'monodepth_ros' / 'config' / 'monodepth.rviz'
    assert rviz.own_arguments == ['-d', str(config), '-f', 'lens']
    assert rviz.remappings == {'__ns': '/robot'}


def test_usb_cam(prefix):
    started = run(
        prefix,
        'usb_cam.launch.py',
        'namespace:=desk',
        'video_device:=/dev/video2',
        'framerate:=15',
        'frame_id:=lens',
        'device:=cpu',
        count=3,
    )
    (driver,) = started['usb_cam_node_exe']
    assert driver.parameters == {
        'video_device': '/dev/video2',
        'image_width': 640,
        'image_height': 480,
        'framerate': 15.0,
        'pixel_format': 'yuyv2rgb',
        'frame_id': 'lens',
        'camera_info_url': '',
    }
    assert isinstance(driver.parameters['framerate'], float)
    (node,) = started['monodepth_node']
    assert node.parameters == {**DEFAULTS, 'device': 'cpu'}
    # One namespace and profile on both sides, and the driver's own topics.
    assert driver.remappings == {'__ns': '/desk'}
    assert node.name == '/desk/monodepth'
    for topic in ('image_raw', 'image_raw/compressed', 'camera_info'):
        assert node.remappings[topic] == topic
    for key in PROFILES:
        assert driver.environment.get(key) == node.environment.get(key)
    assert started['rviz2'][0].own_arguments[-2:] == ['-f', 'lens']


def test_usb_cam_gives_the_calibration_to_driver_and_node(prefix):
    url = 'file:///calibration/desk.yaml'
    arguments = [f'camera_info_url:={url}', 'rviz:=false']
    started = run(prefix, 'usb_cam.launch.py', *arguments, count=2)
    assert started['usb_cam_node_exe'][0].parameters['camera_info_url'] == url
    assert started['monodepth_node'][0].parameters['camera.info_url'] == url


def test_multi_camera_starts_one_node_for_all(prefix):
    started = run(
        prefix,
        'multi_camera.launch.py',
        'cameras:=front, top/left',
        'namespace:=robot',
        'image_topic:=color/image_raw',
        'camera_info_topic:=color/info',
        'model:=other',
        'scan:=true',
        'rviz:=true',
        count=4,
    )
    (node,) = started['monodepth_node']
    assert node.name == '/robot/monodepth'
    cameras = ['front', 'top/left']
    assert node.parameters == {**DEFAULTS, 'model': 'other', 'cameras': cameras}
    for camera in cameras:
        assert node.remappings[f'{camera}/image_raw'] == f'{camera}/color/image_raw'
        compressed = node.remappings[f'{camera}/image_raw/compressed']
        assert compressed == f'{camera}/color/image_raw/compressed'
        assert node.remappings[f'{camera}/camera_info'] == f'{camera}/color/info'
    scans = {scan.remappings['__ns'] for scan in started['depthimage_to_laserscan_node']}
    assert scans == {'/robot/front', '/robot/top/left'}
    (rviz,) = started['monodepth_rviz']
    assert rviz.remappings['__ns'] == '/robot/front'
    assert rviz.remappings['image_raw'] == 'color/image_raw'


def test_multi_camera_starts_a_node_per_namespace_on_request(prefix):
    started = run(
        prefix,
        'multi_camera.launch.py',
        'nodes:=each',
        'cameras:=front, rear top/left',
        'image_topic:=color/image_raw',
        'model:=other',
        count=3,
    )
    nodes = started['monodepth_node']
    names = {'/front/monodepth', '/rear/monodepth', '/top/left/monodepth'}
    assert {node.name for node in nodes} == names
    for node in nodes:
        assert node.remappings['image_raw'] == 'color/image_raw'
        assert node.parameters == {**DEFAULTS, 'model': 'other'}


def test_a_node_per_camera_has_one_rviz(prefix):
    arguments = ['nodes:=each', 'cameras:=front,rear', 'namespace:=robot', 'rviz:=true']
    started = run(prefix, 'multi_camera.launch.py', *arguments, count=3)
    names = {node.name for node in started['monodepth_node']}
    assert names == {'/robot/front/monodepth', '/robot/rear/monodepth'}
    (rviz,) = started['monodepth_rviz']
    assert rviz.remappings['__ns'] == '/robot/front'


def test_nav2_leaves_the_states_to_the_lifecycle_manager(prefix):
    started = run(
        prefix, 'nav2.launch.py', 'image_topic:=/camera/image', 'use_sim_time:=true', count=3
    )
    (node,) = started['monodepth_node']
    (costmap,) = started['nav2_costmap_2d']
    (manager,) = started['lifecycle_manager']
    assert node.parameters['autostart'] is False
    assert node.remappings['image_raw'] == '/camera/image'
    managed = [f'/{name}' for name in manager.parameters['node_names']]
    assert managed == [node.name, costmap.name]
    assert manager.parameters['bond_timeout'] == 0.0
    assert manager.parameters['autostart'] is True
    for process in (node, costmap, manager):
        assert process.parameters['use_sim_time'] is True
    assert costmap.parameters['plugins'] == ['voxel_layer', 'inflation_layer']
    # The node's parameters are not the costmap's, and the other way round.
    assert 'model' not in costmap.parameters
    assert 'plugins' not in node.parameters


def test_nav2_adds_the_semantic_layer_on_request(prefix):
    started = run(prefix, 'nav2.launch.py', 'semantic:=true', count=3)
    (costmap,) = started['nav2_costmap_2d']
    layers = ['voxel_layer', 'semantic_layer', 'inflation_layer']
    assert costmap.parameters['plugins'] == layers
    assert all(f'{layer}.plugin' in costmap.parameters for layer in layers)


@pytest.mark.parametrize(
    'file, argument',
    [
        ('monodepth.launch.py', 'scan:=true'),
        ('monodepth.launch.py', 'obstacle_scan:=true'),
        ('monodepth.launch.py', 'rviz:=true'),
        ('usb_cam.launch.py', 'rviz:=false'),
        ('nav2.launch.py', 'semantic:=false'),
    ],
)
def test_a_missing_package_leaves_no_node_behind(tmp_path, file, argument):
    add_own_package(tmp_path)
    add_stand_ins(tmp_path, PROGRAMS[:2])
    process = launch(tmp_path, file, argument)
    try:
        assert process.wait(TIMEOUT) == 1
    finally:
        process.kill()
    assert "' not found, searching" in (tmp_path / 'launch.log').read_text()
    assert not list((tmp_path / 'records').iterdir())


NODE = """#!{python}
import sys
sys.path[:0] = {path!r}
from formula_node import main
from doubles import FormulaEngine
sys.exit(main(create_engine=lambda *_: FormulaEngine()))
"""


@pytest.fixture
def node_prefix(tmp_path):
    """Return an install prefix of the package whose node has a formula for a network."""
    add_own_package(tmp_path)
    path = [str(ROOT), str(ROOT / 'test'), str(ROOT / 'test' / 'ros')]
    source = NODE.format(python=sys.executable, path=path)
    add_program(tmp_path, 'monodepth_ros', 'monodepth_node', source)
    return tmp_path


def test_the_real_node_takes_parameters_and_ends_quietly(node_prefix):
    rclpy = pytest.importorskip('rclpy')
    from rcl_interfaces.srv import GetParameters

    own = node_prefix / 'own.yaml'
    own.write_text(
        '/**:\n  ros__parameters:\n    device: cpu\n    point_cloud:\n      stride: 3\n'
    )
    log = node_prefix / 'launch.log'
    process = launch(
        node_prefix,
        'monodepth.launch.py',
        'namespace:=robot',
        'image_topic:=/camera/image',
        'model:=other',
        f'params_file:={own}',
    )
    context = rclpy.Context()
    context.init()
    helper = rclpy.create_node('looker', context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(helper)
    try:
        deadline = time.monotonic() + TIMEOUT
        for topic in ('/camera/image', '/robot/camera_info'):
            while helper.count_subscribers(topic) != 1:
                assert time.monotonic() < deadline and process.poll() is None, log.read_text()
                time.sleep(0.02)
        client = helper.create_client(GetParameters, '/robot/monodepth/get_parameters')
        assert client.wait_for_service(TIMEOUT)
        request = GetParameters.Request(names=['model', 'device', 'point_cloud.stride'])
        future = client.call_async(request)
        executor.spin_until_future_complete(future, TIMEOUT)
        model, device, stride = future.result().values
        # Of the argument, and of the file for what was no argument.
        assert model.string_value == 'other'
        assert device.string_value == 'cpu'
        assert stride.integer_value == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(TIMEOUT) == 0, log.read_text()
    finally:
        executor.shutdown()
        helper.destroy_node()
        context.shutdown()
        if process.poll() is None:
            # Killed at once it would leave the node to answer the next test.
            process.send_signal(signal.SIGINT)
            process.wait(TIMEOUT)
    text = log.read_text()
    assert 'process has finished cleanly' in text, text
    assert 'Traceback' not in text, text


@pytest.mark.parametrize('file', ['usb_cam.launch.py', 'nav2.launch.py', 'multi_camera.launch.py'])
def test_show_args_lists_the_included_arguments(file):
    code = (
        'import sys; from launch import LaunchContext; '
        'from launch.launch_description_sources import PythonLaunchDescriptionSource as S; '
        'd = S(sys.argv[1]).get_launch_description(LaunchContext()); '
        'print(*[a.name for a in d.get_launch_arguments()])'
    )
    result = subprocess.run(
        [sys.executable, '-c', code, str(LAUNCH / file)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert {'image_topic', 'model', 'scan', 'params_file'} <= set(result.stdout.split())
