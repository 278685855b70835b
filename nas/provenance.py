"""Where a result comes from: versions and commit."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

_DISTRIBUTIONS = (
    "edgetpu-nas", "tensorflow", "tensorflow-cpu", "keras", "keras-tuner", "optuna",
    "ai-edge-litert", "numpy", "pandas", "pillow",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of Python and of what computes the results, where installed."""
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_commit() -> str | None:
    """Return the commit of the source tree this package runs from, or ``None`` outside one."""
    command = ["git", "rev-parse", "HEAD"]
    folder = Path(__file__).parent
    try:
        answer = subprocess.run(  # noqa: S603  a fixed command
            command, cwd=folder, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None
