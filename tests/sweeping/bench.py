"""A bench of one device that measures what a function says of a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Told:
    """What became of one model."""

    key: str
    status: str = "good"
    reason: str | None = None
    figures: dict[str, float] = field(default_factory=dict)


class Bench:
    """Args: a function from a file to milliseconds; ``None`` breaks the device."""

    def __init__(self, latency_ms: Callable[[bytes], float | None]) -> None:
        self._latency_ms = latency_ms
        self._told: list[Told] = []
        self.is_lost = self.is_closed = False

    @property
    def has_room(self) -> bool:
        return not self._told and not self.is_lost

    @property
    def is_idle(self) -> bool:
        return not self._told

    def submit(self, key: str, model: bytes) -> None:
        ms = self._latency_ms(model)
        if ms is None:
            self._told, self.is_lost = [Told(key, "lost", "it broke")], True
        else:
            figures = {"q1_ms": ms - 1, "median_ms": ms, "q3_ms": ms + 2}
            self._told = [Told(key, figures=figures)]

    def take_outcomes(self) -> Sequence[Told]:
        told, self._told = self._told, []
        return told

    def close(self) -> None:
        self.is_closed = True
