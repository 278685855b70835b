"""``spectrogram_mlp`` and ``spectrogram_cnn``: classifiers of the spectrograms of signals.

The spectrogram comes from the host, which takes logarithms, or from convolutions with fixed weights
at the beginning of the network, where a sigmoid stands for the logarithm, which does not map.

Reference: Hosseininoorbin et al., Exploring Edge TPU for deep feed-forward neural networks,
Internet of Things 22 (2023), arXiv 2110.08826: spectrograms and feed-forward networks. Its tables
are not available; the presets here are this project's own.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers

from search_spaces.front_end import SCALES, Spectrogram, Waveform, bands_of, sinusoids
from search_spaces.weightless import layers_first

MIN_SAMPLES = 64
LARGEST_WINDOW = 1024
WINDOWS = 3
HOPS = (0.25, 0.5, 1.0)
"""Shares of the window; the window is a multiple of each."""
BINS = (16, 32, 64)

NEURONS = (64, 128, 256, 512, 1024)
CHANNELS = (8, 16, 32, 64)
MOST_LAYERS = 4
DROPOUT = 0.2


class SpectrogramSpace(keras_tuner.HyperModel):
    """What the two search spaces share: the front end.

    Args:
        input_shape: Shape of the stored signals: ``(samples, channels)``.
        classes: Number of classes.

    Raises:
        ValueError: Signals have fewer than 64 samples.
    """

    def __init__(self, input_shape: tuple[int, ...], classes: int) -> None:
        super().__init__(name=type(self).__name__)
        self.samples, self.channels = input_shape
        if self.samples < MIN_SAMPLES:
            raise ValueError(f"signals need at least {MIN_SAMPLES} samples, got {self.samples}")
        self.classes = classes
        longest = min(LARGEST_WINDOW, 1 << (self.samples // 2).bit_length() - 1)
        self.windows = [longest >> halvings for halvings in reversed(range(WINDOWS))]

    @layers_first
    def build(self, hp: Any) -> Any:
        """Build the network of one set of hyperparameters, uncompiled.

        Inputs are what ``front_end`` makes of a signal; outputs are class probabilities,
        ``(batch, classes)``.
        """
        place = hp.Choice("front_end", ["host", "model"])
        hp.Choice("window", self.windows)
        hp.Choice("hop", list(HOPS))
        hp.Choice("bins", list(BINS))
        hp.Choice("scale", list(SCALES))
        wanted = self._spectrogram(hp.values)
        if place == "host":
            inputs = x = keras.Input((wanted.frames, wanted.bins, self.channels))
        else:
            inputs = keras.Input((self.channels, wanted.samples // wanted.hop * wanted.hop))
            x = compute_spectrogram(inputs, wanted)
        x = self._features(x, hp)
        x = layers.Dropout(DROPOUT)(x)
        return keras.Model(inputs, layers.Dense(self.classes, activation="softmax")(x))

    def front_end(self, hyperparameters: Mapping[str, Any]) -> Spectrogram | Waveform:
        """Return what prepares signals for the network of these hyperparameters."""
        wanted = self._spectrogram(hyperparameters)
        if hyperparameters["front_end"] == "host":
            return wanted
        return Waveform(self.samples, self.channels, self.samples // wanted.hop * wanted.hop)

    def _spectrogram(self, hyperparameters: Mapping[str, Any]) -> Spectrogram:
        window = int(hyperparameters["window"])
        return Spectrogram(
            self.samples,
            self.channels,
            window=window,
            hop=int(window * hyperparameters["hop"]),
            bins=min(int(hyperparameters["bins"]), window // 2),
            scale=hyperparameters["scale"],
        )

    def _front_end_preset(self) -> dict[str, Any]:
        middle = self.windows[1]
        return {"front_end": "host", "window": middle, "hop": 0.5, "bins": 32, "scale": "linear"}

    @abstractmethod
    def _features(self, x: Any, hp: Any) -> Any:
        """Turn spectrograms, ``(batch, frames, bins, channels)``, into features."""


class SpectrogramMlp(SpectrogramSpace):
    """Dense networks on all of a spectrogram at once."""

    def presets(self) -> dict[str, dict[str, Any]]:
        """Return one shallow and one deep network by name."""
        shared = self._front_end_preset()
        return {
            "dense-128": {**shared, "layers": 1, "neurons_1": 128},
            "dense-512x3": {
                **shared, "layers": 3, "neurons_1": 512, "neurons_2": 512, "neurons_3": 512,
            },
        }  # fmt: skip

    def _features(self, x: Any, hp: Any) -> Any:
        x = layers.Flatten()(x)
        for number in range(1, hp.Int("layers", 1, MOST_LAYERS) + 1):
            x = layers.Dense(hp.Choice(f"neurons_{number}", list(NEURONS)), use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        return x


class SpectrogramCnn(SpectrogramSpace):
    """Convolutions over time and frequency, twice as many channels at half the resolution."""

    def presets(self) -> dict[str, dict[str, Any]]:
        """Return one shallow and one deep network by name."""
        shared = {**self._front_end_preset(), "kernel": 3, "pooling": "flatten"}
        return {
            "conv-16x2": {**shared, "layers": 2, "channels": 16},
            "conv-32x4": {**shared, "layers": 4, "channels": 32},
        }

    def _features(self, x: Any, hp: Any) -> Any:
        width, kernel = hp.Choice("channels", list(CHANNELS)), hp.Choice("kernel", [3, 5])
        for number in range(hp.Int("layers", 1, MOST_LAYERS)):
            x = layers.Conv2D(width << number, kernel, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
            x = _halved(x)
        if hp.Choice("pooling", ["flatten", "average"]) == "average":
            return layers.GlobalAveragePooling2D()(x)
        return layers.Flatten()(x)


def _halved(x: Any) -> Any:
    size = tuple(min(2, side) for side in x.shape[1:3])
    return x if size == (1, 1) else layers.MaxPooling2D(size)(x)


def compute_spectrogram(x: Any, wanted: Spectrogram) -> Any:
    """Compute spectrograms of ``(batch, channels, samples)`` by operators of the Edge TPU.

    A stretch of ``window`` samples is ``window / hop`` neighbouring columns of ``hop`` samples, so
    that framing is a reshape and the convolution needs no stride.
    """
    channels, columns = wanted.channels, x.shape[2] // wanted.hop
    x = layers.Reshape((channels, columns, wanted.hop))(x)
    x = layers.Conv2D(
        4 * (wanted.window // 2),
        (1, wanted.window // wanted.hop),
        use_bias=False,
        kernel_initializer=Sinusoids(wanted.window),
        trainable=False,
    )(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(
        wanted.bins,
        1,
        use_bias=False,
        kernel_initializer=Bands(wanted.window, wanted.bins, wanted.scale),
        trainable=False,
    )(x)
    x = layers.Activation("sigmoid")(layers.BatchNormalization()(x))
    if channels == 1:
        return layers.Reshape((wanted.frames, wanted.bins, 1))(x)
    return layers.Permute((2, 3, 1))(x)


class Sinusoids(keras.initializers.Initializer):
    """Kernels of a windowed Fourier transform; see ``search_spaces.front_end.sinusoids``."""

    def __init__(self, window: int) -> None:
        self.window = window

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the kernel of shape ``(1, window / hop, hop, frequencies)``."""
        return keras.ops.convert_to_tensor(sinusoids(self.window).reshape(shape), dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {"window": self.window}


class Bands(keras.initializers.Initializer):
    """Kernels that sum frequencies to bands; see ``search_spaces.front_end.bands_of``."""

    def __init__(self, window: int, bins: int, scale: str) -> None:
        self.window, self.bins, self.scale = window, bins, scale

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the kernel of shape ``(1, 1, frequencies, bins)``."""
        bands = bands_of(self.window, self.bins, self.scale)
        return keras.ops.convert_to_tensor(np.tile(bands, (4, 1)).reshape(shape), dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the settings."""
        return {"window": self.window, "bins": self.bins, "scale": self.scale}
