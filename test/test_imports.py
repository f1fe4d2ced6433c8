"""Dependencies point one way, and what is light stays light."""

import ast
from pathlib import Path
import re
import subprocess
import sys

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = 'monodepth_ros'
MODULES = sorted((ROOT / PACKAGE).rglob('*.py'))

# What of the benchmark may be imported: its processes with ROS, below benchmark.ros, by nothing.
BENCHMARK = [
    f'benchmark.{path.stem}'
    for path in sorted((ROOT / PACKAGE / 'benchmark').glob('*.py'))
    if path.stem != '__init__'
]
BENCHMARK_OF_ROS = ['benchmark.ros.plain_node', *BENCHMARK]

TRAINING = [
    'errors',
    'frames',
    'facts',
    'camera',
    'image_encodings',
    'image_files',
    'image_headers',
    'pipeline',
    'networks',
    'provenance',
    'yaml_file',
    'training',
]

# Which of our modules a module may import; the first pattern that fits its name counts.
ALLOWED = [
    (r'', []),
    (r'__main__', ['cli']),
    (r'(errors|masks|provenance|processes|image_headers|image_formats|video_files|yaml_file)', []),
    (r'image_tags', ['image_headers']),
    (r'depth_encodings', ['errors', 'image_headers']),
    (
        r'image_files',
        ['errors', 'image_encodings', 'image_formats', 'image_headers', 'image_tags'],
    ),
    (r'camera.*', ['errors', 'yaml_file', 'camera']),
    (r'scale.*', ['errors', 'frames', 'masks', 'camera', 'scale']),
    (r'image_encodings', ['errors', 'image_headers']),
    (r'(frames|facts)', ['errors']),
    (
        r'pipeline.*',
        ['errors', 'frames', 'facts', 'masks', 'camera', 'scale', 'pipeline', 'engines.base'],
    ),
    (r'networks.*', ['errors', 'facts', 'networks']),
    (r'engines', []),
    (r'engines\.base', ['errors', 'frames', 'facts']),
    (r'engines\.cache', ['errors', 'networks']),
    (r'engines\.export', ['errors', 'networks', 'engines.base', 'engines.cache']),
    (
        r'engines\.foreign\..+',
        ['errors', 'frames', 'facts', 'yaml_file', 'engines.base', 'engines.foreign'],
    ),
    (
        r'engines\.graphs',
        ['errors', 'facts', 'networks', 'engines.cache', 'engines.export', 'engines.foreign'],
    ),
    (
        r'engines\.self_check',
        [
            'errors',
            'frames',
            'facts',
            'engines.base',
            'engines.cache',
            'engines.foreign',
            'engines.graphs',
            'engines.torch_engine',
            'engines.trusted',
        ],
    ),
    (r'engines\.pair', ['errors', 'frames', 'facts', 'engines.base']),
    (r'engines\.factory', ['errors', 'facts', 'engines', 'networks']),
    (
        r'engines\..+',
        [
            'errors',
            'frames',
            'facts',
            'engines.base',
            'engines.cache',
            'engines.export',
            'engines.foreign',
            'engines.graphs',
            'engines.trusted',
            'engines.openvino_int8',
            'networks',
        ],
    ),
    (r'training\.(evaluate|validation|foreign_teacher)', [*TRAINING, 'engines']),
    (r'training\.datasets\.recorded', [*TRAINING, 'engines.cache', 'offline']),
    (r'training.*', TRAINING),
    (
        r'ros.*',
        [
            'errors',
            'frames',
            'facts',
            'camera',
            'scale',
            'image_encodings',
            'pipeline',
            'engines',
            'ros',
            'cli',
        ],
    ),
    (
        r'offline.*',
        [
            'errors',
            'frames',
            'facts',
            'camera',
            'scale',
            'image_encodings',
            'image_files',
            'image_formats',
            'depth_encodings',
            'video_files',
            'pipeline',
            'processes',
            'offline',
        ],
    ),
    (
        r'fleet.*',
        [
            'errors',
            'frames',
            'facts',
            'camera',
            'scale',
            'image_encodings',
            'depth_encodings',
            'pipeline',
            'processes',
            'engines.base',
            'networks.safetensors_file',
            'offline',
            'training',
            'yaml_file',
            'fleet',
        ],
    ),
    (
        r'benchmark\.ros\..*',
        ['errors', 'frames', 'facts', 'camera', 'ros', *BENCHMARK_OF_ROS],
    ),
    (
        r'benchmark.*',
        [
            'errors',
            'processes',
            'provenance',
            'frames',
            'facts',
            'pipeline',
            'networks',
            'engines',
            'ros.fastdds',
            *BENCHMARK,
        ],
    ),
    (
        r'cli.*',
        [
            'errors',
            'frames',
            'facts',
            'camera',
            'scale',
            'image_files',
            'pipeline',
            'provenance',
            'networks',
            'engines',
            'training',
            'offline',
            'fleet',
            'benchmark',
            'cli',
        ],
    ),
]

