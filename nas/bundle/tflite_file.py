"""Additions to a TFLite file that leave its network as it is."""

import io
import zipfile
from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from nas.network.tflite_objects import packed, unpacked

_QUANTIZE = schema.BuiltinOperator.QUANTIZE


def with_metadata(content: bytes, metadata: bytes, files: Mapping[str, str]) -> bytes:
    """Return a file with metadata.

    Args:
        content: A ``.tflite`` file without metadata.
        metadata: TFLite metadata, a flatbuffer of its own.
        files: Texts that the metadata name. They follow the file as an archive without compression:
            task libraries look for it at the end, runtimes do not look there.
    """
    model = unpacked(content)
    entry = schema.MetadataT(name="TFLITE_METADATA", buffer=len(model.buffers))
    model.metadata = [*(model.metadata or []), entry]
    model.buffers.append(schema.BufferT(data=np.frombuffer(metadata, np.uint8)))
    whole = io.BytesIO()
    whole.write(packed(model))
    with zipfile.ZipFile(whole, "w") as archive:
        for name, text in files.items():
            member = zipfile.ZipInfo(name)  # of 1980: the same files give the same bytes
            member.create_system = 3  # Unix, wherever this runs
            archive.writestr(member, text)
    return whole.getvalue()


def with_uint8_ends(content: bytes) -> bytes:
    """Return a file of the same network that takes and gives uint8, 128 more than its int8.

    A QUANTIZE operator at each end does that. Task libraries for images know uint8 and float only.

    Args:
        content: A ``.tflite`` file with one int8 input and one int8 output.
    """
    model = unpacked(content)
    (graph,) = model.subgraphs
    (source,), (target,) = graph.inputs, graph.outputs
    code, first = len(model.operatorCodes), len(graph.tensors)
    model.operatorCodes.append(
        schema.OperatorCodeT(deprecatedBuiltinCode=_QUANTIZE, builtinCode=_QUANTIZE)
    )
    graph.tensors += [_uint8(graph.tensors[source]), _uint8(graph.tensors[target])]
    before = schema.OperatorT(opcodeIndex=code, inputs=[first], outputs=[source])
    after = schema.OperatorT(opcodeIndex=code, inputs=[target], outputs=[first + 1])
    graph.operators = [before, *graph.operators, after]
    graph.inputs, graph.outputs = [first], [first + 1]
    model.signatureDefs = None  # they name the int8 tensors
    return packed(model)


def _uint8(tensor: Any) -> Any:
    """Return the tensor whose values are 128 more than those of an int8 tensor."""
    moved = copy(tensor)
    moved.type, moved.buffer = schema.TensorType.UINT8, 0
    moved.name = tensor.name + b"_uint8"
    moved.quantization = copy(tensor.quantization)
    moved.quantization.zeroPoint = tensor.quantization.zeroPoint + 128
    return moved
