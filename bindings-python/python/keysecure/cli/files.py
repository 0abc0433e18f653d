"""The formats of an export: JSON lines and CSV."""

from __future__ import annotations

import csv
import errno
import io
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from .lists import EXTRA, Row, fields_of, is_empty, json_of
from .output import to_json

CHUNK = 64 * 1024
SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
"""The first characters of formulas. Some spreadsheets accept them in full width too."""
LOCKED_BYTE = 2**31 - 1
"""The byte of a file that is locked on Windows, which takes no later one everywhere."""

Write = Callable[[memoryview], "int | None"]
"""Writes bytes and returns how many were written."""


class ExportError(Exception):
    """Why an export cannot start or continue."""


@dataclass(frozen=True)
class Format:
    """What rows look like: the columns, the zone of times, and whether CSV is for Excel."""

    columns: list[str]
    zone: tzinfo
    is_csv: bool = True
    excel: bool = False

    def writer(self, write: Write) -> Lines:
        """Creates a writer of rows."""
        return Table(self, write) if self.is_csv else Lines(self, write)


class Lines:
    """Writes rows as JSON, one per line."""

    def __init__(self, form: Format, write: Write) -> None:
        self.form = form
        self.write = write
        self.text = io.StringIO(newline="")

    def head(self) -> None:
        """Writes the first line of the file."""

    def add(self, row: Row) -> None:
        """Adds a row, which is buffered until there is enough to write."""
        values = json_of(row, self.form.columns)
        if isinstance(time := values["time"], datetime):
            values["time"] = stamp(time, self.form.zone)
        self.text.write(to_json(values) + "\n")
        self.flush_if_full()

    def flush_if_full(self) -> None:
        """Writes the buffer when there is enough in it."""
        if self.text.tell() >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Writes the buffer. When an error ends the export, the buffer is dropped."""
        rest = memoryview(self.text.getvalue().encode())
        while rest:
            rest = rest[self.write(rest) or 0 :]
        self.text.seek(0)
        self.text.truncate()


class Table(Lines):
    """Writes rows as CSV."""

    def __init__(self, form: Format, write: Write) -> None:
        super().__init__(form, write)
        # A bare `\r` ends a line for readers, but before Python 3.13 only what the terminator holds is quoted.
        self.csv = csv.writer(LineFeeds(self.text), lineterminator="\r\n")

    def head(self) -> None:
        if self.form.excel:
            # Without a byte order mark Excel reads the file in the encoding of the system.
            self.text.write("\ufeff")
        self.csv.writerow(self.form.columns)

    def add(self, row: Row) -> None:
        values = fields_of(row, self.form.columns)
        self.csv.writerow([cell(values[name], self.form.zone, excel=self.form.excel) for name in self.form.columns])
        self.flush_if_full()


class LineFeeds:
    """Receives the lines of `csv` and ends them with `\n` alone."""

    def __init__(self, text: io.StringIO) -> None:
        self.text = text

    def write(self, line: str) -> None:
        """Writes one line with its end."""
        self.text.write(line.removesuffix("\r\n") + "\n")


def locked(file: io.FileIO, out: Path) -> None:
    """Locks the file against a second export, where the file system can."""
    try:
        is_ours = lock(file)
    except OSError:
        # Some network file systems have no locks; the export works without one.
        return
    if not is_ours:
        file.close()
        message = f"another export is writing {out}"
        raise ExportError(message)


if sys.platform == "win32":
    import msvcrt

    def lock(file: io.FileIO) -> bool:
        """Locks the file until it is closed, unless another handle has the lock. Returns whether it is locked."""
        position = file.tell()
        # Other programs cannot read a locked byte, so it is one that few exports reach.
        file.seek(LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            # Wine gives no number.
            if error.errno not in (errno.EACCES, 0):
                raise
            return False
        finally:
            file.seek(position)
        return True

else:
    import fcntl

    def lock(file: io.FileIO) -> bool:
        """Locks the file until it is closed, unless another handle has the lock. Returns whether it is locked."""
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def cell(value: Any, zone: tzinfo, *, excel: bool = False) -> str:
    """Formats a value for a spreadsheet: exact decimals, times with their offset, nested values as JSON.

    Text that a spreadsheet would run as a formula gets a `'` in front: merchants choose their names. For Excel, text
    with digits becomes `="..."`, the one form in which it keeps leading zeros, digits beyond the 15th, and what looks
    like a date. Its strings have at most 255 characters; it reads longer text as text.
    """
    if is_empty(value):
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return stamp(value, zone)
    text = (
        str(value)
        if isinstance(value, str)
        else json.dumps(without_empty_extra(value), ensure_ascii=False, separators=(",", ":"), default=str)
    )
    if text.startswith(SIGNS):
        return f"'{text}"
    is_number_like = any(char.isdigit() for char in text) and len(text) <= 255 and text.isprintable()
    if excel and isinstance(value, str) and is_number_like:
        quoted = text.replace('"', '""')
        return f'="{quoted}"'
    return text


def without_empty_extra(value: Any) -> Any:
    """Parts of a row without `extra` where it is empty."""
    if isinstance(value, list):
        return [without_empty_extra(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {name: without_empty_extra(item) for name, item in items if (name, item) != (EXTRA, {})}
    return value


def stamp(time: datetime, zone: tzinfo) -> str:
    """Formats a time: ISO 8601 with milliseconds and offset."""
    return time.astimezone(zone).isoformat(timespec="milliseconds")
