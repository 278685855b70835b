"""Writes the folder that goes to the device."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nas.bundle import classify
from nas.bundle.cpp import CPP, cpp_source
from nas.bundle.metadata import LABELS, Description, metadata
from nas.bundle.preparation import IMAGE, Preparation
from nas.bundle.proof import GOLDEN, PROMISE, write_checksums, write_proof
from nas.bundle.tflite_file import with_metadata, with_uint8_ends
from nas.edgetpu.estimator import Estimate
from nas.errors import UserError
from nas.evaluation.golden import Golden
from nas.records.int8_loss import FILE as QUANTIZATION

TRAINING_LOG = "training.log"
"""What native code said while the network was trained; all that an interrupted export leaves."""

MODEL, COMPILED, TASK_MODEL = "model.tflite", "model_edgetpu.tflite", "model_uint8.tflite"
INT8, UINT8 = (-128, 127), (0, 255)


def check_folder(folder: Path) -> None:
    """Make the folder.

    Raises:
        UserError: It cannot be written, or holds something that is not a bundle.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()} - {TRAINING_LOG}
        strangers = bool(names) and "MODEL_CARD.md" not in names
        (folder / TRAINING_LOG).touch()
    except OSError as error:
        raise UserError(f"folder {folder} cannot be written: {error.strerror}") from None
    if strangers:
        raise UserError(f"folder {folder} holds other files: name a new one")


def write_bundle(
    folder: Path,
    *,
    name: str,
    content: bytes,
    compiled: bytes | None,
    class_names: Sequence[str],
    preparation: Preparation,
    golden: Golden,
    estimate: Estimate,
    card: str,
    quantization: Mapping[str, Any] | None = None,
) -> None:
    """Write everything that is needed to use a network.

    Args:
        folder: An existing folder.
        name: What the network is called.
        content: The int8 ``.tflite`` file; metadata are added, and no operator.
        compiled: The same, compiled for the Edge TPU; ``None`` where that could not be done.
        class_names: Class names by label; one a line in ``labels.txt``.
        preparation: What turns a user's file into the network's input.
        golden: Examples and what the network says of them.
        estimate: Its costs.
        card: The model card.
        quantization: Content of ``quantization.json``; ``None`` where nobody looked.
    """
    labels = [" ".join(each.split()) for each in class_names]
    lines = "".join(f"{label}\n" for label in labels)
    files = _models(name, content, lines, preparation)
    texts = {
        LABELS: lines,
        "preprocessing.json": json.dumps(preparation.settings, indent=2) + "\n",
        "MODEL_CARD.md": card,
    }
    if compiled is not None:
        files[COMPILED] = compiled
    if quantization is not None:
        texts[QUANTIZATION] = json.dumps(quantization, indent=2) + "\n"
    if preparation.kind == IMAGE:
        texts[CPP] = cpp_source(content, labels)
    files |= {file: text.encode() for file, text in texts.items()}
    for file in (COMPILED, TASK_MODEL, CPP, QUANTIZATION):  # an older bundle may have them
        (folder / file).unlink(missing_ok=True)
    for file, what in files.items():
        (folder / file).write_bytes(what)
    write_proof(folder, golden, estimate)
    own = Path(str(classify.__file__))
    # verify.py imports classify.py from its own folder: it is no module of this package.
    scripts = [own, own.with_name("verify.py"), *preparation.scripts]
    for script in scripts:
        shutil.copyfile(script, folder / script.name)
    write_checksums(folder, [*files, GOLDEN, PROMISE, *(script.name for script in scripts)])


def _models(name: str, content: bytes, labels: str, preparation: Preparation) -> dict[str, bytes]:
    """Return the network with metadata, for images also as the task libraries want it."""
    description = Description(
        name=name,
        text=f"An int8 {preparation.kind} classifier for the Coral Edge TPU, made by edgetpu-nas.",
        licence="The licence of the data that it was trained on applies to its weights.",
        kind=preparation.kind,
        input_words=preparation.words,
    )
    files = {LABELS: labels}
    models = {MODEL: with_metadata(content, metadata(description, INT8), files)}
    if preparation.kind == IMAGE:
        uint8 = with_uint8_ends(content)
        models[TASK_MODEL] = with_metadata(uint8, metadata(description, UINT8), files)
    return models
