"""Every model that ships knows the rendered room, which none was trained on."""

from pathlib import Path

from monodepth_ros.engines.factory import create_engine, shipped_models
from monodepth_ros.training.datasets import open_dataset
from monodepth_ros.training.evaluate import evaluate
import pytest

pytest.importorskip('torch')

ROOM = Path(__file__).parents[2] / 'scripts' / 'room'
SHOWN = range(0, 36, 6)
BARS = {
    'densedepth_efficientnet_lite0': (0.76, 0.17, None),
    'dual_efficientnet_lite0': (0.77, 0.17, 0.82),
    'dual_resnet50': (0.79, 0.17, 0.87),
}
"""
Least delta1, largest abs_rel and least pixel accuracy of each model, a little short of its own.

No constant depth has a delta1 above 0.42, no constant label more than 0.40 of the pixels.
"""


@pytest.fixture
def room(tmp_path):
    """Return a folder that holds some of the room's images as the split `shown`."""
    for part in ('rgb', 'depth', 'label13', 'camera.yaml'):
        (tmp_path / part).symlink_to(ROOM / part)
    (tmp_path / 'shown.txt').write_text(''.join(f'{i:04d}\n' for i in SHOWN))
    return tmp_path


@pytest.mark.parametrize('name', shipped_models())
def test_it_knows_the_room(name, room):
    engine = create_engine(name, engine='torch', device='cpu', threads=2)
    try:
        figures = evaluate(engine, open_dataset('folder', room, 'shown', engine.facts.classes))
    finally:
        engine.close()
    assert figures['n_images'] == len(SHOWN)
    delta1, abs_rel, accuracy = BARS[name]
    assert figures['delta1'] > delta1 and figures['abs_rel'] < abs_rel
    if 'semantic' in engine.facts.outputs:
        assert figures['pixel_accuracy'] > accuracy
