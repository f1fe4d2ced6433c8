"""Launch files: every argument is there and described, and the node really starts from one."""

import ast
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LAUNCH_FILE = ROOT / 'launch' / 'monodepth.launch.py'
ARGUMENTS = [
    'params_file',
    'namespace',
    'image_topic',
    'camera_info_topic',
    'image_transport',
    'model',
    'device',
    'autostart',
    'use_sim_time',
    'log_level',
    'rviz',
]
TIMEOUT = 60.0


def declared_arguments(path):
    """Return the keyword arguments of each DeclareLaunchArgument by its name."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        ast.literal_eval(call.args[0]): {keyword.arg: keyword.value for keyword in call.keywords}
        for call in calls
        if getattr(call.func, 'id', '') == 'DeclareLaunchArgument'
    }


def test_every_argument_is_declared():
    assert list(declared_arguments(LAUNCH_FILE)) == ARGUMENTS


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'launch').glob('*.launch.py')), ids=lambda p: p.name
)
def test_every_argument_is_described(path):
    for name, keywords in declared_arguments(path).items():
        assert {'default_value', 'description'} <= set(keywords), name
        assert len(ast.literal_eval(keywords['description'])) > 10, name


def test_rviz_shows_our_topics():
    config = yaml.safe_load((ROOT / 'config' / 'monodepth.rviz').read_text())
    displays = config['Visualization Manager']['Displays']
    topics = {d['Topic']['Value']: d['Class'] for d in displays if 'Topic' in d}
    assert topics == {
        'depth/points': 'rviz_default_plugins/PointCloud2',
        'segmentation/overlay': 'rviz_default_plugins/Image',
        'depth/image_rect': 'rviz_default_plugins/Image',
    }


NODE = """#!{python}
import sys
sys.path[:0] = {path!r}
from formula_node import main
from doubles import FormulaEngine
sys.exit(main(create_engine=lambda *_: FormulaEngine()))
"""

LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [argument.split(':=') for argument in sys.argv[2:]]
service = LaunchService()
include = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments
)
service.include_launch_description(LaunchDescription([include]))
sys.exit(service.run())
"""


@pytest.fixture
def prefix(tmp_path):
    """Return an install prefix of the package whose executable has a formula for a network."""
    (tmp_path / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (tmp_path / 'share/ament_index/resource_index/packages/monodepth_ros').touch()
    (tmp_path / 'share/monodepth_ros').mkdir()
    for folder in ('config', 'launch'):
        (tmp_path / 'share/monodepth_ros' / folder).symlink_to(ROOT / folder)
    executable = tmp_path / 'lib/monodepth_ros/monodepth_node'
    executable.parent.mkdir(parents=True)
    path = [str(ROOT), str(ROOT / 'test'), str(ROOT / 'test' / 'ros')]
    executable.write_text(NODE.format(python=sys.executable, path=path))
    executable.chmod(0o755)
    return tmp_path


def launch(prefix, log, *arguments):
    return subprocess.Popen(
        [sys.executable, '-c', LAUNCH, str(LAUNCH_FILE), *arguments],
        env={
            **os.environ,
            'AMENT_PREFIX_PATH': os.pathsep.join(
                [str(prefix), os.environ.get('AMENT_PREFIX_PATH', sys.prefix)]
            ),
            'PYTHONPATH': os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')]),
            'PYTHONUNBUFFERED': '1',
            'ROS_LOG_DIR': str(prefix / 'log'),
        },
        stdout=log.open('w'),
        stderr=subprocess.STDOUT,
    )


def test_the_launch_file_starts_the_node(prefix):
    pytest.importorskip('launch_ros.actions', reason='launch_ros is not on PyPI')
    rclpy = pytest.importorskip('rclpy')
    from rcl_interfaces.srv import GetParameters

    own = prefix / 'own.yaml'
    own.write_text(
        '/**:\n  ros__parameters:\n    device: cpu\n    point_cloud:\n      stride: 3\n'
    )
    log = prefix / 'launch.log'
    process = launch(
        prefix,
        log,
        'namespace:=robot',
        'image_topic:=/camera/image',
        'model:=other',
        'log_level:=debug',
        f'params_file:={own}',
    )
    context = rclpy.Context()
    context.init()
    helper = rclpy.create_node('looker', context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    executor.add_node(helper)
    try:
        deadline = time.monotonic() + TIMEOUT
        while not helper.count_subscribers('/camera/image'):
            assert time.monotonic() < deadline and process.poll() is None, log.read_text()
            time.sleep(0.02)
        assert helper.count_subscribers('/robot/camera_info') == 1
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
            process.kill()
    text = log.read_text()
    assert 'process has finished cleanly' in text, text
    assert 'Traceback' not in text, text


def test_show_args(prefix):
    pytest.importorskip('launch_ros.actions', reason='launch_ros is not on PyPI')
    code = (
        'import sys; from launch import LaunchContext; '
        'from launch.launch_description_sources import PythonLaunchDescriptionSource as S; '
        'd = S(sys.argv[1]).get_launch_description(LaunchContext()); '
        'print([a.name for a in d.get_launch_arguments()])'
    )
    result = subprocess.run(
        [sys.executable, '-c', code, str(LAUNCH_FILE)], capture_output=True, text=True, check=True
    )
    assert ast.literal_eval(result.stdout) == ARGUMENTS
