"""Output in the forms that ``edgetpu_compiler`` prints, and a stub that replays it."""

import sys
from pathlib import Path

VERSION = "16.0.384591198"

TABLE = """\
Edge TPU Compiler version 16.0.384591198
Input: model.tflite
Output: model_edgetpu.tflite

Operator                       Count      Status

CONV_2D                        2          Mapped to Edge TPU
DEPTHWISE_CONV_2D              1          Mapped to Edge TPU
ADD                            1          Mapped to Edge TPU
MAX_POOL_2D                    1          Mapped to Edge TPU
MEAN                           1          Mapped to Edge TPU
FULLY_CONNECTED                1          Mapped to Edge TPU
SOFTMAX                        1          Mapped to Edge TPU
"""
"""The operators of ``tests/data/convolutional_int8.tflite``."""

OUTPUT = """\
Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 61 ms.

Input model: model.tflite
Input size: 12.50KiB
Output model: model_edgetpu.tflite
Output size: 48.73KiB
On-chip memory used for caching model parameters: 320.00B
On-chip memory remaining for caching model parameters: 7.62MiB
Off-chip memory used for streaming uncached model parameters: 64.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 8
Operation log: model_edgetpu.log
See the operation log file for individual operation details.
Compilation child process completed within timeout period.
Compilation succeeded!\x20
"""

PARTLY = """\
Edge TPU Compiler version 15.0.340273435

Model compiled successfully in 903 ms.

Input model: net.tflite
Input size: 4.17MiB
Output model: net_edgetpu.tflite
Output size: 4.75MiB
On-chip memory used for caching model parameters: 3.21MiB
On-chip memory remaining for caching model parameters: 975.50KiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 2
Total number of operations: 31
Operation log: net_edgetpu.log

Model successfully compiled but not all operations are supported by the Edge TPU.
Number of operations that will run on Edge TPU: 24
Number of operations that will run on CPU: 7

Operator                       Count      Status

CONV_2D                        12         Mapped to Edge TPU
CONV_2D                        2          More than one subgraph is not supported
ADD                            9          Mapped to Edge TPU
QUANTIZE                       1          Operation is otherwise supported, but not mapped due to \
some unspecified limitation
QUANTIZE                       3          Mapped to Edge TPU
LEAKY_RELU                     1          Operation not supported
DEQUANTIZE                     2          Operation is working on an unsupported data type
CUSTOM                         1          Operation version not supported
See the operation log file for individual operation details.
"""

OLD = """\
Edge TPU Compiler version 2.0.267685300

Model compiled successfully in 231 ms.

Input model: net.tflite
Input size: 25.08MiB
Output model: net_edgetpu.tflite
Output size: 24.87MiB
On-chip memory available for caching model parameters: 6.25MiB
On-chip memory used for caching model parameters: 6.00MiB
Off-chip memory used for streaming uncached model parameters: 18.43MiB
Number of Edge TPU subgraphs: 1
Total number of operations: 3
Operation log: net_edgetpu.log
Number of operations that will run on Edge TPU: 1
Number of operations that will run on CPU: 2

Operator                       Count      Status

DEPTHWISE_CONV_2D              1          Mapped to Edge TPU
DEQUANTIZE                     1          Operation is working on an unsupported data type
QUANTIZE                       1          Operation is otherwise supported, but not mapped due to \
some unspecified limitation
"""

NOTHING = """\
Edge TPU Compiler version 16.0.384591198

Model compiled successfully in 17 ms.

Input model: model.tflite
On-chip memory used for caching model parameters: 0.00B
On-chip memory remaining for caching model parameters: 0.00B
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 0
Total number of operations: 2
Number of operations that will run on Edge TPU: 0
Number of operations that will run on CPU: 2

Operator                       Count      Status

MUL                            1          Operation is otherwise supported, but not mapped due to \
some unspecified limitation
SPLIT                          1          Operation not supported
"""

_STUB = """\
#!{python} -IS
import os, signal, sys, time
if "-v" in sys.argv:
    print("Edge TPU Compiler version {version}")
    sys.exit(0)
out = sys.argv[sys.argv.index("-o") + 1]
assert os.path.samefile(out, "."), "it runs in its own directory"
with open({calls!r}, "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")

def write(name, content):
    with open(os.path.join(out, name), "wb") as file:
        file.write(content)

"""


def write_stub(folder: Path, body: str, version: str = VERSION) -> Path:
    """Write an executable that stands for the compiler; each call is a line of ``calls.txt``.

    Args:
        folder: Where to; its path holds no spaces, as the first line of a script asks.
        body: Python that it runs for a model, with ``out`` and ``write(name, content)``.
        version: What it tells with ``-v``.
    """
    path = folder / "edgetpu_compiler"
    calls = str(folder / "calls.txt")
    path.write_text(_STUB.format(python=sys.executable, version=version, calls=calls) + body)
    path.chmod(0o755)
    return path


def replay(output: str, table: str = "", compiled: bytes | None = None, status: int = 0) -> str:
    """The body of a stub that prints, writes the two files and leaves."""
    lines = [f"sys.stdout.write({output!r})"]
    if table:
        lines.append(f"write('model_edgetpu.log', {table.encode()!r})")
    if compiled is not None:
        lines.append(f"write('model_edgetpu.tflite', {compiled!r})")
    return "\n".join([*lines, f"sys.exit({status})", ""])
