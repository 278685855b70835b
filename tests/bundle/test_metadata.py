"""Metadata of a bundle's models, as their own reader and the task library for images read them."""

import json
import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import flatbuffers
import pytest
from PIL import Image

from nas.bundle.metadata import Description, metadata
from nas.bundle.preparation import IMAGE, SIGNAL
from nas.data.dataset import Dataset
from nas.evaluation.interpreter import predict
from tests.bundle.test_bundle import content as content  # noqa: PLC0414  a fixture
from tests.bundle.test_bundle import folder as folder  # noqa: PLC0414  a fixture

READER = """
import json, sys
from tflite_support import metadata
from tflite_support.task import vision
shown = {}
for name in ("model.tflite", "model_uint8.tflite"):
    displayer = metadata.MetadataDisplayer.with_model_file(f"{sys.argv[1]}/{name}")
    (labels,) = displayer.get_packed_associated_file_list()
    shown[name] = [json.loads(displayer.get_metadata_json()), labels,
                   displayer.get_associated_file_buffer(labels).decode()]
try:
    vision.ImageClassifier.create_from_file(f"{sys.argv[1]}/model.tflite")
    refusal = None
except ValueError as error:
    refusal = str(error)
classifier = vision.ImageClassifier.create_from_file(f"{sys.argv[1]}/model_uint8.tflite")
results = []
for path in sys.argv[2:]:
    (head,) = classifier.classify(vision.TensorImage.create_from_file(path)).classifications
    results.append({each.category_name: each.score for each in head.categories})
print(json.dumps([shown, refusal, results]))
"""


@pytest.mark.slow
def test_the_task_library_reads_them_and_classifies(
    folder: Path, content: bytes, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    python = environment(tmp_path / "venv")
    pixels = tiny_dataset.test.inputs[:6]
    pictures = [tmp_path / f"{number}.png" for number in range(len(pixels))]
    for picture, example in zip(pictures, pixels, strict=True):
        Image.fromarray(example).save(picture)
    done = subprocess.run(
        [python, "-c", READER, str(folder), *map(str, pictures)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown, refusal, results = json.loads(done.stdout)
    for name, low, high in (("model.tflite", -128, 127), ("model_uint8.tflite", 0, 255)):
        found, labels, lines = shown[name]
        assert (labels, lines) == ("labels.txt", (folder / "labels.txt").read_text())
        assert (found["name"], found["min_parser_version"]) == ("made_up 0123", "1.0.0")
        assert "licence of the data" in found["license"]
        (graph,) = found["subgraph_metadata"]
        (source,), (target,) = graph["input_tensor_metadata"], graph["output_tensor_metadata"]
        assert source["content"]["content_properties"] == {"color_space": "RGB"}
        assert source["process_units"][0]["options"] == {"mean": [0.0], "std": [1.0]}
        assert source["stats"] == {"max": [high], "min": [low]}
        assert target["associated_files"][0]["type"] == "TENSOR_AXIS_LABELS"
    assert "kTfLiteUint8/kTfLiteFloat32, got INT8" in refusal
    for result, scores in zip(results, predict(content, pixels), strict=True):
        assert result == dict(zip(("above", "be low"), map(pytest.approx, scores), strict=True))


def environment(path: Path) -> Path:
    """Make one with the task libraries, which want another protobuf than TensorFlow, and libusb."""
    if find_library("usb-1.0") is None:
        missing = "the task libraries need libusb: apt-get install libusb-1.0-0"
        assert not os.environ.get("REQUIRE_LIBUSB"), missing
        pytest.skip(missing)
    subprocess.run([sys.executable, "-m", "venv", str(path)], check=True, timeout=120)
    installed = subprocess.run(
        [path / "bin" / "python", "-m", "pip", "install", "-q", "numpy<2", "tflite-support==0.4.4"],
        capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    if installed.returncode != 0:
        pytest.skip(f"tflite-support cannot be installed here: {installed.stderr[-200:]}")
    return path / "bin" / "python"


@pytest.mark.parametrize(("kind", "content_type", "units"), [(IMAGE, 2, 1), (SIGNAL, 1, 0)])
def test_only_images_are_said_to_be_images(kind: str, content_type: int, units: int) -> None:
    described = Description("a", "text", "licence", kind, "words")
    content = metadata(described, (-128, 127))
    assert content[4:8] == b"M001"
    model = Table(content, int.from_bytes(content[:4], "little"))
    assert [model.text(field) for field in (0, 1, 5, 7)] == ["a", "text", "licence", "1.0.0"]
    (graph,) = model.tables(3)
    (source,), (target,) = graph.tables(2), graph.tables(3)
    assert (source.text(0), source.text(1)) == (kind, "words.")
    assert source.table(3).byte(0) == content_type
    assert len(source.tables(4)) == units
    assert target.tables(6)[0].text(0) == "labels.txt"


class Table:
    """A table of a flatbuffer, by the positions of its fields."""

    def __init__(self, content: bytes, position: int) -> None:
        self._table = flatbuffers.table.Table(content, position)

    def _offset(self, field: int) -> int:
        return int(self._table.Offset(4 + 2 * field))

    def text(self, field: int) -> str:
        return str(self._table.String(self._table.Pos + self._offset(field)).decode())

    def byte(self, field: int) -> int:
        flags = flatbuffers.number_types.Int8Flags
        return int(self._table.Get(flags, self._table.Pos + self._offset(field)))

    def table(self, field: int) -> "Table":
        place = self._table.Indirect(self._table.Pos + self._offset(field))
        return Table(self._table.Bytes, place)

    def tables(self, field: int) -> list["Table"]:
        offset = self._offset(field)
        if not offset:
            return []
        first = self._table.Vector(offset)
        entries = range(first, first + 4 * self._table.VectorLen(offset), 4)
        return [Table(self._table.Bytes, self._table.Indirect(entry)) for entry in entries]
