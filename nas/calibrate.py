"""``python -m nas.calibrate``: fit the chip model to a device of your own, in minutes."""

import argparse
import functools
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from nas.bench import convert
from nas.calibrating.calibration_networks import NETWORKS, REFERENCE
from nas.calibrating.fitting import Setup, fit
from nas.calibrating.profile import (
    Profile,
    Residual,
    constants_of,
    profile_folder,
    profile_path,
    write_profile,
)
from nas.command import EXIT_DONE, EXIT_FAILED, CommandParser, print_json, run_command
from nas.compiler.compile_cache import CompileCache, default_folder
from nas.compiler.compiler import compile_model, find_compiler
from nas.device.calibration_run import CalibrationRun, Entry, MeasurementFile
from nas.device.failures import DeviceError
from nas.device.opening import open_devices
from nas.device.reference import give_reference
from nas.edgetpu.chip import CHIP, LINKS, LinkName
from nas.edgetpu.host import HOSTS, HostName
from nas.errors import CandidateError, UserError

LEAST_SHARE = 0.75
"""Share of the networks that has to be measured well before anything is fitted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the calibration set and write a profile.

    Args:
        argv: Command-line words; those of the process by default.

    Returns:
        The exit status.

    Raises:
        UserError: There is no compiler or no device, or the options make no sense.
    """
    options = _parse(argv)
    path = profile_path(options.name)
    compiler = find_compiler(options.compiler)
    cache = CompileCache(default_folder())
    device = open_devices([options.device])[options.device]
    try:
        facts = device.connect()
        setup = Setup(
            options.link or link_of(facts.get("link")),
            options.host or host_of(facts.get("host")),
            options.clock_mhz,
        )
        compile_here = functools.partial(compile_model, compiler=compiler, cache=cache)
        run = CalibrationRun(
            convert, compile_here, device, options.device,
            MeasurementFile(path.with_suffix(".measured.jsonl")), _print_entry,
        )  # fmt: skip
        _print_problem(give_reference(device, compile_here(convert(REFERENCE))))
        profile = calibrate(run, setup, path.stem)
    finally:
        device.close()
    if profile is None:
        return EXIT_FAILED
    write_profile(profile, path)
    run.file.path.unlink(missing_ok=True)
    if options.json:
        print_json(asdict(profile))
    else:
        print(render_profile(profile, path))
    return EXIT_DONE


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = CommandParser(
        "calibrate",
        "Measure 75 small networks on your Edge TPU, some minutes long, and fit the chip "
        "model to it. Interrupted, the same command goes on.",
    )
    parser.add_argument(
        "--device", required=True, help="usb, usb:1, pci, pci:0, :0 or ssh://user@host"
    )
    parser.add_argument(
        "--name", default="mine", help="of the profile; or a path that ends in .json"
    )
    parser.add_argument("--compiler", type=Path, metavar="PATH", help="edgetpu_compiler")
    parser.add_argument("--link", choices=tuple(LINKS), help="default: what the system tells")
    parser.add_argument("--host", choices=tuple(HOSTS), help="default: what the system tells")
    parser.add_argument(
        "--clock-mhz", type=float, choices=CHIP.clocks_mhz, default=500.0,
        help="clock in MHz; libedgetpu1-std runs a stick at 250",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the profile as one JSON object")
    return parser.parse_args(argv)


def link_of(told: str | None) -> LinkName:
    """Name the link that an agent told, such as ``usb 480 Mbit/s``.

    Raises:
        UserError: It told none.
    """
    kind, speed, *_ = [*(told or "").split(), "", ""]
    if kind == "pci":
        return "pcie"
    if kind == "usb" and speed.isdecimal():
        return "usb3" if int(speed) >= 5000 else "usb2"
    raise UserError("the device does not tell its link: give --link pcie, usb3 or usb2")


def host_of(told: str | None) -> HostName:
    """Name the host that is most like the one an agent told: where a fit starts from."""
    machine = (told or "").rpartition("(")[2].lower()
    if "raspberry pi 4" in machine or "raspberry pi 5" in machine:
        return "pi4"
    return "a53" if re.search("phanbell|coral|aarch64|arm", machine) else "desktop"


def calibrate(run: CalibrationRun, setup: Setup, name: str) -> Profile | None:
    """Measure the calibration set and fit the constants to it.

    Args:
        run: Converts, compiles and measures.
        setup: Link, host and clock.
        name: Of the profile.

    Returns:
        The profile; ``None`` where too little was measured, which is told on standard error.
    """
    try:
        rows = run.run(NETWORKS)
    except (DeviceError, KeyboardInterrupt) as error:
        print("The same command goes on where this one ended.", file=sys.stderr)
        if isinstance(error, DeviceError):
            raise CandidateError(str(error)) from error
        raise
    if len(rows) < LEAST_SHARE * len(NETWORKS):
        print(
            f"Only {len(rows)} of {len(NETWORKS)} networks were measured well, {LEAST_SHARE:.0%} "
            "are needed: see above. The same command measures the others again.",
            file=sys.stderr,
        )
        return None
    found = fit(list(rows.values()), setup)
    residuals = tuple(
        Residual(network, row.measured_ms, float(fitted), float(left_out))
        for (network, row), fitted, left_out in zip(
            rows.items(), found.fitted_ms, found.left_out_ms, strict=True
        )
    )
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Profile(
        name, date, run.name, setup.link, setup.host, setup.clock_mhz, run.device.connect(),
        found.constants, found.spreads, found.interval, residuals,
    )  # fmt: skip


def _print_problem(problem: str | None) -> None:
    if problem is not None:
        line = f"Drift from one network to the next is not seen: {problem}"
        print(line, file=sys.stderr, flush=True)


def _print_entry(number: int, entry: Entry) -> None:
    time = "" if entry.median_ms is None else f"{entry.median_ms:9.3f} ms"
    problem = "" if entry.is_good else f"  {entry.status}: {entry.reason}"
    line = f"{number:>3} of {len(NETWORKS)}{time:>13}  {entry.network}{problem}"
    print(line, file=sys.stderr, flush=True)


def render_profile(profile: Profile, path: Path) -> str:
    """Render a profile: residuals, interval, and each constant beside the package's."""
    before = constants_of(profile.link, profile.host)
    low, high = profile.interval
    is_named = path.parent == profile_folder()
    names = [f"{'network':<62}measured   fitted  left out"]
    for each in profile.residuals:
        shares = [each.fitted_ms / each.measured_ms - 1, each.left_out_ms / each.measured_ms - 1]
        shown = "".join(f"{share:>+9.1%}" for share in shares)
        names.append(f"{each.network[:60]:<62}{each.measured_ms:8.3f}{shown}")
    constants = [f"{'constant':<34}{'package':>12}{'yours':>12}{'about':>9}"]
    constants += [
        f"{name:<34}{value:>12.4g}{_fitted(profile, name)}" for name, value in before.items()
    ]
    summary = [
        f"Mean error {profile.mean_error:.1%}, each network left out of the fit.",
        f"80 % interval: {low:.2f} to {high:.2f} times the estimate.",
        f"Written to {path}; use it with --profile {profile.name if is_named else path}",
    ]
    return "\n".join([*names, "", *constants, "", *summary])


def _fitted(profile: Profile, name: str) -> str:
    if name not in profile.constants:
        return f"{'-':>12}   not told by these networks: the package's"
    return f"{profile.constants[name]:>12.4g}{'±':>5}{profile.spreads[name]:4.0%}"


if __name__ == "__main__":
    run_command("calibrate", main)
