"""The inputs are subscribed to with every rclpy from Humble's on, and quietly."""

import runpy
import sys
import types

from bench import wait_until
from monodepth_ros.ros import inputs


def test_humbles_rclpy_has_the_events_in_another_module(monkeypatch):
    events = types.ModuleType('rclpy.qos_event')
    events.SubscriptionEventCallbacks = object()
    monkeypatch.setitem(sys.modules, 'rclpy.event_handler', None)
    monkeypatch.setitem(sys.modules, 'rclpy.qos_event', events)
    module = runpy.run_path(inputs.__file__)
    assert module['SubscriptionEventCallbacks'] is events.SubscriptionEventCallbacks


def test_an_ordinary_driver_is_nothing_to_warn_of(make_bench, capfd):
    bench = make_bench().start()
    bench.send_info()
    # The driver's side has been told by then that one of the two subscriptions does not fit.
    wait_until(lambda: bench.helper.count_subscribers('camera_info') >= 2, 'the subscriptions')
    bench.serve()
    assert 'offering incompatible QoS' not in capfd.readouterr().err
