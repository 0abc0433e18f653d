"""Decisions on purchases, which a :class:`keysecure.Responder` runs on threads of Python."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from .._errors import InvalidInputError
from .._native import VerifiedWebhook
from ._response import Failure, about, failed, failure_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .._hub import Hub


class TooLateError(Exception):
    """A decision that nobody waits for any more."""


async def outcome_of(decision: Awaitable[Any]) -> tuple[Any, Exception | None]:
    """The value of a decision, or its exception. asyncio makes a new ``TimeoutError`` when it passes one to another
    thread, without the place where it was raised."""
    try:
        return await decision, None
    except Exception as error:
        return None, error


def value_of(outcome: tuple[Any, Exception | None]) -> Any:
    """The value, or raises the exception."""
    value, error = outcome
    del outcome
    if error is None:
        return value
    try:
        raise error
    finally:
        # Its traceback refers to this frame.
        del error


class _Work:
    """A decision to make. Tools that report the local variables of frames show nothing of it."""

    __slots__ = ("decide", "on_error", "received", "send")

    def __init__(
        self,
        decide: Callable[[Any], object],
        received: VerifiedWebhook,
        send: Callable[..., None],
        on_error: Callable[[Exception], object] | None,
    ) -> None:
        self.decide = decide
        self.received = received
        self.send = send
        self.on_error = on_error


def start_decision(
    decide: Callable[[Any], object],
    received: VerifiedWebhook,
    send: Callable[..., None],
    on_error: Callable[[Exception], object] | None,
    hub: Hub | None,
) -> None:
    """Starts a decision, in a greenlet of the hub if there is one. The native part calls this and waits for the value
    that is sent, or for nothing."""
    work = _Work(decide, received, send, on_error)
    if hub is not None:
        hub.spawn(partial(_run, work))
        return
    threading.Thread(target=_run, args=(work,), name="keysecure-decision", daemon=True).start()


def _run(work: _Work) -> None:
    failure = _made(work)
    if failure is not None:
        failed(failure, about(work.received))


def _made(work: _Work) -> Failure | None:
    """Makes the decision, in a frame of its own: it holds the exception, and the value that was returned."""
    try:
        value = work.decide(work.received.event)
    except TooLateError:
        return None
    except BaseException as error:
        # The reply leaves first.
        work.send()
        return failure_of("the decision on a purchase", error, work.on_error)
    try:
        work.send(value)
    except Exception as error:
        [(_, fields), *further] = failure_of("the decision on a purchase", error, work.on_error)
        # An error of ours has a text without secrets, which names the type of the value.
        reason = str(error) if isinstance(error, InvalidInputError) else fields["exception_type"]
        text = f"the decision on a purchase is no decision: {reason}"
        return [(text, {"exception_type": fields["exception_type"]}), *further]
    return None
