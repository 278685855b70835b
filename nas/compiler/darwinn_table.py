"""A FlatBuffers table read by field number, never past the end of its bytes.

Reference: https://flatbuffers.dev/internals
"""

import struct
from collections.abc import Iterator
from typing import Any

from flatbuffers import number_types
from flatbuffers.table import Table

READING_ERRORS = (
    struct.error, ValueError, IndexError, KeyError, TypeError, OverflowError, AttributeError,
    AssertionError,
)  # fmt: skip
"""What ``flatbuffers`` raises on bytes that are none of its own."""

_MAX_TEXT = 200
_READING_FACTOR = 4
_MAX_TABLES = 100_000


class BrokenPackageError(Exception):
    """What is wrong inside the file, in a few words."""


class Budget:
    """How much may still be read of one file.

    Parts of a FlatBuffers file may be shared, so a small hostile file can name a huge amount of
    reading. Every reader of a file draws on one budget.
    """

    def __init__(self, file_bytes: int) -> None:
        self._left_bytes = _READING_FACTOR * file_bytes
        self._left_tables = _MAX_TABLES

    def draw(self, size_bytes: int, tables: int = 0) -> None:
        """Count what is about to be read.

        Raises:
            BrokenPackageError: The budget is used up.
        """
        self._left_bytes -= size_bytes
        self._left_tables -= tables
        if min(self._left_bytes, self._left_tables) < 0:
            raise BrokenPackageError("the compiled model claims more content than the file holds")


class DarwinnTable:
    """One table; a field that is absent reads as zero, empty or ``None``."""

    def __init__(self, data: memoryview, position: int, budget: Budget) -> None:
        budget.draw(4, tables=1)
        self._data = data
        self._table = Table(data, position)
        self._budget = budget

    @classmethod
    def root(cls, data: memoryview, budget: Budget) -> "DarwinnTable":
        """The root table of a buffer."""
        return cls(data, int(struct.unpack_from("<I", data, 0)[0]), budget)

    def _scalar(self, field: int, flags: Any) -> int:
        offset = self._table.Offset(4 + 2 * field)
        return int(self._table.Get(flags, self._table.Pos + offset)) if offset else 0

    def enumerator(self, field: int) -> int:
        """A 16-bit enumeration."""
        return self._scalar(field, number_types.Int16Flags)

    def octet(self, field: int) -> int:
        """An unsigned byte: a boolean or a union's kind."""
        return self._scalar(field, number_types.Uint8Flags)

    def count(self, field: int) -> int:
        """A 32-bit number that cannot be negative.

        Raises:
            BrokenPackageError: It is negative.
        """
        value = self._scalar(field, number_types.Int32Flags)
        if value < 0:
            raise BrokenPackageError(f"the compiled model holds the impossible size {value}")
        return value

    def octets(self, field: int) -> memoryview:
        """A vector of bytes, without copying it.

        Raises:
            BrokenPackageError: It reaches past the end.
        """
        start, length = self._vector(field, 1)
        return self._data[start : start + length]

    def text(self, field: int) -> str:
        """A string, its first 200 bytes."""
        decoded = bytes(self.octets(field)[:_MAX_TEXT]).decode("utf-8", "replace")
        return "".join(letter if letter.isprintable() else "?" for letter in decoded)

    def table(self, field: int) -> "DarwinnTable | None":
        """A table."""
        offset = self._table.Offset(4 + 2 * field)
        return self._at(self._table.Pos + offset) if offset else None

    def tables(self, field: int) -> Iterator["DarwinnTable"]:
        """A vector of tables."""
        start, length = self._vector(field, 4)
        return (self._at(start + 4 * index) for index in range(length))

    def buffers(self, field: int) -> Iterator[memoryview]:
        """A vector of strings that hold bytes, without copying them."""
        start, length = self._vector(field, 4)
        return (self._buffer(start + 4 * index) for index in range(length))

    def _at(self, place: int) -> "DarwinnTable":
        return DarwinnTable(self._data, self._table.Indirect(place), self._budget)

    def _buffer(self, place: int) -> memoryview:
        start = self._table.Indirect(place)
        return self._bounded(start + 4, int(struct.unpack_from("<I", self._data, start)[0]))

    def _bounded(self, start: int, length: int) -> memoryview:
        if start + length > len(self._data):
            raise BrokenPackageError("the compiled model is truncated")
        return self._data[start : start + length]

    def _vector(self, field: int, width: int) -> tuple[int, int]:
        offset = self._table.Offset(4 + 2 * field)
        if not offset:
            return 0, 0
        start, length = int(self._table.Vector(offset)), int(self._table.VectorLen(offset))
        self._bounded(start, width * length)
        return start, length
