"""A bag of ROS 1 becomes the same data set as that of ROS 2 with the same messages."""

from dataclasses import fields, is_dataclass
from pathlib import Path

from monodepth_ros.fleet.options import Options
from monodepth_ros.fleet.store import Folder
from monodepth_ros.fleet.tasks import run_here
import pytest
from recording_kit import DEPTH, LIDAR, Robot, SCAN

dataset = pytest.importorskip('monodepth_ros.fleet.dataset', reason='rosbags is not installed')

OPTIONS = Options(max_blur=1.0)


def as_ros1(value, types):
    """Return a message of ROS 2 as that of ROS 1: headers are numbered, matrices are capitals."""
    if isinstance(value, list):
        return [as_ros1(part, types) for part in value]
    if not is_dataclass(value):
        return value
    make = types.types[value.__msgtype__]
    names = [part.name for part in fields(make) if not part.name.startswith('_')]
    return make(
        *(
            0
            if n == 'seq'
            else as_ros1(
                getattr(value, n, None) if hasattr(value, n) else getattr(value, n.lower()), types
            )
            for n in names
        )
    )


def to_ros1(source: Path, target: Path, old_tf: bool):
    """Write the messages of a rosbag2 into a bag of ROS 1."""
    from rosbags.highlevel import AnyReader
    from rosbags.rosbag1 import Writer
    from rosbags.typesys import get_types_from_msg, get_typestore, Stores

    types = get_typestore(Stores.ROS1_NOETIC)
    names = {'tf2_msgs/msg/TFMessage': 'tf/msg/tfMessage' if old_tf else 'tf2_msgs/msg/TFMessage'}
    for name in {'tf2_msgs/msg/TFMessage', *names.values()}:
        types.register(get_types_from_msg('geometry_msgs/TransformStamped[] transforms', name))
    connections = {}
    with AnyReader([source]) as reader, Writer(target) as bag:
        for connection, time_ns, data in reader.messages():
            kind = names.get(connection.msgtype, connection.msgtype)
            if connection.topic not in connections:
                connections[connection.topic] = bag.add_connection(
                    connection.topic, kind, typestore=types
                )
            msg = as_ros1(reader.deserialize(data, connection.msgtype), types)
            raw = types.serialize_ros1(msg, msg.__msgtype__)
            bag.write(connections[connection.topic], time_ns, raw)


def make(out, path):
    maker = dataset.DatasetMaker(Folder(out), OPTIONS)
    worker = dataset.DatasetWorker(maker.store, OPTIONS)
    list(run_here(worker, maker.parts([(path, 'drive')])))
    summary = maker.finish()
    return summary, {
        str(p.relative_to(out)): p.read_bytes() for p in out.rglob('*') if p.is_file()
    }


@pytest.mark.parametrize('truth, old_tf', [(DEPTH, False), (LIDAR, True), (SCAN, False)])
def test_it_is_the_same(tmp_path, truth, old_tf):
    Robot(count=4, truths=(truth,), offset=0.05).write(tmp_path / 'drive')
    to_ros1(tmp_path / 'drive', tmp_path / 'drive.bag', old_tf)
    summary, found = make(tmp_path / 'old', tmp_path / 'drive.bag')
    assert len(summary.rows) == 4 and summary.rows[0]['pose'] is not None
    assert found == make(tmp_path / 'new', tmp_path / 'drive')[1]
