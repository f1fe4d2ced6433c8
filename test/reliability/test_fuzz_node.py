"""Anything sent to a node process over the middleware: it lives, counts, and serves as before."""

from random import Random

from fuzz_campaign import keep_batch, make_parcel, replay_messages
from hypothesis import given, HealthCheck, settings, strategies
from monodepth_ros.errors import IMAGE_REASONS
import pytest

random_message = pytest.importorskip(
    'fuzz_messages', reason='rclpy is not installed'
).random_message
fuzz_node = pytest.importorskip('fuzz_node')
FuzzedNode, FuzzFailure, Parcel = fuzz_node.FuzzedNode, fuzz_node.FuzzFailure, fuzz_node.Parcel

FUZZ = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
RANDOMS = strategies.lists(strategies.randoms(use_true_random=False), min_size=1, max_size=40)


@pytest.fixture(scope='module', params=['raw', 'compressed'])
def node(request, tmp_path_factory):
    transport = request.param
    with FuzzedNode(tmp_path_factory.mktemp('log') / transport, transport) as node:
        node.transport = transport
        yield node


@given(randoms=RANDOMS)
@FUZZ
def test_any_messages_and_then_a_good_image(node, randoms):
    node.send([Parcel.of(random_message(rng, node.transport == 'compressed')) for rng in randoms])
    node.check()


def test_a_hundred_messages_with_damaged_ones(node):
    parcels = [make_parcel(7, number, node.transport) for number in range(100)]
    node.send([*parcels, Parcel('damaged', b'\0\1\2'), Parcel('damaged', b'\0' * 60)])
    node.check()
    told = node.told()
    refused = [told[reason] for reason in IMAGE_REASONS if reason in told]
    # A machine with much else to do has newer images take the place of those before a look: half
    # of what is looked at is refused.
    assert len(refused) > 1 and sum(refused) > 0.5 * (told['published'] - node.probes) > 0
    assert told['published'] > node.probes


def test_a_changed_output_is_found(node, monkeypatch):
    for index in range(len(fuzz_node.PICTURES)):
        wrong = {**node._expected[index], 'segmentation/mask': b''}
        monkeypatch.setitem(node._expected, index, wrong)
    with pytest.raises(FuzzFailure, match='another segmentation/mask$'):
        node.check()


def test_an_image_that_is_not_accounted_for_is_found(node, monkeypatch):
    monkeypatch.setattr(fuzz_node, 'PATIENCE_S', 3.0)
    node.sent['image'] += 1
    with pytest.raises(FuzzFailure, match='every image to be accounted for'):
        node.check()
    node.sent['image'] -= 1


def test_a_dead_node_is_found_and_a_kept_batch_replayed(tmp_path):
    parcels = [Parcel.of(random_message(Random(number), False)) for number in range(5)]
    parcels.append(Parcel('damaged', b'\0\1\2'))
    kept = keep_batch(tmp_path / 'raw_7_0', parcels)
    assert len(list(kept.iterdir())) == 6
    replay_messages(kept, tmp_path / 'log')
    with FuzzedNode(tmp_path / 'log', 'raw') as node:
        node.send(parcels)
        node._process.process.kill()
        with pytest.raises(FuzzFailure, match='died with -9'):
            node.check()
