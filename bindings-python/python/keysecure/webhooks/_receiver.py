"""Receiving webhooks, whatever the server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from time import monotonic
from typing import Any, Literal, cast

from .._errors import ConfigError, WebhookError
from .._native import (
    AuthEvent,
    CardUpdateEvent,
    Claim,
    ConsumptionEvent,
    Responder,
    UnknownEvent,
    WebhookVerifier,
    reply_decline,
)
from ._response import ACCEPTED, REPLY_DEADLINE, STATUSES, Failure, Response, Sealed, about, failed, failure_of

Event = ConsumptionEvent | CardUpdateEvent | UnknownEvent
"""The events of a handler. Purchases, which are an :class:`AuthEvent`, go to ``decide``."""

Decision = bool | str
"""``True`` to approve a purchase, ``False`` or a message to decline it."""

OnError = Callable[[Exception], object]
"""Gets an exception that a handler or a decision raised."""


class Receiver:
    """The part that WSGI and ASGI applications have in common."""

    __slots__ = ("_budget", "_decide", "_handler", "_on_error", "_responder", "_verifier")

    def __init__(
        self,
        verifier: WebhookVerifier,
        handler: Callable[[Event], object],
        decide: Callable[[AuthEvent], Any] | None,
        default: Literal["decline", "accept"],
        budget: float,
        on_error: OnError | None = None,
    ) -> None:
        from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction

        if not isinstance(cast("object", verifier), WebhookVerifier):
            raise ConfigError("verifier must be a WebhookVerifier", outcome="not_sent")
        if not callable(cast("object", handler)):
            raise ConfigError("handler must be callable", outcome="not_sent")
        check_on_error(on_error, iscoroutinefunction)
        self._verifier = verifier
        self._handler = handler
        self._decide = decide
        self._on_error = on_error
        self._refuse(isgeneratorfunction, "be a generator")
        self._refuse(isasyncgenfunction, "be a generator")
        if decide is None:
            self._responder = Responder._undecided(default=default, budget=budget)
        else:
            self._responder = Responder(decide, default=default, budget=budget, on_error=on_error)
        self._budget = min(float(budget), REPLY_DEADLINE)

    def _refuse(self, kind: Callable[[Any], bool], what: str) -> None:
        """Refuses functions that would never run, so that their webhooks would be lost."""
        for name, function in [("handler", self._handler), ("decide", self._decide)]:
            if is_kind(kind, function):
                raise ConfigError(f"{name} must not {what}", outcome="not_sent")

    def refuse_async(self) -> None:
        """Refuses coroutines, which WSGI cannot run."""
        from inspect import iscoroutinefunction

        self._refuse(iscoroutinefunction, "be async: use asgi(...)")

    def claim(self, request: Sealed, began: float) -> Claim | Response | None:
        """Claims the webhook: a claim, or the response; ``None`` when it was accepted before.

        ``request`` is the body and the headers, ``began`` the time (of ``monotonic``) at which the request arrived,
        before its body was read.
        """
        try:
            return self._verifier._claim(request.value[1], request.value[0], monotonic() - began)
        except WebhookError as error:
            # The verifier has logged it.
            if error.rejection == "replayed":
                return None
            return STATUSES.get(error.rejection or "", 400), reply_decline(str(error))
        except Exception as error:
            failure = self.failure("verifying a webhook", error)
        return failed(failure, {})

    def duplicate(self, request: Sealed) -> Response:
        """The response to a webhook that was accepted before."""
        return 200, self._verifier.reply_duplicate(request.value[0])

    def handle(self, claim: Claim, *, awaits: bool = False) -> Response | Awaitable[object]:
        """Runs the handler and ends the claim, or returns the awaitable of the handler where it can be awaited."""
        try:
            result = self._handled(claim, awaits)
        except BaseException:
            claim.release()
            raise
        if result is None:
            claim.finish()
            return ACCEPTED
        return self.end_failed(claim, result) if isinstance(result, list) else result

    def _handled(self, claim: Claim, awaits: bool) -> Failure | Awaitable[object] | None:
        """Runs the handler, in a frame of its own: it holds the exception."""
        try:
            result = self._handler(cast("Event", claim.received.event))
            if awaits and isinstance(result, Awaitable):
                return cast("Awaitable[object]", result)
            if isinstance(result, (Awaitable, Generator, AsyncGenerator)):
                raise TypeError("the handler returned a coroutine or a generator, which cannot run here")
        except Exception as error:
            return self.failure("the handler of a webhook", error)
        return None

    async def awaited(self, result: Awaitable[object]) -> Failure | None:
        """Waits for the result of a handler, in a frame of its own: it holds the exception."""
        try:
            await result
        except Exception as error:
            return self.failure("the handler of a webhook", error)
        return None

    def end_failed(self, claim: Claim, failure: Failure) -> Response:
        """Ends the claim of a webhook whose handler failed."""
        claim.release()
        return failed(failure, about(claim.received))

    def failure(self, what: str, error: Exception) -> Failure:
        """Passes an exception to ``on_error`` and describes it. It is logged outside the frames that hold it."""
        return failure_of(what, error, self._on_error)

    def left(self, claim: Claim) -> float:
        """The seconds of the budget that are left."""
        return max(0.0, claim.received.time_left - REPLY_DEADLINE + self._budget)

    def decide(self, claim: Claim, decide: Callable[[AuthEvent], Decision] | None = None) -> Response:
        """The response to a purchase, decided by another function if one is passed."""
        try:
            return 200, self._responder._respond(claim.received, decide)
        except Exception as error:
            failure = self.failure("replying to a purchase", error)
        return failed(failure, about(claim.received))


def is_kind(kind: Callable[[Any], bool], function: object) -> bool:
    """Whether a function, or the ``__call__`` of an object, is of a kind."""
    return kind(function) or kind(getattr(function, "__call__", None))  # noqa: B004


def check_on_error(on_error: object, iscoroutinefunction: Callable[[Any], bool]) -> None:
    """Refuses a function that could not be called, or would never run."""
    if on_error is not None and not callable(on_error):
        raise ConfigError("on_error must be callable", outcome="not_sent")
    if is_kind(iscoroutinefunction, on_error):
        raise ConfigError("on_error must not be async", outcome="not_sent")
