"""Bring a Gazebo world (SDF, collada, OBJ) to one glTF file whose nodes carry their classes."""

from __future__ import annotations

import hashlib
from pathlib import Path
import re
import xml.etree.ElementTree as ET

import numpy as np
from rooms_app.classes import class_of_part
from rooms_app.failure import RoomsFailure
import trimesh
from trimesh.transformations import euler_matrix, rotation_matrix
from trimesh.visual.material import PBRMaterial

PEOPLE = re.compile(r'portrait', re.IGNORECASE)
"""Models whose textures are photographs of people: they are left plain."""
MARK = '::'
"""Between class and name in a node's name."""


def transform(text: str | None) -> np.ndarray:
    """Return the 4 x 4 matrix of an SDF pose 'x y z roll pitch yaw'."""
    values = [float(v) for v in (text or '0 0 0 0 0 0').split()]
    matrix = euler_matrix(*values[3:], axes='sxyz')
    matrix[:3, 3] = values[:3]
    return matrix


class Beside(trimesh.resolvers.FilePathResolver):
    """Finds textures in folders beside the mesh's, too, as collada files name them."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a file that a mesh names."""
        return (Path(self.parent) / name.strip().replace('\\', '/')).read_bytes()


class World:
    """
    Gathers the visual meshes of a world.

    Args:
        root: the checked-out repository, with models/ and worlds/.

    """

    def __init__(self, root: Path):
        self._root = root
        self._loaded: dict[Path, tuple[trimesh.Scene, float] | None] = {}
        self.scene = trimesh.Scene()
        self.missing: set[str] = set()

    def read(self, path: Path) -> None:
        """Add all models of a world file."""
        try:
            world = ET.parse(path).getroot().find('world')
        except ET.ParseError as error:
            raise RoomsFailure(f'{path}: {error}; give another world') from error
        self._group(world, np.eye(4))

    def _group(self, element, pose):
        for model in element.findall('model'):
            here = pose @ transform(model.findtext('pose'))
            name = model.get('name')
            for include in model.findall('include'):
                self._include(include, here, name)
            self._links(model, here, name)
        for include in element.findall('include'):
            self._include(include, pose, include.findtext('name'))

    def _include(self, include, pose, name):
        uri = include.findtext('uri').strip()
        file = self._file(uri) / 'model.sdf'
        if not file.is_file():
            self.missing.add(uri)
            return
        model = ET.parse(file).getroot().find('model')
        here = pose @ transform(include.findtext('pose')) @ transform(model.findtext('pose'))
        self._links(model, here, name or file.parent.name)

    def _file(self, uri):
        return self._root / 'models' / re.sub(r'^(model|file)://(models/)?', '', uri)

    def _links(self, model, pose, name):
        for link in model.findall('link'):
            at_link = pose @ transform(link.findtext('pose'))
            for visual in link.findall('visual'):
                here = at_link @ transform(visual.findtext('pose'))
                self._visual(visual, here, [visual.get('name', ''), name])

    def _visual(self, visual, pose, names):
        mesh, box = visual.find('geometry/mesh'), visual.findtext('geometry/box/size')
        if mesh is not None:
            uri = mesh.findtext('uri').strip()
            scale = [float(v) for v in (mesh.findtext('scale') or '1 1 1').split()]
            self._mesh(self._file(uri), pose, scale, [Path(uri).stem, *names])
        elif box:
            shape = trimesh.creation.box([float(v) for v in box.split()])
            self._add(shape, pose, names, self._plain(names[-1]))

    def _plain(self, text):
        digest = hashlib.sha256(text.encode()).digest()
        return PBRMaterial(baseColorFactor=[90 + b // 2 for b in digest[:3]] + [255])

    def _mesh(self, file, pose, scale, names):
        if file not in self._loaded:
            self._loaded[file] = self._load(file)
        if self._loaded[file] is None:
            return
        scene, unit = self._loaded[file]
        pose = pose @ np.diag([*(np.array(scale) * unit), 1.0])
        for node in scene.graph.nodes_geometry:
            within, geometry = scene.graph[node]
            shape = scene.geometry[geometry]
            if len(getattr(shape, 'faces', ())):
                plain = self._plain(names[-1]) if any(map(PEOPLE.search, names)) else None
                self._add(shape.copy(), pose @ within, names, plain)

    def _load(self, file):
        """Return a file's scene and its unit in metres, or None where it cannot be had."""
        if not file.is_file():
            self.missing.add(str(file))
            return None
        head = file.read_text(errors='ignore')[:4000] if file.suffix.lower() == '.dae' else ''
        unit = re.search(r'<unit[^>]*meter="([^"]+)"', head)
        try:
            scene = trimesh.load(file, force='scene', resolver=Beside(str(file)))
            return scene, float(unit[1]) if unit else 1.0
        except Exception as error:  # noqa: B902 - readers raise whatever their parsers do
            self.missing.add(f'{file} ({error})')
            return None

    def _add(self, shape, pose, names, material):
        shape.apply_transform(pose)
        if material is not None:
            uv = np.zeros((len(shape.vertices), 2))
            shape.visual = trimesh.visual.TextureVisuals(material=material, uv=uv)
        name = f'{class_of_part(names)}{MARK}{names[-1]}{MARK}{len(self.scene.geometry)}'
        self.scene.add_geometry(shape, geom_name=name, node_name=name)


def find_world(root: Path) -> Path:
    """Return the world file of a checked-out repository: the one with the shortest name."""
    found = sorted(root.glob('worlds/*.world'), key=lambda path: len(path.name))
    if not found or not (root / 'models').is_dir():
        raise RoomsFailure(
            f'{root} has no worlds/*.world with models/ beside it: give the folder of a '
            'checked-out world, or a .glb or .gltf file'
        )
    return found[0]


def to_gltf(root: Path, out: Path) -> None:
    """Write a world as one binary glTF file (y up)."""
    world = World(root)
    world.read(find_world(root))
    if not world.scene.geometry:
        raise RoomsFailure(f'{root}: no mesh of this world could be read')
    for name in sorted(world.missing):
        print(f'left out, for it is missing or unreadable: {name}')
    world.scene.apply_transform(rotation_matrix(-np.pi / 2, [1, 0, 0]))
    partial = out.with_suffix('.partial.glb')
    world.scene.export(partial)
    partial.replace(out)


if __name__ == '__main__':
    import sys

    try:
        to_gltf(Path(sys.argv[1]), Path(sys.argv[2]))
    except RoomsFailure as failure:
        sys.exit(str(failure))
