"""``transfer``: networks of ``keras.applications``, cut, widened and given another head.

``--space transfer`` starts from nothing, ``--space transfer:imagenet`` from the weights that Keras
downloads, ``--space transfer:FOLDER`` from files in a folder, one a backbone.

Reference:
    Frozen first, then fine-tuned: Nuh Mih et al., Canadian AI 2024, arXiv 2403.10569. Cut and
    widened: DeLozier et al., Symmetry 2024, 16(1), 91.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import keras
import keras_tuner
from keras import layers

from search_spaces.backbones import (
    BACKBONES,
    SAVED,
    Preprocessing,
    Step,
    read_blueprint,
    read_weights,
    repeated,
)
from search_spaces.blocks import check_square, choose_input_size, classifier, round_width
from search_spaces.weightless import begin_with, layers_first

NONE, IMAGENET = "none", "imagenet"
SUFFIXES = (SAVED, ".h5")
"""Files of weights: as Keras 3 saves them, and as ``keras.applications`` publishes them."""

PREFIX = "backbone_"
"""Begins the names of the backbone's layers."""

DROPOUT = 0.2
PRESETS = ("mobilenet", "mobilenet_v2", "mobilenet_v3_small")
SMALL_BELOW = 160
"""Below this image side in pixels the hand-made networks are narrow ones."""

_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
"""Of pixels from 0 to 1, as in ``keras.applications.imagenet_utils``."""


