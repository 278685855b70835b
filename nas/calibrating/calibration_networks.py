"""Small networks that tell the parts of the latency model apart, some for each part.

A line is a family, the shape of the input, and layers: ``conv3x64`` has 3 x 3 kernels and 64
filters, ``conv1x64/2`` a stride of 2, ``dense512`` 512 units, ``depthwise3``, ``average3`` and
``max3`` a window of that side; ``add`` and ``join`` take the last two activations.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any

_TABLE = """
program 4x4x16 conv1x16
program 4x4x16 conv1x16*8
program 4x4x16 conv1x16*24
program 4x4x16 conv1x16*48
input 128x128x3 conv1x4/8 mean
input 256x256x3 conv1x4/8 mean
input 384x384x3 conv1x4/8 mean
input 512x512x3 conv1x4/8 mean
output 16x16x16 conv1x512
output 16x16x16 conv1x1024
output 16x16x16 conv1x2048
output 128x128x3 conv1x1
output 192x192x3 conv1x4
output 128x128x16 conv1x16
streaming 1024 dense1024*7 dense64
streaming 2048 dense2048*4
streaming 1536 dense1536*6
streaming 8x8x512 conv3x512*4 mean
streaming 8x8x512 conv3x512*5 mean
streaming 8x8x512 conv3x512*3 conv1x256*18 mean
streaming 8x8x512 conv3x512*3 conv1x512*8 mean
convolution 16x16x16 conv3x256*4 mean
convolution 32x32x16 conv3x64*8 mean
convolution 32x32x16 conv3x128*4 mean
convolution 32x32x16 conv3x128*8 mean
convolution 64x64x16 conv3x64*6 mean
convolution 32x32x16 conv1x256*16 mean
convolution 16x16x16 conv1x512*12 mean
convolution 32x32x16 conv5x64*6 mean
borders 16x16x16 conv3x16*8 mean
borders 16x16x16 conv3x16*16 mean
borders 16x16x16 conv3x16*32 mean
borders 16x16x16 conv3x16*48 mean
cuts 64x64x16 conv1x320*4 mean
cuts 64x64x16 conv1x416*4 mean
cuts 64x64x16 conv1x512*4 mean
depthwise 16x16x64 depthwise3*24 mean
depthwise 32x32x64 depthwise3*16 mean
depthwise 64x64x64 depthwise3*8 mean
depthwise 32x32x64 depthwise5*8 mean
average 32x32x64 average3*12 mean
average 32x32x64 average3*24 mean
average 32x32x64 average5*12 mean
maximum 32x32x64 max3*8 mean
maximum 32x32x64 max3*16 mean
maximum 64x64x64 max2*12 mean
elements 32x32x64 conv1x64 add*16 mean
elements 32x32x64 conv1x64 add*32 mean
elements 32x32x64 conv1x64 add*64 mean
elements 16x16x64 conv1x64 add*48 mean
joining 16x16x32 (conv1x32 join)*8 mean
joining 32x32x32 (conv1x32 join)*4 mean
joining 32x32x32 (conv1x32 join)*8 mean
copying 32x32x64 pad1*12 mean
copying 48x48x64 pad2*12 mean
copying 64x64x64 pad2*16 mean
dense 512 dense512*2
dense 1024 dense1024
dense 1024 dense1024*4
dense 1024 dense1024*7
dense 1536 dense1536*3
host 16x16x32 conv1x32 leaky*8
host 32x32x32 conv1x32 leaky*4
host 32x32x32 conv1x32 leaky*16
host 16x16x32 conv1x32 leaky conv3x64*4
host 16x16x32 conv1x32 leaky conv3x128*2
host 32x32x32 conv1x32 leaky conv3x64*2
whole 64x64x3 conv3x16/2 (conv1x96 depthwise3 conv1x16)*3 depthwise3/2 conv1x96 mean dense10
whole 96x96x3 conv3x24/2 (conv1x144 depthwise3 conv1x24)*3 depthwise3/2 conv1x144 mean dense10
whole 128x128x3 conv3x32/2 (conv1x192 depthwise3 conv1x32)*3 depthwise3/2 conv1x192 mean dense10
whole 32x32x3 conv3x64 (conv3x64 conv3x64 add)*2 max3/2 (conv3x64 conv3x64 add)*2 mean dense100
whole 64x64x3 conv3x96 (conv3x96 conv3x96 add)*2 max3/2 (conv3x96 conv3x96 add)*2 mean dense100
whole 96x96x3 conv3x64 (conv3x64 conv3x64 add)*2 max3/2 (conv3x64 conv3x64 add)*2 mean dense100
whole 64x64x3 conv5x32/2 (conv1x32 conv3x32 join max3)*3 average2/2 conv1x32 mean dense1000
whole 96x96x3 conv5x48/2 (conv1x48 conv3x48 join max3)*3 average2/2 conv1x48 mean dense1000
"""
"""The same output bytes come as few pixels and as many, and pixels with few bytes; parameters are
just too many for the chip, and far too many; programs grow with their operators; a leaky rectifier
is not mapped, nor is what follows it."""

_REPEATED = re.compile(r"(?:\(([^)]*)\)|(\S+))\*(\d+)")
_LAYER = re.compile(r"([a-z]+)(\d+)?(?:x(\d+))?(?:/(\d+))?")


@dataclass(frozen=True)
class CalibrationNetwork:
    """One network.

    Attributes:
        name: Its line of the table.
    """

    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of its input, without the batch."""
        return tuple(map(int, self.name.split()[1].split("x")))

    @property
    def layers(self) -> tuple[str, ...]:
        """Its layers, the repeated ones written out."""
        layers = self.name.split(maxsplit=2)[2]
        return tuple(_REPEATED.sub(_repeat, layers).split())

    @property
    def seed(self) -> int:
        """Of its weights and of the noise it is quantized with."""
        return zlib.crc32(self.name.encode())

    def build(self) -> Any:
        """Return the Keras model, with random weights; this imports Keras."""
        import keras

        keras.utils.set_random_seed(self.seed)
        source = keras.Input(self.shape, 1)
        before, last = source, source
        for layer in self.layers:
            before, last = last, _apply(keras.layers, layer, before, last)
        return keras.Model(source, last)


