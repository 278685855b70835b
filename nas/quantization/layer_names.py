"""Which Keras layers an operator of a TFLite file computes."""

import re
from collections.abc import Sequence
from typing import Any

_TRACED = re.compile(r"(.+)_\d+")
_CONSTANT = re.compile(r"/batchnorm/(mul|sub)\d*$")
"""What a folded batch normalization leaves behind; layers whose constants are equal share them."""


def layer_names(model: Any) -> tuple[str, ...]:
    """Return the names of a Keras model's layers, those inside of others included, in its order."""
    return tuple(layer.name for layer in model._flatten_layers(include_self=False))


def layers_of(tensor: str, known: Sequence[str]) -> str:
    """Name the layers that were folded into an operator.

    The converter joins the TensorFlow operations that it folds with ``;``, each with the scopes of
    its layers. Keras opens a layer's scope twice, so TensorFlow appends a number to it.

    Args:
        tensor: Name of the operator's output in the file.
        known: Names of the Keras model's layers.

    Returns:
        Names of layers joined with `` + `` in the model's order; the name itself if it tells none.
    """
    paths = [path for path in tensor.split(";") if not _CONSTANT.search(path)]
    scopes = [_TRACED.fullmatch(scope) for path in paths for scope in path.split("/")[:-1]]
    traced = {match[1] for match in scopes if match}
    return " + ".join(name for name in dict.fromkeys(known) if name in traced) or tensor
