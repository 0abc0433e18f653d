"""The virtual clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from ._control import ControlCalls
from ._records import read_time


class Clock:
    """The sandbox's virtual clock: ``sandbox.clock``. Tokens expire and webhooks become due by it."""

    def __init__(self, sandbox: ControlCalls) -> None:
        self._control = sandbox.control

    @property
    def now(self) -> datetime:
        """The virtual time, in UTC."""
        return read_time(self._control("GET", "/clock")["now_ms"])

    def advance(self, by: timedelta | None = None, /, **parts: float) -> None:
        """Moves the clock forward: ``advance(timedelta(hours=2))`` or ``advance(hours=2)``."""
        self._control("POST", "/clock/advance", {"ms": _milliseconds(by, parts)})

    def rewind(self, by: timedelta | None = None, /, **parts: float) -> None:
        """Moves the clock back: ``rewind(minutes=5)``."""
        self._control("POST", "/clock/rewind", {"ms": _milliseconds(by, parts)})

    def freeze(self) -> None:
        """Stops the clock; it can still be moved."""
        self._control("POST", "/clock/freeze")

    def unfreeze(self) -> None:
        """Lets a frozen clock run again, from the time it shows."""
        self._control("POST", "/clock/unfreeze")


def _milliseconds(by: timedelta | None, parts: dict[str, float]) -> int:
    span = (by or timedelta()) + timedelta(**parts)
    if span < timedelta():
        raise ValueError("the time must be positive: use advance or rewind for the direction")
    return span // timedelta(milliseconds=1)
