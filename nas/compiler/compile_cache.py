"""Compiled files kept by the hash of what went into the compiler."""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_UNREADABLE = (OSError, zipfile.BadZipFile, EOFError, ValueError)


def cache_key(model: bytes, version: str, options: Sequence[str]) -> str:
    """Hash what decides the compiler's answer.

    Args:
        model: The ``.tflite`` file.
        version: Version of the compiler.
        options: Its command-line words.

    Returns:
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256(repr((version, tuple(options))).encode())
    digest.update(hashlib.sha256(model).digest())
    return digest.hexdigest()


def default_folder() -> Path:
    """Where a user's caches live, by the XDG Base Directory Specification."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    return root / "edgetpu-nas" / "compiled"


@dataclass(frozen=True)
class CompileCache:
    """A folder of entries, one file each, that several processes may use at a time.

    An entry is written beside its place and moved there whole. A damaged or vanished one is as
    good as none. The entries used longest ago make room for new ones.

    Attributes:
        folder: Made when the first entry is written; holds nothing else.
        max_bytes: Most bytes that all entries take.
    """

    folder: Path
    max_bytes: int = 1 << 30

    def read(self, key: str) -> dict[str, bytes] | None:
        """Return the parts of an entry by name, or ``None``."""
        path = self._path(key)
        try:
            with zipfile.ZipFile(path) as file:
                entries = file.infolist()
                if sum(each.file_size for each in entries) > self.max_bytes:
                    return None
                parts = {each.filename: file.read(each) for each in entries}
            os.utime(path)
        except _UNREADABLE:
            return None
        return parts

    def write(self, key: str, parts: Mapping[str, bytes]) -> None:
        """Keep an entry; where that is impossible (a full disk), nothing is kept.

        Args:
            key: From ``cache_key``.
            parts: Content by name.
        """
        if sum(map(len, parts.values())) > self.max_bytes:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_whole(self._path(key), parts)
            self._make_room()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.zip"

    def _write_whole(self, path: Path, parts: Mapping[str, bytes]) -> None:
        handle, partial = tempfile.mkstemp(dir=self.folder, suffix=".partial")
        try:
            with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w") as entry:
                for name, content in parts.items():
                    entry.writestr(name, content)
            Path(partial).replace(path)
        finally:
            Path(partial).unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Remove the files used longest ago, what killed writers left among them."""
        used = []
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                status = path.stat()
                used.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in used)
        for _, size, path in sorted(used):
            if total <= self.max_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size
