"""Which files a folder of class folders holds, and which class and part each belongs to."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nas.errors import UserError

# Compared in lower case.
IMAGE_SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
)
SIGNAL_SUFFIXES = frozenset((".wav",))
_PART_NAMES = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}


@dataclass(frozen=True)
class FolderIndex:
    """The images, or the signals, of a folder.

    Attributes:
        root: The folder, with links resolved.
        class_names: Names of the class folders of all parts, sorted.
        files: Paths relative to the root, by part and class name, sorted.
        ignored_files: Files passed over: hidden, of another kind, or a link to a file already
            taken.
    """

    root: Path
    class_names: tuple[str, ...]
    files: Mapping[str, Mapping[str, tuple[str, ...]]]
    ignored_files: int


@dataclass
class _Finder:
    """Walks class folders; remembers which file was taken where, and what was passed over."""

    root: Path
    suffixes: frozenset[str]
    taken: dict[str, str] = field(default_factory=dict)
    ignored: int = 0

    def files(self, folder: Path) -> tuple[str, ...]:
        """Files in a class folder and the folders in it, relative to the root and sorted."""
        found = sorted(self._walk(folder), key=lambda file: file[0].replace(os.sep, "\0"))
        owner = str(folder.relative_to(self.root))
        kept = tuple(path for path, is_link in found if self._take(path, is_link, owner))
        if not kept:
            raise UserError(
                f"{folder}: a class folder needs at least one {self._kind}, found none; "
                "add some or remove the folder"
            )
        return kept

    def _walk(self, folder: Path) -> Iterator[tuple[str, bool]]:
        """Files of the kind below a folder: relative path, and whether it is a link."""
        waiting = [str(folder)]
        while waiting:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        waiting.append(entry.path)
                    elif _has_suffix(entry, self.suffixes):
                        yield entry.path[len(str(self.root)) + 1 :], entry.is_symlink()
                    else:
                        _refuse_linked_folder(entry)
                        self.ignored += 1

    def _take(self, path: str, is_link: bool, owner: str) -> bool:
        """Claim a file for a class folder, once: a link must not carry it into another split."""
        real = self._resolved(self.root / path) if is_link else path
        first = self.taken.get(real)
        if first is None:
            self.taken[real] = owner
            return True
        if first != owner:
            raise UserError(
                f"{self.root / path}: {self._kind} must be in one class folder only, but a link "
                f"puts it in {first} too; remove the link"
            )
        self.ignored += 1
        return False

    @property
    def _kind(self) -> str:
        return "image" if self.suffixes == IMAGE_SUFFIXES else "signal"

    def _resolved(self, link: Path) -> str:
        target = link.resolve()
        if not target.is_relative_to(self.root):
            raise UserError(
                f"{link}: a link must not lead out of the data folder, but leads to {target}; "
                "copy the file into the folder"
            )
        return str(target.relative_to(self.root))


def _has_suffix(entry: os.DirEntry[str], suffixes: frozenset[str]) -> bool:
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122
    return suffix in suffixes and not entry.name.startswith(".") and not entry.is_dir()


def _refuse_linked_folder(entry: os.DirEntry[str]) -> None:
    if entry.is_symlink() and entry.is_dir():
        raise UserError(
            f"{entry.path}: a folder in the data folder must not be a link; "
            "copy what it leads to into its place"
        )


def _folders_in(folder: Path) -> list[Path]:
    """Visible folders in a folder, sorted by name."""
    with os.scandir(folder) as entries:
        visible = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in visible:
        _refuse_linked_folder(entry)
    return sorted(folder / entry.name for entry in visible if entry.is_dir())


def _part_folders(root: Path) -> dict[str, Path]:
    """Folder of each part, empty where the root holds class folders itself.

    Classes may be called ``train`` and ``test``: parts are folders that hold folders.
    """
    named = [folder for folder in _folders_in(root) if folder.name.lower() in _PART_NAMES]
    parts: dict[str, Path] = {}
    for folder in named if any(_folders_in(folder) for folder in named) else ():
        part = _PART_NAMES[folder.name.lower()]
        if part in parts:
            raise UserError(
                f"{root}: one folder may hold the {part} examples, but {parts[part].name} and "
                f"{folder.name} both would; remove or rename one"
            )
        parts[part] = folder
    if parts and "train" not in parts:
        raise UserError(
            f"{root}: beside {' and '.join(sorted(path.name for path in parts.values()))} there "
            "must be a folder named train; add it, or give a folder of class folders"
        )
    return parts


def _index_class_folders(finder: _Finder, part: Path) -> dict[str, tuple[str, ...]]:
    folders = _folders_in(part)
    if not folders:
        raise UserError(
            f"{part}: a data folder holds one folder of files for each class, found no folder; "
            "sort the files into folders named after their classes"
        )
    for folder in folders:
        if not _is_text(folder.name):
            raise UserError(f"{folder!r}: a class name must be UTF-8 text; rename the folder")
    return {folder.name: finder.files(folder) for folder in folders}


def _is_text(name: str) -> bool:
    """Tell whether a file name can be written as UTF-8; Linux allows any bytes."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def holds_signals(folder: Path) -> bool:
    """Tell whether a data folder holds ``.wav`` files and no images, without opening any."""
    found = False
    for _, _, names in os.walk(folder):
        suffixes = {os.path.splitext(name)[1].lower() for name in names}  # noqa: PTH122
        if suffixes & IMAGE_SUFFIXES:
            return False
        found = found or bool(suffixes & SIGNAL_SUFFIXES)
    return found


def index_folder(folder: Path, suffixes: frozenset[str] = IMAGE_SUFFIXES) -> FolderIndex:
    """List the files of a data folder without opening any.

    The folder holds class folders, or ``train`` and, if wanted, ``val`` (``valid``,
    ``validation``) and ``test`` folders of class folders. Class folders are searched to any depth.
    Hidden files, other files and second links to one file are passed over and counted.

    Args:
        folder: The data folder.
        suffixes: Endings of the files that are listed, in lower case: ``IMAGE_SUFFIXES`` or
            ``SIGNAL_SUFFIXES``.

    Returns:
        Its files, in an order that does not depend on the file system.

    Raises:
        UserError: There are no class folders, a class folder is empty, a link leads out of the
            folder or into another class folder, or a linked folder is met.
    """
    root = folder.resolve()
    finder = _Finder(root, suffixes)
    try:
        parts = _part_folders(root) or {"train": root}
        files = {part: _index_class_folders(finder, path) for part, path in parts.items()}
    except OSError as error:
        raise UserError(
            f"{error.filename or root}: the data folder must be readable: {error.strerror}"
        ) from error
    class_names = sorted({name for by_class in files.values() for name in by_class})
    return FolderIndex(root, tuple(class_names), files, finder.ignored)
