"""The fuzzer as a program: figures, exit codes, what is kept and what is replayed."""

import json

import pytest
from script_kit import load_script


@pytest.fixture(scope='module')
def script():
    return load_script('fuzz')


def test_files_are_read_and_counted(script, tmp_path, capsys):
    out = tmp_path / 'files.json'
    arguments = ['files', '--count', '60', '--seed', '3', '--kept', str(tmp_path / 'kept')]
    assert script.main([*arguments, '--out', str(out)]) == 0
    result = json.loads(out.read_text())
    assert result['count'] == 60 and result['seed'] == 3 and not result['broken']
    assert sum(sum(counts.values()) for counts in result['readers'].values()) == 60
    assert {'versions', 'machine', 'commit', 'seconds'} <= set(result)


def test_what_does_harm_is_kept_and_replayed(script, tmp_path, monkeypatch, capsys):
    import fuzz_files

    def harm(path):
        raise KeyError(path.name)

    made = fuzz_files.make_readers

    def make(folder):
        readers = made(folder)[4:5]
        readers[0].load = harm
        return readers

    monkeypatch.setattr(fuzz_files, 'make_readers', make)
    assert script.main(['files', '--count', '2', '--kept', str(tmp_path)]) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    path = line.removeprefix('replay: scripts/fuzz replay ')
    assert script.main(['replay', path]) == 1
    assert 'KeyError' in capsys.readouterr().out
    monkeypatch.undo()
    assert script.main(['replay', path]) == 0
    assert 'nothing is wrong' in capsys.readouterr().out


def test_messages_reach_the_node_in_both_transports(script, tmp_path, capsys):
    pytest.importorskip('rclpy', reason='rclpy is not installed')
    arguments = ['messages', '--formula', '--count', '60', '--kept', str(tmp_path / 'kept')]
    assert script.main(arguments) == 0
    result = json.loads(capsys.readouterr().out)
    assert result['count'] == 60
    for runs in result['transports'].values():
        assert len(runs) == 1 and sum(runs[0]['sent'].values()) == 30 + runs[0]['good_images']


def test_the_kit_for_coverage_says_what_it_lacks(script, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, 'atheris', None)
    with pytest.raises(SystemExit, match='pip install atheris'):
        script.main(['atheris', 'mat', '--', '-runs=1'])
