"""package.xml, setup.py and the sources agree."""

import ast
import json
from pathlib import Path
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = 'monodepth_ros'

# rosdep keys of what is imported under another name; the others are ROS packages.
ROSDEP_KEYS = {
    'cv2': 'python3-opencv',
    'numpy': 'python3-numpy',
    'tf2_ros': 'tf2_ros_py',
    'torch': 'python3-torch',
    'tqdm': 'python3-tqdm',
    'yaml': 'python3-yaml',
}
# No rosdep key, and nothing that every node needs: extras of setup.py name them.
EXTRAS = {'bondpy', 'h5py', 'onnx', 'onnxruntime', 'openvino', 'rosbags', 'tensorrt'}
EXTRAS |= {'fsspec', 'ray', 'rerun'}
EXTRAS |= {'backports', 'compression'}  # zstd, which rosbags brings where Python has none


@pytest.fixture(scope='module')
def manifest():
    return ElementTree.parse(ROOT / 'package.xml').getroot()


@pytest.fixture(scope='module')
def setup_values():
    """Return what setup.py hands to setuptools, without building anything."""
    program = (
        'import json, setuptools\n'
        'setuptools.setup = lambda **values: print(json.dumps(values))\n'
        "exec(compile(open('setup.py').read(), 'setup.py', 'exec'))\n"
    )
    result = subprocess.run(
        [sys.executable, '-c', program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def _imported():
    """Return the top-level names that the package and its launch files import, but our own."""
    names = set()
    for path in (*(ROOT / PACKAGE).rglob('*.py'), *(ROOT / 'launch').rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add(node.module.split('.')[0])
    return names - set(sys.stdlib_module_names) - {PACKAGE}


def test_every_import_is_a_declared_dependency(manifest):
    declared = {element.text for element in manifest.iter('exec_depend')}
    needed = {ROSDEP_KEYS.get(name, name) for name in _imported() - EXTRAS}
    assert needed - declared == set()


def test_manifest_is_of_format_3_and_apache(manifest):
    assert manifest.get('format') == '3'
    assert manifest.findtext('license') == 'Apache-2.0'
    assert manifest.findtext('export/build_type') == 'ament_python'
    assert 'Apache License' in (ROOT / 'LICENSE').read_text()


def test_dependencies_are_sorted_and_unique(manifest):
    for tag in ('exec_depend', 'test_depend'):
        keys = [element.text for element in manifest.iter(tag)]
        ros = [key for key in keys if not key.startswith('python3-')]
        system = [key for key in keys if key.startswith('python3-')]
        assert keys == sorted(set(ros)) + sorted(set(system))


def test_manifest_and_setup_agree(manifest, setup_values):
    for key in ('name', 'version', 'license'):
        assert manifest.findtext(key) == setup_values[key]
    maintainer = manifest.find('maintainer')
    assert maintainer.text == setup_values['maintainer']
    assert maintainer.get('email') == setup_values['maintainer_email']


def test_all_modules_are_in_an_installed_package(setup_values):
    folders = {path.parent for path in (ROOT / PACKAGE).rglob('*.py')}
    modules = {str(folder.relative_to(ROOT)).replace('/', '.') for folder in folders}
    assert modules == set(setup_values['packages'])


def test_launch_and_config_files_are_installed(setup_values):
    installed = {name: target for target, names in setup_values['data_files'] for name in names}
    for folder in ('launch', 'config'):
        files = [path for path in (ROOT / folder).rglob('*') if path.suffix not in ('', '.pyc')]
        assert files
        for path in files:
            name = path.relative_to(ROOT)
            assert installed[str(name)] == f'share/{PACKAGE}/{name.parent}'
    marker = f'resource/{PACKAGE}'
    assert installed[marker] == 'share/ament_index/resource_index/packages'
    assert installed['package.xml'] == f'share/{PACKAGE}'


def test_commands_exist(setup_values):
    for line in setup_values['entry_points']['console_scripts']:
        module, function = line.split(' = ')[1].split(':')
        tree = ast.parse((ROOT / f'{module.replace(".", "/")}.py').read_text())
        assert function in {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}


def test_shipped_weights_are_small_and_have_a_card():
    for path in (ROOT / PACKAGE / 'weights').glob('*.safetensors'):
        megabytes = 72 if 'resnet50' in path.stem else 16
        assert path.stat().st_size <= megabytes * 1e6
        assert path.with_suffix('.md').is_file(), f'{path.name} has no model card beside it'


def test_text_names_no_private_place():
    """Nothing in the sources points into somebody's own folders."""
    pattern = re.compile(r'(?<![\w.])/(?:home|root|work|tmp)/(?!me\b|calibrationdata)\w+')
    for folder in (PACKAGE, 'launch', 'config', 'scripts'):
        for path in (ROOT / folder).rglob('*'):
            if path.suffix in ('.py', '.yaml', '.md', '.xml', '.rviz'):
                assert not pattern.search(path.read_text()), path
