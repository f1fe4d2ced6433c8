"""The whole demo, as its processes, with a network of random weights."""

import json
import os
from pathlib import Path
import signal
import subprocess
import sys

import cv2
from doubles import make_facts
import numpy as np
import pytest

pytest.importorskip('torch')
pytest.importorskip('rclpy')

SCRIPTS = Path(__file__).parents[2] / 'scripts'
FRAMES = 6

pytestmark = pytest.mark.skipif(
    not Path(sys.executable).with_name('monodepth_node').is_file(),
    reason='monodepth_node is not installed beside this Python; scripts/test does that',
)


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """Return a folder with images, true depth of 2 m, and weights of an untrained network."""
    from monodepth_ros.networks.checkpoint import save_checkpoint
    from monodepth_ros.networks.registry import create_network

    folder = tmp_path_factory.mktemp('source')
    (folder / 'rgb').mkdir()
    (folder / 'depth').mkdir()
    noise = np.random.default_rng(0)
    for i in range(FRAMES):
        image = noise.integers(0, 256, (120, 160, 3), np.uint8)
        cv2.imwrite(str(folder / 'rgb' / f'{i}.png'), image)
        cv2.imwrite(str(folder / 'depth' / f'{i}.png'), np.full((120, 160), 2000, np.uint16))
    # A narrow one, which takes a third of the time to be exported and compiled.
    options = {'widths': [8, 8, 8, 8]}
    network = create_network('dual_efficientnet_lite0', classes=4, **options)
    facts = make_facts(network='dual_efficientnet_lite0', options=options)
    save_checkpoint(folder / 'random.safetensors', network, facts)
    return folder


def _start(source, out, *more):
    arguments = ['--images', source / 'rgb', '--model', source / 'random.safetensors']
    arguments += ['--out', out, '--domain', os.environ.get('ROS_DOMAIN_ID', '42'), *more]
    return subprocess.Popen(
        [sys.executable, SCRIPTS / 'demo_app' / 'main.py', *arguments],
        env={**os.environ, 'PYTHONPATH': str(SCRIPTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _left_over(source):
    """Return the processes that still run with our weights or our results."""
    found = []
    for path in Path('/proc').glob('[0-9]*/cmdline'):
        try:
            command = path.read_bytes()
        except OSError:
            continue
        if str(source).encode() in command:
            found.append(command)
    return found


def _end(process, source):
    """Wait for the end and return standard output and error; nothing may be left behind."""
    out, error = process.communicate(timeout=180)
    assert 'Traceback' not in out + error
    assert _left_over(source) == []
    return out, error


KEYS = [
    'frames_published',
    'frames_processed',
    'dropped',
    'rate_hz',
    'latency_ms',
    'valid_depth_share',
    'topics',
    'stamps_ok',
    'model',
    'engine',
    'device',
]


def test_demo_from_start_to_end(source, tmp_path):
    from monodepth_ros.ros.publishers import TOPICS

    process = _start(source, tmp_path, '--rate', '2')
    out, error = _end(process, source)
    assert process.returncode == 0, out + error
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert list(summary) == [*KEYS, 'abs_rel', 'delta1']
    processed = summary['frames_processed']
    assert summary['frames_published'] == FRAMES
    assert 0 < processed == FRAMES - sum(summary['dropped'].values())
    assert summary['topics'] == dict.fromkeys(TOPICS, processed)
    assert summary['stamps_ok'] is True
    assert summary['valid_depth_share'] == 1.0
    assert 0 < summary['latency_ms']['p50'] <= summary['latency_ms']['p95']
    panels = sorted(tmp_path.glob('panel_*.png'))
    assert len(panels) == processed
    assert cv2.imread(str(panels[0])) is not None
    header = (tmp_path / 'cloud.ply').read_bytes().split(b'end_header\n')[0]
    assert f'element vertex {120 * 160}\n'.encode() in header
    for key in ('depth/points', 'stamps_ok', 'delta1', str(tmp_path)):
        assert key in out


def test_the_scale_is_compared_with_the_truth(source, tmp_path):
    process = _start(source, tmp_path, '--rate', '2', '--camera-height', '1,10')
    out, error = _end(process, source)
    assert process.returncode == 0, out + error
    scale = json.loads((tmp_path / 'summary.json').read_text())['scale']
    assert scale['metres_truth'] == 2.0 and scale['factor'] > 0
    assert scale['metres_network'] * scale['factor_by_truth'] == pytest.approx(2, rel=0.1)
    assert cv2.imread(str(tmp_path / 'scale.png')) is not None
    assert 'factor_by_truth' in out and 'scale.png' in out


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_demo_with_what_there_is(source, tmp_path, number):
    process = _start(source, tmp_path, '--duration', '600')
    for line in process.stdout:
        if 'node ready' in line:
            break
    os.killpg(process.pid, number)
    out, error = _end(process, source)
    assert process.returncode == 0, out + error
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert set(KEYS) <= set(summary)
    assert set(summary['topics'].values()) == {summary['frames_processed']}


def test_node_that_cannot_configure_ends_the_demo(source, tmp_path):
    (tmp_path / 'summary.json').write_text('of an earlier run')
    process = _start(source, tmp_path, '--device', 'toaster')
    _, error = _end(process, source)
    assert process.returncode == 1
    assert error.count('\n') == 1
    assert 'configure failed' in error and 'toaster' in error and 'cuda:N' in error
    assert not (tmp_path / 'summary.json').exists()


def test_weights_that_do_not_exist_end_the_demo(source, tmp_path):
    process = _start(source, tmp_path, '--model', 'missing.safetensors')
    _, error = _end(process, source)
    assert process.returncode == 1
    assert error.count('\n') == 1 and 'missing.safetensors' in error
