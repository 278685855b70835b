"""The published networks that were measured, written down from their papers.

Their files are not at hand; the operators follow the papers and the TensorFlow models of that time:
quantized per tensor, activations fused, 1,001 classes where ImageNet was learnt with background.
"""

from collections.abc import Callable
from functools import cache

from benchmarks.fidelity_layers import Layers
from nas.network.network import Network, Tensor

_V = "VALID"
_RESIDUALS = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
    (6, 320, 1, 1),
)  # fmt: skip
_SEPARABLE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)


def mobilenet_v1() -> Network:
    """MobileNet v1 1.0 224 [arXiv 1704.04861]."""
    layers = Layers((1, 224, 224, 3))
    x = _separable(layers, layers.conv(layers.input, 32, 3, 2), *_SEPARABLE, (1024, 2), (1024, 1))
    return layers.classify(x, 1001)


def _separable(layers: Layers, x: Tensor, *blocks: tuple[int, int]) -> Tensor:
    for filters, stride in blocks:
        x = layers.conv(layers.depthwise(x, stride), filters, 1)
    return x


def mobilenet_v2() -> Network:
    """MobileNet v2 1.0 224 [arXiv 1801.04381]."""
    layers = Layers((1, 224, 224, 3))
    return layers.classify(mobilenet_v2_body(layers)[-1], 1001)


def mobilenet_v2_headless() -> Network:
    """MobileNet v2 1.0 224 that ends in its last convolution."""
    layers = Layers((1, 224, 224, 3))
    return layers.network(mobilenet_v2_body(layers)[-1])


def mobilenet_v2_body(layers: Layers) -> list[Tensor]:
    """Append MobileNet v2 up to its last convolution; returns the result of every block."""
    results = [layers.conv(layers.input, 32, 3, 2)]
    for expansion, filters, repeats, stride in _RESIDUALS:
        for repeat in range(repeats):
            step = 1 if repeat else stride
            results.append(_inverted(layers, results[-1], expansion, filters, step))
    return [*results, layers.conv(results[-1], 1280, 1)]


def _inverted(layers: Layers, source: Tensor, expansion: int, filters: int, stride: int) -> Tensor:
    x = layers.conv(source, source.shape[-1] * expansion, 1) if expansion > 1 else source
    x = layers.conv(layers.depthwise(x, stride), filters, 1)
    return layers.add(x, source) if x.shape == source.shape else x


def ssd_mobilenet_v1() -> Network:
    """SSD MobileNet v1 at 300 with 91 classes; boxes are decoded on the host."""
    layers = Layers((1, 300, 300, 3))
    c4 = _separable(layers, layers.conv(layers.input, 32, 3, 2), *_SEPARABLE)
    c5 = _separable(layers, c4, (1024, 2), (1024, 1))
    return _ssd(layers, [c4, c5], classes=91)


def ssd_mobilenet_v2_face() -> Network:
    """SSD MobileNet v2 at 320 for faces; boxes are decoded on the host."""
    layers = Layers((1, 320, 320, 3))
    blocks = mobilenet_v2_body(layers)
    # The feature map is the expansion of the 14th block; its projection's input stands for it.
    return _ssd(layers, [layers.conv(blocks[13], 576, 1), blocks[-1]], classes=2)


def _ssd(layers: Layers, maps: list[Tensor], classes: int) -> Network:
    for squeezed, filters in ((256, 512), (128, 256), (128, 256), (64, 128)):
        maps.append(layers.conv(layers.conv(maps[-1], squeezed, 1), filters, 3, 2))
    boxes, scores = [], []
    for number, features in enumerate(maps):
        anchors = 6 if number else 3
        boxes.append(_flat(layers, layers.conv(features, 4 * anchors, 1), 4))
        scores.append(_flat(layers, layers.conv(features, classes * anchors, 1), classes))
    box, score = _stack(layers, boxes), _stack(layers, scores)
    score = layers.append("LOGISTIC", (score,), score.shape)
    decoded = layers.append("CUSTOM", (box, score), (1, 10, 4), "float32")
    return layers.network(decoded)


