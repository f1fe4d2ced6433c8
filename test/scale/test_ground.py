"""Votes of the floor, with what a floor is not: too small, uncertain, tilted, or covered."""

from dataclasses import replace

from monodepth_ros.camera import PinholeCamera
from monodepth_ros.errors import ScaleError
from monodepth_ros.scale.ground import ground_vote, GroundSettings, label_indices, seen_plane
from monodepth_ros.scale.plane import GroundPlane
from monodepth_ros.scale.uprights import Lean
import numpy as np
import pytest
from scale_kit import CAMERA, FLOOR, make_depth, make_view, PLANE

SETTINGS = GroundSettings((FLOOR,))


def _reason(view, plane=PLANE, settings=SETTINGS):
    with pytest.raises(ScaleError) as caught:
        ground_vote(view, plane, settings)
    return caught.value.reason


@pytest.mark.parametrize('factor', [0.6, 1.0, 1.7])
def test_the_floor_tells_the_factor(factor):
    vote = ground_vote(make_view(factor), PLANE, SETTINGS)
    assert vote.factor == pytest.approx(factor, rel=1e-4)
    assert vote.spread < 1e-3 and vote.tilt < 0.1


def test_a_large_image_is_thinned_and_says_the_same():
    camera = PinholeCamera(640, 480, 520.0, 520.0, 319.5, 239.5)
    vote = ground_vote(make_view(1.3, camera), PLANE, SETTINGS)
    assert vote.factor == pytest.approx(1.3, rel=1e-4)
    assert 1000 < vote.count < 5_000


def test_people_and_carpets_that_are_called_floor_do_not_move_the_vote():
    view = make_view(1.4)
    depth = view.depth.copy()
    # A third of the image's width stands upright on the floor, at two thirds of its distance.
    depth[:, 30:80] *= 0.66
    noise = np.exp(np.random.default_rng(0).normal(0, 0.05, depth.shape)).astype(np.float32)
    vote = ground_vote(replace(view, depth=depth * noise), PLANE, SETTINGS)
    assert vote.factor == pytest.approx(1.4, rel=0.04)
    assert 0.03 < vote.spread < 0.12


def test_uncertain_floor_does_not_count():
    view = make_view(1.4)
    confidence = np.full(view.label.shape, 120, np.uint8)
    assert _reason(replace(view, confidence=confidence)) == 'no_floor'
    confidence[:, :40] = 130
    vote = ground_vote(replace(view, confidence=confidence), PLANE, SETTINGS)
    assert vote.factor == pytest.approx(1.4, rel=1e-3)


def test_too_little_floor_is_said_with_its_share():
    view = make_view()
    label = np.full_like(view.label, 11)
    label[100:110, 50:80] = FLOOR
    with pytest.raises(ScaleError, match=r'1\.6% of the image is floor .* expected 2%'):
        ground_vote(replace(view, label=label), PLANE, SETTINGS)


def test_a_floor_near_the_horizon_is_no_witness():
    # From 8 cm, all that is 1.5 m away and more is less than 4 degrees below the horizon.
    plane = GroundPlane.from_camera(0.08)
    far = make_view()
    label = np.where(plane.depth(CAMERA) > 1.5, FLOOR, 0).astype(np.uint8)
    assert np.mean(label == FLOOR) > 0.05
    assert _reason(replace(far, label=label), plane) == 'no_floor'


@pytest.mark.parametrize(('pitch', 'roll'), [(28, 3), (-6, 3), (12, 21)])
def test_a_pose_that_the_image_contradicts_gives_no_vote(pitch, roll):
    with pytest.raises(ScaleError, match=r'leans by 1[5-8] degrees .* camera.pitch') as caught:
        ground_vote(make_view(), GroundPlane.from_camera(0.6, pitch, roll), SETTINGS)
    assert caught.value.reason == 'tilted'


def test_the_tilt_is_the_angle_between_the_floors():
    vote = ground_vote(make_view(), GroundPlane.from_camera(0.6, pitch=19, roll=3), SETTINGS)
    assert vote.tilt == pytest.approx(7, abs=0.1)
    assert _reason(make_view(), GroundPlane.from_camera(0.6, 19, 3), GroundSettings((FLOOR,), 5))


def test_a_model_without_the_classes_is_told_from_a_view_without_floor():
    assert _reason(replace(make_view(), label=None, confidence=None)) == 'no_labels'
    assert _reason(make_view(), settings=GroundSettings(())) == 'no_labels'


