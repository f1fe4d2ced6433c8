"""The layout for Foxglove has panels as Foxglove documents them, of topics that are ours."""

import json
import math
from pathlib import Path
import re

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
LAYOUT = json.loads((ROOT / 'config' / 'foxglove_layout.json').read_text())
CONFIGS = LAYOUT['configById']

# Settings and their types or choices, as the reference of the layout API of foxglove-sdk 0.30 has
# them (https://docs.foxglove.dev/docs/notebook/layouts); those that the layout uses.
NUMBER, TEXT, FLAG = (int, float), str, bool
TRIPLE = [NUMBER] * 3
COLORS = ('flat', 'gradient', 'colormap', 'rgb', 'rgba', 'rgba-fields')
GRID = {
    'layerId': ('foxglove.Grid',),
    'instanceId': TEXT,
    'label': TEXT,
    'visible': FLAG,
    'size': NUMBER,
    'divisions': NUMBER,
    'position': TRIPLE,
    'rotation': TRIPLE,
}
SCALE = {'colorMap': ('turbo', 'rainbow'), 'minValue': NUMBER, 'maxValue': NUMBER}
CLOUD = {
    'visible': FLAG,
    'colorMode': COLORS,
    'colorField': TEXT,
    'pointSize': NUMBER,
    **SCALE,
}
CAMERA = {
    **dict.fromkeys(('distance', 'phi', 'thetaOffset', 'fovy', 'near', 'far'), NUMBER),
    **dict.fromkeys(('target', 'targetOffset'), TRIPLE),
    'targetOrientation': [NUMBER] * 4,
    'perspective': FLAG,
}
IMAGE = {
    'imageTopic': TEXT,
    'calibrationTopic': TEXT,
    'colorMode': COLORS,
    **SCALE,
}
SERIES = {
    'value': TEXT,
    'label': TEXT,
    'enabled': FLAG,
    'timestampMethod': ('receiveTime', 'publishTime', 'headerStamp', 'customField'),
}
FOLLOW = ('follow-pose', 'follow-heading', 'follow-position', 'follow-none')
PANELS = {
    'Image': {'imageMode': IMAGE, 'topics': {'/depth/points': CLOUD}},
    '3D': {
        'scene': {'transforms': {'labelSize': NUMBER}},
        'topics': {'/depth/points': CLOUD},
        'layers': {'grid': GRID},
        'cameraState': CAMERA,
        'followMode': FOLLOW,
    },
    'Plot': {
        'paths': [SERIES, SERIES],
        'showLegend': FLAG,
        'legendDisplay': ('floating', 'top', 'left'),
        'sidebarDimension': NUMBER,
        'isSynced': FLAG,
        'xAxisVal': ('timestamp', 'index', 'custom', 'currentCustom'),
    },
    'DiagnosticSummary': {
        'topicToRender': TEXT,
        'minLevel': NUMBER,
        'pinnedIds': [],
        'hardwareIdFilter': TEXT,
        'sortByLevel': FLAG,
    },
}


def faults(value, schema, place=''):
    """Yield where a value is not as its schema says."""
    if isinstance(schema, dict):
        for key in value:
            if key in schema:
                yield from faults(value[key], schema[key], f'{place}/{key}')
            else:
                yield f'{place}/{key} is unknown'
    elif isinstance(schema, list):
        if not isinstance(value, list) or len(value) != len(schema):
            yield f'{place} is {value!r}'
        else:
            for number, (part, kind) in enumerate(zip(value, schema)):
                yield from faults(part, kind, f'{place}/{number}')
    elif isinstance(schema, tuple) and isinstance(schema[0], str):
        if value not in schema:
            yield f'{place} is {value!r}, expected of {schema}'
    elif not isinstance(value, schema) or (schema is NUMBER and isinstance(value, bool)):
        yield f'{place} is {value!r}'


def test_faults_are_found():
    wrong = {'colorMode': 'blue', 'pointSize': '2', 'visible': True, 'shape': 1}
    assert len(list(faults(wrong, CLOUD))) == 3
    assert len(list(faults([1, 2], TRIPLE))) == 1 and not list(faults([1, 2.5, 0], TRIPLE))


def test_there_is_a_panel_of_each_kind():
    kinds = [name.partition('!')[0] for name in CONFIGS]
    assert sorted(kinds) == ['3D', 'DiagnosticSummary', 'Image', 'Image', 'Image', 'Plot']


