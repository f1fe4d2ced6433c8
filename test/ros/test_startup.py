"""What keeps the node from starting is one line that names the value and the remedy."""

import os
import subprocess
import sys

from monodepth_ros.errors import ConfigError
from monodepth_ros.ros import executable, node
from monodepth_ros.ros.startup import in_one_line, unknown_parameters
from node_process import FORMULA, TEST
import pytest
import rclpy


def run(*arguments, program=FORMULA, **environ):
    path = os.pathsep.join([str(TEST.parent), str(TEST), os.environ.get('PYTHONPATH', '')])
    env = {**os.environ, 'PYTHONPATH': path, **environ}
    return subprocess.run(
        [sys.executable, *program, *arguments],
        env={name: value for name, value in env.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    'arguments, environ, words',
    [
        (['--params-file', '/nonexistent.yaml'], {}, ['/nonexistent.yaml', 'correct the path']),
        (['-r', '__ns:=a b'], {}, ['__ns:=a b', 'letters']),
        (['-p', 'foo'], {}, ['-p foo', 'NAME:=VALUE']),
        ([], {'HOME': None, 'ROS_LOG_DIR': None, 'ROS_HOME': None}, ['HOME', 'ROS_LOG_DIR']),
    ],
)
def test_a_start_that_fails_is_one_line(arguments, environ, words):
    result = run('--ros-args', *arguments, **environ)
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if 'monodepth_node:' in line]
    assert len(lines) == 1 and all(word in lines[0] for word in words), result.stderr
    # The remedy is said once.
    assert all(lines[0].count(part) == 1 for part in lines[0].split('; ')), lines[0]
    assert 'Traceback' not in result.stderr and '.c:' not in lines[0]


def test_a_name_that_ros_refuses_is_one_line():
    context = rclpy.Context()
    context.init()
    with pytest.raises(ConfigError, match='namespace'):
        node.MonoDepthNode(context=context, namespace='/a b')
    context.shutdown()


def fail(*_):
    raise ValueError('ours')


def test_a_fault_of_ours_is_not_taken_for_one_of_ros(monkeypatch):
    monkeypatch.setattr(node.parameters, 'declare_parameters', fail)
    context = rclpy.Context()
    context.init()
    with pytest.raises(ValueError, match='ours'):
        node.MonoDepthNode(context=context)
    context.shutdown()


def test_a_fault_of_ours_is_not_hidden(monkeypatch, capsys):
    for name in ('catch_signals', 'keep_freed_memory'):
        monkeypatch.setattr(node, name, lambda: None)
    monkeypatch.setattr(node.fastdds, 'use_default_profile', lambda: None)
    monkeypatch.setattr(node, 'init_ros', lambda args: None)
    monkeypatch.setattr(node, 'MonoDepthNode', fail)
    with pytest.raises(ValueError, match='ours'):
        node.main([])
    assert capsys.readouterr().err == ''


def test_missing_ros_is_one_line(tmp_path):
    program = (
        'import sys; sys.modules["rclpy"] = None\n'
        'from monodepth_ros.ros.executable import main; sys.exit(main())'
    )
    result = run(program=('-c', program))
    assert result.returncode == 1
    assert result.stderr.startswith('monodepth_node:') and 'setup.bash' in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_import_of_ours_that_fails_is_no_missing_ros(monkeypatch):
    monkeypatch.setitem(sys.modules, 'monodepth_ros.ros.node', None)
    with pytest.raises(ImportError, match='monodepth_ros.ros.node'):
        executable.main()


def test_places_in_the_source_of_ros_are_left_out():
    assert in_one_line(RuntimeError('bad, at /a/b.c:3, at /c.cpp:12')) == 'bad'


def test_unknown_names_are_warned_of_with_the_nearest():
    given = ['depth.max_rang', 'encoding', 'zzz', 'model', 'use_sim_time', 'class_names']
    warnings = unknown_parameters([*given, 'qos_overrides./x.publisher.depth'])
    assert warnings == [
        'parameter depth.max_rang is not known and has no effect; did you mean depth.max_range?',
        'parameter encoding is not known and has no effect; did you mean depth.encoding?',
        'parameter zzz is not known and has no effect',
    ]
