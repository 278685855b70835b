"""What a host has for the search and for the Edge TPU, and how to get what it lacks."""

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nas.compiler.compiler import find_compiler
from nas.device.attached import AttachedDevice, find_attached
from nas.device.power_sampler import find_sensors
from nas.device.probe import which_pycoral
from nas.device.problems import NO_DEVICE, NO_INTERPRETER, OTHER_PYCORAL, Problem
from nas.device.runtime import LIBRARY, Runtime, examine_runtime
from nas.errors import UserError

State = Literal["ok", "missing", "failed"]

LEAST_DISK_BYTES = 2 << 30
_OLDEST, _TOO_NEW = (3, 11), (3, 14)


@dataclass(frozen=True)
class Finding:
    """One thing that is here, or not.

    Attributes:
        name: What it is.
        state: Whether it is here and works.
        detail: Version, place, or what is wrong.
        remedy: The command that gets it, or what to do by hand; ``None`` where nothing is to do.
        is_needed: Whether a search with estimated latency needs it.
    """

    name: str
    state: State
    detail: str
    remedy: str | None = None
    is_needed: bool = False


def look_at_host(folder: Path = Path(), root: Path = Path("/")) -> Iterator[Finding]:
    """Look at what a search needs, and what does no harm; no framework is imported.

    Args:
        folder: Where runs would be written.
        root: Where ``sys`` is mounted.
    """
    yield _python()
    yield _processor()
    yield _disk(folder)
    yield _package("TensorFlow", ("tensorflow-cpu", "tensorflow"), "tensorflow-cpu")
    yield _package("Keras", ("keras",), "keras")
    yield _package("LiteRT interpreter", ("ai-edge-litert",), "ai-edge-litert")
    yield _pycoral()
    yield _power(root)


def look_at_device(
    device: str = "", *, library: str = LIBRARY, root: Path = Path("/")
) -> Iterator[Finding]:
    """Look at an Edge TPU of this host and its runtime, in a process of its own.

    Args:
        device: Its name, empty for any.
        library: libedgetpu.
        root: Where ``sys`` and ``dev`` are mounted.
    """
    attached = find_attached(root)
    runtime = examine_runtime(device, library=library, attached=attached)
    yield _runtime(runtime)
    yield _device(runtime, attached)


def _python() -> Finding:
    version, detail = sys.version_info[:2], f"{platform.python_version()} ({sys.executable})"
    if _OLDEST <= version < _TOO_NEW:
        return Finding("Python", "ok", detail, is_needed=True)
    remedy = "make a virtual environment with Python 3.11, 3.12 or 3.13"
    return Finding("Python", "failed", detail, remedy, is_needed=True)


def _processor() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Finding("Processor", "ok", f"{platform.machine()}, {cores} cores for this program")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free at {folder.absolute()}"
    if free >= LEAST_DISK_BYTES:
        return Finding("Disk", "ok", detail, is_needed=True)
    remedy = f"make room for {LEAST_DISK_BYTES / 1e9:.0f} GB, or name another --run-dir"
    return Finding("Disk", "failed", detail, remedy, is_needed=True)


def _package(name: str, distributions: tuple[str, ...], install: str) -> Finding:
    for distribution in distributions:
        try:
            version = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
        return Finding(name, "ok", f"{distribution} {version}", is_needed=True)
    remedy = f"{sys.executable} -m pip install {install}"
    return Finding(name, "missing", "not installed", remedy, is_needed=True)


def look_at_compiler(path: Path | None) -> Finding:
    """Look for the compiler, on ``PATH`` where no path is given."""
    try:
        found = find_compiler(path)
    except UserError as error:
        what, _, remedy = str(error).partition("; ")
        return Finding("Edge TPU compiler", "missing", what, remedy)
    return Finding("Edge TPU compiler", "ok", f"{found.version} ({found.path})")


def _runtime(runtime: Runtime) -> Finding:
    name = "Edge TPU runtime"
    if runtime.runtime_version is not None:
        detail = f"libedgetpu, runtime {runtime.runtime_version}, with {runtime.interpreter}"
        return Finding(name, "ok", detail)
    problem = runtime.problem
    if problem is None:
        return Finding(name, "ok", f"libedgetpu of unknown version, with {runtime.interpreter}")
    is_missing = problem.name.startswith("no_")
    return _finding(name, problem, "missing" if is_missing else "failed")


def _device(runtime: Runtime, attached: tuple[AttachedDevice, ...]) -> Finding:
    name = "Edge TPU"
    seen = ", ".join(f"{each.kind} {each.node or 'without a driver'}" for each in attached)
    if runtime.problem is None:
        listed = ", ".join(" ".join(each) for each in runtime.devices) or seen
        return Finding(name, "ok", f"{listed or 'it opens'}; this user may use it")
    if runtime.runtime_version is not None and runtime.problem is not NO_INTERPRETER:
        is_missing = runtime.problem is NO_DEVICE
        return _finding(name, runtime.problem, "missing" if is_missing else "failed")
    if not attached:
        return _finding(name, NO_DEVICE, "missing")
    return Finding(name, "ok", f"attached: {seen}; not opened without the runtime")


def _finding(name: str, problem: Problem, state: State) -> Finding:
    return Finding(name, state, problem.meaning, problem.remedy)


def _pycoral() -> Finding:
    which = which_pycoral()
    if which == "other":
        return _finding("pycoral", OTHER_PYCORAL, "failed")
    words = {"google": "Google's; not needed", None: "not installed; not needed"}
    return Finding("pycoral", "ok", words[which])


def _power(root: Path) -> Finding:
    sensors = ", ".join(sensor.words for sensor in find_sensors(root))
    if sensors:
        return Finding("Power sensor", "ok", sensors)
    return Finding("Power sensor", "missing", "none: energy is estimated from a power profile")
