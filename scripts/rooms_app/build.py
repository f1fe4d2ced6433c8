"""Build a plan in Blender: solids, models of the catalogue, surfaces and lights."""

from __future__ import annotations

from dataclasses import replace
import math
from pathlib import Path

import bpy
from mathutils import Matrix, Vector
import numpy as np
from rooms_app.catalog import Model
from rooms_app.classes import index
from rooms_app.plan import Light, Placed, Plan, Skin, Solid
from rooms_app.textures import draw, SIDE

MOST_FACES = 120_000
FLAT = 0.012
"""Metres that the surface below a thing may vary for the thing to rest on it."""
Y_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float)
"""Takes the libraries' axes (y up, front +z) to ours (z up, front -y)."""


def clear() -> None:
    """Empty Blender, and set the units that all else assumes."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.world = bpy.data.worlds.new('world')


class Materials:
    """Makes the material of each skin once a scene."""

    def __init__(self):
        self._made: dict[Skin, bpy.types.Material] = {}

    def of(self, skin: Skin) -> bpy.types.Material:
        """Return the material."""
        if skin not in self._made:
            self._made[skin] = self._make(skin)
        return self._made[skin]

    def _make(self, skin):
        material = bpy.data.materials.new('skin')
        material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        surface = nodes['Principled BSDF']
        surface.inputs['Roughness'].default_value = skin.roughness
        surface.inputs['Metallic'].default_value = skin.metallic
        targets = [surface.inputs['Base Color']]
        # Lamps and windows have lights of their own: these surfaces are only seen to glow.
        material.cycles.emission_sampling = 'NONE'
        if skin.glow:
            surface.inputs['Emission Strength'].default_value = skin.glow
            targets.append(surface.inputs['Emission Color'])
        if skin.pattern == 'plain':
            for target in targets:
                target.default_value = (*skin.color, 1)
            return material
        texture = nodes.new('ShaderNodeTexImage')
        texture.image = self._image(skin)
        for target in targets:
            links.new(texture.outputs['Color'], target)
        return material

    def _image(self, skin):
        if skin.pattern == 'file':
            return bpy.data.images.load(skin.file, check_existing=True)
        pixels = np.ones((SIDE, SIDE, 4), np.float32)
        pixels[..., :3] = draw(skin)[::-1] / 255.0
        image = bpy.data.images.new('pattern', SIDE, SIDE)
        image.pixels.foreach_set(pixels.ravel())
        image.pack()
        return image


FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
"""Of a box whose corners are in binary order of (x, y, z); -y is the third."""


def _box(solid):
    """Return vertices, faces and texture coordinates of a box."""
    half = np.array(solid.size) / 2
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    faces = [FACES[k] for k in range(6)]
    uv = []
    for face in faces:
        points = corners[list(face)]
        flat = int(np.argmin(np.ptp(points, axis=0)))
        kept = [axis for axis in range(3) if axis != flat]
        uv.append(points[:, kept] + half[kept] + np.array(solid.shift)[kept])
    if solid.shape == 'panel':
        uv = [(points / np.maximum(np.ptp(points, axis=0), 1e-6)) for points in uv]
        scale = 1.0
    else:
        scale = 1 / solid.skin.metres
        # Long furniture has its grain along the long side.
    return corners, faces, np.concatenate(uv) * scale


def _cylinder(solid, count=24):
    angle = np.arange(count) * 2 * math.pi / count
    ring = np.stack([np.cos(angle), np.sin(angle)], 1) * (solid.size[0] / 2, solid.size[1] / 2)
    low = np.column_stack([ring, np.full(count, -solid.size[2] / 2)])
    high = np.column_stack([ring, np.full(count, solid.size[2] / 2)])
    faces = [(k, (k + 1) % count, count + (k + 1) % count, count + k) for k in range(count)]
    faces += [tuple(range(count - 1, -1, -1)), tuple(range(count, 2 * count))]
    vertices = np.concatenate([low, high])
    uv = np.concatenate([vertices[list(face)][:, [0, 2]] for face in faces])
    return vertices, faces, uv / solid.skin.metres


def _curtain(solid):
    """Return a sheet that waves across its depth, closed in itself as seen from both sides."""
    width, depth, height = solid.size
    waves = max(2, round(width / 0.14))
    x = np.linspace(-width / 2, width / 2, waves * 10 + 1)
    y = depth / 2 * np.sin((x / width + 0.5) * waves * 2 * math.pi)
    low = np.column_stack([x, y, np.full(len(x), -height / 2)])
    high = np.column_stack([x, y, np.full(len(x), height / 2)])
    n = len(x)
    faces = [(k, k + 1, n + k + 1, n + k) for k in range(n - 1)]
    vertices = np.concatenate([low, high])
    uv = np.concatenate([vertices[list(face)][:, [0, 2]] for face in faces])
    return vertices, faces, uv / solid.skin.metres


def _arch(solid, count=16):
    """Return a box whose lower side is the upper half of an ellipse."""
    width, depth, height = solid.size
    angle = np.linspace(math.pi, 0, count + 1)
    x, low = width / 2 * np.cos(angle), height * np.sin(angle) - height / 2
    rows = [
        np.column_stack([x, np.full(count + 1, y), z])
        for y in (-depth / 2, depth / 2)
        for z in (low, np.full(count + 1, height / 2))
    ]
    n = count + 1
    faces = []
    for k in range(count):
        faces += [
            (k, k + 1, n + k + 1, n + k),
            (2 * n + k + 1, 2 * n + k, 3 * n + k, 3 * n + k + 1),
        ]
        faces.append((k + 1, k, 2 * n + k, 2 * n + k + 1))
    vertices = np.concatenate(rows)
    uv = np.concatenate([vertices[list(face)][:, [0, 2]] for face in faces])
    return vertices, faces, uv / solid.skin.metres


SHAPES = {
    'box': _box,
    'arch': _arch,
    'panel': _box,
    'cushion': _box,
    'cylinder': _cylinder,
    'curtain': _curtain,
}


ROUNDED = ('cushion', 'cylinder')
"""Shapes that need an object of their own to look round."""


def add_solids(solids: list[Solid], materials: Materials) -> None:
    """Add built parts; flat ones as one mesh a class, which Cycles prepares faster."""
    flat: dict[str, list[Solid]] = {}
    for solid in solids:
        if solid.shape in ROUNDED:
            _add_rounded(solid, materials)
        else:
            flat.setdefault(solid.label, []).append(solid)
    for label, group in flat.items():
        _add_mesh(label, group, materials)


def _add_mesh(label, solids, materials):
    """Add some solids of a class as one object, and return it."""
    mesh = bpy.data.meshes.new(label)
    vertices, faces, textures, slots, number = [], [], [], [], {}
    count = 0
    for solid in solids:
        points, own, uv = SHAPES[solid.shape](solid)
        vertices.append(points @ solid.pose().T + solid.center)
        faces += [[count + k for k in face] for face in own]
        textures.append(np.asarray(uv, np.float32))
        if solid.skin not in number:
            number[solid.skin] = len(number)
            mesh.materials.append(materials.of(solid.skin))
        slots += [number[solid.skin]] * len(own)
        count += len(points)
    mesh.from_pydata(np.concatenate(vertices).tolist(), [], faces)
    layer = mesh.uv_layers.new()
    layer.data.foreach_set('uv', np.concatenate(textures).ravel())
    mesh.polygons.foreach_set('material_index', slots)
    thing = bpy.data.objects.new(label, mesh)
    thing.pass_index = index(label) + 1
    bpy.context.collection.objects.link(thing)
    return thing


def _add_rounded(solid, materials):
    """Add a cushion or a cylinder."""
    thing = _add_mesh(solid.label, [replace(solid, center=(0, 0, 0), angle=0.0)], materials)
    thing.location, thing.rotation_euler = solid.center, (0, 0, solid.angle)
    if solid.shape == 'cushion':
        bevel = thing.modifiers.new('round', 'BEVEL')
        bevel.width, bevel.segments = min(solid.size) * 0.45, 4
    else:
        thing.data.shade_smooth()
        thing.data.set_sharp_from_angle(angle=math.radians(40))


class Library:
    """Reads each model once, brings it to its size and keeps it for the scenes to come."""

    def __init__(self):
        self._meshes: dict[Path, bpy.types.Mesh | None] = {}

    def mesh(self, model: Model) -> bpy.types.Mesh | None:
        """Return the mesh, standing on z = 0 around the origin; None where it is unfit."""
        if model.path not in self._meshes:
            self._meshes[model.path] = self._read(model)
        return self._meshes[model.path]

    def _read(self, model):
        before = set(bpy.data.objects)
        try:
            bpy.ops.wm.obj_import(filepath=str(model.path), forward_axis='NEGATIVE_Z', up_axis='Y')
        except RuntimeError:
            return None
        new = [thing for thing in bpy.data.objects if thing not in before]
        parts = [thing for thing in new if thing.type == 'MESH']
        faces = sum(len(part.data.polygons) for part in parts)
        mesh = self._join(parts) if parts and faces <= MOST_FACES else None
        for thing in set(bpy.data.objects) - before:
            bpy.data.objects.remove(thing)
        if mesh:
            _fit(mesh, model)
            for material in mesh.materials:
                _mend(material)
        return mesh

    def _join(self, parts):
        bpy.ops.object.select_all(action='DESELECT')
        for part in parts:
            part.select_set(True)
        bpy.context.view_layer.objects.active = parts[0]
        if len(parts) > 1:
            bpy.ops.object.join()
        bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)
        return parts[0].data


def _fit(mesh, model):
    """Turn a mesh upright and scale it to the catalogue's size."""
    if model.rotation:
        turn = Y_UP @ np.array(model.rotation).reshape(3, 3) @ Y_UP.T
        mesh.transform(Matrix(turn.tolist()).to_4x4())
    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get('co', points)
    points = points.reshape(-1, 3)
    low, high = points.min(0), points.max(0)
    scale = np.array(model.size) / np.maximum(high - low, 1e-4)
    base = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    mesh.vertices.foreach_set('co', ((points - base) * scale).astype(np.float32).ravel())
    mesh.update()


