"""TFLite metadata: what a network is and takes, in the form that the task libraries read.

Written field by field, because the package that does so, tflite-support, needs another protobuf
than TensorFlow.

Reference: https://github.com/tensorflow/tflite-support/blob/master/tensorflow_lite_support/metadata/metadata_schema.fbs
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import flatbuffers

from nas.bundle.preparation import IMAGE

LABELS = "labels.txt"
_IDENTIFIER = b"M001"
_FIRST_PARSER = "1.0.0"
"""Version of the schema that has all fields written here."""

_AXIS_LABELS, _RGB = 2, 1
_FEATURES, _IMAGES, _NORMALIZING = 1, 2, 1
"""Members of the schema's enumerations and unions."""

# Tables of the schema: their fields in order, as far as they are written here.
_MODEL = ("name", "description", "version", "subgraph_metadata", "author", "license",
          "associated_files", "min_parser_version")  # fmt: skip
_GRAPH = ("name", "description", "input_tensor_metadata", "output_tensor_metadata")
_TENSOR = ("name", "description", "dimension_names", "content", "process_units", "stats",
           "associated_files")  # fmt: skip
_FILE = ("name", "description", "type")
_CONTENT = ("content_properties_type", "content_properties")
_UNIT = ("options_type", "options")
_IMAGE, _FEATURE = ("color_space",), ()
_NORMALIZATION = ("mean", "std")
_STATS = ("max", "min")
_NUMBERS = {"type", "color_space", "content_properties_type", "options_type"}
"""Fields that are no reference but a number of one byte."""


@dataclass(frozen=True)
class Description:
    """What a file tells of its network.

    Attributes:
        name: The network.
        text: What it is, a sentence or two.
        licence: What applies to it.
        kind: What is classified.
        input_words: Its input in words.
    """

    name: str
    text: str
    licence: str
    kind: str
    input_words: str


def metadata(description: Description, levels: tuple[int, int]) -> bytes:
    """Return the metadata of a classifier with one input and one output, a score a class.

    Args:
        description: What is told.
        levels: Smallest and largest value of input and output tensor, such as -128 and 127.
    """
    writer = _Writer()
    table, text = writer.table, writer.text
    low, high = levels
    features = table(
        _CONTENT,
        {"content_properties_type": _FEATURES, "content_properties": table(_FEATURE, {})},
    )
    stats = table(_STATS, {"max": writer.floats([high]), "min": writer.floats([low])})
    source = {
        "name": text(description.kind),
        "description": text(f"{description.input_words}."),
        "content": features,
    }
    if description.kind == IMAGE:
        source |= _pixels(writer) | {"stats": stats}
    labels = table(_FILE, {"name": text(LABELS), "type": _AXIS_LABELS})
    target = {
        "name": text("score"),
        "description": text(f"A score a class, in the order of {LABELS}."),
        "content": features,
        "stats": stats,
        "associated_files": writer.tables([labels]),
    }
    graph = {
        "input_tensor_metadata": writer.tables([table(_TENSOR, source)]),
        "output_tensor_metadata": writer.tables([table(_TENSOR, target)]),
    }
    model = {
        "name": text(description.name),
        "description": text(description.text),
        "subgraph_metadata": writer.tables([table(_GRAPH, graph)]),
        "author": text("edgetpu-nas"),
        "license": text(description.licence),
        "min_parser_version": text(_FIRST_PARSER),
    }
    return writer.finish(table(_MODEL, model))


def _pixels(writer: "_Writer") -> dict[str, int]:
    """Write that an input is of pixels as they are, 0 – 255: mean 0 and deviation 1."""
    image = writer.table(_IMAGE, {"color_space": _RGB})
    normalization = writer.table(
        _NORMALIZATION, {"mean": writer.floats([0]), "std": writer.floats([1])}
    )
    unit = writer.table(_UNIT, {"options_type": _NORMALIZING, "options": normalization})
    return {
        "content": writer.table(
            _CONTENT, {"content_properties_type": _IMAGES, "content_properties": image}
        ),
        "process_units": writer.tables([unit]),
    }


class _Writer:
    """Writes a flatbuffer, from its end to its beginning; what is written has a place in it."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def text(self, value: str) -> int:
        """Write a text."""
        return int(self._builder.CreateString(value))

    def floats(self, values: Sequence[float]) -> int:
        """Write a vector of numbers."""
        self._builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self._builder.PrependFloat32(value)
        return int(self._builder.EndVector())

    def tables(self, places: Sequence[int]) -> int:
        """Write a vector of tables."""
        self._builder.StartVector(4, len(places), 4)
        for place in reversed(places):
            self._builder.PrependUOffsetTRelative(place)
        return int(self._builder.EndVector())

    def table(self, fields: Sequence[str], values: Mapping[str, int]) -> int:
        """Write a table: places of what its fields lead to, or numbers."""
        self._builder.StartObject(len(fields))
        for name, value in values.items():
            if name in _NUMBERS:
                self._builder.PrependInt8Slot(fields.index(name), value, 0)
            else:
                self._builder.PrependUOffsetTRelativeSlot(fields.index(name), value, 0)
        return int(self._builder.EndObject())

    def finish(self, root: int) -> bytes:
        """Return the whole."""
        self._builder.Finish(root, _IDENTIFIER)
        return bytes(self._builder.Output())
