"""The models of a walk, with their authors and licences."""

from dataclasses import replace
from pathlib import Path

from rooms_app.catalog import read_catalog
from rooms_app.credits import can_be_passed_on, credits_csv
from rooms_kit import catalog

ENTRIES = """
name#1=Small chair
category#1=Kitchen
model#1=/it/chair.obj
width#1=40
depth#1=42
height#1=90
creator#1=Jay-Artist
"""


def test_libraries_and_authors_are_read(tmp_path):
    for library in ('Scopia', 'sweethome3d'):
        (tmp_path / library / 'it').mkdir(parents=True)
        (tmp_path / library / 'it' / 'chair.obj').touch()
        (tmp_path / library / 'PluginFurnitureCatalog.properties').write_text(ENTRIES)
    models = read_catalog(tmp_path)
    assert [(m.library, m.author) for m in models] == [
        ('Scopia', 'Jay-Artist'),
        ('sweethome3d', 'Jay-Artist'),
    ]
    # Pictures of the program's own models would be under the GNU GPL.
    assert [can_be_passed_on(m) for m in models] == [True, False]


def test_each_model_is_named_once():
    chair, table = (
        replace(model, library='BlendSwap-CC-BY', author='A, B', path=Path('x'))
        for model in catalog()
        if model.name in ('Chair', 'Table')
    )
    assert credits_csv([table, chair, chair]) == (
        'model,author,library,licence\n'
        'Chair,"A, B",BlendSwap-CC-BY,CC BY 3.0\n'
        'Table,"A, B",BlendSwap-CC-BY,CC BY 3.0\n'
    )
    assert 'GNU GPL' in credits_csv([replace(chair, library='sweethome3d')])
