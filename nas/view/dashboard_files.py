"""The files of a run that a dashboard offers."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from optuna.artifacts.exceptions import ArtifactNotFound

_MEDIA_TYPES = {".png": "image/png", ".csv": "text/csv"}


class RunFiles:
    """An artifact store of Optuna's that offers files where they lie, and changes none."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}

    def attributes(self, paths: Iterable[Path]) -> dict[str, str]:
        """Return what a study or a trial carries that offers those of the files that exist.

        Reference:
            ``optuna/artifacts/_upload.py``, which writes the same for a file that it copies.
        """
        attributes = {}
        for path in filter(Path.is_file, paths):
            artifact = str(uuid4())  # not to be guessed by a page of another site
            self._paths[artifact] = path
            attributes[f"artifacts:{artifact}"] = json.dumps({
                "artifact_id": artifact,
                "filename": path.name,
                "mimetype": _MEDIA_TYPES.get(path.suffix, "application/octet-stream"),
                "encoding": None,
            })  # fmt: skip
        return attributes

    def open_reader(self, artifact_id: str) -> BinaryIO:
        """Open a file.

        Raises:
            ArtifactNotFound: It is not offered, or gone.
        """
        try:
            return self._paths[artifact_id].open("rb")
        except (KeyError, OSError):
            raise ArtifactNotFound(artifact_id) from None

    def write(self, artifact_id: str, content_body: BinaryIO) -> None:  # noqa: ARG002
        """Refuse to write."""
        raise PermissionError(f"{artifact_id}: files are only read")

    def remove(self, artifact_id: str) -> None:
        """Refuse to remove."""
        raise PermissionError(f"{artifact_id}: files are only read")
