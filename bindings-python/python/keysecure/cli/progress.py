"""The progress of an export on a terminal: a bar of `rich` where it is installed, else one line."""

from __future__ import annotations

from time import monotonic
from typing import IO

from .output import optional


class Progress:
    """Counts windows and rows, and shows nothing."""

    def __init__(self, stream: IO[str], windows: int, done: int, rows: int) -> None:
        self.stream = stream
        self.windows = windows
        self.done = done
        self.rows = rows

    def row(self) -> None:
        """Counts a row."""
        self.rows += 1

    def window(self) -> None:
        """Counts a window."""
        self.done += 1

    def warn(self, text: str) -> None:
        """Prints a warning on a separate line."""
        self.stream.write(f"warning: {text}\n")
        self.stream.flush()

    def end(self) -> None:
        """Ends the line."""


class Line(Progress):
    """One line on a terminal that shows the progress."""

    WIDTH = 24
    EVERY = 0.1

    def __init__(self, stream: IO[str], windows: int, done: int, rows: int) -> None:
        super().__init__(stream, windows, done, rows)
        self.before = rows
        self.started = monotonic()
        self.shown = 0.0
        self._show()

    def row(self) -> None:
        super().row()
        if monotonic() - self.shown >= self.EVERY:
            self._show()

    def window(self) -> None:
        super().window()
        self._show()

    def warn(self, text: str) -> None:
        self.stream.write("\n")
        super().warn(text)

    def end(self) -> None:
        self._show()
        self.stream.write("\n")
        self.stream.flush()

    def _show(self) -> None:
        self.shown = monotonic()
        rate = (self.rows - self.before) / max(self.shown - self.started, 0.001)
        full = self.WIDTH * self.done // self.windows
        bar = "#" * full + "." * (self.WIDTH - full)
        line = f"[{bar}] {self.done}/{self.windows} windows  {self.rows:,} rows  {rate:,.0f} rows/s"
        # To the start of the line, and clears it.
        self.stream.write(f"\r\x1b[2K{line}")
        self.stream.flush()


class Bar(Progress):
    """A bar with the time that is left, of the package `rich`."""

    def __init__(self, stream: IO[str], windows: int, done: int, rows: int) -> None:
        rich = optional("rich.progress")
        super().__init__(stream, windows, done, rows)
        self.bar = rich.Progress(
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TextColumn("windows  {task.fields[rows]:,} rows"),
            rich.TimeRemainingColumn(),
            console=optional("rich.console").Console(file=stream),
        )
        self.task = self.bar.add_task("", total=windows, completed=done, rows=rows)
        self.bar.start()

    def row(self) -> None:
        super().row()
        # A lock for each row would cost more than the row.
        if self.rows % 100 == 0:
            self.bar.update(self.task, rows=self.rows)

    def window(self) -> None:
        super().window()
        self.bar.update(self.task, completed=self.done, rows=self.rows)

    def warn(self, text: str) -> None:
        self.bar.console.print(f"warning: {text}", markup=False, highlight=False, soft_wrap=True)

    def end(self) -> None:
        self.bar.stop()


def progress_on(stream: IO[str], windows: int, done: int, rows: int) -> Progress:
    """The progress for a stream."""
    if not stream.isatty():
        return Progress(stream, windows, done, rows)
    try:
        return Bar(stream, windows, done, rows)
    except ImportError:
        return Line(stream, windows, done, rows)
