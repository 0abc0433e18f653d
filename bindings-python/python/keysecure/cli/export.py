"""`keysecure export`: writes lists into a file, newest first, window by window.

While the export is not finished, a small state file is beside the file. It says how many windows are wholly in the file
and how long the file was then; the rest is cut off before the export continues.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from datetime import datetime, timezone, tzinfo
from pathlib import Path
from typing import IO, Any

from .. import Client
from .files import ExportError, Format, locked
from .lists import KINDS
from .progress import Progress, progress_on
from .source import SECOND, Source, Span

FORMATS = (".csv", ".jsonl", ".parquet")


class Export:
    """One export. The same arguments continue where an interrupted one stopped.

    A Parquet file cannot be continued. So its rows are collected as JSON lines in `FILE.parquet.part` first.
    """

    def __init__(
        self,
        client: Client,
        what: str,
        span: Span,
        filters: dict[str, str],
        out: Path,
        *,
        merchant: str = "",
        zone: tzinfo = timezone.utc,
        parallel: int = 0,
        excel: bool = False,
    ) -> None:
        if out.suffix not in FORMATS:
            message = f"{out} must end in .csv, .jsonl or .parquet"
            raise ExportError(message)
        self.source = Source(client, what, filters, parallel)
        self.span = span
        self.out = out
        self.is_parquet = out.suffix == ".parquet"
        self.rows_file = out.with_name(out.name + ".part") if self.is_parquet else out
        self.state_file = out.with_name(out.name + ".state")
        columns = KINDS[what].columns(details=bool(parallel))
        self.form = Format(columns, zone, out.suffix == ".csv", excel)
        # Another merchant's rows must not go into the same file. The key itself need not be on the disk.
        self.arguments = {
            "what": what,
            "from": span.start.isoformat(),
            "to": span.end.isoformat(),
            "window_seconds": span.window // SECOND,
            "filters": filters,
            "merchant": hashlib.sha256(merchant.encode()).hexdigest()[:16],
            "columns": columns,
            "order": "newest first",
            "timezone": str(zone),
            "details": bool(parallel),
            "excel": excel,
        }
        self.done = 0
        self.rows = 0
        self.left_out = 0
        self.length = 0
        self.seam: set[str] = set()

    def __str__(self) -> str:
        """The progress, in words."""
        return f"{self.rows_file} holds {self.done} of {len(self.span.windows())} windows, {self.rows:,} rows"

    def run(self, terminal: IO[str] = sys.stderr) -> None:
        """Exports the windows that are not in the file yet.

        After any exception, `KeyboardInterrupt` included, the file holds whole windows only and `run` can continue.
        """
        windows = self.span.windows()
        with self._opened() as file:
            progress = progress_on(terminal, len(windows), self.done, self.rows)
            try:
                for window in windows[self.done :]:
                    self._window(file, window, progress)
            except BaseException:
                # An interruption may come at any place: the state file is right.
                self._recall(json.loads(self.state_file.read_text("utf-8")))
                file.truncate(self.length)
                raise
            finally:
                progress.end()
        if self.is_parquet:
            from .parquet import convert

            convert(self.rows_file, self.out, self.form.columns)
            self.rows_file.unlink()
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
            message = f"{self.state_file} cannot be read: remove it and {self.rows_file} to start again"
            raise ExportError(message) from None
        if not self.done and self._is_empty():
            # Nothing was written, because of a wrong key for one. The arguments need not be the same.
            return self._created()
        different = sorted(name for name, value in self.arguments.items() if started.get(name) != value)
        if different:
            message = (
                f"{self.out} was started with other arguments ({', '.join(different)}): "
                f"use those, or remove {self.rows_file.name} and {self.state_file.name} to start again"
            )
            raise ExportError(message)
        try:
            file = io.FileIO(self.rows_file, "r+")
        except FileNotFoundError:
            message = f"{self.rows_file} is gone: remove {self.state_file.name} to start again"
            raise ExportError(message) from None
        locked(file, self.out)
        if os.fstat(file.fileno()).st_size < self.length:
            file.close()
            message = f"{self.rows_file} is shorter than it was: remove it and {self.state_file.name} to start again"
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
            return self.rows_file.stat().st_size == 0
        except FileNotFoundError:
            return True

    def _created(self) -> io.FileIO:
        try:
            file = io.FileIO(self.rows_file, "a")
        except OSError as error:
            message = f"{self.rows_file} cannot be written: {error.strerror}"
            raise ExportError(message) from None
        locked(file, self.out)
        # An empty file is left when the program is killed right here. Checked under the lock: until then another export
        # may have written.
        for name, size in [(self.rows_file, os.fstat(file.fileno()).st_size), (self.out, size_of(self.out))]:
            if size:
                file.close()
                if self.is_parquet and name == self.out:
                    self.rows_file.unlink()
                message = f"{name} exists already: remove it or choose another"
                raise ExportError(message)
        self._save()
        return file

    def _window(self, file: io.FileIO, window: tuple[datetime, datetime], progress: Progress) -> None:
        table = self.form.writer(file.write)
        if self.length == 0:
            table.head()
        written = self.source.write(window, self.seam, table, progress)
        os.fsync(file.fileno())
        self.done += 1
        self.rows += written.rows
        self.left_out += written.left_out
        self.seam = written.seam
        self.length = file.tell()
        self._save()
        progress.window()

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


def size_of(path: Path) -> int:
    """The bytes of a file, 0 for one that is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
