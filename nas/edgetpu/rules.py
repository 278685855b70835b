"""What the Edge TPU compiler asks of an operator, one predicate a rule.

A predicate's docstring is the rule and the message the user reads.

Sources: https://coral.ai/docs/edgetpu/models-intro/#supported-operations, and the operator versions
and statuses seen in real compiler output.
"""

from collections.abc import Callable
from dataclasses import dataclass

from nas.network.network import Operator, Tensor

UNSUPPORTED = "Operation not supported"
UNSUPPORTED_VERSION = "Operation version not supported"
UNSUPPORTED_TYPE = "Operation is working on an unsupported data type"
UNSPECIFIED = "Operation is otherwise supported, but not mapped due to some unspecified limitation"

SUPPORTED_VERSIONS: dict[str, tuple[int, ...]] = {
    "ADD": (1, 2), "AVERAGE_POOL_2D": (1, 2), "CONCATENATION": (1, 2), "CONV_2D": (1, 3),
    "DEPTHWISE_CONV_2D": (1, 2, 3), "EXPAND_DIMS": (), "FULLY_CONNECTED": (1, 4),
    "L2_NORMALIZATION": (), "LOGISTIC": (2,), "LSTM": (1,), "MAXIMUM": (), "MAX_POOL_2D": (2,),
    "MEAN": (1, 2), "MINIMUM": (), "MUL": (2,), "PACK": (2,), "PAD": (1, 2), "PRELU": (),
    "QUANTIZE": (1,), "REDUCE_MAX": (), "REDUCE_MIN": (), "RELU": (), "RELU6": (),
    "RELU_N1_TO_1": (), "RESHAPE": (1,), "RESIZE_BILINEAR": (3,), "RESIZE_NEAREST_NEIGHBOR": (),
    "RSQRT": (), "SLICE": (), "SOFTMAX": (1, 2), "SPACE_TO_DEPTH": (), "SPLIT": (1, 2),
    "SQUARED_DIFFERENCE": (), "SQUEEZE": (), "STRIDED_SLICE": (), "SUB": (2,), "SUM": (),
    "TANH": (), "TILE": (1,), "TRANSPOSE": (2,), "TRANSPOSE_CONV": (),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (),
}  # fmt: skip
"""Supported operators → versions seen mapped; ``()`` where only the documentation names it."""

NEWEST_VERSIONS: dict[str, int] = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "FULLY_CONNECTED": 5, "RESIZE_BILINEAR": 3,
    "RESIZE_NEAREST_NEIGHBOR": 3, "STRIDED_SLICE": 4, "TILE": 2, "TRANSPOSE": 4,
    "TRANSPOSE_CONV": 3, "ADD": 3, "SUB": 3, "MUL": 4, "CONCATENATION": 3, "SPLIT": 4,
    "PAD": 3, "QUANTIZE": 2, "RESHAPE": 1, "SOFTMAX": 3, "LOGISTIC": 3, "TANH": 3, "LSTM": 4,
}  # fmt: skip
"""Newest version TensorFlow 2.5 knows, whose schema the last compiler reads (TensorFlow's
``runtime_version.cc``); 2 where an operator is not listed."""

_QUANTIZED = ("int8", "uint8")
_INDEX_TYPES = ("int32", "int64")
_MAX_SOFTMAX = 16_000


@dataclass(frozen=True)
class Rule:
    """One condition an operator has to meet.

    Attributes:
        holds: The predicate; its docstring is the rule in words.
        status: The compiler's words for an operator that breaks it.
        is_certain: False where the compiler was seen, or is documented, to decide either way.
    """

    holds: Callable[[Operator], bool]
    status: str
    is_certain: bool = True

    @property
    def words(self) -> str:
        """The rule as a sentence."""
        return " ".join((self.holds.__doc__ or "").split())


def _quantized(tensor: Tensor) -> bool:
    return tensor.dtype in _QUANTIZED and tensor.scales > 0


def has_supported_type(op: Operator) -> bool:
    """The operator must be one the Edge TPU compiler supports."""
    return op.type in SUPPORTED_VERSIONS


def has_runtime_input(op: Operator) -> bool:
    """At least one input must be computed at run time, and none of those may be a scalar."""
    return bool(op.activations) and all(tensor.shape for tensor in op.activations)


def has_quantized_activations(op: Operator) -> bool:
    """Every input and output computed at run time must be int8 or uint8 with a scale."""
    return all(_quantized(tensor) for tensor in (*op.activations, *op.outputs))


def has_supported_version(op: Operator) -> bool:
    """The operator's version must not be newer than TensorFlow 2.5 wrote."""
    return op.version <= NEWEST_VERSIONS.get(op.type, 2)


def has_static_shapes(op: Operator) -> bool:
    """Every shape, apart from the batch, must be known when the model is compiled."""
    return not any(t.is_dynamic and not t.is_batch_dynamic for t in (*op.activations, *op.outputs))


def has_static_batch(op: Operator) -> bool:
    """The batch must be fixed to 1 at conversion; a few models without it were compiled."""
    return not any(t.is_batch_dynamic for t in (*op.activations, *op.outputs))


def has_batch_of_one(op: Operator) -> bool:
    """Tensors have at most three dimensions larger than 1, the three innermost: batch 1."""
    tensors = (*op.activations, *op.outputs)
    return all(max(tensor.shape[:-3], default=1) == 1 for tensor in tensors)


def has_constant_parameters(op: Operator) -> bool:
    """Weights and biases must be constants stored in the file."""
    if op.type not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"):
        return True
    return op.weights.is_constant and len(op.activations) == 1


