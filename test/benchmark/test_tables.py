"""The tables of a report, row by row, and their place in a document."""

import copy

from monodepth_ros.benchmark.tables import BEGIN, END, insert, insert_file, render, table
from monodepth_ros.errors import BenchmarkError
import pytest
from report_kit import REPORT


@pytest.fixture(scope='module')
def lines():
    return render(REPORT).splitlines()


@pytest.mark.parametrize(
    'line',
    [
        'Some CPU, 2 cores (avx2, avx512_bf16), 8 GB, Some Linux; GPU: none.',
        'Commit 0123456789ab, 2030-01-02T03:04:05+00:00, full run of 600 s. python 3.11.2, torch '
        '2.13.0.',
        'Matrix-product peak in GFLOP/s: float32 90, bfloat16 200.',
        '| dual_resnet50 /8 (random) | openvino | bfloat16 | 100 | 123 | 10 | 17.5 | 87.5 % | '
        '5.25 | 0.012 % | 99.3 % | 9.5 |  | 321 |',
        '| ours | openvino, bfloat16 | 42 | 5.5 |',
        '| plain | openvino, bfloat16 | 12 | 5.5 |',
        '| ours | 10 Hz | 20 | 25 | 30 | 1.5 | 9.5 | 50 | 6 | 1 | 2 | 3 | 45 | 300 |',
        '| publish | 3.5 |  |',
        '| output | 2 | 1.5 |',
        '| convert |  | 0.5 |',
        '| **sum** | 5.5 | 2.5 |',
        '| 640 x 480 | 17 | 15 | 60 |',
        '| 4 | 50 | 12.5 |',
        '| 0.5 | 1.23 % | 21 |',
        '| 2 | 1 | 30 | 29.5 | 26 | 1.3 | 110 | 400 |',
        '| fastdepth | onnxruntime | float32 | 7 | 143 |  |',
        '| dual_efficientnet_lite0 | onnxruntime | float32 | 7 | 143 | 3.6 |',
        '| engines | torch_compile | no compiler |',
    ],
)
def test_lines(lines, line):
    assert line in lines


def test_rows_are_as_long_as_heads(lines):
    widths = []
    for above, line in zip(['', *lines], lines):
        if line.startswith('|'):
            if above.startswith('|'):
                assert line.count('|') == widths[-1], line
            else:
                widths.append(line.count('|'))
    assert len(widths) == 10


def test_parts_that_were_not_measured_are_left_out():
    report = {k: v for k, v in REPORT.items() if k not in ('node', 'peer', 'growth')}
    text = render({**report, 'errors': []})
    assert '### Engines' in text and '### Budget' in text
    for title in ('### Node', '### Peer', '### Growth', '### Not measured'):
        assert title not in text


def test_small_outputs_have_tables_of_their_own():
    report = copy.deepcopy(REPORT)
    report['node']['small'] = {**REPORT['node'], 'size': [320, 240], 'topics': ['depth/points']}
    text = render(report)
    assert 'Images and outputs of 640 x 480, subscribed: all.' in text
    assert 'Images and outputs of 320 x 240, subscribed: depth/points.' in text


def test_table():
    head, rows = ['a', 'b'], [[1, None], [0.123456, 'x|y'], [12345.6, 1e-5], [0, 0.0]]
    assert table(head, rows) == (
        '| a | b |\n| --- | --- |\n| 1 |  |\n| 0.123 | x\\|y |\n| 12346 | 1.0e-05 |\n| 0 | 0 |'
    )


def test_insert_replaces_what_is_between_the_marks():
    document = f'before\n\n{BEGIN}\nold\n{END}\n\nafter\n'
    once = insert(document, 'new\n')
    assert once == f'before\n\n{BEGIN}\n\nnew\n\n{END}\n\nafter\n'
    assert insert(once, 'new\n') == once


@pytest.mark.parametrize('document', ['', BEGIN, END, f'{END}{BEGIN}'])
def test_a_document_without_marks_is_refused(tmp_path, document):
    path = tmp_path / 'document.md'
    path.write_text(document)
    with pytest.raises(BenchmarkError, match='lacks the lines'):
        insert_file(path, 'text')
    assert path.read_text() == document


def test_the_sum_does_not_depend_on_the_python():
    # 7.825, which is 7.824999... where each addition is rounded, as before Python 3.12.
    report = copy.deepcopy(REPORT)
    report['budget']['stages_ms'] = {'a': 0.022, 'b': 0.204, 'c': 2.682, 'd': 4.917, 'engine': 9.0}
    assert '| **sum** | 7.83 | 2.5 |' in render(report)
