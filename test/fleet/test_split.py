"""Training and test frames that are no neighbours."""

import itertools

from monodepth_ros.fleet.split import NEAR, SOON, split
import numpy as np
import pytest
from recording_kit import pose


def rows(places, recording='a', frame='odom', step=0.5):
    return [
        {
            'id': f'{recording}_{number:06}',
            'recording': recording,
            'stamp_ns': round(number * step * 1e9),
            'pose': None if place is None else pose((*place, 0.5)).ravel().tolist(),
            'fixed_frame': frame,
        }
        for number, place in enumerate(places)
    ]


def positions(found):
    return {row['id']: np.array((row['pose'][3], row['pose'][7])) for row in found}


def test_by_place_neighbours_are_on_one_side():
    """There and back: what is near in place is not near in time."""
    way = [(x / 4, y) for y in (0.0, 0.2) for x in range(80)]
    found = rows(way)
    sides = split(found, 'auto', 0.2)
    where = positions(found)
    test, train = ([n for n, s in sides.items() if s == side] for side in ('test', 'train'))
    assert 0.1 < len(test) / len(sides) < 0.35 and len(train) > 0.4 * len(sides)
    apart = [np.linalg.norm(where[a] - where[b]) for a, b in itertools.product(test, train)]
    assert min(apart) >= NEAR


def test_places_of_a_map_are_shared_and_those_of_odometry_are_not():
    way = [(x / 4, 0.0) for x in range(100)]
    for frame, shared in (('map', True), ('odom', False)):
        found = rows(way, 'a', frame) + rows(way, 'b', frame)
        sides = split(found, 'place', 0.2)
        same = [sides[f'a_{n:06}'] == sides[f'b_{n:06}'] for n in range(100)]
        assert all(same) == shared


@pytest.mark.parametrize('how', ['time', 'auto'])
def test_by_time_neighbours_are_on_one_side(how):
    places = [(n / 4, 0.0) for n in range(200)] if how == 'time' else [None] * 200
    found = rows(places)
    sides = split(found, how, 0.2)
    numbers = {s: [int(n[-6:]) for n, t in sides.items() if t == s] for s in ('train', 'test')}
    assert 30 <= len(numbers['test']) <= 60
    gaps = [abs(a - b) * 0.5 for a in numbers['test'] for b in numbers['train']]
    assert min(gaps) >= SOON


def test_a_robot_that_turns_on_the_spot_is_split_by_time():
    sides = split(rows([(0.1, 0.1)] * 100), 'auto', 0.2)
    assert {'train', 'test'} <= set(sides.values())


def test_nothing_for_testing():
    assert set(split(rows([None] * 50), 'time', 0.0).values()) == {'train'}
    assert set(split(rows([None]), 'time', 0.5).values()) == {'train'}
    assert split([], 'auto', 0.2) == {}


def test_more_recordings_change_little():
    first = rows([None] * 100, 'a')
    before = split(first, 'time', 0.2)
    after = split(first + rows([None] * 100, 'b') + rows([None] * 100, 'c'), 'time', 0.2)
    kept = [after[n] == s for n, s in before.items()]
    assert np.mean(kept) > 0.5
