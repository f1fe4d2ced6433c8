"""Stamps of every kind: a bag that loops, no stamps at all, simulated time, a limited rate."""

from bench import wait_until
from monodepth_ros.ros import compat
import pytest
from rosgraph_msgs.msg import Clock

SECOND = 1_000_000_000


def serve_at(bench, stamp_ns):
    msg = bench.make_image()
    msg.header.stamp = compat.ns_to_stamp(stamp_ns)
    return bench.serve(msg)


@pytest.mark.parametrize('max_rate', [0.0, 20.0])
def test_a_bag_that_loops_keeps_working(bench, max_rate):
    bench.change('max_rate', max_rate)
    for loop in range(3):
        for frame in range(8):
            # The listener of the bench wants each stamp once: loops differ by a nanosecond.
            outputs = serve_at(bench, 100 * SECOND + frame * SECOND // 10 + loop)
            assert {
                compat.stamp_to_ns(m.header.stamp) % SECOND % 10 for m in outputs.values()
            } == {loop}
    assert bench.count('processed') == 24
    assert bench.count('lost_upstream') == 0


@pytest.mark.parametrize('max_rate', [0.0, 1000.0])
def test_frames_without_a_stamp(bench, max_rate):
    bench.change('max_rate', max_rate)
    for number in range(1, 5):
        msg = bench.make_image()
        msg.header.stamp = compat.ns_to_stamp(0)
        for topic in bench.topics:
            bench.received[topic].clear()
        # Slower than the limit by the time of arrival.
        bench.serve(msg)
        wait_until(lambda n=number: bench.count('published') == n, 'the count')
    values = bench.status()[1]
    assert values['stamp_to_publish_ms_p50'] == 'nan'
    assert float(values['receive_to_publish_ms_p50']) > 0
    assert values['lost_upstream'] == '0'


def test_max_rate_leaves_frames_out(bench):
    bench.change('max_rate', 2.0)
    # 10 Hz by the stamps, whatever the time between them really is.
    first = bench.clock + 100_000_007
    for number in range(1, 21):
        bench.images.publish(bench.make_image())
        wait_until(
            lambda n=number: bench.count('published') + bench.count('max_rate') == n, 'a frame'
        )
    # Due every 0.5 s, and up to a quarter of that early: the fourth frame, then every fifth.
    assert bench.count('published') == 5 and bench.count('max_rate') == 15
    status, values = bench.status()
    assert values['ignored.max_rate'] == '15' and values['lost_upstream'] == '0'
    assert status.level == b'\x00'
    wait_until(lambda: len(bench.received['segmentation/mask']) == 5, 'masks')
    steps = sorted((s - first) // 100_000_007 for s in bench.received['segmentation/mask'])
    assert steps == [0, 4, 9, 14, 19]


def test_latency_is_in_simulated_time(make_bench):
    bench = make_bench(parameters={'use_sim_time': True}).start()
    bench.send_info()
    clock = bench.helper.create_publisher(Clock, '/clock', 10)
    wait_until(clock.get_subscription_count, 'the clock subscription')
    now = 50 * SECOND

    def has_clock():
        clock.publish(Clock(clock=compat.ns_to_stamp(now)))
        return bench.node.get_clock().now().nanoseconds == now

    wait_until(has_clock, 'the clock')
    serve_at(bench, now - SECOND // 4)
    wait_until(lambda: bench.count('published') == 1, 'the count')
    assert bench.status()[1]['stamp_to_publish_ms_p50'] == '250.0'
