"""How fast estimates are made."""

import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks.fidelity_data import FOLDER
from benchmarks.fidelity_zoo import network
from nas.edgetpu.estimator import Estimator
from nas.network.tflite import read_network

_LAYERS = 130
_BYTES = 5_000_000


def _median_ms(action: Callable[[], Any], times: int = 15) -> float:
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append(time.perf_counter() - started)
    return 1e3 * median(durations)


def measure_speed() -> dict[str, float]:
    """Time an operator list, a Keras model of 130 layers and a file of about 5 MB."""
    operators = network("mobilenet_v2")
    list_ms = _median_ms(lambda: Estimator().estimate(operators))
    files = (FOLDER / "models").glob("*[!u].tflite")  # Compiled twins end in _edgetpu.
    path = min(files, key=lambda file: abs(file.stat().st_size - _BYTES))
    return {
        "candidates_per_s": 1e3 / list_ms,
        "file_ms": _median_ms(lambda: Estimator().estimate(read_network(path)), 5),
        "file_bytes": float(path.stat().st_size),
        "file_imports_tensorflow": float(_imports_tensorflow(str(path))),
        "keras_ms": _keras_ms(),
    }


def _imports_tensorflow(path: str) -> bool:
    code = (
        "import sys; from nas.edgetpu.estimator import Estimator as E; "
        "from nas.network.tflite import read_network as r; "
        f"E().estimate(r({path!r})); print('tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return run.stdout.strip() == "True"


def _keras_ms() -> float:
    import keras

    from nas.network.keras_graph import read_keras_model

    x = inputs = keras.Input((64, 64, 3))
    for number in range((_LAYERS - 1) // 3):
        x = keras.layers.Conv2D(16 + number % 3, 3, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    model = keras.Model(inputs, x)
    return _median_ms(lambda: Estimator().estimate(read_keras_model(model)), 5)