@pytest.mark.parametrize('name', CONFIGS)
def test_settings_are_as_documented(name):
    assert list(faults(CONFIGS[name], PANELS[name.partition('!')[0]])) == []


def test_each_panel_has_its_place():
    def leaves(node):
        if isinstance(node, str):
            return [node]
        assert node.keys() <= {'direction', 'splitPercentage', 'first', 'second'}
        assert node['direction'] in ('row', 'column')
        return leaves(node['first']) + leaves(node['second'])

    assert sorted(leaves(LAYOUT['layout'])) == sorted(CONFIGS)


def test_depth_has_one_scale_of_colours():
    # Lichtblick shows images of floats without colours: there the cloud is over the image.
    panel = CONFIGS['Image!depth']
    image, cloud = panel['imageMode'], panel['topics']['/depth/points']
    assert cloud['visible'] and cloud['colorField'] == 'z'
    for key in ('colorMode', *SCALE):
        assert cloud[key] == image[key]


def test_the_view_has_the_whole_cloud_of_a_room():
    # Of a frame whose z is forward and y down: phi is the angle from z of the way to the eye.
    state = CONFIGS['3D!cloud']['cameraState']
    phi = math.radians(state['phi'])
    away = np.array([0, -math.sin(phi), math.cos(phi)])
    eye = state['targetOffset'] + state['distance'] * away
    assert state['thetaOffset'] == 0 and eye[1] < 0 and eye[2] < 0
    # Corners of what a camera of 63 x 49 degrees, such as the room's, sees at 1.5 and at 5 m.
    x, y = math.tan(math.radians(63 / 2)), math.tan(math.radians(49 / 2))
    corners = np.array([[u, v, 1] for u in (-x, x) for v in (-y, y)])
    points = np.concatenate([1.5 * corners, 5 * corners]) - eye
    down = np.array([0, -away[2], away[1]])
    shown = np.stack([points[:, 0], points @ down], 1) / -(points @ away)[:, None]
    shown /= math.tan(math.radians(state['fovy'] / 2))
    assert down[1] > 0.9
    assert np.abs(shown[:, 1]).max() < 1 and np.abs(shown[:, 0]).max() < 1.5
    assert np.ptp(shown[:, 1]) > 1.5


def test_topics_are_those_that_the_node_publishes():
    publishers = pytest.importorskip('monodepth_ros.ros.publishers')
    from monodepth_ros.ros.camera_scale import SCALE_TOPIC

    text = json.dumps(CONFIGS)
    named = set(re.findall(r'"/([a-z_/]+)', text))
    ours = {*publishers.TOPICS, *publishers.EXTRA_TOPICS, SCALE_TOPIC, 'diagnostics'}
    assert {'depth/points', 'depth/camera_info', 'scale', 'diagnostics'} <= named <= ours


def test_the_plot_is_of_figures_that_the_topic_has():
    diagnostics = pytest.importorskip('monodepth_ros.ros.diagnostics')
    from monodepth_ros.scale.estimator import ScaleState

    figures = dict(diagnostics.scale_figures(ScaleState()))
    keys = re.findall(r'key==\\"(\w+)\\"', json.dumps(CONFIGS['Plot!scale']))
    assert keys == ['factor', 'spread']
    for key in keys:
        float(figures[key])


def test_foxglove_itself_knows_the_settings():
    layouts = pytest.importorskip('foxglove.layouts')
    known = {
        'Image': layouts.ImageConfig(image_mode=layouts.ImageModeConfig()),
        '3D': layouts.ThreeDeeConfig(camera_state=layouts.ThreeDeeCameraState()),
        'Plot': layouts.PlotConfig(paths=[layouts.PlotSeries()]),
        'DiagnosticSummary': layouts.DiagnosticsSummaryConfig(),
    }
    for name, config in CONFIGS.items():
        fields = known[name.partition('!')[0]]._to_dict()
        assert config.keys() <= fields.keys()
    image = layouts.ImageModeConfig()._to_dict().keys()
    assert IMAGE.keys() <= image
    assert SERIES.keys() <= layouts.PlotSeries()._to_dict().keys()
    assert 'labelSize' in layouts.BaseRendererTransforms()._to_dict()
    assert CAMERA.keys() <= layouts.ThreeDeeCameraState()._to_dict().keys()
    cloud = layouts.BaseRendererPointCloudTopicSettings()._to_dict().keys()
    assert CLOUD.keys() <= cloud
