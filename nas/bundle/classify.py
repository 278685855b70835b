#!/usr/bin/env python3
"""Classify files with the network in this folder, on an Edge TPU or on the CPU.

    python3 classify.py picture.jpg [more.png ...] [--cpu]

A network for signals takes .wav files, or .csv files with a column a channel.

Needs Python 3.7 or newer, numpy, pillow (for pictures) and one TFLite interpreter. It runs on the
Edge TPU when ``model_edgetpu.tflite`` lies beside it and an Edge TPU answers, otherwise on the CPU.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict  # noqa: UP035

FOLDER = Path(__file__).resolve().parent
COMPILED = FOLDER / "model_edgetpu.tflite"

INSTALL = """classify.py needs numpy, pillow and a TFLite interpreter; one of these brings them:
  pip install numpy pillow ai-edge-litert          (CPU, Python 3.10 and newer)
  pip install 'numpy<2' pillow tflite-runtime      (CPU, Python 3.9 to 3.11)
  sudo apt-get install python3-pycoral             (Edge TPU, with Coral's Debian repository)
"pip install pycoral" installs another project."""


def make_interpreter(use_edgetpu: bool) -> Any:
    """Return an interpreter of the network, by the first runtime that is installed."""
    if use_edgetpu:
        from pycoral.utils.edgetpu import make_interpreter as make_edgetpu_interpreter

        return make_edgetpu_interpreter(str(COMPILED))
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter
    return Interpreter(str(FOLDER / "model.tflite"))


def edgetpu_answers() -> bool:
    """Tell whether the real pycoral is installed and sees an Edge TPU."""
    try:
        from pycoral.utils.edgetpu import list_edge_tpus
    except ImportError:
        return False
    return bool(list_edge_tpus())


def read_picture(path: Path, settings: Dict[str, Any]) -> Any:  # noqa: UP006
    """Return a picture, squashed to the network's size."""
    from images import resize_image, to_rgb
    from PIL import Image

    with Image.open(path) as picture:
        image = to_rgb(picture)
    for side in settings["resize_sides"]:
        image = resize_image(image, side)
    return image


def read_signal(path: Path, settings: Dict[str, Any]) -> Any:  # noqa: UP006
    """Return the middle of a recording, or the first rows of a table, through the front end."""
    from front_end import make_front_end  # type: ignore[import-not-found]
    from wav import read_middle, read_table  # type: ignore[import-not-found]

    front_end = make_front_end(settings["front_end"])
    shape = front_end.samples, front_end.channels
    try:
        if path.suffix.lower() == ".wav":
            signal = read_middle(path, shape[0], settings["sample_rate_hz"])
        else:
            signal = read_table(path, *shape)
    except ValueError as error:
        raise ValueError("{}: {}".format(path, error))  # noqa: B904, UP032
    if signal.shape != shape:
        raise ValueError("{}: {} channels are needed".format(path, shape[1]))  # noqa: UP032
    return front_end(signal[None])[0]


def quantized_input(path: Path, tensor: Dict[str, Any]) -> Any:  # noqa: UP006  Python 3.7
    """Return one file as the network's int8 input, prepared as in training."""
    import numpy as np

    settings = json.loads((FOLDER / "preprocessing.json").read_text())
    read = read_signal if "front_end" in settings else read_picture
    scale, zero_point = tensor["quantization"]
    limits = np.iinfo(tensor["dtype"])
    levels = np.round(np.asarray(read(path, settings), np.float32) / scale) + zero_point
    return np.clip(levels, limits.min, limits.max).astype(tensor["dtype"])[np.newaxis]


def classify(interpreter: Any, path: Path) -> Any:
    """Return the probability of each class, in the order of ``labels.txt``."""
    source = interpreter.get_input_details()[0]
    target = interpreter.get_output_details()[0]
    interpreter.set_tensor(source["index"], quantized_input(path, source))
    interpreter.invoke()
    scale, zero_point = target["quantization"]
    levels = interpreter.get_tensor(target["index"])[0].astype("float32")
    return (levels - zero_point) * scale


def main() -> int:
    """Print the best class of each file."""
    parser = argparse.ArgumentParser(description="Classify files with the network here.")
    parser.add_argument("files", nargs="+", type=Path, help="pictures, or signals")
    parser.add_argument("--cpu", action="store_true", help="use the CPU even if a TPU answers")
    options = parser.parse_args()
    labels = (FOLDER / "labels.txt").read_text(encoding="utf-8").splitlines()
    use_edgetpu = not options.cpu and COMPILED.exists() and edgetpu_answers()
    try:
        interpreter = make_interpreter(use_edgetpu)
        interpreter.allocate_tensors()
        for path in options.files:
            scores = classify(interpreter, path)
            best = int(scores.argmax())
            print(f"{path}\t{labels[best]}\t{scores[best]:.3f}")
    except ImportError as error:
        print(f"{error}\n{INSTALL}", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"classify.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
