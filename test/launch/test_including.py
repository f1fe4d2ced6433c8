"""Launch files of others that include ours: neither takes from the other what it was not given."""

import re

from launch_kit import add_own_package, add_stand_ins, flatten, launch, ROOT, run, TIMEOUT
import pytest
import yaml

pytest.importorskip('launch_ros.actions', reason='launch_ros is not on PyPI')

DOCUMENT = ROOT / 'docs' / 'launch.md'
DEFAULTS = flatten(
    yaml.safe_load((ROOT / 'config' / 'monodepth.yaml').read_text())['/**']['ros__parameters']
)
SUFFIXES = {'python': '.launch.py', 'xml': '.launch.xml', 'yaml': '.launch.yaml'}
FOREIGN = ['params_file:=/of/the/robot.yaml', 'model:=robot.urdf.xacro', 'namespace:=base']
FOREIGN += ['cameras:=left,right', 'rviz:=true', 'log_level:=debug']
PROGRAMS = [
    ('monodepth_ros', 'monodepth_node'),
    ('others', 'other'),
    ('rviz2', 'rviz2'),
    ('usb_cam', 'usb_cam_node_exe'),
]

# Includes a file of ours with the given arguments, then starts a node of its own.
BRINGUP = """
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction, SetEnvironmentVariable,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node


def generate_launch_description():
    include = IncludeLaunchDescription(
        PythonLaunchDescriptionSource({file!r}), launch_arguments={arguments!r}.items()
    )
    other = Node(
        package='others',
        executable='other',
        arguments=[
            LaunchConfiguration('model'),
            LaunchConfiguration('device', default='untouched'),
        ],
    )
    return LaunchDescription([
        DeclareLaunchArgument('model', default_value='robot.urdf.xacro'),
        DeclareLaunchArgument('params_file', default_value='/of/the/robot.yaml'),
        DeclareLaunchArgument('namespace', default_value='base'),
        *{extra},
        OpaqueFunction(function=lambda context: [include]),
        other,
    ])
"""


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """Return an install prefix with our package, and stand-ins for it and for a node of others."""
    for name in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv('FASTDDS_BUILTIN_TRANSPORTS', raising=False)
    add_own_package(tmp_path)
    add_stand_ins(tmp_path, PROGRAMS)
    return tmp_path


def bringup(prefix, file='monodepth.launch.py', arguments=None, extra='[]'):
    """Write a launch file that includes one of ours; return its path."""
    path = prefix / 'bringup.launch.py'
    own = str(ROOT / 'launch' / file)
    path.write_text(BRINGUP.format(file=own, arguments=arguments or {}, extra=extra))
    return str(path)


def examples():
    """Return the launch files in the document by language."""
    return dict(re.findall(r'```(\w+)\n(.*?)```', DOCUMENT.read_text(), re.DOTALL))


def test_the_document_has_an_example_in_each_language():
    assert set(examples()) == set(SUFFIXES)


@pytest.mark.parametrize('language', SUFFIXES)
def test_an_example_passes_what_it_says_and_nothing_leaks(prefix, language):
    if language != 'python':
        pytest.importorskip(f'launch_{language}')
    path = prefix / f'bringup{SUFFIXES[language]}'
    path.write_text(examples()[language])
    (node,) = run(prefix, str(path), *FOREIGN, count=1)['monodepth_node']
    assert node.name == '/monodepth'
    assert node.parameters == {**DEFAULTS, 'device': 'cpu'}
    assert node.remappings['image_raw'] == '/front/image_raw'
    assert node.own_arguments == ['--log-level', 'info']
    assert 'model, namespace, params_file' in (prefix / 'launch.log').read_text()


@pytest.mark.parametrize('name, value', [('model', 'other'), ('namespace', 'eyes')])
def test_what_the_include_passes_wins_over_the_parents(prefix, name, value):
    started = run(prefix, bringup(prefix, arguments={name: value}), count=2)
    (node,) = started['monodepth_node']
    expected = {'model': DEFAULTS['model'], 'namespace': '', name: value}
    assert node.parameters['model'] == expected['model']
    assert node.name == f'/{expected["namespace"]}/monodepth'.replace('//', '/')


def test_sim_time_holds_for_all(prefix):
    path = bringup(prefix)
    (node,) = run(prefix, path, 'use_sim_time:=true', count=2)['monodepth_node']
    assert node.parameters['use_sim_time'] is True


def test_nothing_of_ours_is_left_behind(prefix):
    (other,) = run(prefix, bringup(prefix), count=2)['other']
    assert other.own_arguments == ['robot.urdf.xacro', 'untouched']
    assert not {name for name in other.environment if name.endswith('_DEFAULT_PROFILES_FILE')}


def test_files_of_ours_pass_on_what_they_were_given_alone(prefix):
    path = bringup(prefix, 'usb_cam.launch.py', {'device': 'cpu', 'rviz': 'false'})
    (node,) = run(prefix, path, 'video_device:=/dev/video7', count=3)['monodepth_node']
    assert node.name == '/monodepth'
    assert node.parameters == {**DEFAULTS, 'device': 'cpu'}


def test_transports_that_the_parent_sets_stay(prefix):
    extra = "[SetEnvironmentVariable('FASTDDS_BUILTIN_TRANSPORTS', 'UDPv4')]"
    (node,) = run(prefix, bringup(prefix, extra=extra), count=2)['monodepth_node']
    assert node.environment['FASTDDS_BUILTIN_TRANSPORTS'] == 'UDPv4'
    assert not {name for name in node.environment if name.endswith('_DEFAULT_PROFILES_FILE')}


@pytest.mark.parametrize(
    'text, words',
    [
        (None, 'No such file or directory'),
        ('', 'no ros__parameters'),
        ('device: cpu', 'no ros__parameters'),
        ('a: [', 'expected'),
        (b'\xff\xfe\x00\x01', 'codec'),
    ],
)
@pytest.mark.parametrize(
    'file, argument',
    [('monodepth.launch.py', 'params_file'), ('nav2.launch.py', 'costmap_params_file')],
)
def test_a_parameter_file_that_cannot_be_used_is_named(prefix, file, argument, text, words):
    add_stand_ins_of_nav2(prefix)
    path = prefix / 'own.yaml'
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    process = launch(prefix, file, f'{argument}:={path}')
    try:
        assert process.wait(TIMEOUT) == 1
    finally:
        process.kill()
    lines = (prefix / 'launch.log').read_text().splitlines()
    (error,) = [line for line in lines if '[ERROR]' in line]
    assert f"{argument} is '{path}': " in error and words in error


def add_stand_ins_of_nav2(prefix):
    """Add what nav2.launch.py starts."""
    records = prefix / 'records'
    for record in records.iterdir():
        record.unlink()
    records.rmdir()
    names = [
        ('nav2_costmap_2d', 'nav2_costmap_2d'),
        ('nav2_lifecycle_manager', 'lifecycle_manager'),
    ]
    add_stand_ins(prefix, names)
