"""What an export came to: told as text or JSON, and whether it may be relied on."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.bundle.delivery import Delivery
from nas.bundle.final_training import Final
from nas.bundle.seeds import seed_results, seeds_sentence
from nas.compiler.compile_answer import CompilerAnswer
from nas.evaluation.interval import accuracy_interval
from nas.records.record import Record


@dataclass(frozen=True)
class Result:
    """An export.

    Attributes:
        out: Folder of the bundle.
        record: What the search recorded of the network.
        final: The network as exported.
        answer: What the compiler made of it, where there was one.
        delivery: How it arrived where it was sent; ``None`` where it was not.
    """

    out: Path
    record: Record
    final: Final
    answer: CompilerAnswer | None
    delivery: Delivery | None = None

    @property
    def keeps_promise(self) -> bool:
        """Whether the network is as accurate as the search recorded, within its interval."""
        low = self.record.accuracy_low
        return low is None or self.final.network.trained.accuracy >= low

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against relying on it."""
        return not self.complaints() and (self.delivery is None or self.delivery.verified)

    def complaints(self) -> list[str]:
        """Return a line for each reason not to rely on the network."""
        lines = []
        if not self.keeps_promise:
            lines.append(
                "Less accurate than the search recorded: train longer with --epochs, or pick "
                "another."
            )
        if self.answer is not None and self.answer.content is None:
            lines.append(f"The compiler refuses this network: {self.answer.compilation.reason}")
        return lines

    def as_text(self) -> str:
        """Return a few lines for a terminal."""
        network = self.final.network
        low, high = accuracy_interval(network.test_accuracy, network.test_examples)
        seeds = seeds_sentence(self.final)
        programs = (shlex.quote(str(self.out / name)) for name in ("classify.py", "verify.py"))
        classify, verify = programs
        return (
            f"{self.out}: int8 accuracy {network.test_accuracy:.4f} on the test split "
            f"(95 % interval {low:.4f} – {high:.4f}),\n"
            f"{network.trained.accuracy:.4f} on validation; "
            f"the search recorded {self.record.accuracy:.4f} there.\n"
            + (f"{seeds}\n" if seeds else "")
            + f"Try it: python {classify} FILE; check it anywhere: python {verify}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the same and more as JSON values."""
        network, record = self.final.network, self.record
        compilation = None if self.answer is None else self.answer.compilation
        low, high = accuracy_interval(network.test_accuracy, network.test_examples)
        return {
            "out": str(self.out),
            "candidate_id": record.candidate_id,
            "recorded_accuracy": record.accuracy,
            "recorded_accuracy_low": record.accuracy_low,
            "recorded_accuracy_high": record.accuracy_high,
            "validation_accuracy": network.trained.accuracy,
            "seed": network.trained.seed,
            "seeds": seed_results(self.final),
            "test_accuracy": network.test_accuracy,
            "test_accuracy_low": low,
            "test_accuracy_high": high,
            "compiles": None if compilation is None else compilation.outcome,
            "compile_reason": None if compilation is None else compilation.reason,
            "delivered": None if self.delivery is None else vars(self.delivery),
        }
