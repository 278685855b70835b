from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from nas.sweeping.recommendation import check_recommendations
from nas.sweeping.step import Step
from tests.sweeping.steps import step

BASELINE = step(1, 1000, computing=2.0)


@dataclass
class Laboratory:
    """Costs by what is adjusted: latency that each adjustment adds, in milliseconds."""

    depth_ms: float = 0.4
    width_ms: float = 0.4
    vector_ms: float = 0.0
    layers_ms: dict[str, float] = field(default_factory=lambda: {"a": 0.1, "b": 0.2, "c": 0.3})
    in_doubt: str | None = None

    def depth(self, copies: int) -> Step:
        return step(copies, 1000 + 50 * copies, computing=2.0 + self.depth_ms)

    def width(self, factor: float, layer: str | None) -> Step:
        if layer is None:
            return step(factor, round(1000 * factor), computing=2.0 + self.width_ms)
        return step(factor, 1100, computing=2.0 + self.layers_ms[layer])

    def vector(self, values: int) -> Step:
        made = step(values, 1000, computing=2.0 + self.vector_ms)
        return replace(made, in_doubt=self.in_doubt)

    def free_layers(self) -> Sequence[str]:
        return list(self.layers_ms)


class Nothing(Laboratory):
    """No adjustment is possible."""

    def depth(self, copies: int) -> Step:
        return Step(copies, reason="nothing can be repeated")

    def width(self, factor: float, layer: str | None) -> Step:
        return Step(factor, reason=f"no width is free in {layer}")

    def vector(self, values: int) -> Step:
        return Step(values, reason="no image input")

    def free_layers(self) -> Sequence[str]:
        return ()


def _verdicts(laboratory: Laboratory, *steps: Step) -> dict[str, str]:
    found = check_recommendations(BASELINE, steps or (BASELINE,), laboratory)
    return {each.text.split()[-1]: each.verdict for each in found}


@pytest.mark.parametrize(
    ("cpu_ms", "verdict"),
    [(50.0, "confirmed"), (2.2, "not testable here"), (1.0, "contradicted")],
)
def test_tpu_or_cpu(cpu_ms: float, verdict: str) -> None:
    assert _verdicts(Laboratory(), step(1, 9, computing=2.0, cpu_ms=cpu_ms))["CNNs"] == verdict


def test_a_network_without_convolutions_says_nothing_on_cnns() -> None:
    dense = replace(BASELINE, convolutions=0)
    assert _verdicts(Laboratory(), dense)["CNNs"] == "not testable here"


@pytest.mark.parametrize(
    ("depth_ms", "width_ms", "verdict"),
    [(0.2, 1.0, "confirmed"), (1.0, 0.2, "contradicted"), (0.4, 0.45, "not testable here")],
)
def test_depth_or_width(depth_ms: float, width_ms: float, verdict: str) -> None:
    laboratory = Laboratory(depth_ms=depth_ms, width_ms=width_ms)
    assert _verdicts(laboratory)["width"] == verdict


def test_depth_and_width_are_compared_at_equal_size() -> None:
    found = check_recommendations(BASELINE, (BASELINE,), Laboratory())
    assert "5 copies of a block" in found[1].evidence
    assert found[1].evidence.count("multiply-accumulates +25.0 %") == 2


@pytest.mark.parametrize(
    ("first", "verdict"), [(0.05, "confirmed"), (0.2, "not testable here"), (0.4, "contradicted")]
)
def test_widening_at_the_input(first: float, verdict: str) -> None:
    laboratory = Laboratory(layers_ms={"a": first, "b": 0.2, "c": 0.3})
    assert _verdicts(laboratory)["input"] == verdict


@pytest.mark.parametrize(
    ("vector_ms", "in_doubt", "verdict"),
    [
        (1.0, None, "confirmed"),
        (0.0, None, "not testable here"),
        (-1.0, None, "contradicted"),
        (-1.0, "operator 2 (RESIZE_BILINEAR)", "not testable here"),
    ],
)
def test_dense_input_layers(vector_ms: float, in_doubt: str | None, verdict: str) -> None:
    laboratory = Laboratory(vector_ms=vector_ms, in_doubt=in_doubt)
    assert _verdicts(laboratory)["layers"] == verdict


def test_what_cannot_be_adjusted_is_not_testable() -> None:
    found = check_recommendations(BASELINE, (BASELINE,), Nothing())
    assert {each.verdict for each in found[1:]} == {"not testable here"}
    assert [found[1].evidence, found[3].evidence] == ["nothing can be repeated", "no image input"]
