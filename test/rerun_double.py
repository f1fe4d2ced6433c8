"""A stand-in for rerun-sdk that keeps what is logged, for machines where it is not installed."""

from pathlib import Path
import types

__version__ = '0.24.0'


class Value:
    """Anything that is logged, with the arguments that it was made of."""

    def __init__(self, *values, **named):
        self.values, self.named = values, named


class _Any(types.SimpleNamespace):
    """Has a class of values by every name."""

    def __getattr__(self, name):
        return type(name, (Value,), {})


blueprint = _Any()
ViewCoordinates = types.SimpleNamespace(RIGHT_HAND_Z_UP='z up', RDF='rdf')
for _name in ('AnnotationContext', 'Clear', 'DepthImage', 'EncodedImage', 'Pinhole', 'Points3D'):
    globals()[_name] = type(_name, (Value,), {})
for _name in ('Scalars', 'SegmentationImage', 'Transform3D'):
    globals()[_name] = type(_name, (Value,), {})


class RecordingStream:
    """Keeps the entries of all recordings in `made`, each with its times."""

    made = []

    def __init__(self, application, recording_id):
        self.entries, self._times = [], {}
        self.made.append(self)

    def save(self, path):
        self._path = Path(path)
        self._path.write_bytes(b'begun')

    def send_blueprint(self, value):
        self.blueprint = value

    def set_time(self, name, sequence=None, timestamp=None):
        self._times[name] = timestamp if sequence is None else sequence

    def log(self, path, value, static=False):
        self.entries.append((path, value, {} if static else dict(self._times)))

    def disconnect(self):
        self._path.write_bytes(b'whole')

    def of(self, path):
        """Return what was logged at a path, in order."""
        return [value for name, value, _ in self.entries if name == path]

    def times(self, path):
        """Return the times of what was logged at a path."""
        return [times for name, _, times in self.entries if name == path]
