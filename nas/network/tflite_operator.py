"""One operator of a TFLite file: its name, its options, and whether it can be what it says."""

from collections.abc import Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from nas.network.network import Operator, Tensor

WEIGHT_RANKS = {"CONV_2D": 4, "DEPTHWISE_CONV_2D": 4, "TRANSPOSE_CONV": 4, "FULLY_CONNECTED": 2}
"""Rank of the weights by type of operator."""
_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
_MAX_NAME = 500
_OPERATORS = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}


class BrokenFileError(Exception):
    """What is wrong inside the file, in a few words."""


def operator_name(code: Any) -> str:
    """TFLite's name of an operator, such as ``CONV_2D``, or its custom name.

    Args:
        code: An operator code of the schema.
    """
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    return printable(code.CustomCode()) or _OPERATORS.get(builtin, f"BUILTIN_{builtin}")


def unpack_options(raw: Any) -> Any:
    """Return the options of an operator of the schema, ``None`` where they are not needed."""
    kind = raw.BuiltinOptionsType()
    # The one kind that holds text, which operators may share: each would copy it again.
    if kind == schema.BuiltinOptions.VarHandleOptions:
        return None
    return schema.BuiltinOptionsCreator(kind, raw.BuiltinOptions())


def printable(text: bytes | None) -> str:
    """Return a name of the file, cut to 500 letters, what cannot be printed replaced."""
    decoded = (text or b"")[: 4 * _MAX_NAME].decode("utf-8", "replace")[:_MAX_NAME]
    return "".join(letter if letter.isprintable() else "?" for letter in decoded)


def check_operator(operator: Operator) -> None:
    """Refuse an operator whose tensors do not have the form its type needs.

    Raises:
        BrokenFileError: They have not.
    """
    rank = WEIGHT_RANKS.get(operator.type)
    weighted = rank is not None and len(operator.weights.shape) != rank
    pool = operator.type in _POOLS and "kernel" not in operator.attributes
    flat = operator.type in (*_POOLS, *WEIGHT_RANKS) and not operator.outputs[0].shape
    if weighted or pool or flat:
        raise BrokenFileError(f"operator {operator.index} ({operator.type}) is malformed")


def check_order(inputs: Sequence[Tensor], operators: Sequence[Operator]) -> None:
    """Refuse operators that read what nothing before them makes.

    Raises:
        BrokenFileError: One does.
    """
    made = {tensor.name for tensor in inputs}
    for operator in operators:
        for tensor in operator.activations:
            if tensor.name not in made and not tensor.is_state:
                raise BrokenFileError(
                    f"operator {operator.index} ({operator.type}) reads `{tensor.name}`, "
                    "which nothing before it makes"
                )
        made |= {tensor.name for tensor in operator.outputs}
