"""The progress line of an export."""

from __future__ import annotations

from time import monotonic
from typing import IO


class Progress:
    """One line on a terminal that shows the progress; nothing where there is no terminal."""

    WIDTH = 24
    EVERY = 0.1

    def __init__(self, stream: IO[str], windows: int, done: int, rows: int) -> None:
        self.terminal = stream
        self.stream = stream if stream.isatty() else None
        self.windows = windows
        self.done = done
        self.rows = rows
        self.before = rows
        self.started = monotonic()
        self.shown = 0.0
        self._show()

    def row(self) -> None:
        """Counts a row."""
        self.rows += 1
        if self.stream and monotonic() - self.shown >= self.EVERY:
            self._show()

    def warn(self, text: str) -> None:
        """Prints a warning on a separate line, on a terminal and without one."""
        lead = "\n" if self.terminal.isatty() else ""
        self.terminal.write(f"{lead}warning: left out: {text}\n")
        self.terminal.flush()

    def window(self) -> None:
        """Counts a window."""
        self.done += 1
        self._show()

    def end(self) -> None:
        """Ends the line."""
        if self.stream:
            self._show()
            self.stream.write("\n")
            self.stream.flush()

    def _show(self) -> None:
        if not self.stream:
            return
        self.shown = monotonic()
        rate = (self.rows - self.before) / max(self.shown - self.started, 0.001)
        full = self.WIDTH * self.done // self.windows
        bar = "#" * full + "." * (self.WIDTH - full)
        line = f"[{bar}] {self.done}/{self.windows} windows  {self.rows:,} rows  {rate:,.0f} rows/s"
        # To the start of the line, and clears it.
        self.stream.write(f"\r\x1b[2K{line}")
        self.stream.flush()
