"""YAML of any kind is a value or a ValueError of one line, soon and in little memory."""

from monodepth_ros.yaml_file import (
    DEEPEST,
    LONGEST,
    LONGEST_REASON,
    MOST_VALUES,
    number,
    read_yaml,
)
import pytest


@pytest.fixture
def read(tmp_path):
    path = tmp_path / 'x.yaml'

    def read(text):
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_yaml(path)

    return read


def test_plain_values(read):
    assert read('{a: [1, 2.5, x], b: {c: null}}') == {'a': [1, 2.5, 'x'], 'b': {'c': None}}
    assert read('base: &base {x: 1}\nother: *base\n')['other'] == {'x': 1}
    assert read('') is None


def test_missing_file(tmp_path):
    with pytest.raises(OSError):
        read_yaml(tmp_path / 'none.yaml')


@pytest.mark.parametrize(
    'text, words',
    [
        ('[' * 30_000, 'brackets in each other'),
        ('- ' * 15_000, 'recursion'),
        ('#' * (LONGEST + 1), f'longer than {LONGEST} bytes'),
        ('a: &a [*a]', f'more than {MOST_VALUES} values'),
        ('a: &a {b: *a}', f'more than {MOST_VALUES} values'),
        ('2001-99-99', 'month'),
        ('1' * 5000, 'limit|digits'),
        ('!!int ""', 'index'),
        ('!!bool x', 'x'),
        ('!!timestamp x', 'NoneType'),
        ('? [a]\n: 1', 'mapping'),
        ('!!python/object/apply:os.getcwd []', 'could not determine a constructor'),
        ('!' + 'x' * 9000 + ' y', 'could not determine a constructor'),
        (b'\xff\xfe\xfa', 'decode'),
        (b'\xff\xfa', 'decode'),
        ('a: b: c', 'mapping values'),
    ],
)
def test_nonsense_has_a_reason_of_one_line(read, text, words):
    with pytest.raises(ValueError, match=words) as caught:
        read(text)
    assert '\n' not in str(caught.value) and len(str(caught.value)) <= LONGEST_REASON


def test_limits_leave_room(read):
    assert read('[' * DEEPEST + ']' * DEEPEST)
    assert read('x: "' + 'y' * (LONGEST - 5) + '"')
    doubled = [f'a{n}: &a{n} [*a{n - 1}, *a{n - 1}]' for n in range(1, 11)]
    assert read('\n'.join(['a0: &a0 [1]', *doubled]))


def test_brackets_in_comments_do_not_count(read):
    assert read('# 0 <= x < 1: [0, 1)\n' * (DEEPEST + 1) + 'a: 1') == {'a': 1}


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16-le', 'utf-16-be'])
def test_marks_of_windows_editors(read, encoding):
    mark = '' if encoding == 'utf-8-sig' else '\ufeff'
    assert read(f'{mark}name: caf\u00e9\r\n'.encode(encoding)) == {'name': 'caf\u00e9'}


@pytest.mark.parametrize(
    ('value', 'expected'),
    [(2, 2.0), (0.5, 0.5), ('2e-4', 2e-4), ('1', 1.0), (True, None), ('far', None), (None, None)],
)
def test_numbers(value, expected):
    assert number(value) == expected
    assert number([value]) is None
    assert number(10**400) is None
