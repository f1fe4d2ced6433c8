"""Learning from a trained network."""

import math

from doubles import make_facts
from monodepth_ros.errors import CheckpointError, ConfigError
from monodepth_ros.networks.checkpoint import save_checkpoint
from monodepth_ros.networks.output import NetworkOutput
from monodepth_ros.training.config import TeacherConfig
from monodepth_ros.training.teacher import soft_label_loss, Teacher
import pytest
import torch
from training_kit import TinyNetwork

pytestmark = pytest.mark.usefixtures('tiny_network')
CLASSES = ('wall', 'floor')


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a teacher which sees 2 m and even odds everywhere."""

    def make(outputs=('depth', 'semantic'), **weights):
        network = TinyNetwork(len(CLASSES), outputs=outputs)
        for head in network.heads.values():
            torch.nn.init.zeros_(head.weight)
            torch.nn.init.zeros_(head.bias)
        if 'depth' in network.heads:
            network.heads['depth'].bias.data.fill_(math.log(2.0))
        path = tmp_path / 'teacher.safetensors'
        facts = make_facts(
            network='tiny',
            options={'outputs': list(outputs)},
            outputs=outputs,
            classes=CLASSES,
            colors=((0, 0, 0), (1, 1, 1)),
            focal_length=50.0,
        )
        save_checkpoint(path, network, facts, half=False)
        config = TeacherConfig(str(path), **weights)
        return Teacher(config, torch.device('cpu'), torch.float32)

    return make


def test_soft_labels_by_hand():
    # T = 2: the teacher's odds are e^(ln 9 / 2) = 3 to 1, the student's 1 to 1.
    target = torch.tensor([math.log(9.0), 0.0]).view(1, 2, 1, 1)
    logits = torch.zeros(1, 2, 1, 1)
    divergence = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert soft_label_loss(logits, target, 2.0).item() == pytest.approx(4 * divergence)
    assert soft_label_loss(target, target + 5.0, 2.0).item() == pytest.approx(0.0, abs=1e-6)


def test_soft_labels_are_a_mean_over_pixels_and_hold_in_float16():
    target = torch.zeros(2, 2, 3, 5, dtype=torch.float16)
    logits = target.clone()
    logits[0, 0, 0, 0] = 60000.0  # sure, and wrong half the time
    found = soft_label_loss(logits, target, 1.0)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx((0.5 * 60000 - math.log(2)) / 30, rel=1e-3)


def test_terms_by_hand(make):
    teacher = make(depth=2.0, semantic=3.0, temperature=2.0)
    images = torch.randint(0, 255, (1, 8, 8, 3), dtype=torch.uint8)
    raw = torch.full((1, 1, 4, 4), math.log(3.0), requires_grad=True)  # at half the size
    logits = torch.zeros(1, 2, 8, 8)
    logits[:, 0] = math.log(9.0)  # 3 to 1 at T = 2, where the teacher says 1 to 1
    terms = teacher.terms(TinyNetwork, NetworkOutput(raw, logits), images)
    assert terms['teacher_depth'].item() == pytest.approx(math.log(1.5))
    divergence = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert terms['teacher_semantic'].item() == pytest.approx(4 * divergence)
    expected = 2 * math.log(1.5) + 3 * 4 * divergence
    assert terms['loss'].item() == pytest.approx(expected)
    terms['loss'].backward()
    # Each of 16 pixels has a sixteenth of the slope of 2 |ln d - ln 2|.
    torch.testing.assert_close(raw.grad, torch.full_like(raw, 2 / 16))


def test_depth_goes_with_the_focal_length(make):
    teacher = make(semantic=0.0)
    images = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    output = NetworkOutput(torch.full((1, 1, 8, 8), math.log(2.0)), None)
    # The teacher's 2 m at 50 pixels are 3 m at 75, as the lens would have to be for this picture.
    for focal_length, expected in ((50.0, 0.0), (75.0, math.log(1.5)), (25.0, math.log(2.0))):
        teacher.check(TinyNetwork(2), (), focal_length)
        term = teacher.terms(TinyNetwork, output, images)['teacher_depth']
        assert term.item() == pytest.approx(expected, abs=1e-6)
        assert teacher.min_depth == pytest.approx(0.5 * focal_length / 50.0)


def test_only_terms_with_a_weight(make):
    images = torch.zeros(1, 8, 8, 3, dtype=torch.uint8)
    output = NetworkOutput(torch.zeros(1, 1, 8, 8), torch.zeros(1, 2, 8, 8))
    depth = make(depth=1.0, semantic=0.0).terms(TinyNetwork, output, images)
    assert list(depth) == ['teacher_depth', 'loss']
    semantic = make(depth=0.0, semantic=1.0).terms(TinyNetwork, output, images)
    assert list(semantic) == ['teacher_semantic', 'loss']


def test_the_teacher_neither_learns_nor_drops_out(make):
    teacher = make()
    images = torch.randint(0, 255, (1, 8, 8, 3), dtype=torch.uint8)
    output = NetworkOutput(torch.zeros(1, 1, 8, 8), torch.zeros(1, 2, 8, 8, requires_grad=True))
    first, second = (teacher.terms(TinyNetwork, output, images)['loss'] for _ in range(2))
    assert first == second
    first.backward()
    assert all(p.grad is None for p in teacher._network.parameters())


def test_teachers_that_fit(make):
    make().check(TinyNetwork(2), CLASSES, 50.2)
    depth = TinyNetwork(2, outputs=('depth',))
    make(semantic=0.0).check(depth, (), 50.0)
    make(outputs=('depth',), semantic=0.0).check(TinyNetwork(2), ('other',), 50.0)


@pytest.mark.parametrize(
    ('outputs', 'student', 'classes', 'words'),
    [
        (
            ('depth',),
            TinyNetwork(2),
            CLASSES,
            'semantic is 1.0, but the teacher .*only depth',
        ),
        (
            ('depth', 'semantic'),
            TinyNetwork(2, outputs=('semantic',)),
            CLASSES,
            r'teacher\.depth is 1.0, but the network predicts only semantic; set it to 0',
        ),
        (
            ('depth', 'semantic'),
            TinyNetwork(2),
            ('wall',),
            'classes wall, floor, .*has wall;',
        ),
    ],
)
def test_teachers_that_do_not_fit(make, outputs, student, classes, words):
    with pytest.raises(ConfigError, match=words):
        make(outputs=outputs).check(student, classes, 50.0)


def test_teacher_that_is_not_there(tmp_path):
    config = TeacherConfig(str(tmp_path / 'none.safetensors'))
    with pytest.raises(CheckpointError, match='none.safetensors do not exist'):
        Teacher(config, torch.device('cpu'), torch.float32)
