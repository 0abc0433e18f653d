"""`python -m keysecure export`: lists into a file, newest first, window by window.

Beside the file lies a small state file while the export is not finished. It says how many windows are wholly in the
file and how long the file was then; what was written after that is cut off before the export goes on.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import IO, Any, Protocol

from . import Card, Client, Consumption, InvalidResponseError, List, TransferRecord

UTC = timezone.utc
SECOND = timedelta(seconds=1)
CHUNK = 64 * 1024

# Python's own readers take more than this, and more from version to version: week dates for one.
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-5][0-9])?")
ZONE = re.compile(r"UTC(?:(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::(?P<minutes>[0-9]{1,2}))?)?")
# What the client takes.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, tzinfo=UTC)


class ExportError(Exception):
    """Why an export cannot begin or go on."""


class Row(Protocol):
    """What the rows of all lists have in common."""

    @property
    def time(self) -> datetime | None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...


@dataclass(frozen=True)
class Kind:
    """What can be exported: an empty row to learn the columns from, and how to list."""

    number: str
    empty: Row
    rows: Callable[[Client, datetime, datetime, dict[str, str]], List[Any]]


KINDS = {
    "consumptions": Kind(
        "consume_no",
        Consumption.from_json('{"consume_no":""}'),
        lambda client, start, end, filters: client.consumptions.list(start=start, end=end, **filters),
    ),
    "cards": Kind(
        "card_no",
        Card.from_json('{"card_no":"","status":""}'),
        lambda client, start, end, filters: client.cards.list(start=start, end=end, **filters),
    ),
    "transfers": Kind(
        "transfer_no",
        TransferRecord.from_json('{"transfer_no":""}'),
        lambda client, start, end, filters: client.accounts.transfers(start=start, end=end, **filters),
    ),
}


@dataclass(frozen=True)
class Span:
    """The time to export, both ends included, and how it is cut."""

    start: datetime
    end: datetime
    window: timedelta

    def __post_init__(self) -> None:
        if self.end <= self.start:
            message = "--to must be later than --from"
            raise ExportError(message)

    def windows(self) -> list[tuple[datetime, datetime]]:
        """From new to old, as the rows inside each. Neighbours share one second, so that no row falls between them;
        rows that come twice are recognised by their number."""
        windows: list[tuple[datetime, datetime]] = []
        start = self.start
        while self.end - start > self.window:
            windows.append((start, start + self.window))
            start += self.window
        return [(start, self.end), *reversed(windows)]


def instant(text: str, zone: str, *, end: bool) -> datetime:
    """A time from the command line: `2026-03-01` is the whole day in the zone `UTC+8`, or a time with its offset."""
    try:
        if DATE.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end else time(), offset(zone))
        elif TIME.fullmatch(text):
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        else:
            raise ValueError
    except ValueError:
        message = f"{text} is no date such as 2026-03-01 and no time such as 2026-03-01T08:00:00+08:00"
        raise ExportError(message) from None
    if found.tzinfo is None:
        message = f"{text} needs its offset, such as {text}+08:00"
        raise ExportError(message)
    if not EARLIEST <= found <= LATEST:
        message = f"{text} is too early or too late: it must lie between {EARLIEST.date()} and {LATEST.date()} in UTC"
        raise ExportError(message)
    return found


def offset(zone: str) -> timezone:
    """The zone of `--timezone`, by the rule of the client."""
    found = ZONE.fullmatch(zone)
    hours, minutes = (int(found[part] or 0) for part in ("hours", "minutes")) if found else (0, 0)
    if not found or hours > 14 or minutes > 59:
        message = f"--timezone must be written like UTC+8, UTC-3 or UTC+5:30, at most 14 hours either way, not {zone}"
        raise ExportError(message)
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if found["sign"] == "-" else ahead)


class Export:
    """One export. The same arguments go on where an interrupted one stopped."""

    def __init__(
        self, client: Client, what: str, span: Span, filters: dict[str, str], out: Path, *, merchant: str = ""
    ) -> None:
        if out.suffix not in (".csv", ".jsonl"):
            message = f"{out} must end in .csv or .jsonl"
            raise ExportError(message)
        self.client = client
        self.kind = KINDS[what]
        self.span = span
        self.filters = filters
        self.out = out
        self.state_file = out.with_name(out.name + ".state")
        self.columns = list(self.kind.empty.to_dict())
        # Another merchant's rows must not go into the same file. The key itself need not lie on the disk.
        self.arguments = {
            "what": what,
            "from": span.start.isoformat(),
            "to": span.end.isoformat(),
            "window_seconds": span.window // SECOND,
            "filters": filters,
            "merchant": hashlib.sha256(merchant.encode()).hexdigest()[:16],
            "columns": self.columns,
            "order": "newest first",
        }
        self.done = 0
        self.rows = 0
        self.left_out = 0
        self.length = 0
        self.seam: set[str] = set()

    def __str__(self) -> str:
        """How far it is."""
        return f"{self.out} holds {self.done} of {len(self.span.windows())} windows, {self.rows:,} rows"

    def run(self, terminal: IO[str] = sys.stderr) -> None:
        """Exports what is not there yet.

        After any exception, `KeyboardInterrupt` included, the file holds whole windows only and `run` can go on.
        """
        windows = self.span.windows()
        with self._opened() as file:
            progress = Progress(terminal, len(windows), self.done, self.rows)
            self.warn = progress.warn
            try:
                for start, end in windows[self.done :]:
                    self._window(file, start, end, progress)
            except BaseException:
                # An interruption may come at any place: what the state file says is what counts.
                self._recall(json.loads(self.state_file.read_text("utf-8")))
                file.truncate(self.length)
                raise
            finally:
                progress.end()
        self.state_file.unlink()

    def _opened(self) -> io.FileIO:
        """The file, new or cut to what is known to be whole."""
        try:
            state = json.loads(self.state_file.read_text("utf-8"))
            begun = dict(state["arguments"])
            self._recall(state)
        except FileNotFoundError:
            return self._created()
        except (ValueError, KeyError, TypeError):
            message = f"{self.state_file} cannot be read: remove it and {self.out} to begin again"
            raise ExportError(message) from None
        if not self.done and self._is_empty():
            # Nothing came of it, from a wrong key for one. The arguments need not be the same.
            return self._created()
        different = sorted(name for name, value in self.arguments.items() if begun.get(name) != value)
        if different:
            message = (
                f"{self.out} was begun with other arguments ({', '.join(different)}): "
                f"use those, or remove it and {self.state_file.name} to begin again"
            )
            raise ExportError(message)
        try:
            file = io.FileIO(self.out, "r+")
        except FileNotFoundError:
            message = f"{self.out} is gone: remove {self.state_file.name} to begin again"
            raise ExportError(message) from None
        locked(file, self.out)
        if os.fstat(file.fileno()).st_size < self.length:
            file.close()
            message = f"{self.out} is shorter than it was: remove it and {self.state_file.name} to begin again"
            raise ExportError(message)
        file.truncate(self.length)
        file.seek(self.length)
        return file

    def _recall(self, state: dict[str, Any]) -> None:
        self.done, self.rows, self.length = state["windows_done"], state["rows"], state["bytes"]
        self.left_out = state["left_out"]
        self.seam = set(state["seam"])

    def _is_empty(self) -> bool:
        try:
            return self.out.stat().st_size == 0
        except FileNotFoundError:
            return True

    def _created(self) -> io.FileIO:
        try:
            file = io.FileIO(self.out, "a")
        except OSError as error:
            message = f"{self.out} cannot be written: {error.strerror}"
            raise ExportError(message) from None
        locked(file, self.out)
        # An empty one is what is left when the program is killed right here. Asked under the lock: until then another
        # export may have written.
        if os.fstat(file.fileno()).st_size:
            file.close()
            message = f"{self.out} exists already: remove it or choose another"
            raise ExportError(message)
        self._save()
        return file

    def _window(self, file: io.FileIO, start: datetime, end: datetime, progress: Progress) -> None:
        table = Table(file) if self.out.suffix == ".csv" else Lines(file)
        if self.length == 0:
            table.head(self.columns)
        seam: set[str] = set()
        rows = left_out = 0
        for row in self._read(start, end):
            if row is None:
                left_out += 1
                continue
            number: str = getattr(row, self.kind.number)
            if number in self.seam:
                continue
            table.add(row)
            rows += 1
            if row.time is None or row.time < start + SECOND:
                seam.add(number)
            progress.row()
        table.flush()
        os.fsync(file.fileno())
        self.done += 1
        self.rows += rows
        self.left_out += left_out
        self.seam = seam
        self.length = file.tell()
        self._save()
        progress.window()

    def _read(self, start: datetime, end: datetime) -> Iterator[Row | None]:
        """The rows of a window, and `None` for what cannot be read: a row without its number, or rows that are
        missing."""
        rows = self.kind.rows(self.client, start, end, self.filters)
        while True:
            try:
                yield next(rows)
            except StopIteration:
                return
            except InvalidResponseError as error:
                if rows.failed:
                    raise
                self.warn(str(error))
                yield None

    def _save(self) -> None:
        state = {
            "arguments": self.arguments,
            "windows_done": self.done,
            "rows": self.rows,
            "left_out": self.left_out,
            "bytes": self.length,
            # Rows of the second that the next window shares.
            "seam": sorted(self.seam),
        }
        fresh = self.state_file.with_name(self.state_file.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.state_file)


class Lines:
    """Rows as JSON, one a line."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.text = io.StringIO(newline="")

    def head(self, columns: list[str]) -> None:
        """What the file begins with."""

    def add(self, row: Row) -> None:
        """Writes a row, or keeps it until there is enough to write."""
        self.text.write(row.to_json() + "\n")
        if self.text.tell() >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Writes what was kept. What is kept when an error ends the export is forgotten."""
        rest = memoryview(self.text.getvalue().encode())
        while rest:
            rest = rest[self.file.write(rest) :]
        self.text.seek(0)
        self.text.truncate()


class Table(Lines):
    """Rows as CSV."""

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
    """Takes the lines of `csv` and ends them with `\n` alone."""

    def __init__(self, text: io.StringIO) -> None:
        self.text = text

    def write(self, line: str) -> None:
        """One line with its end."""
        self.text.write(line.removesuffix("\r\n") + "\n")


def locked(file: io.FileIO, out: Path) -> None:
    """Keeps a second export away from the file, where the system can."""
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
    """A value as a spreadsheet takes it: exact decimals, times in UTC, nested values as JSON.

    Text that a spreadsheet would run as a formula gets a `'` in front: a shop chooses its own name.
    """
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, str):
        return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else str(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


class Progress:
    """One line on a terminal that shows how far it is; silent where there is no terminal."""

    WIDTH = 24
    EVERY = 0.1

    def __init__(self, stream: IO[str], windows: int, done: int, rows: int) -> None:
        self.terminal = stream
        self.stream = stream if stream.isatty() else None
        self.windows = windows
        self.done = done
        self.rows = rows
        self.before = rows
        self.begun = monotonic()
        self.shown = 0.0
        self._show()

    def row(self) -> None:
        """One more row."""
        self.rows += 1
        if self.stream and monotonic() - self.shown >= self.EVERY:
            self._show()

    def warn(self, text: str) -> None:
        """A line of its own, on a terminal and without one."""
        lead = "\n" if self.terminal.isatty() else ""
        self.terminal.write(f"{lead}warning: left out: {text}\n")
        self.terminal.flush()

    def window(self) -> None:
        """One more window."""
        self.done += 1
        self._show()

    def end(self) -> None:
        """Leaves the line as it is and goes to the next."""
        if self.stream:
            self._show()
            self.stream.write("\n")
            self.stream.flush()

    def _show(self) -> None:
        if not self.stream:
            return
        self.shown = monotonic()
        rate = (self.rows - self.before) / max(self.shown - self.begun, 0.001)
        full = self.WIDTH * self.done // self.windows
        bar = "#" * full + "." * (self.WIDTH - full)
        line = f"[{bar}] {self.done}/{self.windows} windows  {self.rows:,} rows  {rate:,.0f} rows/s"
        # To the start of the line, and what stood there is cleared.
        self.stream.write(f"\r\x1b[2K{line}")
        self.stream.flush()
