"""A vote is the median of the ratios, and its spread that of their deviations."""

import math

from monodepth_ros.scale.bend import fit_bend
from monodepth_ros.scale.robust import OF_DEVIATION
from monodepth_ros.scale.votes import vote_of
import numpy as np
import pytest


def test_a_vote_is_what_half_of_the_samples_say():
    predicted = np.ones(5)
    columns = np.linspace(0, 1, 5)
    vote = vote_of(np.exp(np.array([0.1, 0.2, 0.2, 0.4, 9.0])), predicted, columns)
    # Deviations from 0.2: 0.1, 0, 0, 0.2 and 8.8.
    assert vote.log == pytest.approx(0.2) and vote.count == 5
    assert vote.spread == pytest.approx(OF_DEVIATION * 0.1)
    assert vote.factor == pytest.approx(math.exp(0.2))


def test_what_does_not_count_for_the_median_shows_the_bend():
    rng = np.random.default_rng(0)
    predicted, columns = rng.uniform(1, 4, 500), rng.uniform(0, 1, 500)
    logs = 0.2 * np.log(predicted)
    near = logs < 0.15
    vote = vote_of(predicted * np.exp(logs), predicted, columns, near)
    assert (vote.log, vote.count) == (pytest.approx(np.median(logs[near])), near.sum())
    of_all = fit_bend(logs, predicted, columns).by_depth
    assert vote.bend.by_depth == pytest.approx(of_all) and of_all > 0.17
