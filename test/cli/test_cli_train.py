"""The command `monodepth train`."""

from monodepth_ros.camera import load_calibration
from monodepth_ros.cli.main import main
from monodepth_ros.networks.checkpoint import read_facts
from monodepth_ros.training.datasets import nyu
import pytest
from tiny_folder import write_tiny_folder

pytest.importorskip('torch')

CONFIG = """
network: dual_efficientnet_lite0
options: {widths: [8, 8, 8, 8]}
dataset: folder
held_out: 1
width: 64
height: 64
epochs: 1
batch_size: 2
"""


@pytest.fixture
def train(tiny_folder, tmp_path):
    (tmp_path / 'config.yaml').write_text(CONFIG)

    def train(*options):
        arguments = [tmp_path / 'config.yaml', '--root', tiny_folder, '--out', tmp_path / 'run']
        return main(['train', *map(str, arguments), '--device', 'cpu', *options])

    return train


def test_train_then_refuse_then_resume(train, tmp_path, capfd):
    assert train() == 0
    shown = capfd.readouterr().out
    best = tmp_path / 'run' / 'best.safetensors'
    assert f'epoch 1, {best}' in shown
    assert 'delta1' in shown and 'miou' in shown
    assert read_facts(best).training['images'] == 2

    written = (tmp_path / 'run' / 'state.safetensors').read_bytes()
    assert train() == 1
    assert 'state.safetensors exists; go on with --resume' in capfd.readouterr().err
    assert (tmp_path / 'run' / 'state.safetensors').read_bytes() == written

    assert train('--resume', '--epochs', '2') == 0
    shown = capfd.readouterr().out
    assert 'resumed at step 1 of 2' in shown
    assert len((tmp_path / 'run' / 'history.jsonl').read_text().splitlines()) == 2


def test_nothing_to_resume(train, capfd):
    assert train('--resume') == 1
    assert 'monodepth train: nothing to resume' in capfd.readouterr().err


def test_bad_configuration_is_one_line(train, tmp_path, capfd):
    (tmp_path / 'config.yaml').write_text(CONFIG + 'momentum: 0.9\n')
    assert train() == 1
    error = capfd.readouterr().err
    assert error.startswith('monodepth train: ') and len(error.splitlines()) == 1
    assert "config.yaml: unknown keys ['momentum']; known: " in error


@pytest.mark.parametrize('option', ['--epochs', '--limit'])
def test_bad_numbers(train, capsys, option):
    with pytest.raises(SystemExit):
        train(option, '0')
    assert 'expected a whole number above 0' in capsys.readouterr().err


def test_fine_tuning_without_a_configuration(
    tiny_model, tiny_folder, tmp_path, capfd, monkeypatch
):
    monkeypatch.setattr('monodepth_ros.training.fine_tune.EPOCH_IMAGES', 8)
    write_tiny_folder(tmp_path / 'site', 12)
    data = ['--from', tiny_model, '--data', tmp_path / 'site', '--out', tmp_path / 'run']
    arguments = [*data, '--replay', tiny_folder, '--epochs', 1, '--device', 'cpu']
    monkeypatch.setattr('monodepth_ros.training.fine_tune.HELD_OUT_REPLAY', 1)
    # NYU's images are larger than these.
    monkeypatch.setattr(nyu, 'CAMERA', load_calibration(tiny_folder / 'camera.yaml'))
    assert main(['train', *map(str, arguments)]) == 0
    assert f'card: {tmp_path}/run/card.md' in capfd.readouterr().out
    assert '| epoch' not in (tmp_path / 'run' / 'card.md').read_text()
    best = tmp_path / 'run' / 'best.safetensors'
    assert read_facts(best).classes == read_facts(tiny_model).classes


@pytest.mark.parametrize(
    'arguments',
    [
        [],
        ['config.yaml'],
        ['--from', 'dual_resnet50'],
        ['--data', 'x'],
        ['config.yaml', '--root', 'x', '--data', 'x'],
    ],
)
def test_neither_a_configuration_nor_data(arguments, tmp_path, capsys):
    assert main(['train', *arguments, '--out', str(tmp_path / 'run')]) == 1
    assert 'expected either a configuration and --root DIR, or --from' in capsys.readouterr().err
