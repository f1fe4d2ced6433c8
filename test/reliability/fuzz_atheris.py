"""The readers of files under atheris: damage that coverage guides, for as long as one likes."""

from __future__ import annotations

from pathlib import Path
import sys
from tempfile import mkdtemp

FOLDER = Path('fuzz_corpus')
"""Files that have reached new code; the next run begins with them."""


class Found(Exception):
    """A file was not refused or read as it should; libFuzzer keeps it."""


def run_guided(name: str, arguments: list[str]) -> int:
    """
    Fuzz a reader until libFuzzer is told to stop or has found something; it ends the process.

    Args:
        name: name of the reader.
        arguments: for libFuzzer, such as -max_total_time=60.

    """
    try:
        import atheris
    except ImportError:
        sys.exit('atheris is not installed: pip install atheris')
    with atheris.instrument_imports(include=['monodepth_ros', 'yaml']):
        import fuzz_files as kit
    readers = {reader.name: reader for reader in kit.make_readers(Path(mkdtemp()))}
    if name not in readers:
        sys.exit(f'no reader {name!r}; known: {", ".join(readers)}')
    reader, corpus = readers[name], FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for place, seed in enumerate(reader.seeds):
        (corpus / f'seed{place}').write_bytes(seed)

    def read(data):
        problem = reader.check(data)[1]
        if problem:
            raise Found(problem)

    # The alarm is the kit's own.
    atheris.Setup([sys.argv[0], '-handle_alrm=0', *arguments, str(corpus)], read)
    with kit.watched():
        atheris.Fuzz()
    return 0
