"""A network of others as teacher, on images with ground truth and on images without any."""

import math

import cv2
from foreign_kit import Output, StandIn
from monodepth_ros.errors import ConfigError
from monodepth_ros.networks.output import NetworkOutput
from monodepth_ros.training.config import TeacherConfig
from monodepth_ros.training.foreign_teacher import (
    ForeignTeacher,
    shift_invariant_loss,
    sure_label_loss,
)
import numpy as np
import pytest
import torch
from training_kit import make_trainer, TinyNetwork
import yaml

pytestmark = pytest.mark.usefixtures('tiny_network')
# Bright is far: depth is 1 m and 3 m for each of red, green and blue, all 0..1.
BRIGHT = StandIn([Output('d', of_brightness=True, after=(), gain=3.0)], size=('h', 'w'), batch='n')
SIZE = {'width': 32, 'height': 32, 'multiple': 16}


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Return a maker of teachers that say how bright it is."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))

    def make(kind='metres', check=True, **depth):
        manifest = {'input': SIZE, 'depth': {'kind': kind, **depth}}
        path = BRIGHT.write(tmp_path / 'teacher.onnx', manifest)
        config = TeacherConfig(str(path), depth=2.0, semantic=0.0)
        teacher = ForeignTeacher(config, torch.device('cpu'))
        if check:
            teacher.check(TinyNetwork(2), ('wall', 'floor'), focal_length=50.0)
        return teacher

    return make


def grey(*levels):
    """Return (N, 64, 64, 3) uint8 images of one level each, dark in their upper half."""
    images = np.zeros((len(levels), 64, 64, 3), np.uint8)
    for image, level in zip(images, levels):
        image[32:] = level
    return torch.from_numpy(images)


def output(metres):
    """Return a student's raw maps that say so many metres everywhere, and can learn."""
    raw = torch.full((1, 1, 16, 16), math.log(metres), requires_grad=True)
    return raw, NetworkOutput(raw, None)


def test_metres_by_hand(make):
    raw, maps = output(2.0)
    terms = make().terms(TinyNetwork, maps, grey(255))
    # 1 m in the dark half and 10 m in the bright one, but for the rows at the edge.
    expected = (math.log(2.0) + math.log(5.0)) / 2
    assert terms['teacher_depth'].item() == pytest.approx(expected, rel=0.15)
    assert terms['loss'].item() == pytest.approx(2 * terms['teacher_depth'].item())
    terms['loss'].backward()
    assert (raw.grad[0, 0, :6] > 0).all() and (raw.grad[0, 0, -6:] < 0).all()


def test_metres_go_with_the_focal_length(make):
    # Training images have 50 pixels at 64 wide, so 25 at the teacher's 32: half of its 50.
    raw, maps = output(0.5)
    term = make(focal_length=50.0).terms(TinyNetwork, maps, grey(0))['teacher_depth']
    assert term.item() == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize('kind', ['up_to_scale', 'inverse_up_to_scale_and_shift'])
def test_depth_without_metres_leaves_scale_and_shift_open(make, kind):
    teacher, levels = make(kind), grey(200)
    shown, _ = teacher._depth(teacher._look(levels)[0], (64, 64), 0.5)
    inverse = shown if kind.startswith('inverse') else 1.0 / shown
    loss = teacher.terms(TinyNetwork, NetworkOutput(-torch.log(0.3 * inverse), None), levels)
    assert loss['teacher_depth'].item() == pytest.approx(0.0, abs=1e-4)
    wrong = teacher.terms(TinyNetwork, NetworkOutput(torch.log(0.3 * inverse), None), levels)
    assert wrong['teacher_depth'].item() > 0.5


def test_shift_invariant_loss_by_hand():
    found = torch.tensor([[[[0.0, 1.0, 2.0, 9.0]]]])
    valid = torch.tensor([[[[True, True, True, False]]]])
    assert shift_invariant_loss(found, 5.0 * found - 7.0, valid).item() == pytest.approx(0.0)
    # Median 1 and mean deviation 2/3 make -1.5, 0 and 1.5 of it, and the contrary of its negative.
    assert shift_invariant_loss(found, -found, valid).item() == pytest.approx(2.0)
    flat = torch.full_like(found, 3.0).requires_grad_()
    shift_invariant_loss(flat, found, valid).backward()
    assert flat.grad.isfinite().all()


def test_what_it_cannot_teach(make, tmp_path):
    teacher = make(check=False)
    with pytest.raises(
        ConfigError, match='gives depth and the network predicts semantic; both need depth'
    ):
        teacher.check(TinyNetwork(2, outputs=('semantic',)), ('a', 'b'), 50.0)
    config = TeacherConfig(teacher._config.checkpoint, semantic=1.0)
    with pytest.raises(ConfigError, match='both need labels, or set it to 0'):
        ForeignTeacher(config, torch.device('cpu')).check(TinyNetwork(2), ('a', 'b'), 50.0)


LABELS = StandIn([Output('c', 2, after=(), of_brightness=True, gain=-3.0, bias=0.0)])
LABELS.size, LABELS.batch = ('h', 'w'), 'n'


