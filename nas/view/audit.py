"""An audit of a search space in the terminal."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from nas.auditing.audit import FRONT, Audit, Preset
from nas.auditing.audit_costs import Cost, Spread
from nas.auditing.audit_knobs import KnobEffect
from nas.auditing.audit_shares import Reason, Share
from nas.view.quantity import UNKNOWN, short_name, shown
from nas.view.summary import front_table
from nas.view.text import of_profile, plain

EFFECTS = (
    "latency_ms", "memory_bytes", "off_chip_bytes", "peak_activation_bytes", "macs", "parameters",
    "cpu_ops",
)  # fmt: skip
"""Costs whose effects are shown where they vary; energy follows latency."""

_PRESET_COSTS = ("latency_ms", "memory_bytes", "off_chip_bytes")
_CHECK_WORDS = {
    "maps": "with every operator on the chip",
    "fits": "with all parameters in its memory",
    "compiles": "that compile, as predicted",
}
_NOTES = {
    "maps": "operators on the CPU",
    "fits": "streams parameters",
    "compiles": "may not compile",
}
_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH = 100
_FRONT_ROWS = 8
_REASON = 500


def print_audit(console: Console, audit: Audit) -> None:
    """Print an audit: heading, shares, costs, presets, knobs and the front of costs."""
    if not console.is_terminal:
        console.width = max(console.width, _WIDTH)
    for part in _parts(audit):
        console.print(Text(part) if isinstance(part, str) else part, highlight=False)


def _parts(audit: Audit) -> Iterator[RenderableType]:
    yield from _heading(audit)
    yield _shares_table(audit)
    yield from (_reason(reason) for reason in audit.reasons)
    yield _duplicates(audit)
    if audit.checks["builds"].yes:
        yield from _costs(audit)
    if audit.presets:
        yield _presets_table(audit)
    if audit.knobs:
        yield from _knobs(audit)
    if audit.front:
        yield "Front of costs: no network that was read is both faster and smaller"
        yield front_table(audit.front, FRONT, limit=_FRONT_ROWS)


def _heading(audit: Audit) -> Iterator[str]:
    asked = audit.question
    if audit.is_interrupted:
        read = audit.drawn + audit.changed
        yield f"Interrupted: {read:,} of {asked.candidates:,} settings were read; this is of those."
    yield (
        f"{plain(asked.space)} at {asked.input_words}, "
        f"{asked.classes} classes, on the Coral Edge TPU ({asked.estimator.link}, "
        f"{asked.estimator.clock_mhz:g} MHz, host {asked.estimator.host}"
        f"{of_profile(asked.estimator.profile)}): every cost is an estimate, nothing was trained, "
        "compiled or run"
    )
    yield (
        f"{audit.drawn:,} settings drawn at random (seed {asked.seed}), {audit.changed:,} of them "
        "again with one knob changed"
    )


# --- shares ---------------------------------------------------------------------------------


def _shares_table(audit: Audit) -> Table:
    rows = {
        "Settings that build a network": audit.checks["builds"],
        **{f"Networks {words}": audit.checks[check] for check, words in _CHECK_WORDS.items()},
        **{f"Networks that keep {plain(t, 40)}": share for t, share in audit.constraints.items()},
        "Settings that a search would train": audit.usable,
    }
    answers = [
        answer
        for answer in ("yes", "no", "uncertain", "unknown")
        if any(getattr(share, answer) for share in rows.values())
    ]
    table = _table("", "share", "95 % interval", *answers)
    for words, share in rows.items():
        counts = (getattr(share, answer) for answer in answers)
        table.add_row(words, *_share(share), *(f"{count:,}" if count else "" for count in counts))
    return table


def _share(share: Share) -> tuple[str, str]:
    if share.share is None or share.interval is None:
        return UNKNOWN, ""
    low, high = share.interval
    return f"{100 * share.share:.1f} %", f"{100 * low:.1f} - {100 * high:.1f} %"


def _reason(reason: Reason) -> str:
    example = plain(reason.example, _REASON)
    return f"{reason.check}: {reason.count:,} x {reason.answer}, such as: {example}"


def _duplicates(audit: Audit) -> str:
    found = audit.duplicates
    if found.share is None:
        return "No setting builds a network."
    if found.networks == found.settings:
        return f"Duplicates: none; {found.settings:,} different settings give as many networks"
    return (
        f"Duplicates: {100 * found.share:.1f} %; {found.settings:,} different settings give "
        f"{found.networks:,} networks"
    )


# --- costs ----------------------------------------------------------------------------------


def _costs(audit: Audit) -> Iterator[RenderableType]:
    # What is on the chip is the memory without what is streamed.
    costs = [cost for cost in audit.costs.values() if cost.name != "on_chip_bytes"]
    varying = [cost for cost in costs if _varies(cost)]
    if varying:
        yield _costs_table(varying)
    constant = [
        f"{short_name(cost.name)} {shown(cost.name, cost.spread.minimum)}"
        for cost in costs
        if cost.spread and cost.is_constant
    ]
    if constant:
        yield f"The same for all that were drawn: {', '.join(constant)}"
    yield from _unknown(costs)


def _unknown(costs: Sequence[Cost]) -> Iterator[str]:
    for count in sorted({cost.unknown for cost in costs} - {0}):
        names = ", ".join(short_name(cost.name) for cost in costs if cost.unknown == count)
        yield f"Not known of {count:,} of {costs[0].known + costs[0].unknown:,} networks: {names}"


def _costs_table(costs: Sequence[Cost]) -> Table:
    table = _table("cost", "least", "5 %", "median", "95 %", "most", "histogram")
    for cost in costs:
        if cost.spread is None:
            continue
        table.add_row(short_name(cost.name), *_quantiles(cost.name, cost.spread), _bars(cost))
        if cost.low and cost.high:
            table.add_row(*(Text(each, style="dim") for each in _interval_row(cost.low, cost.high)))
    return table


def _quantiles(name: str, spread: Spread) -> list[str]:
    return [shown(name, value) for value in vars(spread).values()]


def _interval_row(low: Spread, high: Spread) -> list[str]:
    ends = zip(vars(low).values(), vars(high).values(), strict=True)
    return ["  80 % interval", *(f"{low:.3g}-{high:.3g}" for low, high in ends), ""]


def _bars(cost: Cost) -> str:
    """Return a histogram a character a bin; one network is always seen."""
    most = max(cost.counts)
    steps = len(_BARS) - 1
    return "".join(_BARS[-(-count * steps // most)] for count in cost.counts)


# --- presets --------------------------------------------------------------------------------


def _presets_table(audit: Audit) -> Table:
    names = [name for name in _PRESET_COSTS if _varies(audit.costs[name])]
    table = _table("hand-made preset", *(short_name(name) for name in names), "notes")
    table.columns[-1].justify = "left"
    table.caption = ">12 %: more than that share of the drawn networks"
    for preset in audit.presets:
        table.add_row(*_preset_row(preset, names))
    return table


def _preset_row(preset: Preset, names: Sequence[str]) -> Iterator[Text]:
    yield Text(plain(preset.costed.record.preset, 24))
    for name in names:
        cell = Text(shown(name, getattr(preset.costed.record, name)))
        rank = preset.ranks[name]
        if rank is not None:
            cell.append(f" {_rank(rank)}", style="dim")
        yield cell
    yield Text(", ".join(_notes(preset)))


def _rank(rank: float) -> str:
    return ">all" if rank == 1.0 else ">none" if rank == 0.0 else f">{100 * rank:.0f} %"


def _notes(preset: Preset) -> Iterator[str]:
    if not preset.costed.builds:
        yield plain(preset.costed.record.reason, 60)
        return
    for check, words in _NOTES.items():
        answer = preset.costed.verdicts[check].answer
        if answer != "yes":
            yield f"{words}: not known" if answer == "unknown" else words
    if preset.keeps == "no":
        yield "breaks constraint"


# --- knobs ----------------------------------------------------------------------------------


def _knobs(audit: Audit) -> Iterator[RenderableType]:
    changed = [each for each in audit.knobs if each.changes]
    names = [name for name in EFFECTS if _varies(audit.costs[name])]
    if changed:
        yield _knobs_table(changed, names)
    dead = [each for each in changed if each.role == "dead"]
    if dead:
        yield _dead(dead)
    lists = (
        ("free", "Change networks, but no cost"),
        ("unclear", "Change networks, whose costs are not known"),
        ("single", "Have one value"),
        ("unseen", "Not changed in what was read, so nothing is known of them"),
    )
    for role, words in lists:
        found = audit.knobs_of(role)
        if found:
            yield f"{words}: {', '.join(plain(name, 40) for name in found)}"


def _knobs_table(knobs: Sequence[KnobEffect], names: Sequence[str]) -> Table:
    heads = (short_name(name) for name in names)
    table = _table("knob changed alone", "changes", "other network", *heads)
    table.caption = (
        "Effects: root-mean-square change of the cost, where 100 % is that between two random "
        "settings and 0 is none at all"
    )
    for each in knobs:
        table.add_row(
            Text(plain(each.knob.name, 28)),
            f"{each.changes:,}",
            f"{100 * each.other_networks / each.changes:.0f} %",
            *(_effect(each, name) for name in names),
        )
    return table


def _effect(each: KnobEffect, name: str) -> Text:
    effect = each.effects[name]
    if effect is None or effect.ratio is None:
        return Text("?", style="dim")
    style = "bold" if effect.ratio >= 0.5 else "dim" if effect.ratio < 0.1 else ""
    return Text(f"{100 * effect.ratio:.0f} %" if effect.ratio else "0", style=style)


def _dead(dead: Sequence[KnobEffect]) -> str:
    names = ", ".join(sorted(plain(each.knob.name, 40) for each in dead))
    least = min(dead, key=lambda each: each.changes)
    bound = 100 * (least.most_other_networks or 1.0)
    return (
        f"Without effect: {names}; no change of these gave another network, in {least.changes:,} "
        f"changes or more of each (95 % interval: at most {bound:.1f} % would)"
    )


def _varies(cost: Cost) -> bool:
    return cost.spread is not None and not cost.is_constant


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, caption_justify="left")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    return table
