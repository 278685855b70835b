"""What a layer's settings mean: its output shape and number of parameters, without variables.

Settings remain Keras' own business: for every distinct setting one real layer is made, never
called, and asked for its configuration and for output shapes; the answers are remembered. Only
the numbers of parameters are computed here, as Keras would have to create variables to count them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from inspect import signature
from math import prod
from typing import Any

from nas.network.layer_graph import Sizes

_MOST_PATTERNS = 4096
_PLAIN = frozenset({int, str, bool, float, type(None)})


class ShapeUnknown(Exception):  # noqa: N818 - named for what the caller falls back from
    """The stand-in does not know what Keras would do here; it says nothing about the network."""


def _convolution(layer: Any, channels: int) -> int:
    if channels % layer.groups:
        raise ShapeUnknown(f"{channels} channels do not divide into {layer.groups} groups")
    weights = prod(layer.kernel_size) * (channels // layer.groups)
    return int((weights + layer.use_bias) * layer.filters)


def _depthwise(layer: Any, channels: int) -> int:
    return int((prod(layer.kernel_size) + layer.use_bias) * channels * layer.depth_multiplier)


def _separable(layer: Any, channels: int) -> int:
    made = channels * layer.depth_multiplier
    return int((prod(layer.kernel_size) + layer.filters) * made + layer.use_bias * layer.filters)


def _transposed(layer: Any, channels: int) -> int:
    return int((prod(layer.kernel_size) * channels + layer.use_bias) * layer.filters)


def _dense(layer: Any, channels: int) -> int:
    return int((channels + layer.use_bias) * layer.units)


def _normalization(layer: Any, channels: int) -> int:
    return int((2 + layer.scale + layer.center) * channels)


_PARAMETERS: Mapping[str, Callable[[Any, int], int]] = {
    "Conv1D": _convolution,
    "Conv2D": _convolution,
    "DepthwiseConv1D": _depthwise,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Conv2DTranspose": _transposed,
    "Dense": _dense,
    "BatchNormalization": _normalization,
}
"""Layers with parameters, whose number follows from the settings and the input's last axis."""

MERGING = frozenset(
    {"Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"}
)  # fmt: skip
"""Layers that are called on a list."""

_WITHOUT_PARAMETERS = frozenset({
    "Activation", "ActivityRegularization", "AlphaDropout", "AveragePooling1D", "AveragePooling2D",
    "Cropping2D", "Dropout", "Flatten", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Identity",
    "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "Permute", "ReLU", "Rescaling", "Reshape",
    "Softmax", "SpatialDropout1D", "SpatialDropout2D", "UpSampling2D", "ZeroPadding2D",
})  # fmt: skip

KINDS = frozenset(_PARAMETERS) | MERGING | _WITHOUT_PARAMETERS
"""The layers of ``keras.layers`` that are known; tests compare every one with Keras."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """What all layers of one class with the same settings have in common.

    Attributes:
        kind: Name of the class.
        layer: A real Keras layer of these settings that nothing is ever done to.
        settings: Its settings by name.
        implied: Arguments Keras adds to every call.
    """

    kind: str
    layer: Any
    settings: Mapping[str, Any]
    implied: Mapping[str, Any]
    _known: dict[tuple[Sizes, ...], tuple[Sizes, int]] = field(default_factory=dict)

    def get_config(self) -> dict[str, Any]:
        """Return the settings as Keras writes them."""
        config: dict[str, Any] = self.layer.get_config()
        return config

    def measure(self, shapes: tuple[Sizes, ...]) -> tuple[Sizes, int]:
        """Return the output shape and the number of parameters.

        Args:
            shapes: Input shapes with ``None`` for the batch.

        Raises:
            ShapeUnknown: Keras might refuse these inputs or count otherwise.
            ValueError: Keras refuses these inputs.
        """
        if shapes not in self._known:
            self._known[shapes] = self._shape(shapes), self._parameters(shapes[0])
        return self._known[shapes]

    def _shape(self, shapes: tuple[Sizes, ...]) -> Sizes:
        spec = self.layer.input_spec
        rank = len(shapes[0])
        if spec and (spec.ndim not in (None, rank) or rank < (spec.min_ndim or 0)):
            raise ShapeUnknown(f"{self.kind} of an input of rank {rank}")
        given = list(shapes) if self.kind in MERGING else shapes[0]
        shape = tuple(self.layer.compute_output_shape(given))
        if any(size is not None and size < 1 for size in shape):
            raise ShapeUnknown(f"{self.kind} that leaves nothing of {shapes}")
        return shape

    def _parameters(self, shape: Sizes) -> int:
        count = _PARAMETERS.get(self.kind)
        if count is None:
            return 0
        channels_last = self.settings.get("data_format", "channels_last") == "channels_last"
        on_last_axis = self.settings.get("axis", -1) in (-1, len(shape) - 1)
        if shape[-1] is None or not (channels_last and on_last_axis):
            raise ShapeUnknown(f"{self.kind} whose channels are not a known last axis")
        return count(self.layer, shape[-1])


def find_pattern(
    kind: str, args: tuple[Any, ...], settings: Mapping[str, Any], defaults: str
) -> Pattern:
    """Return the pattern of a layer.

    Args:
        kind: Name of its class.
        args: Positional arguments it is made with.
        settings: Named ones, except its name.
        defaults: What Keras' defaults are at present, from :func:`keras_defaults`.

    Raises:
        ShapeUnknown: It has parameters beside those its class usually has.
        Exception: Whatever Keras raises for wrong settings.
    """
    if _is_plain(args) and all(map(_is_plain, settings.values())):
        text = f"{defaults} {args!r} {settings!r}"
        return _remembered_pattern(_Request(kind, text, args, settings))
    return _make_pattern(_Request(kind, "", args, settings))


def keras_defaults() -> str:
    """Return in words what Keras assumes where a layer has no such setting."""
    import keras

    return f"{keras.config.image_data_format()} {keras.config.dtype_policy().name}"


@dataclass(frozen=True)
class _Request:
    """A layer asked for: the same where the text is the same, which tells 1 from 1.0 and True."""

    kind: str
    text: str
    args: tuple[Any, ...] = field(compare=False)
    settings: Mapping[str, Any] = field(compare=False)


def _is_plain(value: Any) -> bool:
    """Tell whether an equal text means an equal value."""
    if type(value) in _PLAIN:
        return True
    return type(value) in (list, tuple) and all(map(_is_plain, value))


def _make_pattern(request: _Request) -> Pattern:
    import keras

    # Named, lest Keras count it among the layers it numbers.
    layer = getattr(keras.layers, request.kind)(*request.args, name="pattern", **request.settings)
    if layer.quantization_mode is not None or getattr(layer, "lora_rank", None):
        raise ShapeUnknown(f"{request.kind} that is quantized or has further weights")
    attributes = vars(layer)
    settings = {name: attributes[name] for name in layer.get_config() if name in attributes}
    return Pattern(request.kind, layer, settings, _implied(layer))


def _implied(layer: Any) -> dict[str, Any]:
    """Return the arguments Keras adds: a mask, and how training is called where that is fixed."""
    given = signature(layer.call).parameters
    implied: dict[str, Any] = {"mask": None} if "mask" in given else {}
    if "training" in given and given["training"].default is not None:
        implied["training"] = given["training"].default
    return implied


@lru_cache(maxsize=_MOST_PATTERNS)
def _remembered_pattern(request: _Request) -> Pattern:
    return _make_pattern(request)
