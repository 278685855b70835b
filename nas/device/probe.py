"""Tries the Edge TPU runtime step by step; ``runtime.py`` runs this file in a process of its own.

A library that does not fit the interpreter ends the process, so each line of the output, a JSON
object, tells what is tried next or what was found. It needs the standard library and a TFLite
interpreter only.
"""

import ctypes
import importlib
import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

_INTERPRETERS = (("tflite_runtime", "tflite-runtime"), ("ai_edge_litert", "ai-edge-litert"))
_KINDS = ("pci", "usb")


class _Device(ctypes.Structure):
    """``edgetpu_device`` of libedgetpu's ``edgetpu_c.h``."""

    _fields_ = (("kind", ctypes.c_int), ("path", ctypes.c_char_p))


def main(device: str, library: str, model: str) -> None:
    """Try everything up to one inference.

    Args:
        device: Name of the device, or empty for any.
        library: The shared library.
        model: A compiled model to run once, or empty for none.
    """
    try:
        _try_all(device, library, model)
    except (Exception, SystemExit) as error:  # told to the parent, whatever it is
        _tell(error=type(error).__name__, message=str(error))


def _try_all(device: str, library: str, model: str) -> None:
    _tell(stage="interpreter", pycoral=which_pycoral())
    interpreter = _interpreter()
    _tell(stage="library")
    loaded = ctypes.CDLL(library)
    _tell(runtime=_runtime(loaded), devices=_devices(loaded))
    _tell(stage="delegate")
    delegate = interpreter.load_delegate(library, {"device": device} if device else {})
    if model:
        _tell(stage="model")
        network = interpreter.Interpreter(model, experimental_delegates=[delegate])
        network.allocate_tensors()
        network.invoke()
    _tell(stage="done")


def _tell(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def which_pycoral() -> str | None:
    """``google`` for Google's package, ``other`` for the project of that name on PyPI."""
    spec = importlib.util.find_spec("pycoral")
    if spec is None:
        return None
    folders = spec.submodule_search_locations or ()
    is_googles = any(Path(folder, "utils", "edgetpu.py").is_file() for folder in folders)
    return "google" if is_googles else "other"


def _interpreter() -> Any:
    for package, distribution in _INTERPRETERS:
        if importlib.util.find_spec(package) is not None:
            module = importlib.import_module(f"{package}.interpreter")
            try:
                version = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                version = "of unknown version"
            _tell(interpreter=f"{package} {version}")
            return module
    raise LookupError("none of tflite_runtime, ai_edge_litert is installed")


def _runtime(library: Any) -> str:
    library.edgetpu_version.restype = ctypes.c_char_p
    return bytes(library.edgetpu_version()).decode(errors="replace")


def _devices(library: Any) -> list[tuple[str, str]]:
    count = ctypes.c_size_t()
    library.edgetpu_list_devices.restype = ctypes.POINTER(_Device)
    listed = library.edgetpu_list_devices(ctypes.byref(count))
    found = [
        (_KINDS[listed[i].kind], listed[i].path.decode(errors="replace"))
        for i in range(count.value)
    ]
    library.edgetpu_free_devices(listed)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
