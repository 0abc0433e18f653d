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
    VerifiedWebhook,
    WebhookVerifier,
    reply_decline,
)
from ._response import ACCEPTED, REPLY_DEADLINE, STATUSES, Failure, Response, failed, failure_of

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
        accepts = default == "accept"
        # With no decision the reply is the default at once, with the same words.
        self._responder = Responder(
            decide or (lambda _: accepts or "no decision in time"), default=default, budget=budget
        )
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

    def claim(self, headers: Any, body: bytes, began: float) -> Claim | Response | None:
        """Claims the webhook: a claim, or the response; ``None`` when it was accepted before.

        ``began`` is the time (of ``monotonic``) at which the request arrived, before its body was read.
        """
        try:
            return self._verifier._claim(headers, body, monotonic() - began)
        except WebhookError as error:
            # The verifier has logged it.
            if error.rejection == "replayed":
                return None
            return STATUSES.get(error.rejection or "", 400), reply_decline(str(error))
        except Exception as error:
            failure = self.failure("verifying a webhook", error)
        return failed(failure)

    def duplicate(self, body: bytes) -> Response:
        """The response to a webhook that was accepted before."""
        return 200, self._verifier.reply_duplicate(body)

    def handle(self, claim: Claim, *, awaits: bool = False) -> Response | Awaitable[object]:
        """Runs the handler and ends the claim, or returns the awaitable of the handler where it can be awaited."""
        try:
            result = self._handler(cast("Event", claim.received.event))
            if awaits and isinstance(result, Awaitable):
                return cast("Awaitable[object]", result)
            if isinstance(result, (Awaitable, Generator, AsyncGenerator)):
                raise TypeError("the handler returned a coroutine or a generator, which cannot run here")
        except BaseException as error:
            claim.release()
            if not isinstance(error, Exception):
                raise
            failure = self.failure("the handler of a webhook", error)
        else:
            claim.finish()
            return ACCEPTED
        return failed(failure, claim.received)

    def failure(self, what: str, error: Exception) -> Failure:
        """Passes an exception to ``on_error`` and describes it. It is logged outside the frames that hold it."""
        return failure_of(what, error, self._on_error)

    def left(self, received: VerifiedWebhook) -> float:
        """The seconds of the budget that are left."""
        return max(0.0, received.time_left - REPLY_DEADLINE + self._budget)

    def decide(self, received: VerifiedWebhook, decide: Callable[[AuthEvent], Decision] | None = None) -> Response:
        """The response to a purchase, decided by another function if one is passed."""
        try:
            return 200, self._responder._respond(received, decide)
        except Exception as error:
            failure = self.failure("answering a purchase", error)
        return failed(failure, received)


def is_kind(kind: Callable[[Any], bool], function: object) -> bool:
    """Whether a function, or the ``__call__`` of an object, is of a kind."""
    return kind(function) or kind(getattr(function, "__call__", None))  # noqa: B004


def check_on_error(on_error: object, iscoroutinefunction: Callable[[Any], bool]) -> None:
    """Refuses a function that could not be called, or would never run."""
    if on_error is not None and not callable(on_error):
        raise ConfigError("on_error must be callable", outcome="not_sent")
    if is_kind(iscoroutinefunction, on_error):
        raise ConfigError("on_error must not be async", outcome="not_sent")
