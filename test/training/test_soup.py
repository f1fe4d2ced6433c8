"""The average of checkpoints: hand-worked values, its facts, and what it refuses."""

from doubles import make_facts
from monodepth_ros.cli.main import main
from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.networks.checkpoint import load_checkpoint, save_checkpoint
from monodepth_ros.training.soup import make_soup
import pytest
import torch
from training_kit import TinyNetwork

pytestmark = pytest.mark.usefixtures('tiny_network')


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a tiny network full of one value, and gives the path."""

    def write(value, **changes):
        facts = make_facts(**{'network': 'tiny', **changes})
        network = TinyNetwork(len(facts.classes), **facts.options)
        for tensor in network.state_dict().values():
            tensor.fill_(value)
        path = tmp_path / f'{len(list(tmp_path.iterdir()))}.safetensors'
        save_checkpoint(path, network, facts, half=False)
        return str(path)

    return write


def test_every_number_is_the_mean(write):
    network, _ = make_soup([write(1), write(3), write(11)])
    state = network.state_dict()
    assert 'encoder.layers.1.running_var' in state and 'heads.depth.weight' in state
    assert all((value == 5).all() for value in state.values())
    assert state['encoder.layers.1.num_batches_tracked'].dtype == torch.int64
    assert not network.training


def test_each_number_counts_by_its_share(write):
    network, facts = make_soup([write(1), write(5)], [3, 1])
    assert all((value == 2).all() for value in network.state_dict().values())
    assert facts.training == {'average_of': [{}, {}], 'shares': [3, 1]}


def test_sizes_count_by_their_share(write):
    small, large = (write(1, input_width=w, focal_length=w / 2) for w in (320, 448))
    _, facts = make_soup([small, large], [3, 1])
    assert (facts.input_width, facts.focal_length) == (352, 176.0)


@pytest.mark.parametrize(
    ('shares', 'why'),
    [
        ([1.0], '1 shares for 2 checkpoints; give each one'),
        ([1.0, 0.0], 'a share is 0, expected above 0'),
        ([float('nan'), 1.0], 'a share is nan, expected above 0'),
        ([float('inf'), 1.0], 'a share is inf, expected above 0'),
    ],
)
def test_shares_that_mean_nothing_are_refused(write, shares, why):
    with pytest.raises(ConfigError, match=why):
        make_soup([write(1), write(2)], shares)


def test_sizes_meet_in_the_middle(write):
    small = write(1, input_width=320, input_height=256, focal_length=200.0, min_depth=0.7)
    large = write(1, input_width=448, input_height=320, focal_length=280.0, max_depth=12.0)
    _, facts = make_soup([small, large])
    assert (facts.input_width, facts.input_height, facts.focal_length) == (384, 288, 240.0)
    assert (facts.min_depth, facts.max_depth) == (0.5, 12.0)


def test_the_size_is_one_that_networks_take(write):
    # 320 and 352 lie on either side of 336, which no network takes: the focal length follows.
    paths = [write(1, input_width=w, focal_length=w / 2) for w in (320, 352)]
    _, facts = make_soup(paths)
    assert facts.input_width in (320, 352) and facts.focal_length == facts.input_width / 2


def test_facts_say_what_it_is_the_average_of(write):
    paths = [
        write(
            1, training={'seed': seed}, metrics={'nyu': {}}, activation_ranges={'/c': (0.0, 1.0)}
        )
        for seed in (4, 5)
    ]
    _, facts = make_soup(paths)
    assert facts.training == {'average_of': [{'seed': 4}, {'seed': 5}]}
    assert facts.metrics == facts.activation_ranges == {}


@pytest.mark.parametrize(
    'changes',
    [
        {'options': {'width': 4}},
        {'classes': ('bed', 'chair', 'floor', 'roof')},
        {'mean': (0.0, 0.0, 0.0)},
        {'outputs': ('depth',), 'options': {'outputs': ['depth']}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_network_is_refused(write, changes):
    first, other = write(1), write(1, **changes)
    with pytest.raises(CheckpointError, match=f'{other} and {first} differ in ') as caught:
        make_soup([first, other])
    assert 'average checkpoints of one network' in str(caught.value)


def test_one_is_no_average(write):
    with pytest.raises(ConfigError, match='two checkpoints or more, not 1'):
        make_soup([write(1)])


def test_a_damaged_file_is_refused(write, tmp_path):
    damaged = tmp_path / 'damaged.safetensors'
    damaged.write_bytes(b'\0' * 20)
    with pytest.raises(CheckpointError, match='damaged'):
        make_soup([write(1), str(damaged)])


class TestCommand:
    """`monodepth average`."""

    def test_writes_the_average(self, write, tmp_path, capsys):
        out = tmp_path / 'soup.safetensors'
        assert main(['average', write(1), write(2), '--out', str(out)]) == 0
        network, facts = load_checkpoint(out)
        weights = dict(network.named_parameters())
        assert weights and all((value == 1.5).all() for value in weights.values())
        assert facts.training == {'average_of': [{}, {}]}
        assert 'tiny, the average of 2, 320 x 256 at 259.4 pixels' in capsys.readouterr().out

    def test_takes_shares(self, write, tmp_path):
        out = tmp_path / 'soup.safetensors'
        files = [write(1), write(4)]
        assert main(['average', *files, '--shares', '2', '1', '--out', str(out)]) == 0
        network, _ = load_checkpoint(out)
        assert all((value == 2).all() for value in network.parameters())

    def test_a_folder_that_is_not_there(self, write, tmp_path, capsys):
        out = tmp_path / 'none' / 'soup.safetensors'
        assert main(['average', write(1), write(1), '--out', str(out)]) == 1
        assert 'name a file in a folder that exists' in capsys.readouterr().err

    def test_nothing_is_written_where_it_is_refused(self, write, tmp_path, capsys):
        out = tmp_path / 'soup.safetensors'
        assert main(['average', write(1), '--out', str(out)]) == 1
        assert 'two checkpoints' in capsys.readouterr().err and not out.exists()
