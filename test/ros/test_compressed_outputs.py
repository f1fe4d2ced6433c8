"""Compressed outputs, read as image_transport's subscribers do."""

import struct

import cv2
from message_reader import read_image
from monodepth_ros.image_encodings import decode_compressed
from monodepth_ros.ros.compressed_outputs import inverse_depth
import numpy as np
import pytest

PICTURES = ('depth/color', 'depth/image_rect_color', 'segmentation/overlay')
LABELS = ('segmentation/mask', 'segmentation/color_mask')


def named(topics):
    return [topic for name in topics for topic in (name, f'{name}/compressed')]


def read(msg):
    """Return a compressed message's pixels in the encoding that its format says it came from."""
    original = msg.format.split(';')[0]
    pixels = cv2.imdecode(np.frombuffer(msg.data, np.uint8), cv2.IMREAD_UNCHANGED)
    return pixels[..., ::-1] if original == 'rgb8' else pixels


def whole(msg):
    channels = 3 if msg.encoding == 'rgb8' else 1
    values = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.width, channels)
    return values if channels == 3 else values[..., 0]


@pytest.mark.parametrize('topics, tolerance', [(PICTURES, 12), (LABELS, 0)])
def test_pictures_and_labels(make_bench, topics, tolerance):
    bench = make_bench(topics=named(topics)).start()
    bench.send_info()
    outputs = bench.serve()
    for topic in topics:
        raw, compressed = outputs[topic], outputs[f'{topic}/compressed']
        assert compressed.header == raw.header
        kind = 'jpeg' if tolerance else 'png'
        stored = 'mono8' if raw.encoding == 'mono8' else 'bgr8'
        assert compressed.format == f'{raw.encoding}; {kind} compressed {stored}'
        difference = np.abs(read(compressed).astype(int) - whole(raw))
        assert difference.mean() <= tolerance, topic
        if raw.encoding == 'rgb8':  # as the node itself reads such a topic
            again = decode_compressed(compressed.data, compressed.format)
            np.testing.assert_array_equal(again, read(compressed))


def read_compressed_depth(msg):
    """Return depth as compressed_depth_image_transport's decoder does, 32FC1 or 16UC1."""
    encoding, kind = msg.format.split('; ')
    assert kind == 'compressedDepth png'
    form, a, b = struct.unpack('<iff', bytes(msg.data[:12]))
    pixels = cv2.imdecode(np.frombuffer(msg.data, np.uint8)[12:], cv2.IMREAD_UNCHANGED)
    assert form == 0 and pixels.dtype == np.uint16
    if encoding == '16UC1':
        return pixels
    known = np.where(pixels > 0, pixels, 1)
    return np.where(pixels > 0, a / (known - b), np.nan)


def test_compressed_depth_of_both_encodings(make_bench):
    topics = ('depth/image_rect', 'depth/image_rect/compressedDepth')
    bench = make_bench(topics=topics, parameters={'depth.max_range': 3.0}).start()
    bench.send_info()
    for encoding in ('32FC1', '16UC1'):
        assert bench.change('depth.encoding', encoding).successful
        raw, compressed = bench.serve().values()
        assert compressed.header == raw.header and compressed.format.startswith(encoding)
        depth, found = read_image(raw), read_compressed_depth(compressed)
        if encoding == '16UC1':
            np.testing.assert_array_equal(found, depth)
            continue
        known = np.isfinite(depth)
        assert 0 < known.mean() < 1
        np.testing.assert_allclose(found[known], depth[known], atol=9 / 10100)
        assert np.isnan(found[~known]).all()


def test_inverse_depth_by_hand():
    values = [[0.1, 0.2, 1.0, 100.0, 150.0, 0.0, -1.0, np.nan, np.inf, -np.inf]]
    found = inverse_depth(np.array(values, np.float32), 10100.0, -100.0)
    # 10100 / 0.2 - 100; 1 at 100 m.
    assert found.tolist() == [[0, 50400, 10000, 1, 0, 0, 0, 0, 0, 0]]