# Which of our modules may import these at all.
ROS = re.compile(
    r'(rclpy|bondpy'
    r'|\w+_msgs(_py)?|\w+_interfaces|std_srvs|cv_bridge|message_filters|image_transport_py'
    r'|tf2_\w+|launch(_\w+)?|ament_\w+|rosidl_\w+|rosbag2_\w+)'
)
TORCH = re.compile(r'(torch|torchvision)')
MAY_USE = [
    (ROS, r'(ros|benchmark\.ros).*'),
    (
        TORCH,
        r'(networks|training|engines(?!\.foreign)|cli).*'
        r'|benchmark\.(plain_network|products|weights)',
    ),
]


def _name(path):
    """Return the dotted name of a module below the package; '' for the package itself."""
    parts = path.relative_to(ROOT / PACKAGE).with_suffix('').parts
    return '.'.join(part for part in parts if part != '__init__')


def _is_type_checking(node):
    return isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test)


def _imports(tree, name):
    """Yield the dotted names that a module imports, at any depth, but not for type checks only."""
    pending = list(ast.iter_child_nodes(tree))
    while pending:
        node = pending.pop()
        if _is_type_checking(node):
            pending.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{name}: relative import in line {node.lineno}'
            # `from package import name` may import a module or what a module holds.
            yield from (f'{node.module}.{alias.name}' for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))


def _violations(name, source):
    """Return the imports of the module `name` that the tables above do not allow."""
    allowed = next((a for pattern, a in ALLOWED if re.fullmatch(pattern, name)), None)
    assert allowed is not None, f'{name} has no row in the table of allowed imports'
    found = []
    for target in _imports(ast.parse(source), name):
        top, _, inner = target.partition('.')
        if top == PACKAGE:
            fits = any(inner == a or inner.startswith(f'{a}.') for a in allowed)
        else:
            fits = all(re.fullmatch(p, name) for used, p in MAY_USE if used.fullmatch(top))
        if not fits:
            found.append(target)
    return found


