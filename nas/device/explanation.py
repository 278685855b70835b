"""Why an agent ended or refused, from what it left behind."""

import signal
from pathlib import Path
from typing import Any

from nas.device.attached import AttachedDevice, Kind
from nas.device.failures import DeviceError, FailureKind
from nas.device.runtime import explain_refusal, explain_stage

_MARKS: tuple[tuple[str, FailureKind, bool, str], ...] = (
    # What faulthandler writes on the board before it ends a process.
    ("Timeout (", "hang", True, "the board's runtime did not answer in time"),
    ("Fatal Python error: ", "crash", True, "the board's runtime crashed"),
    # What OpenSSH and the remote shell write.
    ("Host key verification failed", "refused", False,
     "the host key is unknown or has changed: connect once by hand with ssh and check it"),
    ("Name or service not known", "refused", False, "there is no host of that name"),
    ("Permission denied (", "refused", False,
     "the board does not accept your key: ssh-copy-id user@host"),
    ("No space left on device", "disk", False, "the board's disk is full: delete something there"),
    ("Error: ", "refused", False, "the agent failed"),
)  # fmt: skip
"""What its standard error may hold, what that is, whether trying again may help, and a remedy."""


def explain_end(status: int | None, errors: str) -> DeviceError:
    """Tell why an agent ended.

    Args:
        status: Its exit status, ssh's where it ran behind it; ``None`` where it goes on.
        errors: The end of its standard error.
    """
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    for mark, kind, may_pass, meaning in _MARKS:
        found = next((line for line in reversed(lines) if mark in line), None)
        if found is not None:
            return DeviceError(kind, f"{meaning} ({found})", may_pass=may_pass)
    if status in (126, 127):
        line = f"no Python there: name it with ?python=/path/to/python3 ({' '.join(lines[-1:])})"
        return DeviceError("refused", line, may_pass=False)
    if status is not None and status < 0:
        name = signal.strsignal(-status) or f"signal {-status}"
        return DeviceError("crash", f"the agent ended: {name}", may_pass=True)
    last = lines[-1] if lines else f"exit status {status}"
    return DeviceError("dropped", f"the connection ended ({last})", may_pass=True)


def explain_refused(facts: dict[str, Any], device: str) -> DeviceError:
    """Tell why an agent refused.

    Args:
        facts: ``stage`` and ``message``, and what else it told.
        device: Name of the device, or empty for any.
    """
    stage, message = str(facts.get("stage")), str(facts.get("message"))
    if stage in ("busy", "disk"):
        kind: FailureKind = "busy" if stage == "busy" else "disk"
        return DeviceError(kind, message, may_pass=stage == "busy")
    if stage == "transfer":
        return DeviceError("garbage", message, may_pass=True)
    if stage == "delegate":
        listed = [AttachedDevice(kind, Path(path), True) for kind, path in _listed(facts)]
        problem = explain_refusal(device, listed)
        return DeviceError("refused", f"{problem.line} ({message})", may_pass=True)
    problem_of_stage = explain_stage(facts)
    line = message if problem_of_stage is None else f"{problem_of_stage.line} ({message})"
    return DeviceError("model" if stage == "model" else "refused", line, may_pass=False)


def _listed(facts: dict[str, Any]) -> list[tuple[Kind, str]]:
    return [(kind, path) for kind, path in facts.get("devices", ()) if kind in ("usb", "pci")]
