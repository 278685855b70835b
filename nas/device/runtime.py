"""Whether the Edge TPU runtime works, and if not, what to do.

The runtime is Google's ``libedgetpu``, loaded as a delegate into a TFLite interpreter. Where the
two do not fit, the process crashes, so it is tried in another one. Google's pycoral is a thin layer
over the same two and is not needed; the PyPI package of that name is another project.
"""

import json
import re
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.compiler.bounded_process import Ended, run_bounded
from nas.compiler.compiled import read_compiled
from nas.device import probe, problems
from nas.device.attached import AttachedDevice, find_attached
from nas.device.problems import Problem
from nas.errors import UserError

LIBRARY = "libedgetpu.so.1"
_DEVICE = re.compile(r"(usb|pci)?(?::([0-9]{1,2}))?")
_RUNTIME = re.compile(r"RuntimeVersion\(([0-9]{1,4})\)")


@dataclass(frozen=True)
class Runtime:
    """What was found.

    Attributes:
        problem: What keeps it from working; ``None`` where it works.
        message: The failing part's own words, in one line.
        interpreter: Package and version, ``None`` where there is none.
        runtime_version: Version of the Edge TPU runtime, such as 14, where it tells.
        devices: Kind and path of each Edge TPU the library lists.
        warnings: What is wrong but does not matter.
    """

    problem: Problem | None
    message: str
    interpreter: str | None
    runtime_version: int | None
    devices: tuple[tuple[str, str], ...]
    warnings: tuple[Problem, ...] = ()


def examine_runtime(
    device: str = "",
    *,
    library: str = LIBRARY,
    model: Path | None = None,
    attached: Sequence[AttachedDevice] | None = None,
    time_limit_s: float = 60.0,
) -> Runtime:
    """Try the runtime in a process of its own.

    Args:
        device: ``usb``, ``usb:1``, ``pci``, ``:0`` …; empty for any.
        library: The shared library, a path or a name for the loader.
        model: A compiled model to run once.
        attached: What the operating system sees; looked for where ``None``.
        time_limit_s: Seconds after which it does not answer.

    Raises:
        UserError: There is no device of such a name, or the model is not compiled.
    """
    check_device_name(device)
    if model is not None:
        read_compiled(model)
    words = (device, library, "" if model is None else str(model.absolute()))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-P", str(probe.__file__), *words]
        ended = run_bounded(command, Path(folder), time_limit_s)
    facts = _facts(ended.output)
    seen = find_attached() if attached is None else attached
    version = _RUNTIME.search(str(facts.get("runtime", "")))
    return Runtime(
        problem=_find_problem(ended, facts, device, seen),
        message=" ".join(str(facts.get("message") or _death(ended)).split()),
        interpreter=facts.get("interpreter"),
        runtime_version=None if version is None else int(version[1]),
        devices=tuple((kind, path) for kind, path in facts.get("devices", ())),
        warnings=(problems.OTHER_PYCORAL,) if facts.get("pycoral") == "other" else (),
    )


def check_device_name(device: str) -> None:
    """Refuse what names no device; empty means any.

    Raises:
        UserError: It is none of ``usb``, ``usb:1``, ``pci``, ``:0`` …
    """
    if _DEVICE.fullmatch(device) is None:
        raise UserError(f"device {device!r}: name it usb, usb:1, pci, pci:0 or :0")


def _facts(output: str) -> dict[str, Any]:
    """Join the objects of all lines; what native code prints between them is skipped."""
    facts: dict[str, Any] = {}
    for line in output.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        facts |= told if isinstance(told, dict) else {}
    return facts


def _death(ended: Ended) -> str:
    if ended.status is None:
        return "no answer"
    return signal.strsignal(-ended.status) or "" if ended.status < 0 else ""


def _find_problem(
    ended: Ended, facts: dict[str, Any], device: str, attached: Sequence[AttachedDevice]
) -> Problem | None:
    if ended.status is None:
        return problems.HANGS
    if ended.status < 0:
        damaged = ended.status == -signal.SIGBUS
        return problems.DAMAGED_LIBRARY if damaged else problems.MISMATCH
    if facts.get("stage") == "delegate":
        return explain_refusal(device, attached)
    return explain_stage(facts)


def explain_stage(facts: dict[str, Any]) -> Problem | None:
    """Tell what is wrong with the part that was tried last; ``None`` where nothing is known.

    Args:
        facts: ``stage``, and the ``error`` and ``message`` it ended with.
    """
    return _STAGES.get(facts.get("stage"), _nothing)(facts)


def _nothing(_: dict[str, Any]) -> None:
    return None


def _interpreter_problem(facts: dict[str, Any]) -> Problem:
    is_missing = facts.get("error") == "LookupError"
    return problems.NO_INTERPRETER if is_missing else problems.BROKEN_INTERPRETER


def _model_problem(facts: dict[str, Any]) -> Problem:
    is_newer = "newer than this runtime version" in str(facts.get("message"))
    return problems.OLD_RUNTIME if is_newer else problems.MODEL_REFUSED


def _library_problem(facts: dict[str, Any]) -> Problem:
    message = str(facts.get("message"))
    if facts.get("error") == "AttributeError":
        return problems.NOT_LIBEDGETPU
    if message.startswith("libusb"):
        return problems.NO_LIBUSB
    is_missing = "cannot open shared object file" in message
    return problems.NO_LIBRARY if is_missing else problems.DAMAGED_LIBRARY


def explain_refusal(device: str, attached: Sequence[AttachedDevice]) -> Problem:
    """Tell why the library refuses a device: it gives no reason, the operating system does.

    Args:
        device: Name of the device, or empty for any.
        attached: What the operating system sees.
    """
    match = _DEVICE.fullmatch(device)
    kind, number = match.groups() if match else (None, None)
    wanted = [each for each in attached if kind in (None, each.kind)]
    if not wanted:
        return problems.NO_DEVICE
    if number is not None and int(number) >= len(wanted):
        return problems.NO_SUCH_DEVICE
    chosen = wanted if number is None else [wanted[int(number)]]
    return next(filter(None, map(_fault, chosen)), problems.REFUSED)


def _fault(device: AttachedDevice) -> Problem | None:
    if device.node is None:
        return problems.NO_DRIVER
    if not device.is_accessible:
        return problems.NO_USB_PERMISSION if device.kind == "usb" else problems.NO_PCI_PERMISSION
    return None if device.has_firmware else problems.NO_FIRMWARE


_STAGES: dict[Any, Callable[[dict[str, Any]], Problem | None]] = {
    None: _interpreter_problem,
    "interpreter": _interpreter_problem,
    "library": _library_problem,
    "model": _model_problem,
    "done": _nothing,
}
