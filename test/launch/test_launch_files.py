"""What the launch files declare, read without the launch system."""

import ast
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ARGUMENTS = {
    'monodepth.launch.py': [
        'params_file',
        'namespace',
        'cameras',
        'image_topic',
        'camera_info_topic',
        'camera_info_url',
        'camera_hfov',
        'scale_source',
        'camera_height',
        'camera_pitch',
        'image_transport',
        'model',
        'device',
        'autostart',
        'use_sim_time',
        'log_level',
        'rviz',
        'fixed_frame',
        'scan',
        'scan_frame',
        'obstacle_scan',
        'obstacle_scan_frame',
    ],
    'multi_camera.launch.py': ['cameras', 'nodes'],
    'nav2.launch.py': ['costmap_params_file', 'semantic', 'use_sim_time'],
    'usb_cam.launch.py': [
        'video_device',
        'image_width',
        'image_height',
        'framerate',
        'pixel_format',
        'frame_id',
        'camera_info_url',
        'namespace',
        'rviz',
    ],
}
REQUIRED = {('multi_camera.launch.py', 'cameras')}
FILES = sorted((ROOT / 'launch').iterdir())


def declared_arguments(path):
    """Return the keyword arguments of each DeclareLaunchArgument by its name."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        ast.literal_eval(call.args[0]): {keyword.arg: keyword.value for keyword in call.keywords}
        for call in calls
        if getattr(call.func, 'id', '') == 'DeclareLaunchArgument'
    }


def default_text(value):
    """Return a default as the README shows it; of a shipped file, its path in the package."""
    texts = [n.value for n in ast.walk(value) if isinstance(n, ast.Constant)]
    return '/'.join(text for text in texts if text != 'monodepth_ros')


def markdown_table():
    """Return the README's table of launch arguments."""
    rows = ['| Launch file | Argument | Default | Meaning |', '|---|---|---|---|']
    for name in ARGUMENTS:
        for argument, keywords in declared_arguments(ROOT / 'launch' / name).items():
            given = keywords.get('default_value')
            default = default_text(given) if given else 'required'
            shown = default if default == 'required' else f'`{default}`' if default else 'empty'
            meaning = ast.literal_eval(keywords['description'])
            rows.append(f'| `{name}` | `{argument}` | {shown} | {meaning} |')
    return '\n'.join(rows) + '\n'


def test_there_are_no_other_launch_files():
    assert [path.name for path in FILES if path.suffix == '.py'] == list(ARGUMENTS)


@pytest.mark.parametrize('name', ARGUMENTS)
def test_every_argument_is_declared_and_described(name):
    declared = declared_arguments(ROOT / 'launch' / name)
    assert list(declared) == ARGUMENTS[name]
    for argument, keywords in declared.items():
        assert len(ast.literal_eval(keywords['description'])) > 10, argument
        required = (name, argument) in REQUIRED
        assert ('default_value' in keywords) != required, argument


def test_readme_has_the_arguments_of_the_code_and_no_others():
    table = markdown_table()
    readme = (ROOT / 'README.md').read_text()
    assert table in readme, f'the README must have:\n{table}'


def test_rviz_shows_our_topics():
    config = yaml.safe_load((ROOT / 'config' / 'monodepth.rviz').read_text())
    displays = config['Visualization Manager']['Displays']
    topics = {d['Topic']['Value']: d['Class'] for d in displays if 'Topic' in d}
    assert topics == {
        'depth/points': 'rviz_default_plugins/PointCloud2',
        'segmentation/overlay': 'rviz_default_plugins/Image',
        'depth/image_rect': 'rviz_default_plugins/Image',
    }
