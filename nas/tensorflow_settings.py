"""Loading TensorFlow quickly, and keeping it off the terminal."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EXTRAS = ("matplotlib", "pandas", "sklearn")
"""What Keras and KerasTuner import for adapters that nothing here uses, and cope without."""


def quiet_tensorflow() -> None:
    """Keep TensorFlow's start-up notes off the terminal; call before the first import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    logging.getLogger("absl").setLevel(logging.ERROR)


def load_tensorflow() -> None:
    """Import TensorFlow, Keras and KerasTuner in three fifths of the time.

    Keras does not find its extras meanwhile, so afterwards it cannot train on data frames, nor be
    wrapped for scikit-learn, in this process; and what 3,000 modules define, which stays, is never
    searched for garbage. Hence this is for our own processes, not for whoever calls ``nas.search``.
    """
    quiet_tensorflow()
    hidden = [name for name in _EXTRAS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: not to be found
    gc.disable()
    try:
        import keras_tuner  # noqa: F401

        gc.freeze()
    finally:
        gc.enable()
        for name in hidden:
            del sys.modules[name]


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