@pytest.mark.parametrize('path', MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_keep_their_direction(path):
    assert _violations(_name(path), path.read_text()) == []


def _reached(graph, start):
    """Return the modules that a module imports, directly or through others."""
    found, waiting = set(), [start]
    while waiting:
        for target in graph.get(waiting.pop(), ()):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _graph(sources):
    """Return for each module of ours, by name, those that it imports."""
    graph = {}
    for name, source in sources.items():
        imports = [t.removeprefix(f'{PACKAGE}.') for t in _imports(ast.parse(source), name)]
        # What is imported is a module, or what a module holds.
        modules = {t if t in sources else t.rpartition('.')[0] for t in imports}
        graph[name] = (modules & sources.keys()) - {''}
    return graph


def test_no_module_imports_itself_through_others():
    graph = _graph({_name(path): path.read_text() for path in MODULES})
    assert {'offline.jobs', 'offline.recording'} <= graph['offline.bags']
    assert [name for name in graph if name in _reached(graph, name)] == []


def test_a_circle_is_found():
    line = f'from {PACKAGE}.{{}} import x'
    names = ('a.one', 'a.two', 'a.three')
    graph = _graph({a: line.format(b) for a, b in zip(names, (*names[1:], names[0]))})
    assert all(name in _reached(graph, name) for name in names)


@pytest.mark.parametrize(
    ('name', 'line'),
    [
        ('camera', 'import torch'),
        ('pipeline.cloud', 'from sensor_msgs.msg import PointCloud2'),
        ('scale.points', 'from sensor_msgs.msg import LaserScan'),
        ('scale.ground', 'from monodepth_ros.pipeline.postprocess import is_valid'),
        ('pipeline.cloud', 'from monodepth_ros.engines.factory import create_engine'),
        ('networks.resnet', 'from monodepth_ros import pipeline'),
        ('engines.torch_engine', 'from monodepth_ros.engines.openvino_engine import X'),
        ('training.trainer', 'from monodepth_ros.engines.base import Engine'),
        ('ros.node', 'def f():\n    import torch.nn'),
        ('ros.node', 'from monodepth_ros.networks.registry import create_network'),
        ('cli.predict', 'import rclpy'),
        ('cli.predict', 'from monodepth_ros.ros.node import main'),
        ('', 'import monodepth_ros.camera'),
    ],
)
def test_wrong_imports_are_found(name, line):
    assert len(_violations(name, line)) == 1


def test_type_only_imports_are_free():
    source = 'if TYPE_CHECKING:\n    from monodepth_ros.camera import CameraModel\n'
    assert _violations('frames', source) == []
    assert _violations('frames', source.replace('TYPE_CHECKING', 'True')) != []


# Put before a program: importing torch or anything of ROS fails there as if it were not installed.
BLOCK = f"""
import re, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if re.fullmatch({ROS.pattern!r} + '|' + {TORCH.pattern!r}, name.split('.')[0]):
            raise ModuleNotFoundError('blocked: ' + name, name=name)
sys.meta_path.insert(0, Blocker())
"""


def _run_blocked(program, *arguments):
    return subprocess.run(
        [sys.executable, '-c', BLOCK + program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def _help(*arguments):
    program = (
        "sys.argv[0] = 'monodepth'\nfrom monodepth_ros.cli.main import main\nsys.exit(main())"
    )
    result = _run_blocked(program, *arguments, '--help')
    assert result.returncode == 0, result.stderr
    assert 'usage: monodepth' in result.stdout
    return result.stdout


@pytest.mark.parametrize('module', ['torch', 'rclpy', 'sensor_msgs.msg'])
def test_blocking_works(module):
    result = _run_blocked(f'import {module}')
    assert 'blocked' in result.stderr and result.returncode != 0


def test_package_needs_neither_torch_nor_ros():
    light = [
        f'{PACKAGE}.{_name(path)}'.rstrip('.')
        for path in MODULES
        if re.fullmatch(
            r'(|errors|provenance|frames|facts|camera.*|scale.*|pipeline.*)'
            r'|(image|video|depth)_\w+'
            r'|engines\.base',
            _name(path),
        )
    ]
    assert {PACKAGE, f'{PACKAGE}.frames', f'{PACKAGE}.engines.base'} <= set(light)
    result = _run_blocked(f'import {", ".join(light)}')
    assert result.returncode == 0, result.stderr


def test_help_needs_neither_torch_nor_ros():
    commands = re.search(r'\{([a-z0-9,_-]+)\}', _help()).group(1).split(',')
    assert {'train', 'evaluate', 'predict'} <= set(commands)
    for command in commands:
        _help(command)


def test_the_package_runs_as_a_module():
    result = subprocess.run(
        [sys.executable, '-m', PACKAGE, '--help'], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0 and 'usage: monodepth' in result.stdout
