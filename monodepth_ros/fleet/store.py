"""Where results go: a folder, or with fsspec whatever it knows (s3://, gs://, memory://, ...)."""

from __future__ import annotations

from abc import ABC, abstractmethod
import os
from pathlib import Path
import tempfile

from monodepth_ros.errors import ConfigError

WITHOUT_FOLDERS = ('s3', 's3a', 'gs', 'gcs', 'az', 'abfs')
"""Kinds of places with buckets alone, which are not to be made by a wrong name."""


class Store(ABC):
    """Files by name, each of which is whole or not there; can be sent to another process."""

    @abstractmethod
    def write(self, name: str, data: bytes) -> None:
        """Write a file; raise ConfigError where that cannot be."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return a file; raise ConfigError where that cannot be."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""

    @abstractmethod
    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted; none where there is no folder."""


class Folder(Store):
    """A folder of this machine, or one that all machines see."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def __str__(self) -> str:
        return str(self.path)

    def write(self, name: str, data: bytes) -> None:
        """Write a file under another name first: one that has its name is whole."""
        path = self.path / name
        partial = ''
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, partial = tempfile.mkstemp(prefix='.', suffix='.partial', dir=path.parent)
            with os.fdopen(handle, 'wb') as file:
                file.write(data)
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        except OSError as error:
            if partial:
                Path(partial).unlink(missing_ok=True)
            raise ConfigError(_failed(path, error.strerror)) from None

    def read(self, name: str) -> bytes:
        """Return a file."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise ConfigError(f'cannot read {self.path / name}: {error.strerror}') from None

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        return (self.path / name).is_file()

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, without those that are being written."""
        path = self.path / folder
        if not path.is_dir():
            return []
        return sorted(p.name for p in path.iterdir() if not p.name.startswith('.'))


class Remote(Store):
    """A place that fsspec knows; what is written there comes into being at once, as in S3."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip('/')
        try:
            import fsspec
        except ModuleNotFoundError as error:
            raise ConfigError(
                f'{url} needs the library fsspec ({error}), and one for its kind of place; '
                'install them: pip install fsspec s3fs'
            ) from None
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise ConfigError(f'{url} cannot be opened: {error}') from None

    def __reduce__(self):
        return Remote, (self.url,)

    def __str__(self) -> str:
        return self.url

    def _path(self, name):
        return f'{self._root}/{name}'

    def write(self, name: str, data: bytes) -> None:
        """Write a file."""
        path = self._path(name)
        # Each kind of place has errors of its own, which need not be OSError.
        try:
            if self.url.partition('://')[0] not in WITHOUT_FOLDERS:
                self._files.makedirs(path.rpartition('/')[0], exist_ok=True)
            self._files.pipe_file(path, data)
        except Exception as error:
            raise ConfigError(_failed(f'{self.url}/{name}', _said(error))) from None

    def read(self, name: str) -> bytes:
        """Return a file."""
        try:
            return self._files.cat_file(self._path(name))
        except Exception as error:
            raise ConfigError(f'cannot read {self.url}/{name}: {_said(error)}') from None

    def exists(self, name: str) -> bool:
        """Return whether there is such a file, as it is now."""
        self._files.invalidate_cache()
        try:
            return self._files.exists(self._path(name))
        except Exception as error:
            raise ConfigError(f'cannot look at {self.url}: {_said(error)}') from None

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder."""
        self._files.invalidate_cache()
        try:
            found = self._files.ls(self._path(folder), detail=False)
        except FileNotFoundError:
            return []
        except Exception as error:
            raise ConfigError(f'cannot look at {self.url}: {_said(error)}') from None
        return sorted(path.rpartition('/')[2] for path in found)


def open_store(place: str) -> Store:
    """Return where a folder or URL is; raise ConfigError where it cannot be opened."""
    if place.startswith('file://'):
        place = place.removeprefix('file://')
    return Remote(place) if '://' in place else Folder(Path(place).expanduser())


def _said(error):
    return ' '.join(str(error).split()) or type(error).__name__


def _failed(path, reason):
    return (
        f'cannot write {path}: {reason}; make room or choose another --out; what is done stays, '
        'and the same command goes on with it'
    )