def _mend(material):
    """Give a material whose image is missing a plain colour."""
    if material is None or not material.node_tree:
        return
    nodes = material.node_tree.nodes
    for node in [n for n in nodes if n.type == 'TEX_IMAGE']:
        if node.image is None or not Path(bpy.path.abspath(node.image.filepath)).is_file():
            nodes.remove(node)
    surface = nodes.get('Principled BSDF')
    if surface and not surface.inputs['Alpha'].is_linked:
        _glaze(surface)


def _glaze(surface):
    """Make a see-through surface glass: it has one depth, where alpha would let rays pass."""
    alpha = surface.inputs['Alpha']
    if alpha.default_value < 0.98:
        surface.inputs['Transmission Weight'].default_value = min(1 - alpha.default_value, 0.9)
        surface.inputs['IOR'].default_value = 1.03
        surface.inputs['Roughness'].default_value = 0.02
        alpha.default_value = 1.0


def _tinted(mesh, tint):
    """Return a copy of a mesh whose plain colours are multiplied."""
    mesh = mesh.copy()
    for number, material in enumerate(mesh.materials):
        surface = material and material.node_tree.nodes.get('Principled BSDF')
        if surface and not surface.inputs['Base Color'].is_linked:
            own = material.copy()
            socket = own.node_tree.nodes['Principled BSDF'].inputs['Base Color']
            color = np.clip(np.array(socket.default_value[:3]) * tint, 0, 1)
            socket.default_value = (*color, 1)
            mesh.materials[number] = own
    return mesh


