"""The networks of ``keras.applications`` as lists of layers, to be built again up to any depth.

Keras builds each of them once, without weights; from then on its layers are known by their
settings. So a candidate builds no layer that it cuts off, and it can be read by shapes alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from search_spaces.weightless import without_weights

Preprocessing = Literal["tf", "torch"]
"""What pre-trained weights expect of pixels: [-1, 1], or the mean and deviation of ImageNet."""

SAVED = ".weights.h5"
"""Ends the names of files that Keras saves weights in."""

SIDE = 224
"""Keras builds the networks at this side in pixels; their settings are the same at others."""

_STARTS = frozenset({
    "AveragePooling2D", "Conv2D", "DepthwiseConv2D", "MaxPooling2D", "SeparableConv2D",
    "ZeroPadding2D",
})  # fmt: skip
"""Layers that begin something; a network is cut before them."""

_ENDS = frozenset({"Add", "Concatenate"})
"""Layers that end a block; a network is cut after them."""

_WITHOUT_MEANING = frozenset({"name", "trainable", "data_format"})
_PLAIN = (str, int, float, list, tuple)


@dataclass(frozen=True)
class Backbone:
    """A network of ``keras.applications``.

    Attributes:
        function: Name of the function that makes it.
        preprocessing: What its published weights expect.
        least_side: Smallest input side in pixels that leaves something of the image.
        settings: Arguments beside Keras' own.
    """

    function: str
    preprocessing: Preprocessing
    least_side: int
    settings: Mapping[str, Any] = field(default_factory=dict)


_MINIMALISTIC = {"minimalistic": True, "include_preprocessing": False}

BACKBONES = {
    "mobilenet_0.25": Backbone("MobileNet", "tf", 16, {"alpha": 0.25}),
    "mobilenet_0.5": Backbone("MobileNet", "tf", 16, {"alpha": 0.5}),
    "mobilenet_1.0": Backbone("MobileNet", "tf", 16, {"alpha": 1.0}),
    "mobilenet_v2_0.35": Backbone("MobileNetV2", "tf", 16, {"alpha": 0.35}),
    "mobilenet_v2_0.5": Backbone("MobileNetV2", "tf", 16, {"alpha": 0.5}),
    "mobilenet_v2_1.0": Backbone("MobileNetV2", "tf", 16, {"alpha": 1.0}),
    "mobilenet_v3_small": Backbone("MobileNetV3Small", "tf", 16, _MINIMALISTIC),
    "mobilenet_v3_large": Backbone("MobileNetV3Large", "tf", 16, _MINIMALISTIC),
    "efficientnet_v2_b0": Backbone(
        "EfficientNetV2B0", "torch", 48, {"include_preprocessing": False}
    ),
    "resnet50_v2": Backbone("ResNet50V2", "tf", 96),
    "inception_v3": Backbone("InceptionV3", "tf", 96),
    "xception": Backbone("Xception", "tf", 96),
    "densenet121": Backbone("DenseNet121", "torch", 96),
}


@dataclass(frozen=True)
class Step:
    """One layer.

    Attributes:
        kind: Name of its class in ``keras.layers``.
        settings: What it is made with.
        sources: Numbers of the values it reads: 0 is the input, n what the n-th step makes.
        origin: Its place among the layers of Keras' own model.
    """

    kind: str
    settings: Mapping[str, Any]
    sources: tuple[int, ...]
    origin: int


@dataclass(frozen=True)
class Blueprint:
    """A backbone's layers in order.

    Attributes:
        steps: The layers.
        cuts: Numbers of steps after which one tensor is all that goes on, in order.
        blocks: Pairs of cuts next to each other between which the shape stays as it is.
    """

    steps: tuple[Step, ...]
    cuts: tuple[int, ...]
    blocks: tuple[tuple[int, int], ...]

    def until(self, share: float) -> tuple[Step, ...]:
        """Return the steps up to the last cut in a share of the network, 0 – 1."""
        most = share * len(self.steps)
        return self.steps[: max(cut for cut in self.cuts if cut <= max(most, self.cuts[0]))]

    def block_of(self, steps: Sequence[Step]) -> tuple[int, int] | None:
        """Return the block to repeat among the first steps: the last residual one, or the last."""
        inside = [block for block in self.blocks if block[1] <= len(steps)]
        joined = [block for block in inside if steps[block[1] - 1].kind in _ENDS]
        return next(reversed(joined or inside), None)


def repeated(steps: Sequence[Step], block: tuple[int, int], copies: int) -> tuple[Step, ...]:
    """Return steps with copies of a block behind it.

    Args:
        steps: The steps.
        block: A pair of cuts among them.
        copies: How many.
    """
    start, end = block
    length = end - start

    def moved(step: Step, places: int) -> Step:
        return replace(step, sources=tuple(source + places for source in step.sources))

    shifts = [length * copy for copy in range(copies + 1)]
    inside = [moved(step, shift) for shift in shifts for step in steps[start:end]]
    return (*steps[:start], *inside, *(moved(step, shifts[-1]) for step in steps[end:]))


@lru_cache
def read_blueprint(name: str) -> Blueprint:
    """Learn how Keras builds a backbone."""
    model = _weightless_backbone(name)
    steps = tuple(_steps(model.get_config()["layers"]))
    cuts = tuple(_cuts(steps))
    shapes = [model.layers[steps[cut - 1].origin].output.shape for cut in cuts]
    pairs = zip(pairwise(cuts), pairwise(shapes), strict=True)
    blocks = [
        (start, end)
        for (start, end), (before, after) in pairs
        if before == after and any("Conv" in step.kind for step in steps[start:end])
    ]
    return Blueprint(steps, cuts, tuple(blocks))


def read_weights(name: str, file: Path | None) -> list[list[Any]]:
    """Read the weights of a backbone, by the place of each layer in Keras' own model.

    Nothing is initialized that they replace.

    Args:
        name: One of ``BACKBONES``.
        file: As Keras saves them, ``.weights.h5``, or as ``keras.applications`` publishes them,
            ``.h5``; ``None`` lets Keras download those of ImageNet.
    """
    if file is not None and file.name.endswith(SAVED):
        return _read_saved(_weightless_backbone(name), file)
    with without_weights() as scope:
        if file is None:
            model = make_backbone(name, SIDE, "imagenet")
        else:
            model = _weightless_backbone(name)
            model.load_weights(file)
        return [[scope.get_current_value(each) for each in layer.weights] for layer in model.layers]


def _read_saved(model: Any, file: Path) -> list[list[Any]]:
    """Read what ``save_weights`` wrote, in a sixth of the time that ``load_weights`` takes.

    Keras looks for weights in every attribute of every layer; here layers have no others inside.
    """
    import h5py
    from keras.src.utils.naming import to_snake_case

    seen: Counter[str] = Counter()
    weights = []
    with h5py.File(file) as stored:
        for layer in model.layers:
            kind = to_snake_case(type(layer).__name__)
            name = f"{kind}_{seen[kind]}" if seen[kind] else kind
            seen[kind] += 1
            values = [stored[f"layers/{name}/vars/{n}"][()] for n in range(len(layer.weights))]
            shapes = [tuple(variable.shape) for variable in layer.weights]
            if [value.shape for value in values] != shapes:
                raise ValueError(f"layer {layer.name} needs weights of other shapes")
            weights.append(values)
    return weights


@lru_cache
def _weightless_backbone(name: str) -> Any:
    with without_weights():
        return make_backbone(name, SIDE)


def make_backbone(name: str, side: int, weights: str | None = None) -> Any:
    """Let Keras build a backbone without its classifier.

    Args:
        name: One of ``BACKBONES``.
        side: Input side in pixels.
        weights: ``imagenet``, which Keras downloads, or ``None``.
    """
    # Imported here: where a builder names Keras, shape-only layers may stand in its place.
    from keras import applications

    backbone = BACKBONES[name]
    make = getattr(applications, backbone.function)
    return make(
        include_top=False, weights=weights, input_shape=(side, side, 3), **backbone.settings
    )


def _steps(layers: list[dict[str, Any]]) -> Iterator[Step]:
    """Yield a functional model's layers; padding that ``same`` would add goes into convolutions."""
    values: dict[str, int] = {}
    padded: set[str] = set()
    count = 0
    for origin, layer in enumerate(layers):
        name, kind, settings = layer["name"], layer["class_name"], _settings(layer["config"])
        names = _sources(layer)
        sources = tuple(values[source] for source in names)
        if kind == "InputLayer":
            values[name] = 0
        elif kind == "ZeroPadding2D" and _is_like_same(settings["padding"]):
            padded.add(name)
            values[name] = sources[0]
        else:
            if padded & set(names):
                settings["padding"] = "same"
            count += 1
            values[name] = count
            yield Step(kind, settings, sources, origin)


def _is_like_same(padding: Any) -> bool:
    """Tell whether it is what Keras pads before strided convolutions of even images."""
    return all(after == before + 1 for before, after in padding)


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that make the architecture: initial values are left to Keras."""
    return {
        name: value
        for name, value in config.items()
        if isinstance(value, _PLAIN) and name not in _WITHOUT_MEANING
    }


def _sources(layer: Mapping[str, Any]) -> list[str]:
    if not layer["inbound_nodes"]:
        return []
    ((tensors, *_),) = (node["args"] for node in layer["inbound_nodes"])
    tensors = tensors if isinstance(tensors, list) else [tensors]
    return [tensor["config"]["keras_history"][0] for tensor in tensors]


def _cuts(steps: tuple[Step, ...]) -> Iterator[int]:
    last_read = [0] * (len(steps) + 1)
    for number, step in enumerate(steps, start=1):
        for source in step.sources:
            last_read[source] = number
    still_read = 0
    for number, (step, after) in enumerate(zip(steps, (*steps[1:], None), strict=True), start=1):
        still_read = max(still_read, last_read[number - 1])
        is_between = after is None or after.kind in _STARTS or step.kind in _ENDS
        if still_read <= number and is_between:
            yield number
