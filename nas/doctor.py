"""``python -m nas.doctor``: what is here, what is missing and how to get it, and a self-test."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from textwrap import fill

from nas.command import EXIT_DONE, EXIT_FAILED, CommandParser, print_json, run_command
from nas.compiler.bounded_process import Ended, run_bounded
from nas.device.inventory import (
    Finding,
    State,
    look_at_compiler,
    look_at_device,
    look_at_host,
)
from nas.device.opening import open_devices, parse_device_names
from nas.errors import UserError
from nas.json_values import convert, load

WIDTH = 96
_LIMIT_S = 600.0
_ROOT = Path(__file__).parents[1]
_INDENT = " " * 29


@dataclass(frozen=True)
class Stage:
    """One stage of the self-test.

    Attributes:
        stage: Its name.
        state: Whether it ran; ``missing`` where it could not for want of something.
        detail: What came of it.
        seconds: Time it took.
    """

    stage: str
    state: State
    detail: str
    seconds: float


def main(argv: Sequence[str] | None = None) -> int:
    """Look around, test, and print one page.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        0 where a search can run here, and, where a device was named, be measured on it.
    """
    options = _parse(argv)
    findings = list(_find(options))
    is_alive = all(each.state == "ok" for each in findings if each.is_needed)
    stages: list[Stage] = []
    if is_alive and options.self_test:
        print("Testing: a tiny network through every stage …", file=sys.stderr, flush=True)
        stages = run_selftest(options.device or "", options.compiler)
    ready = is_alive and not any(_is_broken(stage, options.device) for stage in stages)
    if options.json:
        print_json(
            {
                "can_search": ready,
                "findings": [asdict(each) for each in findings],
                "self_test": [asdict(each) for each in stages],
            }
        )
    else:
        print(render(findings, stages, ready, is_tested=options.self_test))
    return EXIT_DONE if ready else EXIT_FAILED


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "doctor", "What is here, what is missing and how to get it, and a self-test (a minute)."
    )
    parser.add_argument(
        "--device",
        help="usb, usb:1, pci, :0 or ssh://user@host, which then has to work; "
        "default: whatever is attached",
    )
    parser.add_argument("--compiler", type=Path, metavar="PATH", help="edgetpu_compiler")
    parser.add_argument(
        "--no-self-test", dest="self_test", action="store_false", help="look only, run nothing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    if options.device is not None and len(parse_device_names(options.device)) != 1:
        raise UserError("--device takes one device here")
    return options


def _find(options: argparse.Namespace) -> Iterator[Finding]:
    """Look around; what a named device needs is needed."""
    yield from look_at_host()
    yield replace(look_at_compiler(options.compiler), is_needed=options.device is not None)
    if options.device is not None and options.device.startswith("ssh://"):
        yield look_at_board(options.device)
        return
    for finding in look_at_device(options.device or ""):
        yield replace(finding, is_needed=options.device is not None)


def look_at_board(device: str) -> Finding:
    """Look at an Edge TPU behind ``ssh://``."""
    name = "Board"
    try:
        measurer = open_devices([device])[device]
    except UserError as error:
        return Finding(name, "failed", str(error).removeprefix("device "), is_needed=True)
    try:
        facts = measurer.connect()
    finally:
        measurer.close()
    keys = ("host", "python", "interpreter", "runtime", "link")
    told = ", ".join(f"{key} {facts[key]}" for key in keys if facts.get(key))
    return Finding(name, "ok", f"{device}: {told}", is_needed=True)


def run_selftest(device: str, compiler: Path | None) -> list[Stage]:
    """Run the self-test in a process of its own, which may crash.

    Args:
        device: Empty for any of this host.
        compiler: ``None`` for the one on ``PATH``.
    """
    words = [device or ":0", "" if compiler is None else str(compiler.absolute())]
    command = [sys.executable, "-m", "nas.selftest", *words]
    ended = run_bounded(command, _ROOT, _LIMIT_S)
    stages: dict[str, Stage] = {}
    for line in ended.output.splitlines():
        try:
            stage = convert(load(line), Stage)
        except ValueError:  # what a library printed
            continue
        stages[stage.stage] = stage
    if ended.status != 0:
        name = next(reversed(stages), "start")
        stages[name] = Stage(name, "failed", _death(ended), ended.seconds)
    return list(stages.values())


def _death(ended: Ended) -> str:
    last = " ".join(ended.errors.strip().splitlines()[-1:])
    if ended.status is None:
        return f"no end after {_LIMIT_S:g} s"
    if ended.status < 0:
        return f"the process ended: {signal.strsignal(-ended.status)} {last}".strip()
    return f"exit status {ended.status}: {last}"


def _is_broken(stage: Stage, device: str | None) -> bool:
    """A stage that cannot run is only a fault where a device was asked for."""
    return stage.state == "failed" or (stage.state == "missing" and device is not None)


def render(
    findings: Sequence[Finding], stages: Sequence[Stage], ready: bool, *, is_tested: bool
) -> str:
    """Render one page."""
    lines = [_line(each.state, each.name, each.detail, each.remedy) for each in findings]
    if stages:
        lines += ["", "Self-test"]
        lines += [_line(s.state, s.stage, f"{s.detail} ({s.seconds:.1f} s)", None) for s in stages]
    lines += ["", _conclusion(findings, stages, ready, is_tested=is_tested)]
    return "\n".join(lines)


def _line(state: State, name: str, detail: str, remedy: str | None) -> str:
    text = fill(f"{state:<9}{name:<20}{detail}", WIDTH, subsequent_indent=_INDENT,
                break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return text if remedy is None else f"{text}\n{'':9}→ {remedy}"


def _conclusion(
    findings: Sequence[Finding], stages: Sequence[Stage], ready: bool, *, is_tested: bool
) -> str:
    if not ready:
        broken = [each.name for each in findings if each.is_needed and each.state != "ok"]
        broken += [each.stage for each in stages if each.state == "failed"]
        broken = broken or [each.stage for each in stages if each.state != "ok"]
        return f"Not ready: {', '.join(broken)}."
    measured = any(each.stage == "measure" and each.state == "ok" for each in stages)
    latency = "measured on the Edge TPU" if measured else "estimated"
    tested = "" if is_tested else ", as far as can be seen without the self-test"
    return f"Ready: python -m nas.search works here{tested}, with latency {latency}."


if __name__ == "__main__":
    run_command("doctor", main)
