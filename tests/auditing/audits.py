"""Made-up audits: networks whose latency is ``3 a + b`` ms and whose memory is ``a`` KiB.

Of the knobs ``a``, ``b``, ``idle`` and ``name``, each 0 or 1, ``idle`` does nothing and ``name``
changes the network but no cost. Networks with ``a`` = 1 stream their parameters.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from nas.auditing.audit import Audit, Question, audit
from nas.auditing.audit_sample import Costed, Knob, Pair, Sample, Verdict
from nas.edgetpu.estimator import Estimator
from nas.records.constraint import parse_constraint
from nas.records.record import Record

KNOBS = ("a", "b", "idle", "name")


def costed(settings: Mapping[str, int], preset: str | None = None, **values: Any) -> Costed:
    """One setting with its costs, changed where a test cares."""
    a, b = settings["a"], settings["b"]
    latency_ms = 1.0 + 3 * a + b
    costs: dict[str, Any] = {
        "latency_ms": latency_ms,
        "latency_low_ms": 0.9 * latency_ms,
        "latency_high_ms": 1.2 * latency_ms,
        "latency_source": "estimate",
        "energy_mj": 2 * latency_ms,
        "memory_bytes": 1024 * (1 + a),
        "on_chip_bytes": 1024,
        "off_chip_bytes": 1024 * a,
        "peak_activation_bytes": 512,
        "macs": 1000 * (1 + a),
        "parameters": 1000 * (1 + a),
        "ops_total": 3,
        "ops_mapped": 3,
    }
    name = f"{a}{b}{settings['name']}"
    record = Record(name, "made_up", settings, "complete", preset=preset, **{**costs, **values})
    fits = Verdict("no" if a else "yes")
    yes = Verdict("yes")
    return Costed(record, {"builds": yes, "maps": yes, "fits": fits, "compiles": yes})


def unbuilt(settings: Mapping[str, int], reason: str = "no network") -> Costed:
    """A setting that builds nothing."""
    record = Record("", "made_up", settings, "failed", reason)
    return Costed(record, {"builds": Verdict("no", reason, "ValueError")})


def unread(settings: Mapping[str, int]) -> Costed:
    """A setting whose operators are only known by converting the model."""
    record = Record(f"unread{settings}", "made_up", settings, "complete", parameters=7)
    unknown = Verdict("unknown", "Scale is not read", "Scale")
    checks = {"maps": unknown, "fits": unknown, "compiles": unknown}
    return Costed(record, {"builds": Verdict("yes"), **checks})


def full_sample(presets: Sequence[Costed] = ()) -> Sample:
    """All sixteen settings, and each again with every knob changed."""
    drawn = [dict(zip(KNOBS, bits, strict=True)) for bits in product((0, 1), repeat=4)]
    pairs = [
        Pair(knob, costed(settings), costed({**settings, knob: 1 - settings[knob]}))
        for settings in drawn
        for knob in KNOBS
    ]
    knobs = {name: Knob(name, (0, 1), is_range=False) for name in KNOBS}
    return Sample([costed(settings) for settings in drawn], pairs, list(presets), knobs)


def question(*constraints: str, candidates: int = 80, space: str = "made_up") -> Question:
    """What the made-up space is asked."""
    bounds = tuple(parse_constraint(text) for text in constraints)
    return Question(space, 32, 2, candidates, 0, Estimator(), bounds)


def made_up_audit(*constraints: str) -> Audit:
    """The audit of the whole made-up space, with one preset."""
    preset = costed({"a": 1, "b": 0, "idle": 0, "name": 0}, preset="hand")
    return audit(question(*constraints), full_sample([preset]))