class Transfer(keras_tuner.HyperModel):
    """Search space around the networks that come with Keras.

    A network that is built with weights begins with those of its backbone.

    Args:
        input_shape: Shape of the stored images: ``(height, width, 3)``, square.
        classes: Number of classes; 1 builds a single sigmoid output.
        weights: ``none``, ``imagenet``, or a folder of files such as
            ``mobilenet_v2_1.0.weights.h5``; only backbones with a file are then offered.

    Raises:
        ValueError: The images are not square, smaller than 16 pixels or not in colour, or the
            folder holds no weights.
    """

    def __init__(self, input_shape: tuple[int, ...], classes: int, weights: str = NONE) -> None:
        super().__init__(name="transfer")
        self.image_size, channels = check_square(input_shape)
        if channels != 3:
            raise ValueError(
                f"the networks of keras.applications take RGB, got {channels} channels"
            )
        self.classes = classes
        self.weights = weights
        fitting = [n for n, each in BACKBONES.items() if self.image_size >= 2 * each.least_side]
        self.files = {} if weights in (NONE, IMAGENET) else _weight_files(Path(weights), fitting)
        self.backbones = list(self.files) or fitting

    @layers_first
    def build(self, hp: Any) -> Any:
        """Build the network of one set of hyperparameters, uncompiled.

        Inputs are RGB images, ``(batch, side, side, 3)``, 0 – 255; outputs are class
        probabilities, ``(batch, classes)``.

        Raises:
            ValueError: The backbone's weights cannot be had.
        """
        side = choose_input_size(hp, self.image_size)
        name = hp.Choice("backbone", self.backbones)
        inputs = keras.Input((side, side, 3), name="image")
        x = self._prepare(inputs, BACKBONES[name].preprocessing)
        x = self._backbone(x, name, _choose_steps(name, hp))
        widening = hp.Choice("widening", [1.0, 1.5, 2.0, 3.0])
        if widening > 1:
            x = _widen(x, round_width(widening * x.shape[-1]))
        pooling = hp.Choice("pooling", ["average", "max"])
        hidden = hp.Choice("head_width", [0, 64, 128, 256, 512])
        return keras.Model(inputs, classifier(x, self.classes, DROPOUT, hidden, pooling))

    def presets(self) -> dict[str, dict[str, Any]]:
        """Return the hyperparameters of whole backbones with a plain head by name."""
        widths = ("_0.25", "_0.35", "") if self.image_size < SMALL_BELOW else ("_1.0", "_1.0", "")
        plain = {"widening": 1.0, "pooling": "average", "head_width": 0}
        names = [preset + width for preset, width in zip(PRESETS, widths, strict=True)]
        chosen = [name for name in names if name in self.backbones] or self.backbones[:1]
        return {
            name.replace("_", "-"): {
                "input_size": self.image_size,
                "backbone": name,
                "depth": 1.0,
                **({} if _block(name, 1.0) is None else {"copies": 0}),
                **plain,
            }
            for name in chosen
        }

    def warm_start(self, _model: Any, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Name the layers of a model that have learned before.

        Args:
            _model: A model that ``build`` made.
            values: Its hyperparameters.

        Returns:
            Names of the layers that stay frozen while the others learn: the backbone's, but not
            copies of its last block, which never worked one behind the other. None without
            weights.
        """
        if self.weights == NONE:
            return ()
        first: dict[int, str] = {}
        steps = _steps(values["backbone"], values["depth"], values.get("copies", 0))
        for number, step in enumerate(steps, start=1):
            first.setdefault(step.origin, _name(number, step))
        return tuple(first.values())

    def _backbone(self, x: Any, name: str, steps: tuple[Step, ...]) -> Any:
        """Run the backbone's layers, which begin with their learned weights if there are any."""
        learned = cache(lambda: self._learned(name))

        def weights_of(origin: int) -> Callable[[], list[Any]]:
            return lambda: learned()[origin]

        values = [x]
        for number, step in enumerate(steps, start=1):
            layer = getattr(layers, step.kind)(**step.settings, name=_name(number, step))
            sources = [values[source] for source in step.sources]
            values.append(layer(sources if len(sources) > 1 else sources[0]))
            if self.weights != NONE:
                begin_with(layer, weights_of(step.origin))
        return values[-1]

    def _prepare(self, x: Any, preprocessing: Preprocessing) -> Any:
        """Bring pixels to what the weights expect; the network's only preprocessing.

        Without weights an offset would be an operator more, as it cannot be folded into a padded
        convolution.
        """
        if self.weights == NONE:
            return layers.Rescaling(1 / 127.5, name="preprocessing")(x)
        if preprocessing == "tf":
            return layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(x)
        pairs = list(zip(_IMAGENET_MEAN, _IMAGENET_DEVIATION, strict=True))
        return layers.Rescaling(
            scale=[1 / 255 / deviation for _, deviation in pairs],
            offset=[-mean / deviation for mean, deviation in pairs],
            name="preprocessing",
        )(x)

    def _learned(self, name: str) -> list[list[Any]]:
        """Return the weights of a backbone, by the place of each layer in Keras' own model."""
        try:
            return read_weights(name, self.files.get(name))
        except Exception as error:  # Keras raises what it likes
            raise ValueError(
                f"weights of {name} cannot be loaded from {self.files.get(name, IMAGENET)} "
                f"({error}); give a folder of files, transfer:FOLDER, or start from nothing, "
                "transfer"
            ) from error


def _weight_files(folder: Path, names: list[str]) -> dict[str, Path]:
    paths = {name: [folder / (name + suffix) for suffix in SUFFIXES] for name in names}
    found = {name: path for name, each in paths.items() for path in each[::-1] if path.is_file()}
    if not found:
        raise ValueError(
            f"{folder} holds no weights: write imagenet, or a folder with files such as "
            f"{names[0]}{SUFFIXES[0]} ({', '.join(names)})"
        )
    return found


def _choose_steps(name: str, hp: Any) -> tuple[Step, ...]:
    depth = hp.Choice("depth", [0.4, 0.55, 0.7, 0.85, 1.0])
    copies = hp.Choice("copies", [0, 1, 2, 4]) if _block(name, depth) is not None else 0
    return _steps(name, depth, copies)


def _steps(name: str, depth: float, copies: int) -> tuple[Step, ...]:
    steps, block = read_blueprint(name).until(depth), _block(name, depth)
    return steps if block is None else repeated(steps, block, copies)


def _block(name: str, depth: float) -> tuple[int, int] | None:
    """Return what is repeated of a backbone; nothing of it may keep its shape."""
    blueprint = read_blueprint(name)
    return blueprint.block_of(blueprint.until(depth))


def _name(number: int, step: Step) -> str:
    return f"{PREFIX}{number}_{step.kind.lower()}"


def _widen(x: Any, width: int) -> Any:
    """Give the features more channels; the backbone's own weights stay as they are."""
    x = layers.Conv2D(width, 1, use_bias=False, name="widening")(x)
    x = layers.BatchNormalization(name="widening_normalization")(x)
    return layers.ReLU(6.0, name="widening_activation")(x)
