"""Waiting for events: streams are woken when a webhook is published, and poll from time to time all the same."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

POLL_SECONDS: Final = 1.0
"""How long a stream waits until it looks again: comments are due every 15 seconds."""


class Watch:
    """What is called when a webhook is published."""

    __slots__ = ("_lock", "_process", "_wakers")

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], object]] = []

    def add(self, waker: Callable[[], object]) -> None:
        """Calls a function from now on, on the thread that publishes."""
        if self._process != os.getpid():
            # A forked child has none of its parent's streams, and maybe its lock, held by a thread that is not here.
            self._reset()
        with self._lock:
            self._wakers.append(waker)

    def remove(self, waker: Callable[[], object]) -> None:
        """Calls it no longer."""
        if self._process == os.getpid():
            with self._lock, suppress(ValueError):
                self._wakers.remove(waker)

    def wake(self) -> None:
        """Wakes all streams."""
        if self._process != os.getpid():
            return
        with self._lock:
            wakers = list(self._wakers)
        for waker in wakers:
            waker()
