"""One blocking call for a task that awaits it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from inspect import signature
from logging import ERROR, WARNING
from threading import Thread
from typing import Any

from .._errors import ConfigError, quoted, raised_by
from ._threads import Threads, log


@dataclass(frozen=True)
class CancelledCall:
    """A mutation that ended after its task was cancelled: the argument of ``on_cancelled``."""

    operation: str
    """The call, such as ``"accounts.transfer"``."""
    numbers: Mapping[str, str]
    """Its identifiers, such as ``{"cardholder_no": "1001", "transfer_unique_no": "order-7"}``."""
    result: Any
    """What the call returned; ``None`` when it failed, and for calls that return nothing."""
    error: BaseException | None
    """What the call raised: a :class:`keysecure.KeySecureError`, whose ``outcome`` says what was done."""


OnCancelled = Callable[[CancelledCall], object]


def running_loop() -> asyncio.AbstractEventLoop:
    """The event loop of the calling task."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise ConfigError(
            "keysecure.aio needs asyncio: under trio, pass the calls of keysecure.Client to trio.to_thread.run_sync",
            outcome="not_sent",
        ) from None


class Call:
    """A call in one of the threads.

    It is either awaited to its end, or abandoned: before it has started it is never made then, and after that its
    outcome is handed over when it is kept. Its arguments are no local variables of any frame of an exception: tools
    that report exceptions would send the secrets among them.
    """

    __slots__ = (
        "_args",
        "_context",
        "_future",
        "_has_ended",
        "_is_abandoned",
        "_kwargs",
        "_loop",
        "_method",
        "_on_cancelled",
        "_outcome",
        "_threads",
        "is_kept",
        "name",
    )

    def __init__(
        self,
        threads: Threads,
        name: str,
        method: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        is_kept: bool = False,
        on_cancelled: OnCancelled | None = None,
    ) -> None:
        self._threads = threads
        self.name = name
        self._method = method
        self._args = args
        self._kwargs = kwargs or {}
        self.is_kept = is_kept
        self._on_cancelled = on_cancelled
        self._loop = running_loop()
        self._future: asyncio.Future[Any] | None = None
        self._context = copy_context()
        # Both are changed under the lock of the threads.
        self._is_abandoned = self._has_ended = False
        self._outcome: tuple[Any, BaseException | None] = (None, None)

    async def awaited(self) -> Any:
        """Makes the call. When the task is cancelled, it ends at once."""
        self._future = self._loop.create_future()
        self._threads.add(self)
        try:
            return await self._future
        except (asyncio.CancelledError, GeneratorExit):
            if self._abandon() and self.is_kept:
                # The call had ended, but its task had not continued yet.
                Thread(target=self._hand_over, name="keysecure.aio", daemon=True).start()
            raise
        finally:
            # An exception refers to this frame, and must not be referred to by it.
            self._future = None
            if not self._is_abandoned:
                self._outcome = (None, None)

    def _abandon(self) -> bool:
        """Records that nobody awaits it any more. Returns whether it has ended, so that `run` does not hand it over."""
        with self._threads.lock:
            first, self._is_abandoned = not self._is_abandoned, True
            return first and self._has_ended

    def start(self) -> bool:
        return not self._is_abandoned

    def refuse(self, error: Exception) -> None:
        self._outcome = None, error
        self.settle()

    def run(self) -> None:
        outcome = self._make()
        with self._threads.lock:
            self._outcome, self._has_ended = outcome, True
            is_abandoned = self._is_abandoned
        # The frames of an exception refer to this one, too.
        del outcome
        if is_abandoned or (self._loop.is_closed() and self._abandon()):
            self._hand_over()

    def _make(self) -> tuple[Any, BaseException | None]:
        try:
            return self._context.run(self._method, *self._args, **self._kwargs), None
        except BaseException as error:
            return None, error

    def settle(self) -> None:
        future = self._future
        if future is None or self._is_abandoned:
            return
        try:
            self._loop.call_soon_threadsafe(_settle, future, *self._outcome)
        except RuntimeError:
            # The loop was closed just now.
            if self._abandon():
                self._hand_over()

    def _hand_over(self) -> None:
        """Logs the outcome of a mutation that nobody awaits any more, and passes it on."""
        if not self.is_kept:
            return
        (result, error), self._outcome = self._outcome, (None, None)
        numbers = self._numbers()
        _log_cancelled(self.name, numbers, error)
        if self._on_cancelled is not None:
            call = CancelledCall(self.name, numbers, result, error)
            failure = self._context.run(_passed_on, self._on_cancelled, call)
            if failure is not None:
                log.error("%s", failure[0], extra=failure[1])

    def _numbers(self) -> dict[str, str]:
        with suppress(TypeError, ValueError):
            arguments = signature(self._method).bind_partial(*self._args, **self._kwargs).arguments
            return {name: value for name, value in arguments.items() if name.endswith("_no") and isinstance(value, str)}
        return {}

    def __repr__(self) -> str:
        return f"<call of {self.name}>"


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _passed_on(on_cancelled: OnCancelled, call: CancelledCall) -> tuple[str, dict[str, object]] | None:
    """Calls the user's function. Returns what to log when it raises."""
    try:
        on_cancelled(call)
    except BaseException as error:
        return raised_by("on_cancelled", error)
    return None


def _log_cancelled(name: str, numbers: Mapping[str, str], error: BaseException | None) -> None:
    references = [f", {name}={quoted(value)}" for name, value in numbers.items() if name.endswith("_unique_no")]
    outcome = "done" if error is None else getattr(error, "outcome", "unknown")
    fields = {"operation": name, "outcome": outcome, "code": getattr(error, "code", None)}
    log.log(
        ERROR if outcome == "unknown" else WARNING,
        "%s, whose task was cancelled, has ended (%s%s)",
        name,
        outcome,
        "".join(references),
        extra={name: value for name, value in fields.items() if value is not None},
    )
