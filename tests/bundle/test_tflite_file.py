"""Additions to a TFLite file: read back by other readers, and nothing of the network changed."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from nas.bundle.tflite_file import with_metadata, with_uint8_ends
from nas.network.tflite import parse_network

CONTENT = (Path(__file__).parents[1] / "data" / "convolutional_int8.tflite").read_bytes()
FILES = {"labels.txt": "one\ntwö\n"}
KERNELS = (OpResolverType.BUILTIN, OpResolverType.BUILTIN_REF)


def outputs(content: bytes, examples: NDArray[Any], kernels: OpResolverType) -> NDArray[Any]:
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=kernels)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    found = []
    for example in examples:
        interpreter.set_tensor(source["index"], example[np.newaxis])
        interpreter.invoke()
        found.append(interpreter.get_tensor(target["index"])[0])
    return np.stack(found)


def examples() -> NDArray[np.int8]:
    shape = parse_network(CONTENT).inputs[0].shape[1:]
    return np.random.default_rng(0).integers(-128, 128, (20, *shape)).astype(np.int8)


def test_metadata_change_no_operator_and_no_output() -> None:
    described = with_metadata(CONTENT, b"metadata", FILES)
    old, new = parse_network(CONTENT), parse_network(described)
    assert repr(new.operators) == repr(old.operators)
    assert (new.inputs, new.outputs) == (old.inputs, old.outputs)
    for kernels in KERNELS:
        expected = outputs(CONTENT, examples(), kernels)
        assert np.array_equal(outputs(described, examples(), kernels), expected)


def test_metadata_and_files_are_found_where_readers_look() -> None:
    described = with_metadata(CONTENT, b"metadata", FILES)
    model = schema.ModelT.InitFromPackedBuf(described)
    names = [entry.name for entry in model.metadata]
    assert names == [*(e.name for e in schema.ModelT.InitFromPackedBuf(CONTENT).metadata),
                     b"TFLITE_METADATA"]  # fmt: skip
    assert bytes(model.buffers[model.metadata[-1].buffer].data) == b"metadata"
    with zipfile.ZipFile(io.BytesIO(described)) as archive:
        (member,) = archive.infolist()
        assert (member.filename, member.compress_type) == ("labels.txt", zipfile.ZIP_STORED)
        assert archive.read(member).decode() == FILES["labels.txt"]


def test_the_same_additions_give_the_same_bytes() -> None:
    assert with_metadata(CONTENT, b"m", FILES) == with_metadata(CONTENT, b"m", FILES)


def test_uint8_ends_say_the_same_128_levels_higher() -> None:
    behind = with_uint8_ends(CONTENT)
    network = parse_network(behind)
    assert [operator.type for operator in network.operators] == [
        "QUANTIZE", *(operator.type for operator in parse_network(CONTENT).operators), "QUANTIZE",
    ]  # fmt: skip
    assert (network.inputs[0].dtype, network.outputs[0].dtype) == ("uint8", "uint8")
    pixels = (examples().astype(np.int16) + 128).astype(np.uint8)
    for kernels in KERNELS:
        expected = outputs(CONTENT, examples(), kernels).astype(np.int16) + 128
        assert np.array_equal(outputs(behind, pixels, kernels), expected)
