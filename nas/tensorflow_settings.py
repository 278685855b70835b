"""Keeping TensorFlow off the terminal."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up notes off the terminal; call before the first import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    logging.getLogger("absl").setLevel(logging.ERROR)


@contextmanager
def native_output_to(path: Path) -> Iterator[None]:
    """Send what native code writes on standard error to a file; Python's own stays.

    TensorFlow's C++ parts write to the descriptor itself, whatever the log level.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    python_stderr = sys.stderr
    with path.open("wb") as log, os.fdopen(terminal, "w", buffering=1, closefd=False) as stderr:
        os.dup2(log.fileno(), 2)
        sys.stderr = stderr
        try:
            yield
        finally:
            sys.stderr = python_stderr
            os.dup2(terminal, 2)
            os.close(terminal)
