"""Nothing that is read is run as code, and nothing is fetched while the package works."""

import ast
from pathlib import Path
import subprocess
import sys

import cv2
import numpy as np
import pytest
from tiny_model import write_tiny_model

ROOT = Path(__file__).parents[1]
SOURCES = [
    path
    for folder in ('monodepth_ros', 'launch')
    for path in sorted((ROOT / folder).rglob('*.py'))
]

# Modules that make objects of what they read, or that speak to other machines.
MODULES = {
    *('cloudpickle', 'dill', 'joblib', 'marshal', 'pickle', 'shelve'),
    *('aiohttp', 'ftplib', 'gdown', 'http', 'httpx', 'huggingface_hub', 'paramiko', 'requests'),
    *('smtplib', 'socket', 'socketserver', 'ssl', 'telnetlib', 'torch.hub', 'urllib.request'),
    *('torch.utils.model_zoo', 'torchvision', 'urllib3', 'wget', 'xmlrpc'),
}
# The cluster of Ray that a user names with --ray is asked whether it is there; no node imports it.
CONNECTS = {'monodepth_ros/fleet/ray_tasks.py': ['socket']}
CALLS = {'eval', 'exec', 'compile', '__import__', 'os.system', 'os.popen', 'torch.jit.load'}
CALLS |= {'torch.hub.load'}
SAFE_KEYWORDS = {'torch.load': ('weights_only', True)}
UNSAFE_KEYWORDS = [('allow_pickle', True), ('shell', True), ('trust_remote_code', True)]
UNSAFE_YAML = {'load', 'load_all', 'unsafe_load', 'full_load'}


def keyword(call, name):
    """Return the value of a keyword argument: a constant, None without it, ... else."""
    values = [k.value for k in call.keywords if k.arg == name]
    if not values:
        return None
    return values[0].value if isinstance(values[0], ast.Constant) else ...


def is_unsafe(call):
    """Return whether a call could run what it reads."""
    name = ast.unparse(call.func)
    if name in CALLS or name.startswith('yaml.') and name[5:] in UNSAFE_YAML:
        return True
    if name in SAFE_KEYWORDS:
        argument, value = SAFE_KEYWORDS[name]
        return keyword(call, argument) is not value
    return any(keyword(call, argument) in (value, ...) for argument, value in UNSAFE_KEYWORDS)


def findings(source):
    """Return what in a module's source could run what it reads, or fetch something."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f'{node.module}.{alias.name}' for alias in node.names)]
        else:
            names = []
            if isinstance(node, ast.Call) and is_unsafe(node):
                found.append(ast.unparse(node))
        found += [n for n in names if n in MODULES or n.split('.')[0] in MODULES]
    return found


@pytest.mark.parametrize('path', SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_source_runs_nothing_that_it_reads(path):
    allowed = CONNECTS.get(str(path.relative_to(ROOT)), [])
    assert findings(path.read_text()) == allowed


@pytest.mark.parametrize(
    'line',
    [
        'import pickle',
        'from urllib import request',
        'import urllib.request',
        'from torch import hub',
        'torch.hub.load(name)',
        'torch.jit.load(path)',
        'from urllib.request import urlopen',
        'def f(text):\n    return eval(text)',
        'exec(text)',
        '__import__(name)',
        'torch.load(path)',
        'torch.load(path, weights_only=False)',
        'torch.load(path, weights_only=trusted)',
        'np.load(path, allow_pickle=True)',
        'yaml.load(text, Loader)',
        'subprocess.run(text, shell=True)',
        'subprocess.run(text, shell=asked)',
    ],
)
def test_unsafe_lines_are_found(line):
    assert findings(line)


def test_safe_lines_are_left_alone():
    lines = (
        'from urllib.parse import unquote',
        'network.eval()',
        're.compile(text)',
        'torch.load(path, weights_only=True)',
        'np.load(path, allow_pickle=False)',
        'yaml.safe_load(text)',
        'subprocess.run(command)',
    )
    assert findings('\n'.join(lines)) == []


# Put before a program: what would reach another machine, or make objects of a pickle, ends it.
GUARD = """
import os, sys
def guard(event, arguments):
    reaches_out = event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname')
    if reaches_out or event in ('urllib.Request', 'pickle.find_class'):
        os.write(2, f'GUARD {event} {arguments}\\n'.encode())
        os._exit(86)
sys.addaudithook(guard)
"""


def run_guarded(program, *arguments):
    """Run a program under the guard; return its exit status and what it says of errors."""
    command = [sys.executable, '-c', GUARD + program, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    'line',
    [
        'import socket; socket.create_connection(("127.0.0.1", 9))',
        'import urllib.request; urllib.request.urlopen("file:///")',
        'import pickle; pickle.loads(pickle.dumps(print))',
    ],
)
def test_guard_sees(line):
    code, errors = run_guarded(line)
    assert code == 86 and 'GUARD' in errors


@pytest.mark.parametrize('engine', ['torch', 'openvino', 'onnxruntime'])
def test_prediction_fetches_nothing_and_reads_no_pickle(engine, tmp_path, monkeypatch):
    pytest.importorskip(engine)
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    model, image = write_tiny_model(tmp_path / 'tiny.safetensors'), tmp_path / 'image.png'
    cv2.imwrite(str(image), np.zeros((48, 64, 3), np.uint8))
    program = 'from monodepth_ros.cli.main import main; sys.exit(main(sys.argv[1:]))'
    options = ['--model', model, '--engine', engine, '--device', 'cpu', '--out', tmp_path / 'out']
    code, errors = run_guarded(program, 'predict', *options, image)
    assert code == 0, errors
    assert (tmp_path / 'out' / 'image_depth.png').is_file()
