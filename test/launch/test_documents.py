"""What the documents refer to exists: files, sections, launch arguments, parameters."""

from pathlib import Path
import re

from monodepth_ros.engines.foreign.fields import FIELDS
import pytest
from test_launch_files import ARGUMENTS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
LAUNCH_COMMAND = re.compile(r'(?:ros2 launch monodepth_ros )?(\w+\.launch\.py)((?: \w+:=\S+)+)')
PARAMETER = re.compile(
    r'\b(?:camera|depth|scale|segmentation|point_cloud|obstacles|small|diagnostics)\.[a-z_]+\b'
)


def anchors(path):
    """Return the anchors of a document's headings, as they are made on GitHub."""
    headings = re.findall(r'^#+ (.+)$', path.read_text(), re.MULTILINE)
    return {re.sub(r'[^\w -]', '', heading).lower().replace(' ', '-') for heading in headings}


@pytest.mark.parametrize('path', DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in re.findall(r'\]\(([^)\s]+)\)', path.read_text()):
        if '://' in link:
            continue
        name, _, anchor = link.partition('#')
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize('path', DOCUMENTS, ids=lambda path: path.name)
def test_launch_arguments_exist(path):
    for name, arguments in LAUNCH_COMMAND.findall(path.read_text()):
        known = {*ARGUMENTS[name], *ARGUMENTS['monodepth.launch.py']}
        assert {argument.split(':=')[0] for argument in arguments.split()} <= known


def test_parameters_exist():
    parameters = pytest.importorskip('monodepth_ros.ros.parameters')
    named = {name for path in DOCUMENTS for name in PARAMETER.findall(path.read_text())}
    files = {name for name in named if name.endswith(('.py', '.md', '.yaml'))}
    assert len(named) > 5
    fields = {name for field in FIELDS for name in (field.name, field.name.rpartition('.')[0])}
    assert named - files - fields <= {*parameters.BY_NAME, *parameters.FACT_PARAMETERS}
