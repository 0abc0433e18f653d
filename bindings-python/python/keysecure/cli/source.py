"""The rows of an export, window by window, wherever they are written."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .. import Client, InvalidResponseError
from .details import Details
from .files import ExportError, Lines
from .lists import KINDS, Row
from .progress import Progress

SECOND = timedelta(seconds=1)


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


@dataclass
class Written:
    """What a window had: rows, rows that were left out, and the numbers in the second that the next window shares."""

    rows: int = 0
    left_out: int = 0
    seam: set[str] = field(default_factory=lambda: set[str]())


@dataclass(frozen=True)
class Source:
    """A list of the platform, with filters, and with details if there are calls for them."""

    client: Client
    what: str
    filters: dict[str, str]
    parallel: int = 0
    """The calls for details at once; 0: no details."""

    def write(self, window: tuple[datetime, datetime], seam: set[str], table: Lines, progress: Progress) -> Written:
        """Writes the rows of a window, without those of the second that the window before shares."""
        written = Written()
        rows = self._fresh(self._read(window, progress), window[0], seam, written.seam)
        if self.parallel:
            rows = Details(self.client, KINDS[self.what], self.parallel, progress.warn).of(rows)
        with closing(rows):
            for row in rows:
                if row is None:
                    written.left_out += 1
                    continue
                table.add(row)
                written.rows += 1
                progress.row()
        table.flush()
        return written

    def _fresh(
        self, rows: Iterator[Row | None], start: datetime, before: set[str], seam: set[str]
    ) -> Generator[Row | None]:
        """The rows that the window before did not have. Notes those that the next window may have."""
        for row in rows:
            if row is None:
                yield None
                continue
            number: str = getattr(row, KINDS[self.what].number)
            if number in before:
                continue
            if row.time is None or row.time < start + SECOND:
                seam.add(number)
            yield row

    def _read(self, window: tuple[datetime, datetime], progress: Progress) -> Iterator[Row | None]:
        """The rows of a window, and `None` for each error behind which the list continues: a row without its number, or
        rows that are missing."""
        rows = KINDS[self.what].rows(self.client, *window, self.filters)
        while True:
            try:
                yield next(rows)
            except StopIteration:
                return
            except InvalidResponseError as error:
                if rows.failed:
                    raise
                progress.warn(f"left out: {error}")
                yield None
