"""Counts, loss from gaps in stamps, and what level they come to."""

from dataclasses import fields, replace

from diagnostic_msgs.msg import DiagnosticStatus
from monodepth_ros.errors import IMAGE_REASONS
from monodepth_ros.ros import fastdds
from monodepth_ros.ros.diagnostics import (
    CameraState,
    DROP_REASONS,
    GapCounter,
    make_status,
    NodeState,
    Statistics,
)
from monodepth_ros.ros.stopwatch import STAGES
import pytest

PERIOD = 33_333_333
CAMERA = [field.name for field in fields(CameraState) if field.name != 'name']
ACTIVE = NodeState(lifecycle='active', engine='torch', device='cpu', model='m')


def losses(stamps):
    gaps = GapCounter()
    return sum(gaps.add(stamp) for stamp in stamps)


def test_no_gaps_no_loss():
    assert losses(range(0, 100 * PERIOD, PERIOD)) == 0


def test_jitter_is_not_loss():
    assert losses(i * PERIOD + (i % 2) * PERIOD // 4 for i in range(100)) == 0


def test_every_missing_frame_is_counted():
    missing = {20, 35, 36, 37, 60}
    assert losses(i * PERIOD for i in range(90) if i not in missing) == 5


def test_loss_of_most_frames_is_seen():
    # Every fourth frame is alone, the others come in pairs that show the camera's period.
    kept = [i for i in range(120) if i % 6 in (0, 1)]
    lost = losses(i * PERIOD for i in kept)
    assert 0.9 * (120 - len(kept)) - 12 <= lost <= 120 - len(kept)


def test_time_jumps_and_pauses_are_not_loss():
    bag = [i * PERIOD for i in range(30)]
    assert losses(bag + bag) == 0
    assert losses(bag + [stamp + 60_000_000_000 for stamp in bag]) == 0
    assert losses(bag + [bag[-1]] * 5) == 0


def test_rates_are_of_the_interval_and_counts_of_all():
    now = [0.0]
    statistics = Statistics(clock=lambda: now[0])
    for _ in range(20):
        statistics.received(0)
    statistics.published(0.05, 0.02)
    now[0] = 2.0
    report = statistics.report()
    assert (report.input_hz, report.output_hz) == (10.0, 0.5)
    now[0] = 3.0
    report = statistics.report()
    assert (report.input_hz, report.counts['received'], report.fresh['received']) == (0.0, 20, 0)
    assert report.silence_s == 3.0


def test_latency_percentiles():
    statistics = Statistics()
    for i in range(101):
        statistics.published(i * 1e-3, i * 2e-3)
    report = statistics.report()
    assert report.stamp_to_publish_ms == pytest.approx((50, 95))
    assert report.receive_to_publish_ms == pytest.approx((100, 190))


def status(changes=(), counts=(), silence=0.0, has_begun=True):
    now = [0.0]
    statistics = Statistics(clock=lambda: now[0])
    if has_begun:
        statistics.received(0)
    now[0] = silence
    for what in counts:
        statistics.count(what)
    changes = dict(changes)
    camera = CameraState(**{name: changes.pop(name) for name in CAMERA if name in changes})
    return make_status(replace(ACTIVE, **changes), camera, statistics.report())


@pytest.mark.parametrize(
    'changes, counts, silence, level, words',
    [
        ({}, [], 0, DiagnosticStatus.OK, 'Hz'),
        ({}, ['superseded'] * 3, 0, DiagnosticStatus.OK, 'Hz'),
        ({}, ['no_subscriber'], 0, DiagnosticStatus.OK, 'waiting for subscribers'),
        ({'lifecycle': 'inactive'}, [], 60, DiagnosticStatus.OK, 'inactive'),
        ({'enabled': False}, [], 60, DiagnosticStatus.OK, 'disabled'),
        ({}, [], 60, DiagnosticStatus.STALE, 'no image for 60 s'),
        ({}, ['short_data'] * 2, 0, DiagnosticStatus.WARN, '2 images dropped: short_data'),
        ({}, ['inference_failed'], 0, DiagnosticStatus.WARN, 'failed'),
        ({}, ['bad_config'], 0, DiagnosticStatus.WARN, 'parameter'),
        ({}, ['max_rate'], 0, DiagnosticStatus.OK, 'Hz'),
        ({}, ['lost_upstream'], 0, DiagnosticStatus.WARN, 'fastdds.xml'),
        (
            {'calibration': 'bad_size', 'calibration_remedy': 'calibrate'},
            [],
            0,
            DiagnosticStatus.WARN,
            'bad_size: calibrate',
        ),
        (
            {'lifecycle': 'unconfigured', 'load_error': 'no such model'},
            [],
            60,
            DiagnosticStatus.ERROR,
            'no such model',
        ),
        ({'halted': 'stopped after 3'}, [], 60, DiagnosticStatus.ERROR, 'stopped after 3'),
    ],
)
def test_levels(changes, counts, silence, level, words):
    result = status(changes, counts, silence)
    assert result.level == level
    assert words in result.message


@pytest.mark.parametrize(
    'changes, counts, words',
    [
        ({}, ['lost_upstream'], f'start the camera driver with {fastdds.profile_variable()}='),
        ({'frame_id': ''}, [], 'set the frame_id in the camera driver'),
    ],
)
def test_the_remedy_comes_first(changes, counts, words):
    # `ros2 topic echo` shows 128 characters.
    assert words in status(changes, counts).message[:128]


def test_silence_names_the_topic_and_its_publishers():
    message = status({'unheard': '/image_raw (0 publishers)'}, silence=9).message
    assert message.startswith('no image for 9 s on /image_raw (0 publishers); check driver')
    assert 'QoS' in message[:128]


@pytest.mark.parametrize(
    'silence, has_begun, level, words',
    [
        (2.9, True, DiagnosticStatus.OK, 'Hz'),
        (3.1, True, DiagnosticStatus.STALE, 'no image for 3 s'),
        (2.9, False, DiagnosticStatus.OK, 'waiting for the first image'),
        (3.1, False, DiagnosticStatus.ERROR, 'image_transport'),
    ],
)
def test_silence(silence, has_begun, level, words):
    result = status(silence=silence, has_begun=has_begun)
    assert result.level == level
    assert words in result.message


def waiting_status(*events):
    """Return the status after events, each a time and what happened, the last one a report."""
    now = [0.0]
    statistics = Statistics(clock=lambda: now[0])
    for now[0], event in events:
        statistics.received(0)
        event(statistics)
    return make_status(ACTIVE, CameraState(), statistics.report())


@pytest.mark.parametrize(
    'events, is_stuck',
    [
        ([(1, Statistics.submitted), (5.9, Statistics.submitted)], False),
        ([(1, Statistics.submitted), (6.1, Statistics.submitted)], True),
        # What is not for the network says nothing of it.
        ([(1, Statistics.submitted), (6.1, lambda s: s.count('max_rate'))], True),
        ([(1, Statistics.submitted), (6.1, lambda s: s.count('superseded'))], True),
        ([(1, Statistics.submitted), (6.1, Statistics.answered)], False),
        ([(1, Statistics.submitted), (6.1, Statistics.restart)], False),
        ([(1, Statistics.submitted), (2, Statistics.answered), (9, Statistics.submitted)], False),
        ([(9, lambda s: s.count('no_subscriber'))], False),
    ],
)
def test_a_network_that_hangs_is_an_error(events, is_stuck):
    status = waiting_status(*events)
    assert (status.level == DiagnosticStatus.ERROR) == is_stuck
    assert ('no output for 5 s: the network hangs' in status.message) == is_stuck


def test_a_new_stream_has_not_begun():
    statistics = Statistics()
    assert not statistics.report().has_begun
    statistics.received(0)
    assert statistics.report().has_begun
    statistics.restart()
    assert not statistics.report().has_begun


def test_latency_of_frames_without_a_stamp():
    statistics = Statistics()
    assert statistics.report().stamp_to_publish_ms is None
    statistics.published(None, 0.01)
    report = statistics.report()
    assert report.stamp_to_publish_ms is None
    assert report.receive_to_publish_ms == pytest.approx((10, 10))
    statistics.published(0.02, 0.01)
    assert statistics.report().stamp_to_publish_ms == pytest.approx((20, 20))


def test_every_figure_is_there():
    result = status(counts=['superseded'])
    values = {pair.key: pair.value for pair in result.values}
    assert result.name == 'monodepth: monodepth' and result.hardware_id == 'cpu'
    assert values['dropped.superseded'] == '1'
    assert set(IMAGE_REASONS) < set(DROP_REASONS)
    expected = {f'dropped.{reason}' for reason in DROP_REASONS}
    expected |= {'received', 'processed', 'published', 'lost_upstream', 'input_hz', 'output_hz'}
    expected |= {f'{a}_to_publish_ms_{p}' for a in ('stamp', 'receive') for p in ('p50', 'p95')}
    expected |= {f'stage_ms_{stage}' for stage in STAGES} | {'host_ms_median', 'camera'}
    expected |= {'engine', 'device', 'precision', 'model', 'calibration', 'state'}
    assert expected <= set(values)


def test_a_named_camera_is_in_name_and_hardware():
    result = make_status(ACTIVE, CameraState(name='front'), Statistics().report())
    assert (result.name, result.hardware_id) == ('monodepth: front', 'cpu, front')
    assert {pair.key: pair.value for pair in result.values}['camera'] == 'front'


def test_stage_times_are_medians_and_the_host_is_all_but_the_engine():
    statistics = Statistics()
    report = statistics.report()
    assert report.stage_ms == {} and report.host_ms is None
    # Host: 3, 14 and 5 ms; the median frame of one stage need not be that of another.
    for convert, engine, publish in ((1, 10, 2), (4, 20, 10), (2, 90, 3)):
        seconds = {'convert': convert * 1e-3, 'engine': engine * 1e-3, 'publish': publish * 1e-3}
        statistics.published(0.1, 0.1, seconds)
    report = statistics.report()
    expected = {'convert': 2, 'prepare': 0, 'engine': 20, 'output': 0, 'publish': 3}
    assert report.stage_ms == pytest.approx(expected)
    assert report.host_ms == pytest.approx(5)
    result = make_status(ACTIVE, CameraState(), report)
    values = {pair.key: pair.value for pair in result.values}
    assert values['stage_ms_engine'] == '20.000' and values['host_ms_median'] == '5.000'
