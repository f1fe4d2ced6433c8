"""The layout for Foxglove has panels as Foxglove documents them, of topics that are ours."""

import json
from pathlib import Path
import re

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
CLOUD = {'visible': FLAG, 'colorMode': COLORS, 'colorField': TEXT, 'pointSize': NUMBER}
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
    'colorMap': ('turbo', 'rainbow'),
    'minValue': NUMBER,
    'maxValue': NUMBER,
}
SERIES = {
    'value': TEXT,
    'label': TEXT,
    'enabled': FLAG,
    'timestampMethod': ('receiveTime', 'publishTime', 'headerStamp', 'customField'),
}
FOLLOW = ('follow-pose', 'follow-heading', 'follow-position', 'follow-none')
PANELS = {
    'Image': {'imageMode': IMAGE},
    '3D': {
        'topics': {'/depth/points': CLOUD},
        'layers': {'grid': GRID},
        'cameraState': CAMERA,
        'followMode': FOLLOW,
    },
    'Plot': {
        'paths': [SERIES, SERIES],
        'showLegend': FLAG,
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
    assert CAMERA.keys() <= layouts.ThreeDeeCameraState()._to_dict().keys()
    cloud = layouts.BaseRendererPointCloudTopicSettings()._to_dict().keys()
    assert CLOUD.keys() <= cloud
