"""How a network is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

from nas.errors import UserError

AUGMENTATIONS = ("flip", "shift", "light")
"""Random changes of training images: mirrored left to right, moved, contrast and brightness."""

NO_AUGMENTATION = "none"


@dataclass(frozen=True)
class Phase:
    """Epochs that are trained alike.

    Attributes:
        start: Epochs trained before.
        end: Epochs trained after it, those before included.
        learning_rate: Peak of Adam's learning rate.
        is_frozen: Whether layers that have learned before keep their weights.
    """

    start: int
    end: int
    learning_rate: float
    is_frozen: bool


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
        frozen_share: Share of the epochs in which layers that have learned before stay frozen.
        fine_tuning: Factor on the learning rate afterwards, when every layer is trained.
        augmentation: Random changes of the training images, of ``AUGMENTATIONS``.

    Reference:
        60 epochs frozen, then 20 with everything trainable: Nuh Mih et al., Canadian AI 2024,
        arXiv 2403.10569.
    """

    epochs: int
    batch_size: int
    seed: int
    learning_rate: float = 4e-3
    warmup: float = 0.1
    normalization_momentum: float = 0.9
    frozen_share: float = 0.75
    fine_tuning: float = 0.1
    augmentation: tuple[str, ...] = ()

    def phases(self, *, has_learned: bool) -> tuple[Phase, ...]:
        """Return how the epochs are trained.

        Args:
            has_learned: Whether some layers start from weights that were learned before.
        """
        if not has_learned:
            return (Phase(0, self.epochs, self.learning_rate, is_frozen=False),)
        frozen = round(self.epochs * self.frozen_share)
        lower = self.learning_rate * self.fine_tuning
        first = Phase(0, frozen, self.learning_rate, is_frozen=True)
        second = Phase(frozen, self.epochs, lower, is_frozen=False)
        return tuple(phase for phase in (first, second) if phase.start < phase.end)


def parse_augmentation(names: Sequence[str], *, are_images: bool) -> tuple[str, ...]:
    """Return the changes that a user names, each once; ``none`` is none.

    Args:
        names: As given.
        are_images: Whether the data is images.

    Raises:
        UserError: A name is unknown, or there is no image to change.
    """
    if list(names) == [NO_AUGMENTATION]:
        return ()
    unknown = [name for name in names if name not in AUGMENTATIONS]
    if unknown:
        raise UserError(
            f"--augment {unknown[0]!r}: use {', '.join(AUGMENTATIONS)}, or {NO_AUGMENTATION} alone"
        )
    if names and not are_images:
        raise UserError("--augment changes images, and the data holds signals: leave it out")
    return tuple(name for name in AUGMENTATIONS if name in names)