def add_model(placed: Placed, library: Library) -> bpy.types.Object | None:
    """Add a model to the scene; None where its file is unfit."""
    mesh = library.mesh(placed.model)
    if mesh is None:
        return None
    thing = bpy.data.objects.new(
        placed.model.name, _tinted(mesh, placed.tint) if placed.tint else mesh
    )
    thing.location = (placed.x, placed.y, placed.z)
    thing.rotation_euler = (0, 0, placed.angle)
    thing.scale = (placed.scale,) * 3
    thing.pass_index = index(placed.model.label) + 1
    bpy.context.collection.objects.link(thing)
    return thing


def surface_below(placed: Placed, reach: float = 0.35) -> float | None:
    """Return the height of the flat surface a thing is dropped onto, None where it is not flat."""
    scene, graph = bpy.context.scene, bpy.context.evaluated_depsgraph_get()
    points = placed.footprint.corners() * 0.7 + np.array([placed.x, placed.y]) * 0.3
    heights = []
    for x, y in [(placed.x, placed.y), *points]:
        start = Vector((x, y, placed.z + reach))
        hit, where, *_ = scene.ray_cast(graph, start, Vector((0, 0, -1)), distance=2 * reach)
        if not hit:
            return None
        heights.append(where.z)
    return max(heights) if max(heights) - min(heights) < FLAT else None


def _drop(things, library):
    """Add the things that rest on others, each where the surface below is flat."""
    bpy.context.view_layer.update()
    for placed in things:
        height = surface_below(placed)
        if height is not None:
            thing = add_model(placed, library)
            if thing:
                thing.location.z = height + 0.001


def add_light(light: Light) -> None:
    """Add an area light that the camera does not see itself."""
    lamp = bpy.data.lights.new('light', 'AREA')
    lamp.shape, lamp.size, lamp.size_y = 'RECTANGLE', *light.size
    lamp.energy, lamp.color, lamp.spread = light.power, light.color, light.spread
    thing = bpy.data.objects.new('light', lamp)
    thing.location = light.position
    thing.rotation_euler = Vector(light.direction).to_track_quat('-Z', 'Y').to_euler()
    thing.visible_camera = False
    bpy.context.collection.objects.link(thing)


def set_ambient(strength: float) -> None:
    """Light the void behind the walls."""
    world = bpy.context.scene.world
    world.use_nodes = True
    world.node_tree.nodes['Background'].inputs[0].default_value = (0.9, 0.95, 1, 1)
    world.node_tree.nodes['Background'].inputs[1].default_value = strength


def build(plan: Plan, library: Library) -> None:
    """Build the plan in an empty scene."""
    materials = Materials()
    add_solids(plan.solids, materials)
    for placed in plan.models:
        if not placed.rests:
            add_model(placed, library)
    _drop([placed for placed in plan.models if placed.rests], library)
    for light in plan.lights:
        add_light(light)
    set_ambient(plan.ambient)
    bpy.context.view_layer.update()
