"""A tiny network through every stage that can run here; ``nas.doctor`` runs this by itself.

Each stage is a JSON line on standard output when it begins and another when it has ended, so that
one that crashes the process is known.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nas.compiler.compiler import compile_model, find_compiler
from nas.device.failures import DeviceError
from nas.device.inventory import look_at_compiler
from nas.device.opening import open_devices
from nas.errors import CandidateError, UserError
from nas.tensorflow_settings import quiet_tensorflow

STAGES = (
    "import", "build", "train", "quantize", "run int8", "estimate", "compile", "measure",
)  # fmt: skip
_SIDE, _EXAMPLES = 32, 64


class MissingError(Exception):
    """A stage cannot run for want of something; in words."""


class SelfTest:
    """The stages in order; each leaves what the next ones need."""

    def __init__(self, device: str, compiler: str) -> None:
        """Keep the names: empty for any device, none for the compiler on ``PATH``."""
        self._device, self._compiler = device, Path(compiler) if compiler else None
        self._model: Any = None
        self._split: Any = None
        self._content = b""
        self._compiled: bytes | None = None

    def stages(self) -> dict[str, Callable[[], str]]:
        """Return what runs each stage and tells what came of it."""
        methods = (
            self._import, self._build, self._train, self._quantize, self._run_int8, self._estimate,
            self._compile, self._measure,
        )  # fmt: skip
        return dict(zip(STAGES, methods, strict=True))

    def _import(self) -> str:
        quiet_tensorflow()
        import keras
        import tensorflow as tf

        return f"TensorFlow {tf.__version__}, Keras {keras.__version__}"

    def _build(self) -> str:
        import numpy as np

        from nas.calibrating.calibration_networks import CalibrationNetwork
        from nas.data.dataset import Split

        labels = np.arange(_EXAMPLES, dtype=np.int32) % 2
        images = np.random.default_rng(0).integers(
            0, 128, (_EXAMPLES, _SIDE, _SIDE, 3), dtype=np.uint8
        )
        images[labels == 1] += 128
        self._split = Split(images, labels)
        layers = "conv3x8/2 depthwise3 conv1x16 mean dense2"
        self._model = CalibrationNetwork(f"self-test {_SIDE}x{_SIDE}x3 {layers}").build()
        return f"{self._model.count_params()} parameters"

    def _train(self) -> str:
        from nas.evaluation.recipe import Recipe
        from nas.evaluation.training import train

        recipe = Recipe(epochs=1, batch_size=16, seed=0)
        done = train(self._model, self._split, self._split, recipe, lambda *_: None)
        return f"1 epoch of {_EXAMPLES} images, accuracy {done.accuracy:.2f}"

    def _quantize(self) -> str:
        from nas.evaluation.quantization import quantize

        self._content = quantize(self._model, self._split)
        return f"{len(self._content)} bytes"

    def _run_int8(self) -> str:
        from nas.evaluation.interpreter import int8_accuracy

        return f"accuracy {int8_accuracy(self._content, self._split):.2f}"

    def _estimate(self) -> str:
        from nas.edgetpu.estimator import Estimator
        from nas.network.tflite import parse_network

        found = Estimator().estimate(parse_network(self._content))
        return f"{found.latency_ms:.2f} ms over USB 3, compiles: {found.compiles}"

    def _compile(self) -> str:
        if look_at_compiler(self._compiler).state == "missing":
            raise MissingError("no compiler")
        answer = compile_model(self._content, find_compiler(self._compiler))
        self._compiled = answer.content
        if self._compiled is None:
            raise CandidateError(answer.compilation.reason)
        return answer.compilation.reason

    def _measure(self) -> str:
        if self._compiled is None:
            raise MissingError("nothing is compiled")
        try:
            device = open_devices([self._device])[self._device]
        except UserError as error:
            raise MissingError(str(error)) from error
        try:
            figures = device.measure(self._compiled).figures
        finally:
            device.close()
        return f"{figures.median_ms:.2f} ms, {figures.status}"


def run(test: SelfTest, tell: Callable[[dict[str, Any]], None]) -> None:
    """Run the stages; after one that fails, none that needs it."""
    for name, stage in test.stages().items():
        tell({"stage": name, "state": "failed", "detail": "it ended this process", "seconds": 0.0})
        started, state = time.monotonic(), "ok"
        try:
            detail = stage()
        except MissingError as error:
            state, detail = "missing", str(error)
        except (CandidateError, UserError, DeviceError) as error:
            state, detail = "failed", str(error)
        except Exception as error:  # whatever it is, it is what the user has to know
            state, detail = "failed", f"{type(error).__name__}: {error}"
        seconds = round(time.monotonic() - started, 2)
        line = " ".join(detail.split())
        tell({"stage": name, "state": state, "detail": line, "seconds": seconds})
        if state == "failed":
            return


if __name__ == "__main__":
    run(SelfTest(*sys.argv[1:]), lambda told: print(json.dumps(told), flush=True))