def has_quantized_weights(op: Operator) -> bool:
    """Constant operands must be int8 or uint8, biases int32."""
    return all(tensor.dtype in (*_QUANTIZED, *_INDEX_TYPES, "bool") for tensor in op.constants)


def has_ungrouped_weights(op: Operator) -> bool:
    """A convolution must not be grouped."""
    if op.type != "CONV_2D":
        return True
    return op.weights.shape[-1] == op.activations[0].shape[-1]


def has_equal_dilation(op: Operator) -> bool:
    """A convolution's dilation must be the same in x and y."""
    height, width = op.attributes.get("dilation", (1, 1))
    return bool(height == width)


def has_undilated_stride(op: Operator) -> bool:
    """A convolution that is both dilated and strided is not known to be mapped."""
    dilated = max(op.attributes.get("dilation", (1, 1))) > 1
    return not (dilated and max(op.attributes.get("stride", (1, 1))) > 1)


def has_per_tensor_dense_weights(op: Operator) -> bool:
    """A FULLY_CONNECTED with one weight scale per unit (TensorFlow 2.17 on) is not known to map."""
    return op.type != "FULLY_CONNECTED" or op.weights.scales <= 1


def has_default_weight_format(op: Operator) -> bool:
    """A FULLY_CONNECTED must have the default weight format."""
    return op.type != "FULLY_CONNECTED" or not op.attributes.get("weights_format", 0)


def has_flat_dense_output(op: Operator) -> bool:
    """A FULLY_CONNECTED must have a one-dimensional output."""
    return op.type != "FULLY_CONNECTED" or max(op.outputs[0].shape[:-1], default=1) == 1


def has_plain_concatenation(op: Operator) -> bool:
    """A CONCATENATION must not have a fused activation or a constant input."""
    if op.type != "CONCATENATION":
        return True
    return op.attributes.get("activation", "NONE") == "NONE" and not op.constants


def has_flat_softmax(op: Operator) -> bool:
    """A SOFTMAX must be one-dimensional."""
    return op.type != "SOFTMAX" or max(op.outputs[0].shape[:-1], default=1) == 1


def has_small_softmax(op: Operator) -> bool:
    """A SOFTMAX is documented for at most 16,000 entries; one of 16,384 was seen mapped."""
    return op.type != "SOFTMAX" or op.outputs[0].elements <= _MAX_SOFTMAX


def has_spatial_mean(op: Operator) -> bool:
    """A MEAN must reduce height and width, or channels if they are a multiple of 4."""
    axes = op.attributes.get("axes")
    if op.type != "MEAN" or axes is None:
        return True
    rank = len(op.activations[0].shape)
    reduces_channels = rank - 1 in {axis % rank for axis in axes}
    return not reduces_channels or op.activations[0].shape[-1] % 4 == 0


def has_unit_slice_stride(op: Operator) -> bool:
    """A STRIDED_SLICE must have strides of 1."""
    return op.type != "STRIDED_SLICE" or set(op.attributes.get("strides", (1,))) <= {1}


def has_half_pixel_resize(op: Operator) -> bool:
    """A RESIZE_BILINEAR needs half-pixel centers (version 3); version 1 was always left out."""
    return op.type != "RESIZE_BILINEAR" or op.version >= 3


def has_modest_resize(op: Operator) -> bool:
    """A resize by more than 2 may be refused to avoid a loss of precision."""
    if not op.type.startswith("RESIZE_"):
        return True
    before, after = op.activations[0].shape, op.outputs[0].shape
    return len(before) == len(after) == 4 and all(
        new <= 2 * old for old, new in zip(before[1:3], after[1:3], strict=True)
    )


def has_seen_version(op: Operator) -> bool:
    """The operator is documented as supported, but this version was not seen mapped."""
    seen = SUPPORTED_VERSIONS.get(op.type, ())
    return not seen or op.version in seen or op.version < min(seen)


# Certain rules first: a rule may rely on those before it, and only the first broken one is told.
RULES: tuple[Rule, ...] = (
    Rule(has_static_shapes, UNSPECIFIED),
    Rule(has_supported_type, UNSUPPORTED),
    Rule(has_runtime_input, UNSPECIFIED),
    Rule(has_quantized_activations, UNSUPPORTED_TYPE),
    Rule(has_quantized_weights, UNSUPPORTED_TYPE),
    Rule(has_supported_version, UNSUPPORTED_VERSION),
    Rule(has_constant_parameters, UNSPECIFIED),
    Rule(has_batch_of_one, UNSPECIFIED),
    Rule(has_ungrouped_weights, UNSPECIFIED),
    Rule(has_equal_dilation, UNSPECIFIED),
    Rule(has_default_weight_format, UNSPECIFIED),
    Rule(has_flat_dense_output, UNSPECIFIED),
    Rule(has_plain_concatenation, UNSPECIFIED),
    Rule(has_flat_softmax, UNSPECIFIED),
    Rule(has_spatial_mean, UNSPECIFIED),
    Rule(has_unit_slice_stride, UNSPECIFIED),
    Rule(has_half_pixel_resize, UNSPECIFIED),
    Rule(has_static_batch, UNSPECIFIED, is_certain=False),
    Rule(has_per_tensor_dense_weights, UNSPECIFIED, is_certain=False),
    Rule(has_small_softmax, UNSPECIFIED, is_certain=False),
    Rule(has_undilated_stride, UNSPECIFIED, is_certain=False),
    Rule(has_modest_resize, UNSPECIFIED, is_certain=False),
    Rule(has_seen_version, UNSUPPORTED_VERSION, is_certain=False),
)
