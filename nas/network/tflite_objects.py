"""A TFLite file as objects that can be changed, and back.

Reference: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
"""

from typing import Any

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"


def unpacked(content: bytes) -> Any:
    """Return a file's ``ModelT``; files of others are read by ``nas.network.tflite``."""
    return schema.ModelT.InitFromPackedBuf(content)


def packed(model: Any) -> bytes:
    """Return the file of a ``ModelT``."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())
