"""The files of an export: JSON lines and CSV."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

CHUNK = 64 * 1024


class ExportError(Exception):
    """Why an export cannot start or continue."""


class Row(Protocol):
    """A row of any list."""

    @property
    def time(self) -> datetime | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...


class Lines:
    """Writes rows as JSON, one per line."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.text = io.StringIO(newline="")

    def head(self, columns: list[str]) -> None:
        """Writes the first line of the file."""

    def add(self, row: Row) -> None:
        """Adds a row, which is buffered until there is enough to write."""
        self.text.write(row.to_json() + "\n")
        if self.text.tell() >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Writes the buffer. When an error ends the export, the buffer is dropped."""
        rest = memoryview(self.text.getvalue().encode())
        while rest:
            rest = rest[self.file.write(rest) :]
        self.text.seek(0)
        self.text.truncate()


class Table(Lines):
    """Writes rows as CSV."""

    def __init__(self, file: io.FileIO) -> None:
        super().__init__(file)
        # A bare `\r` ends a line for readers, but before Python 3.13 only what the terminator holds is quoted.
        self.csv = csv.writer(LineFeeds(self.text), lineterminator="\r\n")

    def head(self, columns: list[str]) -> None:
        self.csv.writerow(columns)

    def add(self, row: Row) -> None:
        self.csv.writerow([cell(value) for value in row.to_dict().values()])
        if self.text.tell() >= CHUNK:
            self.flush()


class LineFeeds:
    """Receives the lines of `csv` and ends them with `\n` alone."""

    def __init__(self, text: io.StringIO) -> None:
        self.text = text

    def write(self, line: str) -> None:
        """Writes one line with its end."""
        self.text.write(line.removesuffix("\r\n") + "\n")


def locked(file: io.FileIO, out: Path) -> None:
    """Locks the file against a second export, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        message = f"another export is writing {out}"
        raise ExportError(message) from None


def cell(value: Any) -> str:
    """Formats a value for a spreadsheet: exact decimals, times in UTC, nested values as JSON.

    Text that a spreadsheet would run as a formula gets a `'` in front: merchants choose their names.
    """
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    if isinstance(value, str):
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
