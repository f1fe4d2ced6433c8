"""The entry point: one line for an error of ours, and what needs no torch runs without it."""

from pathlib import Path
import subprocess
import sys

from monodepth_ros.cli import predict
from monodepth_ros.cli.main import COMMANDS, INTERRUPTED, main
import pytest

ROOT = Path(__file__).parents[2]


def run_without_torch(*arguments):
    program = (
        'import sys; sys.modules["torch"] = None; sys.argv[0] = "monodepth"\n'
        'from monodepth_ros.cli.main import main\n'
        'sys.exit(main())'
    )
    return subprocess.run(
        [sys.executable, '-c', program, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize('command', [[], *([name] for name in COMMANDS)], ids=str)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as info:
        main([*command, '--help'])
    assert info.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f'usage: {" ".join(["monodepth", *command])}')
    assert command or all(name in shown for name in COMMANDS)


def test_a_command_is_required(capsys):
    with pytest.raises(SystemExit) as info:
        main([])
    assert info.value.code == 2
    assert 'arguments are required' in capsys.readouterr().err


def test_help_needs_no_torch():
    result = run_without_torch('train', '--help')
    assert (result.returncode, result.stderr) == (0, '')


def test_prediction_without_torch_says_how_to_get_it(tmp_path, tiny_model):
    image = tmp_path / 'image.png'
    image.write_bytes(b'')
    result = run_without_torch(
        'predict', image, '--out', tmp_path, '--model', tiny_model, '--engine', 'torch'
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith('monodepth predict: ')
    assert 'pip install torch' in result.stderr


def test_training_without_torch_says_how_to_get_it(tmp_path):
    (tmp_path / 'c.yaml').write_text('network: depth_resnet50\n')
    result = run_without_torch(
        'train', tmp_path / 'c.yaml', '--root', tmp_path, '--out', tmp_path / 'run'
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert 'pip install torch' in result.stderr


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--model', 'monodepth9000'], "unknown model 'monodepth9000'; choose one of"),
        (['--model', '/none.safetensors'], '/none.safetensors do not exist'),
        (['--engine', 'abacus'], "unknown engine 'abacus'; choose one of auto, torch"),
        (['--device', 'gpu'], "unknown device 'gpu'; choose one of"),
        (['--device', 'cuda:99'], "device 'cuda:99' asked for"),
        (['--threads', '-1'], 'threads is -1, expected 0 or more'),
        (['--max-input-pixels', '7'], 'max_input_pixels is 7'),
    ],
)
def test_errors_are_one_line(tiny_folder, tmp_path, tiny_model, capfd, options, words):
    arguments = ['--root', str(tiny_folder), '--dataset', 'folder', '--split', 'train']
    status = main(['evaluate', '--model', str(tiny_model), *arguments, *options])
    error = capfd.readouterr().err
    assert status == 1
    assert len(error.splitlines()) == 1
    assert error.startswith('monodepth evaluate: ') and words in error


def test_interrupt(monkeypatch, capsys):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(predict, 'run', interrupt)
    assert main(['predict', 'x', '--out', 'y']) == INTERRUPTED == 130
    assert 'interrupted' in capsys.readouterr().err
