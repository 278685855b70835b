"""A made-up sweep."""

from dataclasses import replace

from nas.sweeping.adjustments import Adjustment
from nas.sweeping.recommendation import Recommendation
from nas.sweeping.step import Step
from nas.sweeping.sweep import Sweep
from tests.sweeping.steps import step

_SETUP = {"link": "usb3", "clock_mhz": 500.0, "host": "desktop"}


def made_up_sweep(name: str = "net", layer: str | None = None, count: int = 30) -> Sweep:
    """A network that spills behind step 3."""
    adjustment = Adjustment(
        name="depth", words="copies of the block", layer=layer, size="macs", neutral=0,
        values=tuple(range(count)), apply=lambda model, _, __: model,
    )  # fmt: skip
    steps = [
        step(n, 100 + 5 * n, computing=2.0 + n / 20, streamed_parameters=2.0 if n > 3 else 0.0)
        for n in range(count)
    ]
    advice = Recommendation("prefer depth", "contradicted", f"see {name}")
    return Sweep(name, _SETUP, adjustment, tuple(steps), (advice,))


def with_steps(sweep: Sweep, *steps: Step) -> Sweep:
    """The sweep with these steps instead."""
    return replace(sweep, steps=steps)