def _flat(layers: Layers, x: Tensor, width: int) -> Tensor:
    return layers.append("RESHAPE", (x,), (1, x.elements // width, width))


def _stack(layers: Layers, parts: list[Tensor]) -> Tensor:
    rows = sum(part.shape[1] for part in parts)
    return layers.append("CONCATENATION", parts, (1, rows, parts[0].shape[-1]), axis=1)


def unet_mobilenet_v2() -> Network:
    """U-Net on MobileNet v2 at 128 with 3 classes, as in TensorFlow's segmentation tutorial."""
    layers = Layers((1, 128, 128, 3))
    blocks = mobilenet_v2_body(layers)
    skips = [layers.conv(blocks[place], filters, 1) for place, filters in _UNET_SKIPS]
    x = blocks[-2]
    for skip, filters in zip(skips, (512, 256, 128, 64), strict=True):
        x = layers.concatenate(_transposed(layers, x, filters), skip)
    return layers.network(_transposed(layers, x, 3))


# The skips are expansions of 96 to 576 channels at 8, 16, 32 and 64 pixels.
_UNET_SKIPS = ((13, 576), (6, 192), (3, 144), (1, 96))


def _transposed(layers: Layers, x: Tensor, filters: int) -> Tensor:
    weights = Tensor("weights", (filters, 3, 3, x.shape[-1]), "int8", is_constant=True, scales=1)
    sides = (2 * x.shape[1], 2 * x.shape[2])
    shape = Tensor("shape", (4,), "int32", is_constant=True)
    return layers.append("TRANSPOSE_CONV", (shape, weights, x), (1, *sides, filters),
                         stride=(2, 2), padding="SAME")  # fmt: skip


def inception_v1() -> Network:
    """Inception v1 at 224 [arXiv 1409.4842]."""
    layers = Layers((1, 224, 224, 3))
    x = layers.pool(layers.conv(layers.input, 64, 7, 2), 3, 2, "SAME")
    x = layers.pool(layers.conv(layers.conv(x, 64, 1), 192), 3, 2, "SAME")
    for number, widths in enumerate(_INCEPTION_V1):
        x = layers.pool(x, *((3, 2) if number == 2 else (2, 2)), "SAME") if number in (2, 7) else x
        x = _inception_v1(layers, x, widths)
    x = layers.pool(x, 7, 1, average=True)
    x = layers.conv(x, 1001, 1)
    return layers.network(layers.append("SOFTMAX", (x,), x.shape))


_INCEPTION_V1 = (
    (64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), (192, 96, 208, 16, 48, 64),
    (160, 112, 224, 24, 64, 64), (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64),
    (256, 160, 320, 32, 128, 128), (256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128),
)  # fmt: skip


def _inception_v1(layers: Layers, x: Tensor, widths: tuple[int, ...]) -> Tensor:
    a, b1, b3, c1, c3, d = widths
    return layers.concatenate(
        layers.conv(x, a, 1),
        layers.conv(layers.conv(x, b1, 1), b3),
        layers.conv(layers.conv(x, c1, 1), c3),
        layers.conv(layers.pool(x, 3, 1, "SAME"), d, 1),
    )


def resnet_50() -> Network:
    """ResNet-50 v1 at 299 [arXiv 1512.03385]."""
    layers = Layers((1, 299, 299, 3))
    x = layers.pool(layers.conv(layers.input, 64, 7, 2), 3, 2, "SAME")
    for width, repeats, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for repeat in range(repeats):
            x = _bottleneck(layers, x, width, 1 if repeat else stride)
    return layers.classify(x, 1000)


def _bottleneck(layers: Layers, x: Tensor, width: int, stride: int) -> Tensor:
    y = layers.conv(layers.conv(layers.conv(x, width, 1, stride), width), 4 * width, 1)
    return layers.add(y, x if y.shape == x.shape else layers.conv(x, 4 * width, 1, stride))


def squeezenet() -> Network:
    """SqueezeNet 1.1 at 224 [arXiv 1602.07360]."""
    layers = Layers((1, 224, 224, 3))
    x = layers.conv(layers.input, 64, 3, 2, _V)
    for number, (squeezed, expanded) in enumerate(_FIRES):
        x = layers.pool(x, 3, 2) if number in (0, 2, 4) else x
        y = layers.conv(x, squeezed, 1)
        x = layers.concatenate(layers.conv(y, expanded, 1), layers.conv(y, expanded))
    x = layers.conv(x, 1001, 1)
    x = layers.append("MEAN", (x,), (1, x.shape[-1]), axes=(1, 2))
    return layers.network(layers.append("SOFTMAX", (x,), x.shape))


_FIRES = (
    (16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256),
)  # fmt: skip


def vgg_16() -> Network:
    """VGG16 at 224 [arXiv 1409.1556]."""
    layers = Layers((1, 224, 224, 3))
    x = layers.input
    for filters, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            x = layers.conv(x, filters)
        x = layers.pool(x, 2, 2)
    for units in (4096, 4096, 1000):
        x = layers.dense(x, units)
    return layers.network(layers.append("SOFTMAX", (x,), x.shape))


def _deep(name: str) -> Callable[[], Network]:
    def build() -> Network:
        from benchmarks import fidelity_inception

        network: Network = getattr(fidelity_inception, name)()
        return network

    return build


_BUILDERS: dict[str, Callable[[], Network]] = {
    "mobilenet_v1": mobilenet_v1, "mobilenet_v2": mobilenet_v2,
    "mobilenet_v2_headless": mobilenet_v2_headless, "inception_v1": inception_v1,
    "inception_v3": _deep("inception_v3"), "inception_v4": _deep("inception_v4"),
    "ssd_mobilenet_v1": ssd_mobilenet_v1, "ssd_mobilenet_v2_face": ssd_mobilenet_v2_face,
    "resnet_50": resnet_50, "squeezenet": squeezenet, "vgg_16": vgg_16,
    "unet_mobilenet_v2": unet_mobilenet_v2,
}  # fmt: skip


@cache
def network(name: str) -> Network:
    """Return a published network by its short name.

    Raises:
        KeyError: No network has this name.
    """
    return _BUILDERS[name]()
