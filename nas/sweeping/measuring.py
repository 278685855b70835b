"""Latency of the steps of a sweep, measured on devices."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from nas.data.dataset import Split
from nas.errors import CandidateError, UserError
from nas.sweeping.adjustments import Adjustment
from nas.sweeping.step import Step

_EXAMPLES = 2
_POLL_S = 0.1


class Attempted(Protocol):
    """What a bench tells of one model."""

    @property
    def key(self) -> str:
        """What it was handed in under."""

    @property
    def status(self) -> str:
        """``good``, or why the figures are not."""

    @property
    def reason(self) -> str | None:
        """What is wrong."""

    @property
    def figures(self) -> Mapping[str, Any]:
        """``median_ms``, ``q1_ms``, ``q3_ms`` and more."""


class Bench(Protocol):
    """Devices that compile and measure."""

    @property
    def has_room(self) -> bool:
        """Whether a device is free."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is measured."""

    @property
    def is_lost(self) -> bool:
        """Whether no device is left."""

    def submit(self, key: str, model: bytes) -> None:
        """Hand in an int8 model, while there is room."""

    def take_outcomes(self) -> Sequence[Attempted]:
        """Return what ended since this was asked last."""


def measure_steps(
    steps: Sequence[Step], convert: Callable[[Step], bytes], bench: Bench
) -> Iterator[tuple[int, Step]]:
    """Measure the networks of a sweep.

    Args:
        steps: The costed steps; those without costs are passed over.
        convert: Makes the int8 file of a step.
        bench: The devices.

    Yields:
        Places and steps with the measured latency, or with the reason why it is not known.
    """
    waiting = [place for place, step in enumerate(steps) if step.reason is None]
    while waiting or not bench.is_idle:
        while waiting and bench.has_room:
            place = waiting.pop(0)
            try:
                bench.submit(str(place), convert(steps[place]))
            except (CandidateError, UserError) as error:
                yield place, steps[place].unmeasured(str(error))
        for outcome in bench.take_outcomes():
            place = int(outcome.key)
            yield place, _measured(steps[place], outcome)
        if bench.is_lost:
            break
        time.sleep(_POLL_S)
    for place in waiting:
        yield place, steps[place].unmeasured("no device is left")


def _measured(step: Step, outcome: Attempted) -> Step:
    if outcome.status != "good":
        return step.unmeasured(f"not measured: {outcome.reason}")
    low_middle_high = (outcome.figures[name] for name in ("q1_ms", "median_ms", "q3_ms"))
    return step.measured(*low_middle_high)


def converter(build: Callable[[], Any], adjustment: Adjustment) -> Callable[[Step], bytes]:
    """Return what makes the int8 file of a step; its ranges are those of noise.

    Args:
        build: Makes the network with weights.
        adjustment: What to adjust.
    """

    def convert(step: Step) -> bytes:
        from nas.evaluation.quantization import quantize

        model = adjustment.apply(build(), step.value, True)
        shape = (_EXAMPLES, *model.inputs[0].shape[1:])
        noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        return quantize(model, Split(noise, np.zeros(_EXAMPLES, np.int32)))

    return convert