@pytest.fixture
def make_labels(tmp_path, monkeypatch):
    """Return a maker of teachers of labels: what is brighter than the mean is the second class."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))

    def make(classes=('floor', 'wall'), **labels):
        given = {'kind': 'logits', 'classes': list(classes), **labels}
        manifest = {'input': {**SIZE, 'mean': [100, 100, 100]}, 'labels': given}
        path = LABELS.write(tmp_path / 'labels.onnx', manifest)
        config = TeacherConfig(str(path), depth=0.0, semantic=2.0)
        return ForeignTeacher(config, torch.device('cpu'))

    return make


def test_labels_by_hand_with_the_classes_by_name(make_labels):
    teacher = make_labels()
    teacher.check(TinyNetwork(3), ('bed', 'wall', 'floor'), 50.0)
    logits = torch.zeros(1, 3, 64, 64, requires_grad=True)
    terms = teacher.terms(TinyNetwork, NetworkOutput(None, logits), grey(255))
    # Three classes alike, and a teacher that is sure all but at the edge.
    assert set(terms) == {'teacher_semantic', 'loss'}
    assert terms['teacher_semantic'].item() == pytest.approx(math.log(3), rel=0.05)
    assert terms['loss'].item() == pytest.approx(2 * terms['teacher_semantic'].item())
    terms['loss'].backward()
    pulls = logits.grad[0, :, ::2, ::2]
    assert (pulls[2, :12] < 0).all() and (pulls[1, 20:] < 0).all() and (pulls[0] > 0).all()


def test_classes_are_mapped_by_the_manifest(make_labels):
    with pytest.raises(
        ConfigError, match="the classes .'dark', 'bright'., which are none of wall"
    ):
        make_labels(('dark', 'bright')).check(TinyNetwork(1), ('wall',), 50.0)
    teacher = make_labels(('dark', 'bright'), merge={'wall': ['bright']})
    teacher.check(TinyNetwork(2), ('floor', 'wall'), 50.0)
    logits = torch.zeros(1, 2, 64, 64, requires_grad=True)
    teacher.terms(TinyNetwork, NetworkOutput(None, logits), grey(255))['loss'].backward()
    # The dark half is of no class, and teaches nothing.
    assert not logits.grad[..., :24, :].any() and (logits.grad[0, 1, 40::2, ::2] < 0).all()


def test_labels_count_as_much_as_they_are_sure():
    logits = torch.zeros(1, 2, 1, 4)
    label = torch.tensor([[[0, 1, 0, 255]]])
    confidence = torch.tensor([[[1.0, 0.5, 0.0, 1.0]]])
    found = sure_label_loss(logits, label, confidence)
    assert found.item() == pytest.approx(math.log(2) * 1.5 / 3)


@pytest.fixture
def images(tmp_path):
    """Return a folder of images without truth, whose brightness tells their depth."""
    folder = tmp_path / 'images'
    (folder / 'inner').mkdir(parents=True)
    random = np.random.default_rng(0)
    for index in range(24):
        picture = cv2.resize(random.integers(0, 256, (4, 4), np.uint8), (64, 64))
        name = f'inner/{index:02}.png' if index % 2 else f'{index:02}.png'
        cv2.imwrite(str(folder / name), np.repeat(picture[..., None], 3, axis=2))
    camera = {
        'image_width': 64,
        'image_height': 64,
        'camera_matrix': {'rows': 3, 'cols': 3, 'data': [50, 0, 31.5, 0, 50, 31.5, 0, 0, 1]},
        'distortion_model': 'plumb_bob',
        'distortion_coefficients': {'rows': 1, 'cols': 5, 'data': [0, 0, 0, 0, 0]},
    }
    (folder / 'camera.yaml').write_text(yaml.safe_dump(camera))
    return folder


def error_of(network, teacher, pictures):
    """Return the mean |ln d - ln d_teacher| of a student on images."""
    mean, std = (
        torch.tensor(v).view(1, 3, 1, 1) for v in (network.encoder.mean, network.encoder.std)
    )
    with torch.no_grad():
        raw = network.eval()((pictures.permute(0, 3, 1, 2).float() - mean) / std)
        return teacher.terms(network, raw, pictures)['teacher_depth'].item()


def test_a_student_learns_from_images_without_truth(make, images, tmp_path):
    teacher = make()
    trainer = make_trainer(
        images,
        tmp_path / 'run',
        network='tiny',
        options={'outputs': ['depth'], 'dropout': 0.0},
        dataset='unlabelled',
        held_out=0,
        epochs=8,
        batch_size=4,
        loss={'depth_aware': 1.0},
        teacher={'checkpoint': teacher._config.checkpoint, 'semantic': 0.0},
        augment={},
        optimizer={'learning_rate': 0.03, 'warm_up': 0.0, 'weight_decay': 0.0},
    )
    random = np.random.default_rng(7)
    held_out = [cv2.resize(random.integers(0, 256, (4, 4), np.uint8), (64, 64)) for _ in range(6)]
    pictures = torch.from_numpy(np.repeat(np.stack(held_out)[..., None], 3, axis=3))
    before = error_of(trainer.learner.network, teacher, pictures)
    trainer.run()
    after = error_of(trainer.learner.network, teacher, pictures)
    assert after < 0.5 * before
    # What it learned is in the checkpoint, and its smallest depth is the teacher's.
    assert trainer.min_depth == pytest.approx(0.1)


def test_images_without_truth_need_a_camera(images):
    from monodepth_ros.errors import DatasetError
    from monodepth_ros.training.datasets import open_dataset

    dataset = open_dataset('unlabelled', images, 'train')
    assert len(dataset) == 24 and dataset.ids[0] == '00.png' and not dataset[3].depth.any()
    (images / 'camera.yaml').unlink()
    with pytest.raises(DatasetError, match='has no camera.yaml; put one there, or set hfov'):
        open_dataset('unlabelled', images, 'train')
    assert open_dataset('unlabelled', images, 'train', hfov=60.0).camera.width == 64
    for path in images.rglob('*.png'):
        path.unlink()
    with pytest.raises(DatasetError, match='has no image'):
        open_dataset('unlabelled', images, 'train')
