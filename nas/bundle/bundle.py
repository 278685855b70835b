"""Writes the folder that goes to the device."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from nas.bundle import classify
from nas.bundle.preparation import Preparation
from nas.bundle.proof import GOLDEN, PROMISE, write_checksums, write_proof
from nas.edgetpu.estimator import Estimate
from nas.errors import UserError
from nas.evaluation.golden import Golden

TRAINING_LOG = "training.log"
"""What native code said while the network was trained; all that an interrupted export leaves."""

COMPILED = "model_edgetpu.tflite"


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
    content: bytes,
    compiled: bytes | None,
    class_names: Sequence[str],
    preparation: Preparation,
    golden: Golden,
    estimate: Estimate,
    card: str,
) -> None:
    """Write everything that is needed to use a network.

    Args:
        folder: An existing folder.
        content: The int8 ``.tflite`` file.
        compiled: The same, compiled for the Edge TPU; ``None`` where that could not be done.
        class_names: Class names by label; one a line in ``labels.txt``.
        preparation: What turns a user's file into the network's input.
        golden: Examples and what the network says of them.
        estimate: Its costs.
        card: The model card.
    """
    (folder / "model.tflite").write_bytes(content)
    (folder / COMPILED).unlink(missing_ok=True)
    if compiled is not None:
        (folder / COMPILED).write_bytes(compiled)
    lines = [" ".join(name.split()) for name in class_names]
    (folder / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = json.dumps(preparation.settings, indent=2)
    (folder / "preprocessing.json").write_text(settings + "\n")
    write_proof(folder, golden, estimate)
    own = Path(str(classify.__file__))
    # verify.py imports classify.py from its own folder: it is no module of this package.
    scripts = [own, own.with_name("verify.py"), *preparation.scripts]
    for script in scripts:
        shutil.copyfile(script, folder / script.name)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    write_checksums(
        folder,
        [
            "model.tflite", *([COMPILED] if compiled is not None else []), "labels.txt",
            "preprocessing.json", GOLDEN, PROMISE, "MODEL_CARD.md",
            *(script.name for script in scripts),
        ],
    )  # fmt: skip
