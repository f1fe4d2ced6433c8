"""Training configurations: what a file may say, and what is refused with which words."""

import json
from pathlib import Path

from monodepth_ros.errors import ConfigError
from monodepth_ros.training.config import load_config, make_config, SourceConfig, TrainConfig
import pytest

ROOT = Path(__file__).parents[2]
MINIMAL = {'network': 'dual_efficientnet_lite0'}
EXTRA = {'dataset': 'folder', 'root': '../other', 'share': 0.1}


def load(tmp_path, text, **changes):
    path = tmp_path / 'train.yaml'
    path.write_text(text)
    return load_config(path, **changes)


@pytest.mark.parametrize('path', sorted((ROOT / 'config').glob('train_*.yaml')), ids=str)
def test_shipped_configurations_load(path):
    assert load_config(path).network in path.stem


def test_values_and_defaults(tmp_path):
    config = load(
        tmp_path,
        'network: depth_resnet50\n'
        'options: {output_stride: 16}\n'
        'epochs: 3\n'
        'loss: {log_depth: 2, focal: 0.5}\n'
        'optimizer: {learning_rate: 1e-3}\n',
    )
    assert (config.network, config.options, config.epochs) == (
        'depth_resnet50',
        {'output_stride': 16},
        3,
    )
    assert config.loss.log_depth == 2.0 and isinstance(config.loss.log_depth, float)
    assert config.loss.focal == 0.5
    assert config.optimizer.learning_rate == 0.001
    assert config.batch_size == TrainConfig('').batch_size
    assert config.augment == TrainConfig('').augment


def test_changes_take_the_place_of_keys(tmp_path):
    text = 'network: depth_resnet50\nepochs: 3\nseed: 4\n'
    config = load(tmp_path, text, epochs=9, seed=None)
    assert (config.epochs, config.seed) == (9, 4)


def test_a_weight_without_a_value_is_the_usual_one(tmp_path):
    config = load(tmp_path, 'network: depth_resnet50\nloss: {focal: , log_depth: 0}\n')
    assert config.loss.focal is None
    assert config.loss.log_depth == 0.0
    assert config.loss.depth_aware is None


def test_dictionary_round_trip():
    config = make_config({**MINIMAL, 'loss': {'focal': 3.0}, 'options': {'widths': [8, 8, 8]}})
    assert make_config(config.to_dict()) == config


def test_lists_of_sizes_and_data_sets(tmp_path):
    config = load(
        tmp_path,
        'network: depth_resnet50\n'
        'sizes: [[320, 256], [416, 320]]\n'
        'mixture: [{dataset: nyu}, {dataset: folder, root: ../other, weight: 0.1}]\n',
    )
    assert config.sizes == ((320, 256), (416, 320))
    assert config.mixture == (SourceConfig('nyu'), SourceConfig('folder', '../other', 0.1))
    assert config.sources == config.mixture
    assert make_config(json.loads(json.dumps(config.to_dict()))) == config


def test_one_data_set_is_a_mixture_of_one():
    config = make_config({**MINIMAL, 'split': 'mine', 'held_out': 7})
    assert config.sources == (SourceConfig('nyu', '.', 1.0, 'mine', 7),)


