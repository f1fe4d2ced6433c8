"""The table of engines, with a tiny model and processes of its own."""

from dataclasses import replace
from pathlib import Path

from monodepth_ros.benchmark import engines
from monodepth_ros.benchmark.engines import (
    add_peak_shares,
    Case,
    choose_cases,
    difference,
    measure_engines,
    PLAIN,
)
from monodepth_ros.benchmark.settings import Settings
from monodepth_ros.benchmark.targets import make_targets, Target
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.registry import create_network
import numpy as np
import pytest


def test_difference_of_results():
    reference = {
        'depth': np.array([1.0, 2.0, 4.0, 8.0], np.float32),
        'label': np.array([0, 1, 2, 255], np.uint8),
    }
    result = {
        'depth': np.array([1.1, 2.0, 5.0, 8.8], np.float32),
        'label': np.array([0, 1, 3, 7], np.uint8),
    }
    # Errors 0.1, 0, 0.25, 0.1; of the three labels, two are right.
    assert difference(result, reference) == {
        'depth_median_rel_error': pytest.approx(0.1, rel=1e-3),
        'label_agreement': pytest.approx(2 / 3, rel=1e-3),
    }


def test_difference_without_labels():
    maps = {'depth': np.ones(3, np.float32), 'label': np.full(3, 255, np.uint8)}
    assert difference(maps, maps) == {'depth_median_rel_error': 0.0, 'label_agreement': None}


def test_share_of_the_peak():
    rows = [
        {'gflop': 2.0, 'ms_median': 40.0, 'precision': 'float32', 'peak_share': None},
        {'gflop': 2.0, 'ms_median': 40.0, 'precision': 'float16', 'peak_share': None},
        {'gflop': None, 'ms_median': 40.0, 'precision': 'float32', 'peak_share': None},
    ]
    # 2 GFLOP in 40 ms are 50 GFLOP/s.
    add_peak_shares(rows, {'float32': 80.0})
    assert [row['peak_share'] for row in rows] == [0.625, None, None]


@pytest.mark.parametrize('device', ['cpu', 'cuda'])
def test_what_takes_long_is_for_few_networks(tmp_path, device):
    full = Settings(Path('images'), tmp_path, 2, device=device)
    quick = Settings(Path('images'), tmp_path, 2, device=device, quick=True)
    light, resnet = Target('light', 'a'), Target('dual_resnet50', 'b', output_stride=8)
    extra = Target('densedepth169', 'c', 'random')

    def roles(*arguments):
        cases = choose_cases(*arguments)
        assert cases[0] == Case(PLAIN)
        return {case.role for case in cases}

    def precisions(stride):
        return {
            case.precision
            for case in choose_cases(full, replace(resnet, output_stride=stride), False)
        }

    if device == 'cpu':
        assert precisions(32) == precisions(8) | {'int8'} != precisions(8)
    assert roles(full, light, True) == {'main', 'more', 'compiled'}
    assert roles(full, resnet, False) == {'main', 'more'}
    assert roles(full, extra, False) == roles(quick, light, True) == {'main'}


def test_rows_of_a_network(settings):
    target = Target('dual_efficientnet_lite0', settings.model_path)
    cases = [Case(PLAIN), Case('torch'), Case('torch_cuda_graph')]
    rows, errors = measure_engines(settings, target, cases)
    what = 'dual_efficientnet_lite0 torch_cuda_graph float32'
    assert [error['what'] for error in errors] == [what]
    assert 'needs a CUDA device' in errors[0]['error']
    plain, torch = rows
    assert (plain['engine'], torch['engine']) == ('plain', 'torch')
    assert plain['speedup_over_eager_fp32'] == 1.0
    assert plain['depth_median_rel_error'] == 0.0 and plain['label_agreement'] == 1.0
    assert torch['depth_median_rel_error'] < 1e-4 and torch['label_agreement'] > 0.99
    ratio = plain['ms_median'] / torch['ms_median']
    assert torch['speedup_over_eager_fp32'] == pytest.approx(ratio, rel=1e-3)
    assert torch['gflop'] == plain['gflop'] > 0
    for row in rows:
        assert 0 < row['ms_min'] <= row['ms_median'] <= row['ms_p95']
        assert row['samples'] >= 3 and row['rss_mb'] > 0
        assert row['start_cold_s'] > 0 and row['start_warm_s'] is None


def test_a_second_start_is_measured_and_asks_for_the_same(settings, monkeypatch):
    asked = []

    class FakeWorker:
        """Answer at once, and note what was asked and where artefacts are kept."""

        started = 0.0

        def __init__(self, module, folder, environ):
            self.cache = environ['XDG_CACHE_HOME']

        def ask(self, what, **options):
            asked.append((what, self.cache))
            return {'seconds': 1.5, 'resident_mb': 2.0, 'device': 'cpu'}

        def stop(self):
            asked.append(('stop', self.cache))

    monkeypatch.setattr(engines, 'Worker', FakeWorker)
    target = Target('dual_efficientnet_lite0', settings.model_path)
    _, row = engines._start(settings, target, Case('openvino', 'int8'), 'images.npy', True)
    assert [what for what, _ in asked] == ['calibrate', 'stop', 'load', 'stop', 'load']
    assert len({cache for _, cache in asked}) == 1
    assert row['calibration_s'] == 1.5 and row['start_warm_s'] > 0


def test_targets_of_a_quick_run(settings):
    light, resnet = make_targets(settings)
    assert (light.network, light.weights) == ('dual_efficientnet_lite0', 'trained')
    assert light.path == settings.model_path
    assert (resnet.network, resnet.weights) == ('dual_resnet50', 'random')
    assert resnet.output_stride == 32
    assert settings.facts(resnet.path).options == {'output_stride': 32}


@pytest.mark.parametrize(('stride', 'random'), [(32, 0), (16, 1)])
def test_a_checkpoint_with_encoder_skips_keeps_its_stride(settings, tmp_path, stride, random):
    options = {'output_stride': stride, 'widths': [4, 4, 4, 4], 'encoder_skips': True}
    path = tmp_path / 'resnet.safetensors'
    network = create_network('dual_resnet50', classes=13, **options)
    facts = replace(settings.facts(), network='dual_resnet50', options=options)
    save_checkpoint(path, network, facts)
    targets = make_targets(replace(settings, checkpoints=(path,)))
    assert [(t.network, t.weights, t.output_stride) for t in targets] == [
        ('dual_efficientnet_lite0', 'trained', 0),
        ('dual_resnet50', 'trained', stride),
        *[('dual_resnet50', 'random', 32)] * random,
    ]
    assert targets[1].path == str(path)
