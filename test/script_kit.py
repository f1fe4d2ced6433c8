"""Import a program of scripts/, whose name has no ending."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

SCRIPTS = Path(__file__).parents[1] / 'scripts'


def load_script(name: str) -> ModuleType:
    """Return the program as a module of its own; its main() does not run."""
    loader = SourceFileLoader(f'scripts_{name}', str(SCRIPTS / name))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
