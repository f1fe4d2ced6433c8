"""Memory that is lent for messages is the messages' own, and stays the same."""

from monodepth_ros.ros.buffers import MessageBuffers
import numpy as np
import pytest
from sensor_msgs.msg import Image, PointCloud2


@pytest.mark.parametrize('kind', [Image, PointCloud2])
def test_what_is_written_is_in_the_message(kind):
    buffers = MessageBuffers()
    values = buffers.array('depth', (2, 3), np.float32, kind)
    assert (values.shape, values.dtype) == ((2, 3), np.float32)
    msg = buffers.message_of(values)
    assert isinstance(msg, kind)
    values[:] = [[1, 2, 3], [4, 5, 6]]
    np.testing.assert_array_equal(np.frombuffer(msg.data, np.float32), [1, 2, 3, 4, 5, 6])


def test_memory_is_kept_while_size_and_type_stay():
    buffers = MessageBuffers()
    first = buffers.array('label', (2, 3), np.uint8)
    assert buffers.array('label', (2, 3), np.uint8) is first
    for shape, dtype in (((3, 2), np.uint8), ((3, 2), np.uint16), ((2, 3), np.uint8)):
        other = buffers.array('label', shape, dtype)
        assert (other.shape, other.dtype) == (shape, dtype)
        assert not np.shares_memory(other, first)
        assert buffers.message_of(first) is None


def test_names_do_not_share():
    buffers = MessageBuffers()
    arrays = [buffers.array(name, (4,), np.uint8) for name in ('label', 'confidence')]
    assert not np.shares_memory(*arrays)
    assert buffers.message_of(arrays[0]) is not buffers.message_of(arrays[1])
    assert buffers.message_of(arrays[0].copy()) is None
    # A part of it has other bytes.
    assert buffers.message_of(arrays[0][:2]) is None
