"""Furniture and textures: Debian packages, unpacked into the cache, not installed."""

from __future__ import annotations

from pathlib import Path
import shutil
import subprocess
import zipfile

from rooms_app.catalog import read_properties
from rooms_app.failure import RoomsFailure

PACKAGES = ('sweethome3d-furniture', 'sweethome3d')
WITHIN = Path('usr/share/sweethome3d')
OUTDOORS = ('Pebbles', 'Grass', 'Box tree', 'Paving stone')
REMEDY = (
    'apt-get update may help; on another system put the two Debian packages '
    '{} into {} and run this again'
)


def ensure(cache: Path) -> Path:
    """
    Return the folder with one library a folder, downloading what is missing.

    Raises:
        RoomsFailure: a package cannot be had or unpacked.

    """
    assets = cache / 'assets'
    if assets.is_dir():
        return assets
    packages = [_package(name, cache) for name in PACKAGES]
    unfinished = cache / 'assets.unfinished'
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        (unfinished / 'packages').mkdir(parents=True)
        for package in packages:
            _run(['dpkg', '-x', str(package), str(unfinished / 'packages')], cache)
        root = unfinished / 'packages' / WITHIN
        archives = [*sorted(root.rglob('*.sh3f')), root / 'sweethome3d.jar']
        for archive in archives:
            _unzip(archive, unfinished / archive.stem)
        shutil.rmtree(unfinished / 'packages')
    except (OSError, zipfile.BadZipFile) as error:
        raise RoomsFailure(f'{unfinished}: {error}; make room or remove {cache}') from error
    unfinished.rename(assets)
    return assets


def _unzip(archive, target):
    """Unpack models and catalogues, not the program."""
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if not name.endswith('.class')]
        file.extractall(target, names)


def _package(name, cache):
    """Return the file of a package, downloading it where it is missing."""
    cache.mkdir(parents=True, exist_ok=True)
    found = sorted(cache.glob(f'{name}_*.deb'))
    if not found:
        print(f'downloading {name} into {cache}', flush=True)
        _run(['apt-get', 'download', name], cache)
        found = sorted(cache.glob(f'{name}_*.deb'))
    return found[-1]


def _run(command, cache):
    remedy = REMEDY.format(' and '.join(PACKAGES), cache)
    try:
        done = subprocess.run(command, cwd=cache, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise RoomsFailure(f'{command[0]} is not there: {remedy}') from error
    if done.returncode:
        words = done.stderr.strip().splitlines() or ['no message']
        raise RoomsFailure(f'{" ".join(command[:2])}: {words[-1]}; {remedy}')


def texture_files(assets: Path) -> dict[str, tuple[str, ...]]:
    """Return the textures that the catalogue has for floors and walls indoors."""
    files: dict[str, tuple[str, ...]] = {'floor': (), 'wall': ()}
    for path in sorted(assets.rglob('DefaultTexturesCatalog.properties')):
        base = assets / path.relative_to(assets).parts[0]
        for entry in read_properties(path):
            use, image = entry.get('category', '').lower(), base / entry['image'].lstrip('/')
            if use in files and entry['name'] not in OUTDOORS and image.is_file():
                files[use] += (str(image),)
    return files
