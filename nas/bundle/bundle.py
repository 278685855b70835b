"""Writes the folder that goes to the device."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from nas.bundle import classify
from nas.data import images
from nas.errors import UserError

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
    resize_sides: Sequence[int],
    card: str,
) -> None:
    """Write everything that is needed to use a network.

    Args:
        folder: An existing folder.
        content: The int8 ``.tflite`` file.
        compiled: The same, compiled for the Edge TPU; ``None`` where that could not be done.
        class_names: Class names by label; one a line in ``labels.txt``.
        resize_sides: Sides in pixels that a picture is squashed to, one after the other.
        card: The model card.
    """
    (folder / "model.tflite").write_bytes(content)
    (folder / COMPILED).unlink(missing_ok=True)
    if compiled is not None:
        (folder / COMPILED).write_bytes(compiled)
    lines = [" ".join(name.split()) for name in class_names]
    (folder / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    preprocessing = {"color": "RGB", "resize": "bilinear", "resize_sides": list(resize_sides)}
    (folder / "preprocessing.json").write_text(json.dumps(preprocessing, indent=2) + "\n")
    for module in (classify, images):
        shutil.copyfile(str(module.__file__), folder / Path(str(module.__file__)).name)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
