"""The ASGI receiver, on asyncio."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from time import monotonic
from typing import Any, Literal, TypeVar, cast

from .._native import AuthEvent, Claim, WebhookVerifier
from ._bodies import read_asgi
from ._decision import TooLateError, outcome_of, value_of
from ._receiver import Decision, Event, OnError, Receiver, is_kind
from ._response import (
    ACCEPTED,
    FAILED,
    Refusal,
    Response,
    Sealed,
    headers_of,
)
from ._routes import Routes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]
_T = TypeVar("_T")


def asgi(
    verifier: WebhookVerifier,
    handler: Callable[[Event], object],
    *,
    decide: Callable[[AuthEvent], Decision | Awaitable[Decision]] | None = None,
    default: Literal["decline", "accept"] = "decline",
    budget: float = 0.6,
    path: str | None = None,
    health_path: str | None = None,
    on_error: OnError | None = None,
) -> AsgiApp:
    """Creates an ASGI application (on asyncio) that receives webhooks, as :func:`wsgi` does, with the same parameters.

    Where :func:`wsgi` names ``SCRIPT_NAME``, it is ``root_path`` here: of ``uvicorn --root-path``, of
    ``FastAPI(root_path=...)``, or of a mount in Starlette. In FastAPI, mount the receiver one level above its path
    (``app.mount("/keysecure", asgi(..., path="/keysecure/webhooks"))``) or add it as a route
    (``app.add_route("/keysecure/webhooks", asgi(...))``): a mount at the path itself redirects to it with a slash.

    ``handler`` and ``decide`` may be ``async def``. Those that are not run in threads: they may block. A decision that
    is ``async`` is cancelled when it is late. When the request is cancelled, so is a handler that is ``async``, and its
    webhook is not recorded; one in a thread cannot be stopped, and its webhook is recorded when it succeeds. A
    decision continues without its request, because others may wait for it.
    """
    import asyncio
    from concurrent.futures import TimeoutError as Late
    from inspect import iscoroutinefunction

    receiver = Receiver(verifier, handler, decide, default, budget, on_error)
    routes = Routes(path, health_path)
    handles_async, decides_async = (is_kind(iscoroutinefunction, function) for function in (handler, decide))

    async def in_thread(work: Callable[[], _T]) -> _T:
        # Not the threads of asyncio: handlers that hang must not keep purchases waiting.
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def settle(finish: Callable[[], None]) -> None:
            # The loop may be closed when nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: None if done.done() else finish())

        def run() -> None:
            try:
                result = work()
            except BaseException as error:
                settle(partial(done.set_exception, error))
            else:
                settle(lambda: done.set_result(result))

        # In the context of the request, for what is logged.
        threading.Thread(target=copy_context().run, args=(run,), name="keysecure-webhook", daemon=True).start()
        return await done

    async def maybe_waiting(work: Callable[[], _T]) -> _T:
        return await in_thread(work) if verifier._may_wait else work()

    async def handle_in_thread(claim: Claim) -> Response | Awaitable[object]:
        started = threading.Lock()

        def work() -> Response | Awaitable[object]:
            return receiver.handle(claim, awaits=True) if started.acquire(blocking=False) else FAILED

        try:
            return await asyncio.to_thread(work)
        except asyncio.CancelledError:
            # A handler in a thread continues and ends its claim itself; one that waits for a thread never starts.
            if started.acquire(blocking=False):
                await maybe_waiting(claim.release)
            raise

    async def handled(claim: Claim) -> Response:
        result = receiver.handle(claim, awaits=True) if handles_async else await handle_in_thread(claim)
        if isinstance(result, tuple):
            return result
        try:
            failure = await receiver.awaited(result)
        except BaseException:
            await maybe_waiting(claim.release)
            raise
        if failure is not None:
            return await maybe_waiting(partial(receiver.end_failed, claim, failure))
        await maybe_waiting(claim.finish)
        return ACCEPTED

    async def deciding(event: AuthEvent) -> Decision:
        # A function that cannot be called with an event fails here, as any decision may.
        return cast("Decision", await cast("Any", decide)(event))

    async def decided(claim: Claim) -> Response:
        if not decides_async:
            return await in_thread(lambda: receiver.decide(claim))
        loop = asyncio.get_running_loop()

        def decide_in_loop(event: AuthEvent) -> Decision:
            decision = asyncio.run_coroutine_threadsafe(outcome_of(deciding(event)), loop)
            try:
                # A little longer than anybody waits for it.
                return cast("Decision", value_of(decision.result(receiver.left(claim) + 0.05)))
            except Late:
                if decision.done():
                    raise
                decision.cancel()
                raise TooLateError from None
            finally:
                # Its exception refers to this frame.
                del decision

        return await in_thread(lambda: receiver.decide(claim, decide_in_loop))

    async def respond(asked: Sealed, receive: Receive) -> Response | Refusal:
        began = monotonic()
        request = await _request(asked.value, receive, routes, verifier._max_body)
        if not isinstance(request, Sealed):
            return request
        claim = await maybe_waiting(lambda: receiver.claim(request, began))
        if claim is None:
            return await in_thread(lambda: receiver.duplicate(request))
        if not isinstance(claim, Claim):
            return claim
        return await (decided(claim) if claim.received.action == "Auth" else handled(claim))

    return _App(respond)


class _App:
    """The application. It is an object, because frameworks take functions for handlers of their own kind."""

    __slots__ = ("_respond",)

    def __init__(self, respond: Callable[[Sealed, Receive], Awaitable[Response | Refusal]]) -> None:
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        else:
            asked = Sealed(scope)
            del scope
            result = await self._respond(asked, receive)
            response = result.log() if isinstance(result, Refusal) else result
            if response is None:
                return
            status, body = response
            head = [(name.encode(), value.encode()) for name, value in headers_of(status, body)]
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": b"" if asked.value["method"] == "HEAD" else body})


async def _request(scope: Scope, receive: Receive, routes: Routes, largest: int) -> Sealed | Response | Refusal:
    """The body and the headers of a webhook, or the response before its verification. It logs nothing."""
    if (response := routes.refuse(scope["method"], scope.get("root_path") or "", scope["path"])) is not None:
        return response
    headers = cast("list[tuple[bytes, bytes]]", list(scope["headers"]))
    body = await read_asgi(headers, receive, largest)
    return Sealed((body, headers)) if isinstance(body, bytes) else body


async def lifespan(receive: Receive, send: Send) -> None:
    """Confirms start and stop of the application, which need no work."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
