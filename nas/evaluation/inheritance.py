"""Weights carried over from one network to another that resembles it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import UserError

WEIGHTS_FILE = "weights.npz"

_MOST_BYTES = 1 << 30
_SEPARATOR = ":"


@dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer.

    Attributes:
        kind: Class of the layer, such as ``Conv2D``.
        arrays: Its weights in Keras's order.
    """

    kind: str
    arrays: tuple[NDArray[np.float32], ...]

    @property
    def form(self) -> tuple[Any, ...]:
        """What two layers have in common if one can take the other's weights.

        The same kind, and for every weight the same number of axes and the same kernel size;
        channels may differ.
        """
        return self.kind, tuple((a.ndim, a.shape[:-2]) for a in self.arrays)


def save_weights(model: Any, path: Path) -> None:
    """Write a model's weights, by layer, without any code in them.

    Args:
        model: A Keras model.
        path: The ``.npz`` file to write.
    """
    arrays = {
        f"{index}{_SEPARATOR}{layer.kind}{_SEPARATOR}{place}": array
        for index, layer in enumerate(map(_weights_of, _weighted_layers(model)))
        for place, array in enumerate(layer.arrays)
    }
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    partial.replace(path)


def read_weights(path: Path) -> list[LayerWeights]:
    """Read what ``save_weights`` wrote.

    Raises:
        UserError: The file is missing, too large, or not of this form.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path}: weights of more than {_MOST_BYTES >> 30} GiB are not read")
        with np.load(path, allow_pickle=False) as stored:
            named = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        raise UserError(f"{path}: cannot be read as weights ({type(error).__name__})") from None
    layers: dict[tuple[str, str], list[NDArray[np.float32]]] = {}
    for name, array in named.items():
        index, _, rest = name.partition(_SEPARATOR)
        layers.setdefault((index, rest.partition(_SEPARATOR)[0]), []).append(array)
    return [LayerWeights(kind, tuple(arrays)) for (_, kind), arrays in layers.items()]


def inherit(model: Any, parent: Sequence[LayerWeights]) -> float:
    """Let a model start from another one's weights where their layers match.

    Layers are paired in order, as many as possible, by their form. A pair shares the channels that
    both have; the child's further channels keep their initial weights.

    Args:
        model: A built Keras model; its weights are replaced.
        parent: The weights to take.

    Returns:
        The share of the model's weights that were taken over, 0 – 1.
    """
    children = _weighted_layers(model)
    own = [_weights_of(layer) for layer in children]
    taken = 0
    for place, other in _pairs([layer.form for layer in own], [layer.form for layer in parent]):
        for variable, array, donor in zip(
            children[place].weights, own[place].arrays, parent[other].arrays, strict=True
        ):
            shared = tuple(map(slice, np.minimum(array.shape, donor.shape)))
            array[shared] = donor[shared]
            variable.assign(array)
            taken += donor[shared].size
    total = sum(array.size for layer in own for array in layer.arrays)
    return taken / total if total else 0.0


def _weighted_layers(layer: Any) -> list[Any]:
    """Return the layers that learn, in order, and of those that hold others only these.

    Fixed weights, such as those of a Fourier transform, are a network's own.
    """
    held = list(layer._flatten_layers(include_self=False, recursive=False))
    if not held:
        return [layer] if layer.trainable_weights else []
    return [inner for each in held for inner in _weighted_layers(each)]


def _weights_of(layer: Any) -> LayerWeights:
    return LayerWeights(type(layer).__name__, tuple(np.array(v) for v in layer.weights))


def _pairs(child: Sequence[Any], parent: Sequence[Any]) -> list[tuple[int, int]]:
    """Return the longest common subsequence, as pairs of positions."""
    longest = np.zeros((len(child) + 1, len(parent) + 1), np.int64)
    for i in reversed(range(len(child))):
        for j in reversed(range(len(parent))):
            same = longest[i + 1, j + 1] + 1 if child[i] == parent[j] else 0
            longest[i, j] = max(same, longest[i + 1, j], longest[i, j + 1])
    pairs, i, j = [], 0, 0
    while i < len(child) and j < len(parent):
        if child[i] == parent[j] and longest[i, j] == longest[i + 1, j + 1] + 1:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1
    return pairs
