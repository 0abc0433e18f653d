"""`python -m keysecure export`: writes lists into a file, newest first, window by window.

While the export is not finished, a small state file is beside the file. It says how many windows are wholly in the file
and how long the file was then; the rest is cut off before the export continues.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from .. import Card, Client, Consumption, InvalidResponseError, Pager, TransferRecord
from .files import ExportError, Lines, Row, Table, locked
from .progress import Progress

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Kind:
    """A list that can be exported: the field of its number, an empty row, which has the columns, and the call."""

    number: str
    empty: Row
    rows: Callable[[Client, datetime, datetime, dict[str, str]], Pager[Any]]


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
    """The time to export, both ends included, and the length of its windows."""

    start: datetime
    end: datetime
    window: timedelta

    def __post_init__(self) -> None:
        if self.end <= self.start:
            message = "--to must be later than --from"
            raise ExportError(message)

    def windows(self) -> list[tuple[datetime, datetime]]:
        """The windows, newest first, like the rows inside each.

        Neighbours share one second, so that no row falls between them; a row that comes twice is recognised by its
        number.
        """
        windows: list[tuple[datetime, datetime]] = []
        start = self.start
        while self.end - start > self.window:
            windows.append((start, start + self.window))
            start += self.window
        return [(start, self.end), *reversed(windows)]


class Export:
    """One export. The same arguments continue where an interrupted one stopped."""

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
        # Another merchant's rows must not go into the same file. The key itself need not be on the disk.
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
        """The progress, in words."""
        return f"{self.out} holds {self.done} of {len(self.span.windows())} windows, {self.rows:,} rows"

    def run(self, terminal: IO[str] = sys.stderr) -> None:
        """Exports the windows that are not in the file yet.

        After any exception, `KeyboardInterrupt` included, the file holds whole windows only and `run` can continue.
        """
        windows = self.span.windows()
        with self._opened() as file:
            progress = Progress(terminal, len(windows), self.done, self.rows)
            self.warn = progress.warn
            try:
                for start, end in windows[self.done :]:
                    self._window(file, start, end, progress)
            except BaseException:
                # An interruption may come at any place: the state file is right.
                self._recall(json.loads(self.state_file.read_text("utf-8")))
                file.truncate(self.length)
                raise
            finally:
                progress.end()
        self.state_file.unlink()

    def _opened(self) -> io.FileIO:
        """Opens the file, new or cut to its whole windows."""
        try:
            state = json.loads(self.state_file.read_text("utf-8"))
            started = dict(state["arguments"])
            self._recall(state)
        except FileNotFoundError:
            return self._created()
        except (ValueError, KeyError, TypeError):
            message = f"{self.state_file} cannot be read: remove it and {self.out} to start again"
            raise ExportError(message) from None
        if not self.done and self._is_empty():
            # Nothing was written, because of a wrong key for one. The arguments need not be the same.
            return self._created()
        different = sorted(name for name, value in self.arguments.items() if started.get(name) != value)
        if different:
            message = (
                f"{self.out} was started with other arguments ({', '.join(different)}): "
                f"use those, or remove it and {self.state_file.name} to start again"
            )
            raise ExportError(message)
        try:
            file = io.FileIO(self.out, "r+")
        except FileNotFoundError:
            message = f"{self.out} is gone: remove {self.state_file.name} to start again"
            raise ExportError(message) from None
        locked(file, self.out)
        if os.fstat(file.fileno()).st_size < self.length:
            file.close()
            message = f"{self.out} is shorter than it was: remove it and {self.state_file.name} to start again"
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
        # An empty file is left when the program is killed right here. Checked under the lock: until then another export
        # may have written.
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
        """The rows of a window, and `None` for each error behind which the list continues: a row without its number, or
        rows that are missing."""
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
