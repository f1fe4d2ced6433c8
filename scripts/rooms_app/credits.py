"""Who made the models of a room, and under which licence its pictures can be passed on."""

from __future__ import annotations

import csv
import io
from typing import Iterable

from rooms_app.catalog import Model

LICENCES = {
    'BlendSwap-CC-0': 'CC0 1.0',
    'BlendSwap-CC-BY': 'CC BY 3.0',
    'KatorLegaz': 'CC BY 3.0 US',
    'Reallusion': 'CC BY 3.0 US',
    'Scopia': 'CC BY 3.0',
}
"""
Of the libraries that ask for no more than the authors' names.

From the copyright file of Debian's sweethome3d-furniture. What comes with the program itself is
under the GNU GPL.
"""
COLUMNS = ('model', 'author', 'library', 'licence')


def can_be_passed_on(model: Model) -> bool:
    """Say whether a picture of a model asks for its author's name at most."""
    return model.library in LICENCES


def credits_csv(models: Iterable[Model]) -> str:
    """Return a table of models, each once, with authors and licences."""
    rows = {(m.name, m.author, m.library, LICENCES.get(m.library, 'GNU GPL')) for m in models}
    file = io.StringIO()
    writer = csv.writer(file, lineterminator='\n')
    writer.writerow(COLUMNS)
    writer.writerows(sorted(rows))
    return file.getvalue()
