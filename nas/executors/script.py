"""The script or notebook that a search was started from."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def script_hidden() -> Iterator[None]:
    """Keep worker processes that start in this block from running the user's script again.

    ``multiprocessing`` imports the script into every worker, where it would begin another search
    unless the user wrote ``if __name__ == "__main__"``. Workers need nothing of it.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
