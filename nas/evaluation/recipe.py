"""How a network is trained."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        epochs: Passes over the training split.
        batch_size: Examples a step.
        seed: Seed of initial weights, dropout and order.
        learning_rate: Peak of Adam's learning rate, reached after ``warmup`` and brought to 0
            by a half cosine.
        warmup: Share of the steps over which the learning rate rises.
        normalization_momentum: Momentum of every batch normalization. Keras's 0.99 needs hundreds
            of steps: after a brief training it evaluates with statistics of the initial weights.
    """

    epochs: int
    batch_size: int
    seed: int
    learning_rate: float = 4e-3
    warmup: float = 0.1
    normalization_momentum: float = 0.9
