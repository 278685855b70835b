"""The networks of the layer sweeps and of the USB micro-benchmarks."""

from collections.abc import Mapping

from benchmarks.fidelity_layers import Layers
from benchmarks.fidelity_zoo import network
from nas.network.network import Network

_NETWORKS = {
    "mobilenet_v1_1.0_224": "mobilenet_v1", "mobilenet_v2_1.0_224": "mobilenet_v2",
    "mobilenet_v2_with_fc": "mobilenet_v2", "mobilenet_v2_without_fc": "mobilenet_v2_headless",
    "coco_ssd_mobilenet_v1": "ssd_mobilenet_v1",
}  # fmt: skip


def convolutions(width: int) -> Network:
    """Five 3x3 convolutions of ``width`` filters on 64x64x3."""
    layers = Layers((1, 64, 64, 3), per_channel=True)
    x = layers.input
    for _ in range(5):
        x = layers.conv(x, width, zero_bias=True)
    return layers.network()


def dense_layers(width: int) -> Network:
    """Dense layers 64-N-N-N-N-10."""
    layers = Layers((1, 64))
    x = layers.input
    for units in (width, width, width, width, 10):
        x = layers.dense(x, units)
    return layers.network()


def micro_network(row: Mapping[str, str]) -> Network:
    """Return the network of a row of ``usb_micro.csv``."""
    model = row["model"]
    if model in _NETWORKS:
        return network(_NETWORKS[model])
    if row["group"].startswith("Ops_dense"):
        return _dense_stack(units=int(row["unit"]), count=int(float(row["layers"])))
    if row["group"] == "Ops_conv":
        return _convolution_stack(int(float(row["layers"])))
    return _transfer(row["input"], model)


def _dense_stack(units: int, count: int) -> Network:
    """Dense layers on twelve values; the compiler of that time stored biases of zero as well."""
    layers = Layers((1, 12))
    x = layers.input
    for _ in range(count):
        x = layers.dense(x, units)
    return layers.network()


def _convolution_stack(count: int) -> Network:
    """7x7 convolutions of 32 filters on a 2x2x3 input padded to 128x128x3."""
    layers = Layers((1, 2, 2, 3), per_channel=True)
    x = layers.append("PAD", (layers.input,), (1, 128, 128, 3))
    for _ in range(count):
        x = layers.conv(x, 32, 7, zero_bias=True)
    layers.conv(x, 3, 1, 128)
    return layers.network()


def _transfer(source: str, model: str) -> Network:
    """A large input cut to a point, a point padded to a large output, or both in turn."""
    layers = Layers((1, *_shape(source)))
    x = layers.input
    if "padding" in model:
        size = _shape(model.rsplit("_", 1)[-1])
        x = layers.append("PAD", (x,), (1, *size))
    if "stride" in model:
        height, width, channels = x.shape[1:]
        x = layers.append("STRIDED_SLICE", (x,), (1, 1, 1, channels)) if height * width > 1 else x
    return layers.network()


def _shape(text: str) -> tuple[int, ...]:
    return tuple(int(side) for side in text.split("x"))
