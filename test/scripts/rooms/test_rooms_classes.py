"""Things of the libraries and worlds are in the classes that NYU Depth v2 has them in."""

from monodepth_ros.training.datasets import nyu
import pytest
from rooms_app.catalog import choose, read_catalog
from rooms_app.classes import class_of_name, class_of_part, CLASSES, IN_13
from rooms_kit import catalog


def test_classes_and_mapping_are_nyus():
    assert CLASSES == nyu.CLASSES
    other = {'bathtub', 'mirror', 'toilet', 'sink', 'lamp', 'person', 'whiteboard'}
    for name, of_13 in IN_13.items():
        assert nyu.CLASSES_40_IN_13[name] == of_13
    assert {IN_13[name] for name in other} == {'objects'}
    assert (IN_13['door'], IN_13['curtain'], IN_13['blinds']) == ('wall', 'window', 'window')


@pytest.mark.parametrize(
    'name, expected',
    [
        ('Bedside table', 'furniture'),
        ('Child bed', 'bed'),
        ('Convertible sofa BZ', 'sofa'),
        ('Armchair', 'chair'),
        ('Table tennis bat', 'objects'),
        ('Coffee table', 'table'),
        ('Desk lamp', 'objects'),
        ('Flat TV', 'tv'),
        ('TV stand', 'furniture'),
        ('TV remote control', 'objects'),
        ('Shower curtain', 'objects'),
        ('Curtains', 'window'),
        ('Front door', 'wall'),
        ('Glass door cabinet', 'furniture'),
        ('Oriental rug', 'floor'),
        ('Book', 'books'),
        ('Bookcase', 'furniture'),
        ('Teapot', 'objects'),
    ],
)
def test_names(name, expected):
    assert class_of_name(name) == expected


@pytest.mark.parametrize(
    'names, expected',
    [
        (['aws_robomaker_hospital_floor_01_walls'], 'wall'),
        (['aws_robomaker_hospital_floor_01_ceiling'], 'ceiling'),
        (['aws_FloorB_01_visual', 'FloorB_01_001'], 'floor'),
        (['Mesh_0', 'aws_robomaker_residential_SofaC_01'], 'sofa'),
        (['aws_BookshelfB_01', 'BookshelfB_01_001'], 'furniture'),
        (['BookD_01_001'], 'books'),
        (['DeskPortraitA_01'], 'picture'),
        (['thing'], 'objects'),
    ],
)
def test_parts_of_worlds(names, expected):
    assert class_of_part(names) == expected


def test_a_catalogue_is_read_as_the_libraries_write_it(tmp_path):
    folder = tmp_path / 'Maker'
    (folder / 'maker').mkdir(parents=True)
    (folder / 'maker' / 'chair.obj').write_text('v 0 0 0\n')
    (folder / 'PluginFurnitureCatalog.properties').write_text(
        '# made\nid=Maker\nname#1=Chair\ncategory#1=Office\nmodel#1=/maker/chair.obj\n'
        'width#1=50\ndepth#1=60.5\nheight#1=90\nelevation#1=10\n'
        'modelRotation#1=1 0 0 0 0 -1 0 1 0\n'
        'name#2=Lost\ncategory#2=Office\nmodel#2=/maker/lost.obj\n'
        'width#2=1\ndepth#2=1\nheight#2=1\n'
    )
    (chair,) = read_catalog(tmp_path)
    assert (chair.size, chair.elevation, chair.label) == ((0.5, 0.605, 0.9), 0.1, 'chair')
    assert chair.rotation == (1, 0, 0, 0, 0, -1, 0, 1, 0)


def test_choose_by_name_and_size():
    names = [model.name for model in choose(catalog(), 'table', low=0.6)]
    assert names == ['Table']
