"""How a model is measured, and whether the figures are good.

Blocks of inferences are run until enough of them agree, with blocks of a reference model between
them that tell whether the device drifts. A block is timed where the device is (``agent.py``), so no
figure contains a round trip; here is decided which block comes next and what they are worth.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nas.device.session import Block, BlockSettings

Status = Literal["good", "throttled", "incomplete", "drifting", "unstable"]
RunBlock = Callable[[bytes, BlockSettings], Block]


@dataclass(frozen=True)
class Policy:
    """When a measurement is good. The shares are choices of this project, not of a standard.

    Attributes:
        blocks: Blocks that must agree.
        block: How each is run.
        outlier: A block whose median is so far from the median of all, as a share, is run again.
        reruns: Most blocks that are run again.
        drift: How much the second half may differ from the first, as a share.
        change: How much the reference model may differ from its usual time, as a share.
        limit_s: Seconds after which no new block is begun.
    """

    blocks: int = 6
    block: BlockSettings = field(default_factory=BlockSettings)
    outlier: float = 0.05
    reruns: int = 3
    drift: float = 0.03
    change: float = 0.05
    limit_s: float = 120.0


@dataclass(frozen=True)
class Reference:
    """A model that runs between the blocks of all others, to see whether the device drifts.

    Attributes:
        model: The compiled file.
        usual_ms: What it takes on this device when nothing disturbs it; ``None`` if not known.
    """

    model: bytes
    usual_ms: float | None = None


@dataclass(frozen=True)
class Measurement:
    """What one model takes, one inference, batch 1, warm.

    Attributes:
        status: ``good``, or why not to trust it.
        reason: What is wrong and what to do; ``None`` where it is good.
        median_ms: Median of all inferences of the blocks that agree.
        q1_ms: First quartile.
        q3_ms: Third quartile.
        p95_ms: 95th percentile.
        count: Inferences.
        blocks: Blocks that agree.
        outlying_blocks: Blocks left out.
        first_ms: The very first inference, which uploads the parameters.
        warmup_count: Inferences before the first block.
        drift: How much slower the second half was, as a share; ``None`` for a single block.
        reference_ms: Median of the reference model.
        reference_change: How much slower that is than usually, as a share; ``None`` if not known.
        temperature_c: Highest temperature seen.
        clock_hz: Lowest clock seen.
        cpu_governor: Of the host.
        cpu_clock_hz: Lowest seen.
    """

    status: Status
    reason: str | None
    median_ms: float
    q1_ms: float
    q3_ms: float
    p95_ms: float
    count: int
    blocks: int
    outlying_blocks: int
    first_ms: float
    warmup_count: int
    drift: float | None
    reference_ms: float | None
    reference_change: float | None
    temperature_c: float | None
    clock_hz: float | None
    cpu_governor: str | None
    cpu_clock_hz: float | None

    @property
    def is_good(self) -> bool:
        """Whether it may be called the model's latency."""
        return self.status == "good"


def measure(
    model: bytes,
    reference: Reference | None,
    run_block: RunBlock,
    policy: Policy = Policy(),
    clock: Callable[[], float] = time.monotonic,
) -> Measurement:
    """Measure a model.

    Args:
        model: The compiled file.
        reference: Run between its blocks; without one the model tells its own drift.
        run_block: Runs a block on the device.
        policy: When it is good.
        clock: Tells seconds.
    """
    deadline = clock() + policy.limit_s
    blocks: list[Block] = []
    references: list[Block] = []
    while not blocks or (clock() < deadline and _wants_more(blocks, policy)):
        if reference is not None:
            references.append(run_block(reference.model, policy.block))
        blocks.append(run_block(model, policy.block))
    if reference is not None:
        references.append(run_block(reference.model, policy.block))
    return conclude(blocks, references, policy, reference.usual_ms if reference else None)


def _wants_more(blocks: Sequence[Block], policy: Policy) -> bool:
    has_enough = len(agreeing(blocks, policy.outlier)) >= policy.blocks
    return not has_enough and len(blocks) < policy.blocks + policy.reruns


def conclude(
    blocks: Sequence[Block],
    references: Sequence[Block],
    policy: Policy,
    usual_ms: float | None = None,
) -> Measurement:
    """Sum up blocks, each in the order it was run.

    Args:
        blocks: Of the model; at least one.
        references: Of the reference model.
        policy: When the measurement is good.
        usual_ms: What the reference model takes when nothing disturbs it.
    """
    kept = agreeing(blocks, policy.outlier)
    times = _sorted_ms(kept or blocks)
    drift = find_drift(references or blocks)
    reference_ms = quantile(_sorted_ms(references), 0.5) if references else None
    change = reference_ms / usual_ms - 1 if reference_ms and usual_ms else None
    states = [block.state for block in (*blocks, *references)]
    status, reason = _judge(blocks, references, policy, change)
    return Measurement(
        status, reason, quantile(times, 0.5), quantile(times, 0.25), quantile(times, 0.75),
        quantile(times, 0.95), len(times), len(kept), len(blocks) - len(kept),
        1e3 * blocks[0].warmup_s[0], len(blocks[0].warmup_s), drift,
        reference_ms, change,
        max((s.temperature_c for s in states if s.temperature_c is not None), default=None),
        min((s.clock_hz for s in states if s.clock_hz is not None), default=None),
        states[0].cpu_governor,
        min((s.cpu_clock_hz for s in states if s.cpu_clock_hz is not None), default=None),
    )  # fmt: skip


def _judge(
    blocks: Sequence[Block], references: Sequence[Block], policy: Policy, change: float | None
) -> tuple[Status, str | None]:
    kept, wanted = len(agreeing(blocks, policy.outlier)), policy.blocks
    drift = find_drift(references or blocks)
    if any(block.state.is_throttled for block in (*blocks, *references)):
        return "throttled", "the Edge TPU was too hot and slowed down: cool it"
    if kept < wanted and len(blocks) < wanted + policy.reruns:
        return "incomplete", f"{kept} of {wanted} blocks in {policy.limit_s:g} s: allow more time"
    if drift is not None and abs(drift) > policy.drift:
        return (
            "drifting",
            f"became {drift:+.1%} slower, more than {policy.drift:.1%}: let it settle",
        )
    if change is not None and abs(change) > policy.change:
        return (
            "drifting",
            f"the reference model takes {1 + change:.2f} times as long as at first: let the device "
            "settle, or begin again",
        )
    if kept < wanted:
        return "unstable", f"{kept} of {len(blocks)} blocks agree: end other programs on the host"
    return "good", None


def agreeing(blocks: Sequence[Block], share: float) -> list[Block]:
    """Return the blocks whose median is within a share of the median of all medians."""
    centre = statistics.median(map(_median, blocks))
    return [block for block in blocks if abs(_median(block) - centre) <= share * centre]


def find_drift(blocks: Sequence[Block]) -> float | None:
    """Return how much slower the second half of the blocks is than the first, as a share."""
    half = len(blocks) // 2
    if not half:
        return None
    first, last = (
        statistics.median(map(_median, part)) for part in (blocks[:half], blocks[-half:])
    )
    return last / first - 1


def _median(block: Block) -> float:
    return statistics.median(block.timed_s)


def _sorted_ms(blocks: Sequence[Block]) -> list[float]:
    return sorted(1e3 * seconds for block in blocks for seconds in block.timed_s)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return a quantile of ascending values, linear between its neighbours.

    Reference: definition 7 of Hyndman and Fan, The American Statistician 50(4), 1996,
    https://doi.org/10.2307/2684934
    """
    below, part = divmod(share * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return low + part * (high - low)