def test_the_older_form_of_a_mixture():
    config = make_config({**MINIMAL, 'held_out': 7, 'extra': [EXTRA, {**EXTRA, 'share': 0.25}]})
    main, first, second = config.sources
    assert main == SourceConfig('nyu', '.', 0.65, 'train', 7)
    assert first == SourceConfig('folder', '../other', 0.1)
    assert second.weight == 0.25
    assert make_config(json.loads(json.dumps(config.to_dict()))) == config
    assert make_config({**MINIMAL, 'extra': []}) == make_config(MINIMAL)


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'epoch': 3}, r"unknown keys \['epoch'\]; known: .*epochs"),
        ({1: 3, 'epoch': 3}, r"unknown keys \['1', 'epoch'\]"),
        ({'loss': {'l1': 1.0}}, r"unknown keys \['loss.l1'\]; known: .*depth_aware"),
        ({'epochs': '3'}, "epochs is '3', expected int"),
        ({'epochs': 2.5}, 'epochs is 2.5, expected int'),
        ({'epochs': True}, 'epochs is True, expected int'),
        ({'epochs': 0}, 'epochs is 0, expected > 0'),
        ({'batch_size': -1}, 'batch_size is -1'),
        ({'seed': -1}, 'seed is -1'),
        ({'held_out': -1}, 'held_out is -1'),
        ({'split': 7}, 'split is 7, expected str'),
        ({'options': None}, 'options is None, expected dict'),
        ({'options': {'classes': 4}}, 'options.classes'),
        ({'loss': 1.0}, '^loss is 1.0, expected a mapping'),
        ({'sizes': [[320, 250]]}, 'size 320 x 250, expected multiples of 32'),
        ({'sizes': [[320, 0]]}, 'size 320 x 0'),
        ({'sizes': [320, 256]}, r'sizes\[0\] is 320, expected a list'),
        ({'sizes': [[320, 256, 3]]}, r'sizes\[0\] is \[320, 256, 3\], expected 2 values'),
        ({'sizes': [['a', 256]]}, r"sizes\[0\]\[0\] is 'a', expected int"),
        ({'extra': {'dataset': 'nyu'}}, r"unknown keys \['extra'\]"),
        ({'extra': [{**EXTRA, 'shares': 0.5}]}, r"unknown keys \['mixture\[1\].shares'\]; known"),
        ({'extra': [{**EXTRA, 'share': 0}]}, r'extra has shares \[0\], expected each above 0'),
        ({'extra': [EXTRA], 'mixture': []}, 'extra and mixture cannot go together'),
        ({'mixture': {'dataset': 'nyu'}}, 'mixture is .*, expected a list'),
        ({'mixture': [{'root': 'x'}]}, r"key 'mixture\[0\].dataset' is missing"),
        (
            {'mixture': [{'dataset': 'nyu', 'weight': 0}]},
            r'mixture\[0\].weight is 0.0, expected >',
        ),
        ({'views': 'all'}, r"views is 'all', expected of \('crop', 'whole'\)"),
        (
            {'augment': {'min_zoom': 1.5}},
            'min_zoom is 1.5 and max_zoom 1.0, expected min_zoom <= ',
        ),
        ({'augment': {'min_zoom': 0}}, 'augment.min_zoom is 0.0, expected > 0'),
        ({'extra': [{**EXTRA, 'share': 0.6}] * 2}, r'extra has shares \[0.6, 0.6\], expected'),
        ({'augment': {'focal_normalisation': 1}}, 'augment.focal_normalisation is 1, expected bo'),
        ({'augment': {'max_tilt': 31}}, 'augment.max_tilt is 31.0, expected 0..30'),
        ({'loss': {'focal': -1.0}}, 'loss.focal is -1.0'),
        ({'loss': {'focal': float('nan')}}, 'loss.focal is nan'),
        ({'loss': {'focal': 'much'}}, "loss.focal is 'much', expected a number"),
        ({'loss': {'focal': True}}, 'loss.focal is True, expected float'),
        ({'optimizer': {'learning_rate': 0}}, 'optimizer.learning_rate is 0.0, expected > 0'),
        ({'optimizer': {'learning_rate': float('inf')}}, 'learning_rate is inf'),
        ({'optimizer': {'ema_decay': 1.0}}, 'ema_decay is 1.0'),
        ({'optimizer': {'warm_up': 1.5}}, 'warm_up is 1.5, expected 0..1'),
        ({'optimizer': {'clip_norm': 0}}, 'optimizer.clip_norm is 0.0, expected > 0'),
        ({'teacher': {'temperature': 0}}, 'teacher.temperature is 0.0, expected > 0'),
        ({'teacher': {'checkpoint': 'a', 'depth': 0, 'semantic': 0}}, 'give one of them a weight'),
        ({'teacher': 'a.safetensors'}, "^teacher is 'a.safetensors', expected a mapping"),
        ({'start_weights': 'a', 'encoder_weights': 'b'}, 'leave out encoder_weights'),
        ({'start_share': 0.5}, 'start_share is 0.5 without start_weights'),
        ({'start_share': 1.0, 'start_weights': 'a'}, 'start_share is 1.0, expected below 1'),
        ({'cache': 1}, 'cache is 1, expected bool'),
        ({'precision': 'half'}, "precision is 'half', expected of .*'bfloat16'"),
        ({'augment': {'max_zoom': 0.9}}, 'max_zoom 0.9, expected min_zoom <= 1 <= max_zoom'),
        ({'augment': {'flip': 1.1}}, 'augment.flip is 1.1, expected 0..1'),
        ({'width': 330}, '330 x 256, expected multiples of 32'),
        ({'height': 240}, '320 x 240, expected multiples of 32'),
    ],
)
def test_bad_values_are_named(values, words):
    with pytest.raises(ConfigError, match=words):
        make_config({**MINIMAL, **values})


def test_network_is_required():
    with pytest.raises(ConfigError, match="'network' is missing"):
        make_config({'epochs': 3})


@pytest.mark.parametrize('text', ['- a\n', 'text', '', 'a: [', '\t'])
def test_damaged_files_are_named(tmp_path, text):
    with pytest.raises(ConfigError, match=str(tmp_path / 'train.yaml')):
        load(tmp_path, text)


def test_missing_and_binary_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match='none.yaml cannot be read'):
        load_config(tmp_path / 'none.yaml')
    path = tmp_path / 'binary.yaml'
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ConfigError, match='binary.yaml cannot be read'):
        load_config(path)


def test_bad_values_name_the_file(tmp_path):
    with pytest.raises(ConfigError, match='train.yaml: epochs is'):
        load(tmp_path, 'network: x\nepochs: none\n')
