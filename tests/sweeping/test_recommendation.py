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

    blocks_ms: dict[str, float] = field(default_factory=lambda: {"first": 0.4})
    width_ms: float = 0.4
    vector_ms: float = 0.0
    layers_ms: dict[str, float] = field(default_factory=lambda: {"a": 0.1, "b": 0.2, "c": 0.3})
    in_doubt: str | None = None

    def blocks(self) -> Sequence[str]:
        return list(self.blocks_ms)

    def depth(self, copies: int, block: str) -> Step:
        return step(copies, 1000 + 50 * copies, computing=2.0 + self.blocks_ms[block])

    def width(self, factor: float, layer: str | None) -> Step:
        if layer is None:
            return step(factor, round(1000 * factor**2), computing=2.0 + self.width_ms)
        return step(factor, 1100, computing=2.0 + self.layers_ms[layer])

    def vector(self, values: int) -> Step:
        made = step(values, 1000, computing=2.0 + self.vector_ms)
        return replace(made, in_doubt=self.in_doubt)

    def free_layers(self) -> Sequence[str]:
        return list(self.layers_ms)


class Nothing(Laboratory):
    """No adjustment is possible."""

    def depth(self, copies: int, block: str) -> Step:
        return Step(copies, reason=f"{block} cannot be repeated")

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
    laboratory = Laboratory(blocks_ms={"first": depth_ms}, width_ms=width_ms)
    assert _verdicts(laboratory)["width"] == verdict


def test_of_several_blocks_the_cheapest_counts() -> None:
    blocks = {"first": 3.0, "unseen": 0.0, "middle": 0.4, "unseen too": 0.0, "last": 2.0}
    assert _verdicts(Laboratory(blocks_ms=blocks, width_ms=1.0))["width"] == "confirmed"
    assert _verdicts(Laboratory(blocks_ms=blocks, width_ms=0.1))["width"] == "contradicted"


def test_depth_and_width_are_compared_at_equal_size() -> None:
    found = check_recommendations(BASELINE, (BASELINE,), Laboratory())
    assert "5 copies of the cheapest of 1 blocks" in found[1].evidence
    assert "10 copies of the cheapest of 1 blocks" in found[1].evidence
    assert found[1].evidence.count("multiply-accumulates +25.0 %") == 2
    assert found[1].evidence.count("multiply-accumulates +50.0 %") == 2


def test_a_block_that_hardly_adds_anything_is_not_repeated_for_ever() -> None:
    class Tiny(Laboratory):
        def depth(self, copies: int, block: str) -> Step:  # noqa: ARG002
            return step(copies, 1000 + copies, computing=2.0)

    found = check_recommendations(BASELINE, (BASELINE,), Tiny())
    assert (found[1].verdict, found[1].evidence) == (
        "not testable here", "`first` is too small a part of the network"
    )  # fmt: skip


def test_widenings_that_hardly_take_longer_are_no_evidence() -> None:
    found = check_recommendations(
        BASELINE, (BASELINE,), Laboratory(layers_ms={"a": 0.1, "b": 0.01, "c": 0.3})
    )
    assert found[2].verdict == "not testable here"
    assert "too little to matter" in found[2].evidence


def test_one_size_at_which_it_is_dearer_contradicts() -> None:
    class Steep(Laboratory):
        def width(self, factor: float, layer: str | None) -> Step:
            if layer == "a":  # cheap to double, dear beyond
                return step(factor, 1100, computing=2.05 if factor == 2 else 3.0)
            return super().width(factor, layer)

    found = check_recommendations(BASELINE, (BASELINE,), Steep())
    assert found[2].verdict == "contradicted"
    assert "x 2: 0.25 at `a`, 1 at `b`, too little to matter. x 10: 5" in found[2].evidence


@pytest.mark.parametrize(
    ("first", "verdict"),
    [(0.5, "confirmed"), (2.0, "not testable here"), (4.0, "contradicted")],
)
def test_widening_at_the_input(first: float, verdict: str) -> None:
    laboratory = Laboratory(layers_ms={"a": first, "b": 2.0, "c": 3.0})
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
    assert [found[1].evidence, found[3].evidence] == ["first cannot be repeated", "no image input"]
