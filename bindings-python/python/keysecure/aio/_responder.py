"""Replies to purchases, for tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import TimeoutError as LateError
from contextvars import Context, copy_context
from inspect import iscoroutine
from typing import Any, Literal, cast

import keysecure

from ..webhooks._decision import TooLateError, outcome_of, value_of
from ..webhooks._receiver import Decision
from ..webhooks._response import REPLY_DEADLINE
from ._call import Call, running_loop
from ._threads import Threads

_MAX_THREADS = 256
_GRACE = 0.05
"""Seconds by which a decision may be late before it is cancelled: a little longer than anybody waits for it."""


class Responder:
    """:class:`keysecure.Responder` for asyncio: runs your decision on purchases and replies in time.

    ``decide(event)`` is a plain function, which may block, or ``async def``, which runs in the event loop of the
    request and is cancelled when it is late. All parameters are those of :class:`keysecure.Responder`::

        responder = Responder(decide)

        async def decide(purchase: AuthEvent) -> bool | str:
            return await is_allowed(purchase.card_no) or "not allowed"

        reply = await responder.respond(received)

    Keep one responder for all requests: it keeps the decisions that no store keeps.
    """

    def __init__(
        self,
        decide: Callable[[keysecure.AuthEvent], Decision | Awaitable[Decision]],
        *,
        default: Literal["decline", "accept"] = "decline",
        budget: float = 0.6,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        # It checks the arguments; its own decision is never asked for.
        self._blocking = keysecure.Responder(cast("Any", decide), default=default, budget=budget, on_error=on_error)
        self._decide = decide
        self._budget = min(float(budget), REPLY_DEADLINE)
        # A decision takes less than a second, so a purchase hardly ever waits for a thread.
        self._threads = Threads(_MAX_THREADS)

    async def respond(self, received: keysecure.VerifiedWebhook) -> bytes:
        """Returns the body of the reply. Anything but a purchase is accepted at once; a purchase of an unknown form
        gets the default.

        The event loop is not blocked. When the task is cancelled, the decision continues: others may wait for it.
        """
        loop, context = running_loop(), copy_context()

        def decide(event: keysecure.AuthEvent) -> Decision:
            # The thread of a decision starts with an empty context.
            decision = context.copy().run(self._decide, event)
            if not isinstance(decision, Awaitable):
                return decision
            left = received.time_left - REPLY_DEADLINE + self._budget
            return _run_in_loop(decision, loop, context, max(0.0, left) + _GRACE)

        respond = self._blocking._respond  # pyright: ignore[reportPrivateUsage]
        reply: bytes = await Call(self._threads, "respond", respond, (received, decide)).awaited()
        return reply

    def __repr__(self) -> str:
        return "<keysecure.aio.Responder>"


def _run_in_loop(
    decision: Awaitable[Decision], loop: asyncio.AbstractEventLoop, context: Context, seconds: float
) -> Decision:
    """Waits in a thread for what runs in the event loop, and cancels it when it is late."""
    coroutine = outcome_of(decision)
    try:
        running = context.copy().run(asyncio.run_coroutine_threadsafe, coroutine, loop)
    except RuntimeError:
        # The loop was closed.
        coroutine.close()
        if iscoroutine(decision):
            decision.close()
        raise TooLateError from None
    try:
        return cast("Decision", value_of(running.result(seconds)))
    except LateError:
        if running.done():
            raise
        running.cancel()
        raise TooLateError from None
    finally:
        # Its exception refers to this frame. What waits for the decision is free when both are gone.
        del running