def test_pixels_without_depth_do_not_count():
    view = make_view(1.2)
    depth = view.depth.copy()
    depth[:, ::2], depth[::3], depth[1::3] = np.nan, np.inf, -1
    assert ground_vote(replace(view, depth=depth), PLANE, SETTINGS).factor == pytest.approx(1.2)
    assert _reason(replace(view, depth=np.full_like(depth, np.nan))) == 'no_floor'


def test_the_seen_plane_is_that_of_most_points():
    depth, label = make_depth()
    chosen = label == FLOOR
    depth = np.where(np.random.default_rng(1).random(depth.shape) < 0.2, depth * 0.5, depth)
    seen = seen_plane(depth, chosen, CAMERA)
    assert seen.height == pytest.approx(0.6, rel=1e-2)
    assert seen.angle_to(PLANE) < 0.5


def test_a_plane_through_a_single_row_is_still_a_plane():
    depth, label = make_depth()
    chosen = np.zeros_like(label, bool)
    chosen[110] = True
    seen = seen_plane(depth, chosen, CAMERA)
    assert np.linalg.norm(seen.up) == pytest.approx(1) and np.isfinite(seen.height)


def test_classes_are_found_by_name_whatever_the_case():
    assert label_indices(['Floor', 'rug '], ('wall', 'floor', 'RUG', 'floor mat')) == (1, 2)
    assert label_indices(['street'], ('wall', 'floor')) == ()


def test_edges_that_contradict_the_pose_leave_no_vote():
    with pytest.raises(ScaleError, match='lean by about 10 degrees') as caught:
        ground_vote(make_view(), PLANE, SETTINGS, Lean(10.0, 0.6))
    assert caught.value.reason == 'leaning'


def test_edges_that_agree_are_noted():
    assert ground_vote(make_view(), PLANE, SETTINGS, Lean(2.0, 0.97)).upright
    assert ground_vote(make_view(), PLANE, SETTINGS, Lean(16.0, 0.9)).upright
    assert not ground_vote(make_view(), PLANE, SETTINGS, Lean(5.0, 0.6)).upright
    assert not ground_vote(make_view(), PLANE, SETTINGS).upright


def test_edges_are_asked_where_they_can_contradict():
    assert SETTINGS.asks_edges and not GroundSettings(()).asks_edges
    assert GroundSettings((FLOOR,), 39.0).asks_edges
    assert not GroundSettings((FLOOR,), 40.0).asks_edges


def test_the_floor_tells_how_the_depth_is_bent():
    view = make_view()
    u = (np.arange(CAMERA.width, dtype=np.float32) + 0.5) / CAMERA.width
    bent = replace(view, depth=view.depth**0.85 * np.exp(0.2 * u))
    vote = ground_vote(bent, PLANE, GroundSettings((FLOOR,)))
    mended = vote.factor * bent.depth * vote.bend.factors(bent.depth)
    off = np.abs(np.log(mended / view.depth))
    alone = np.abs(np.log(vote.factor * bent.depth / view.depth))
    # The floor well, and the wall that stands on it.
    assert np.median(off) < 0.3 * np.median(alone) and np.percentile(off, 95) < 0.06


def test_a_depth_that_is_nearly_none_bends_nothing():
    view = make_view(1.2)
    floor = np.flatnonzero(view.label == FLOOR)
    depth = view.depth.copy()
    depth.flat[floor[::50]] = 1e-39
    vote = ground_vote(replace(view, depth=depth), PLANE, GroundSettings((FLOOR,)))
    assert vote.factor == pytest.approx(1.2, rel=0.01)
    assert abs(vote.bend.by_depth) < 0.02 and abs(vote.bend.by_column) < 0.02


def test_a_floor_that_the_network_tilts_votes_where_edges_confirm_the_pose():
    plane = GroundPlane.from_camera(0.6, pitch=32, roll=3)
    agree, unsure = Lean(2.0, 0.97), Lean(5.0, 0.6)
    vote = ground_vote(make_view(), plane, SETTINGS, agree)
    assert vote.tilt == pytest.approx(20, abs=0.1) and vote.upright
    assert _reason(make_view(), plane) == 'tilted'
    with pytest.raises(ScaleError, match='leans by 20 degrees'):
        ground_vote(make_view(), plane, SETTINGS, unsure)
    # What leans more is no floor.
    with pytest.raises(ScaleError, match='leans by 5'):
        ground_vote(make_view(), GroundPlane.from_camera(0.6, 62, 3), SETTINGS, agree)