def _repeat(match: re.Match[str]) -> str:
    return " ".join([match[1] or match[2]] * int(match[3]))


def _apply(layers: Any, layer: str, before: Any, last: Any) -> Any:
    match = _LAYER.fullmatch(layer)
    if match is None:
        raise ValueError(f"no layer is called {layer!r}")
    kind, (size, filters, stride) = match[1], (int(part or 1) for part in match.groups()[1:])
    window = {"strides": stride, "padding": "same"}
    make = {
        "conv": lambda: layers.Conv2D(filters, size, **window, activation="relu")(last),
        "depthwise": lambda: layers.DepthwiseConv2D(size, **window, activation="relu")(last),
        "average": lambda: layers.AveragePooling2D(size, **window)(last),
        "max": lambda: layers.MaxPooling2D(size, **window)(last),
        "dense": lambda: layers.Dense(size, activation="relu")(last),
        "pad": lambda: layers.ZeroPadding2D(size)(last),
        "leaky": lambda: layers.LeakyReLU()(last),
        "mean": lambda: layers.GlobalAveragePooling2D()(last),
        "add": lambda: layers.Add()([before, last]),
        "join": lambda: layers.Concatenate()([before, last]),
    }
    return make[kind]()


NETWORKS = tuple(CalibrationNetwork(line) for line in _TABLE.split("\n") if line)
"""The calibration set."""

REFERENCE = CalibrationNetwork("reference 64x64x3 conv3x32/2 conv3x64*4 mean dense10")
"""Runs between the blocks of what is measured: the host, the link and the chip all show in it."""
