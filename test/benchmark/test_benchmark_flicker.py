"""The flicker of the shipped light network, with the filter and without."""

from dataclasses import replace

from monodepth_ros.benchmark.flicker import measure_flicker
from monodepth_ros.benchmark.report import check_part
import pytest

pytest.importorskip('torch')


def test_the_filter_takes_most_of_the_flicker_away(settings):
    # A tiny random network in bfloat16, as some CPUs take it, does not see a camera's noise.
    settings = replace(settings, model='dual_efficientnet_lite0')
    without, with_filter = rows = measure_flicker(settings, filters=(0.0, 5.0), frames=4)
    check_part(rows, 'flicker')
    assert (without['temporal_filter_s'], with_filter['temporal_filter_s']) == (0.0, 5.0)
    assert 0.0 < with_filter['change'] < 0.5 * without['change']
    assert without['ms_median'] > 0.0
