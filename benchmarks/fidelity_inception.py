"""Inception v3 and v4, the deepest of the measured networks."""

from benchmarks.fidelity_layers import Layers
from nas.network.network import Network, Tensor

_V = "VALID"


class _Inception(Layers):
    def chain(self, x: Tensor, *steps: tuple[int, int | tuple[int, int]]) -> Tensor:
        for filters, kernel in steps:
            x = self.conv(x, filters, kernel)
        return x

    def halve(self, x: Tensor, filters: int) -> Tensor:
        return self.conv(x, filters, 3, 2, _V)

    def shrink(self, x: Tensor) -> Tensor:
        return self.pool(x, 3, 2)

    def pooled(self, x: Tensor, filters: int) -> Tensor:
        return self.conv(self.pool(x, 3, 1, "SAME", average=True), filters, 1)

    def fan(self, x: Tensor, filters: int) -> list[Tensor]:
        return [self.conv(x, filters, (1, 3)), self.conv(x, filters, (3, 1))]


def inception_v3() -> Network:
    """Inception v3 at 299 [arXiv 1512.00567]."""
    net = _Inception((1, 299, 299, 3))
    x = net.conv(net.conv(net.conv(net.input, 32, 3, 2, _V), 32, 3, 1, _V), 64)
    x = net.conv(net.conv(net.shrink(x), 80, 1), 192, 3, 1, _V)
    x = net.shrink(x)
    for width in (32, 64, 64):
        double = net.chain(x, (64, 1), (96, 3), (96, 3))
        single = net.chain(x, (48, 1), (64, 5))
        x = net.concatenate(net.chain(x, (64, 1)), single, double, net.pooled(x, width))
    x = net.concatenate(
        net.halve(x, 384), net.halve(net.chain(x, (64, 1), (96, 3)), 96), net.shrink(x)
    )
    for width in (128, 160, 160, 192):
        x = _middle_v3(net, x, width)
    tall = net.chain(x, (192, 1), (192, (1, 7)), (192, (7, 1)))
    x = net.concatenate(net.halve(net.chain(x, (192, 1)), 320), net.halve(tall, 192), net.shrink(x))
    for _ in range(2):
        wide, deep = net.chain(x, (384, 1)), net.chain(x, (448, 1), (384, 3))
        x = net.concatenate(net.chain(x, (320, 1)), *net.fan(wide, 384), *net.fan(deep, 384),
                            net.pooled(x, 192))  # fmt: skip
    return net.classify(x, 1001)


def _middle_v3(net: _Inception, x: Tensor, width: int) -> Tensor:
    down, along = (width, (7, 1)), (width, (1, 7))
    return net.concatenate(
        net.chain(x, (192, 1)),
        net.chain(x, (width, 1), along, (192, (7, 1))),
        net.chain(x, (width, 1), down, along, down, (192, (1, 7))),
        net.pooled(x, 192),
    )


def inception_v4() -> Network:
    """Inception v4 at 299 [arXiv 1602.07261]."""
    net = _Inception((1, 299, 299, 3))
    x = _stem_v4(net)
    for _ in range(4):
        x = net.concatenate(net.chain(x, (96, 1)), net.chain(x, (64, 1), (96, 3)),
                            net.chain(x, (64, 1), (96, 3), (96, 3)), net.pooled(x, 96))  # fmt: skip
    x = net.concatenate(
        net.halve(x, 384), net.halve(net.chain(x, (192, 1), (224, 3)), 256), net.shrink(x)
    )
    for _ in range(7):
        x = _middle_v4(net, x)
    tall = net.chain(x, (256, 1), (256, (1, 7)), (320, (7, 1)))
    x = net.concatenate(net.halve(net.chain(x, (192, 1)), 192), net.halve(tall, 320), net.shrink(x))
    for _ in range(3):
        wide = net.chain(x, (384, 1))
        deep = net.chain(x, (384, 1), (448, (3, 1)), (512, (1, 3)))
        x = net.concatenate(net.chain(x, (256, 1)), *net.fan(wide, 256), *net.fan(deep, 256),
                            net.pooled(x, 256))  # fmt: skip
    return net.classify(x, 1001)


def _stem_v4(net: _Inception) -> Tensor:
    x = net.conv(net.conv(net.conv(net.input, 32, 3, 2, _V), 32, 3, 1, _V), 64)
    x = net.concatenate(net.shrink(x), net.halve(x, 96))
    tall = net.chain(x, (64, 1), (64, (1, 7)), (64, (7, 1)))
    x = net.concatenate(net.conv(net.chain(x, (64, 1)), 96, 3, 1, _V), net.conv(tall, 96, 3, 1, _V))
    return net.concatenate(net.halve(x, 192), net.shrink(x))


def _middle_v4(net: _Inception, x: Tensor) -> Tensor:
    return net.concatenate(
        net.chain(x, (384, 1)),
        net.chain(x, (192, 1), (224, (1, 7)), (256, (7, 1))),
        net.chain(x, (192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))),
        net.pooled(x, 128),
    )
