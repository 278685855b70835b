"""What every operator of a file says of a few examples."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from nas.evaluation.interpreter import dequantized, quantized
from nas.quantization.tflite_file import TfliteFile

Activations = Mapping[int, NDArray[np.float32]]
"""Values by the place of the tensor, in the units of the float model."""


def activations(content: bytes, inputs: NDArray[np.float32]) -> Iterator[Activations]:
    """Run a file on examples and keep all that is between its operators.

    No delegate takes part, which would hide what is inside; int8 files are run by the reference
    kernels, which round alike everywhere.

    Args:
        content: A float or int8 file with one input at batch 1.
        inputs: Examples in the units of the float model, ``(n, …)``.

    Yields:
        For each example, the input and the first output of each operator.
    """
    file = TfliteFile(content)
    kernels = OpResolverType.BUILTIN_REF
    if file.network.inputs[0].dtype == "float32":
        kernels = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    places = [file.input, *(node.output for node in file.nodes)]
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=kernels,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    details = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    for example in inputs:
        _feed(interpreter, details[file.input], example)
        yield {place: _values(interpreter, details[place]) for place in places}


def outputs(content: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a float file on examples, fast.

    Returns:
        Its output, ``(n, …)``.
    """
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    results = []
    for example in inputs:
        _feed(interpreter, source, example)
        results.append(_values(interpreter, target)[0])
    return np.stack(results)


def _feed(interpreter: Any, source: dict[str, Any], example: NDArray[np.float32]) -> None:
    is_float = source["dtype"] == np.float32
    value = example if is_float else quantized(example, source)
    interpreter.set_tensor(source["index"], value[np.newaxis].astype(source["dtype"]))
    interpreter.invoke()


def _values(interpreter: Any, tensor: dict[str, Any]) -> NDArray[np.float32]:
    values: NDArray[np.float32] = interpreter.get_tensor(tensor["index"])
    return values if tensor["dtype"] == np.float32 else dequantized(values, tensor)
