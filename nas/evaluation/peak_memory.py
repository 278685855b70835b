"""Peak memory of this process, in bytes."""

import resource
import sys
from pathlib import Path

import psutil

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"


class PeakMemory:
    """Measures how far resident memory rises above where it stood at construction.

    Linux keeps the peak since the last reset (``VmHWM``, proc(5)); elsewhere the peak of the whole
    process is used, which is the same in a fresh process.
    """

    def __init__(self) -> None:
        self._before_bytes: int = psutil.Process().memory_info().rss
        if _CLEAR_REFS.exists():
            _CLEAR_REFS.write_text(_RESET_PEAK)

    def rise_bytes(self) -> int:
        """Return the peak since construction, less what was resident then."""
        return max(0, _peak_bytes() - self._before_bytes)


def _peak_bytes() -> int:
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
