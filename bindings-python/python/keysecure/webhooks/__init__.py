"""Webhooks of the platform: verifying them, handling each once, answering purchases in time.

A ready receiver for any WSGI server (gunicorn, mod_wsgi, ``wsgiref``) or ASGI server (uvicorn, hypercorn)::

    from keysecure.webhooks import WebhookVerifier, wsgi

    def handle(event):
        print(event)  # a ConsumptionEvent, CardUpdateEvent or UnknownEvent

    def decide(purchase):
        return purchase.amount < 100 or "over the limit"

    verifier = WebhookVerifier("my-api-key", ["current-secret", "previous-secret"], store="file:/var/lib/shop")
    app = wsgi(verifier, handle, decide=decide)

In a framework of your own, take the headers and the **raw** body::

    try:
        with verifier.claim(request.headers, raw_body) as received:
            reply = responder.respond(received) if received.action == "Auth" else reply_accept()
            handle(received.event)
    except WebhookError as error:
        if error.rejection == "replayed":
            reply = verifier.reply_duplicate(raw_body)
        else:
            ...  # an HTTP error: the platform sends the webhook again

What the receivers answer:

===================================================  ======  =====================================================
the webhook                                          status  what happens
===================================================  ======  =====================================================
was handled                                          200     ``{"code":0,"message":""}``
asks for a purchase (``Auth``)                       200     what ``decide`` said, or ``default`` when it is late or
                                                             the purchase has a form that is not known
was handled before                                   200     accepted again; the handler is not called
asks for a purchase that was asked for before        200     the first reply again; ``decide`` is not called
made the handler raise                               500     it is not remembered: the platform sends it again
is being handled, or the store cannot be reached     503     the platform sends it again
was not accepted by the verifier                     400     the reason in words (413 for a body that is too large)
===================================================  ======  =====================================================

Give the verifier a ``store`` that all workers share: the one of the client, ``"file:/var/lib/shop"`` for the processes
of one machine, ``"redis://host"`` for several machines. ``"memory"`` and no store know this process only.

A webhook is handled **at least** once: when a worker is killed, or the platform does not receive the response, it
comes again, mostly with a new timestamp and signature, which is no replay. Let handlers be harmless when run twice:
the number and the status in the event tell. A claim lapses after a minute even while its worker lives: let handlers
end within 60 seconds, and hand longer work to a queue.

A purchase (``Auth``) is decided **once** by its ``consume_no``, among all workers that share the store, and its first
reply is repeated for 24 hours, whatever the timestamp and signature. A request that arrives while another worker
decides waits for that decision, and is declined when its own budget is over. One that asks with the number of another
purchase for another card, type or amount is declined: a yes to one question is none to another.

The logger ``keysecure`` gets a WARNING for each purchase that is declined, each decision that is late, and each
webhook that is rejected, with the ``consume_no`` and the milliseconds since the webhook arrived; and an ERROR for each
handler or decision that raises, with the type and the place of the exception. Its text may hold anything and is not
logged.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, Literal, TypeVar, cast

from ._errors import ConfigError, WebhookError, raised_by
from ._native import (
    AuthEvent,
    CardUpdateEvent,
    Claim,
    ConsumptionEvent,
    VerifiedWebhook,
    Responder,
    UnknownEvent,
    SignatureMatch,
    WebhookVerifier,
    reply_accept,
    reply_duplicate,
    reply_decline,
)

__all__ = [
    "AuthEvent",
    "CardUpdateEvent",
    "Claim",
    "ConsumptionEvent",
    "Event",
    "Received",
    "Responder",
    "UnknownEvent",
    "Verified",
    "WebhookVerifier",
    "asgi",
    "reply_accept",
    "reply_again",
    "reply_decline",
    "wsgi",
]

Event = ConsumptionEvent | CardUpdateEvent | UnknownEvent
"""What a handler gets. Purchases, which are asked for by an :class:`AuthEvent`, go to ``decide``."""

Decision = bool | str
"""``True`` to approve a purchase, ``False`` or a message to decline it."""

_WsgiApp = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]
_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_AsgiApp = Callable[[_Scope, _Receive, _Send], Coroutine[Any, Any, None]]
_Answer = tuple[int, bytes]
_T = TypeVar("_T")

_log: Final = logging.getLogger("keysecure")
_ANSWER_WITHIN: Final = 0.8
_REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_ACCEPTED: Final[_Answer] = (200, reply_accept())
_FAILED: Final[_Answer] = (500, reply_decline("the webhook could not be handled"))
_NOT_FOUND: Final[_Answer] = (404, reply_decline("nothing is here"))
_POST_ONLY: Final[_Answer] = (405, reply_decline("webhooks come by POST"))
_NO_LENGTH: Final[_Answer] = (411, reply_decline("the length of the body is missing"))
_BAD_LENGTH: Final[_Answer] = (400, reply_decline("the length of the body is no number"))
_UNREADABLE: Final[_Answer] = (400, reply_decline("the body could not be read"))
_TOO_LARGE: Final[_Answer] = (413, reply_decline("the body is too large"))
_STATUSES: Final = {"too_large": 413, "in_progress": 503, "replay_store_unavailable": 503}


def wsgi(
    verifier: WebhookVerifier,
    handler: Callable[[Event], object],
    *,
    decide: Callable[[AuthEvent], Decision] | None = None,
    default: Literal["decline", "accept"] = "decline",
    budget: float = 0.6,
    path: str | None = None,
) -> _WsgiApp:
    """A WSGI application that receives webhooks. The head of this module says what it answers.

    :param handler: gets each event but purchases; what it returns is ignored. When it raises, the platform is told to
        send the webhook again.
    :param decide: says whether a purchase may be made: ``True``, ``False`` or a message to decline with. It runs on a
        thread of its own and is not stopped when it is late. Without it every purchase gets the ``default``.
    :param default: the reply to a purchase when ``decide`` raised or is late.
    :param budget: seconds from the verification to the answer, at most 0.8; the platform waits 0.8 from its sending.
    :param path: the only path to serve; any by default.
    :raises ConfigError: an argument does not fit.
    """
    receiver = _Receiver(verifier, handler, decide, default, budget)
    receiver.refuse_async()

    def respond(environ: dict[str, Any]) -> _Answer:
        if path is not None and environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") != path:
            return _NOT_FOUND
        if environ.get("REQUEST_METHOD") != "POST":
            return _POST_ONLY
        body = _read_wsgi(environ, verifier._max_body)
        if isinstance(body, tuple):
            return body
        headers = {
            "Timestamp": environ.get("HTTP_TIMESTAMP"),
            "Signature": environ.get("HTTP_SIGNATURE"),
            "Sign-Version": environ.get("HTTP_SIGN_VERSION"),
        }
        claim = receiver.claim(headers, body)
        if not isinstance(claim, Claim):
            return claim or receiver.again(body)
        if claim.received.action == "Auth":
            return receiver.decide(claim.received)
        return cast("_Answer", receiver.handle(claim))

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        status, body = respond(environ)
        start_response(f"{status} {_REASONS[status]}", [(name.title(), value) for name, value in _head(status, body)])
        return [body]

    return app


def asgi(
    verifier: WebhookVerifier,
    handler: Callable[[Event], object],
    *,
    decide: Callable[[AuthEvent], Decision | Awaitable[Decision]] | None = None,
    default: Literal["decline", "accept"] = "decline",
    budget: float = 0.6,
    path: str | None = None,
) -> _AsgiApp:
    """An ASGI application (on asyncio) that receives webhooks, as :func:`wsgi` does.

    ``handler`` and ``decide`` may be ``async def``. Those that are not run in threads: they may block. A decision that
    is ``async`` is cancelled when it is late. When the request is cancelled, so is a handler that is ``async``, and its
    webhook is not remembered; one in a thread cannot be stopped, and its webhook is remembered when it ends well. A
    decision goes on without its request, because others may wait for it.
    """
    import asyncio
    from concurrent.futures import TimeoutError as Late
    from inspect import iscoroutinefunction

    receiver = _Receiver(verifier, handler, decide, default, budget)
    handles_async, decides_async = (_calls(iscoroutinefunction, function) for function in (handler, decide))

    async def in_thread(work: Callable[[], _T]) -> _T:
        # Not asyncio's own threads: handlers that hang must not keep purchases waiting.
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_T] = loop.create_future()

        def tell(settle: Callable[[], None]) -> None:
            # The loop may be closed, and nobody waiting any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: None if done.done() else settle())

        def run() -> None:
            try:
                result = work()
            except BaseException as error:
                tell(partial(done.set_exception, error))
            else:
                tell(lambda: done.set_result(result))

        threading.Thread(target=run, name="keysecure-webhook", daemon=True).start()
        return await done

    async def maybe_waiting(work: Callable[[], _T]) -> _T:
        return await in_thread(work) if verifier._may_wait else work()

    async def handle_in_thread(claim: Claim) -> _Answer | Awaitable[object]:
        begun = threading.Lock()

        def work() -> _Answer | Awaitable[object]:
            return receiver.handle(claim, awaits=True) if begun.acquire(blocking=False) else _FAILED

        try:
            return await asyncio.to_thread(work)
        except asyncio.CancelledError:
            # What runs in the thread goes on and ends its claim itself; what still waits for one never begins.
            if begun.acquire(blocking=False):
                await maybe_waiting(claim.release)
            raise

    async def handled(claim: Claim) -> _Answer:
        result = receiver.handle(claim, awaits=True) if handles_async else await handle_in_thread(claim)
        if isinstance(result, tuple):
            return result
        try:
            await result
        except BaseException as error:
            await maybe_waiting(claim.release)
            if not isinstance(error, Exception):
                raise
            failure = raised_by("the handler of a webhook", error)
        else:
            await maybe_waiting(claim.finish)
            return _ACCEPTED
        return _failed(failure, claim.received)

    async def deciding(event: AuthEvent) -> Decision:
        # What cannot be called with an event fails here, as any decision may.
        return cast("Decision", await cast("Any", decide)(event))

    async def decided(received: VerifiedWebhook) -> _Answer:
        if not decides_async:
            return await in_thread(lambda: receiver.decide(received))
        loop = asyncio.get_running_loop()

        def decide_in_loop(event: AuthEvent) -> Decision:
            decision = asyncio.run_coroutine_threadsafe(deciding(event), loop)
            try:
                # A little longer than anybody waits for it.
                return decision.result(receiver.left(received) + 0.05)
            except Late:
                if decision.done():
                    raise
                decision.cancel()
                raise _TooLate from None

        return await in_thread(lambda: receiver.decide(received, decide_in_loop))

    async def respond(scope: _Scope, receive: _Receive) -> _Answer | None:
        if path is not None and scope["path"] != path:
            return _NOT_FOUND
        if scope["method"] != "POST":
            return _POST_ONLY
        headers = cast("list[tuple[bytes, bytes]]", list(scope["headers"]))
        body = await _read_asgi(headers, receive, verifier._max_body)
        if not isinstance(body, bytes):
            return body
        claim = await maybe_waiting(lambda: receiver.claim(headers, body))
        if not isinstance(claim, Claim):
            return claim or await in_thread(lambda: receiver.again(body))
        return await (decided(claim.received) if claim.received.action == "Auth" else handled(claim))

    async def app(scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
        elif (answer := await respond(scope, receive)) is not None:
            status, body = answer
            head = [(name.encode(), value.encode()) for name, value in _head(status, body)]
            await send({"type": "http.response.start", "status": status, "headers": head})
            await send({"type": "http.response.body", "body": body})

    return app


class _TooLate(Exception):  # noqa: N818
    """A decision that nobody waits for any more."""


class _Receiver:
    """What both kinds of applications do alike."""

    __slots__ = ("_budget", "_decide", "_handler", "_responder", "_verifier")

    def __init__(
        self,
        verifier: WebhookVerifier,
        handler: Callable[[Event], object],
        decide: Callable[[AuthEvent], Any] | None,
        default: Literal["decline", "accept"],
        budget: float,
    ) -> None:
        from inspect import isasyncgenfunction, isgeneratorfunction

        if not isinstance(cast("object", verifier), WebhookVerifier):
            raise ConfigError("verifier must be a WebhookVerifier", outcome="not_sent")
        if not callable(cast("object", handler)):
            raise ConfigError("handler must be callable", outcome="not_sent")
        self._verifier = verifier
        self._handler = handler
        self._decide = decide
        self._refuse(isgeneratorfunction, "be a generator")
        self._refuse(isasyncgenfunction, "be a generator")
        accepts = default == "accept"
        # With no decision the reply is the default at once, with the same words.
        self._responder = Responder(
            decide or (lambda _: accepts or "no decision in time"), default=default, budget=budget
        )
        self._budget = min(float(budget), _ANSWER_WITHIN)

    def _refuse(self, kind: Callable[[Any], bool], what: str) -> None:
        """Refuses functions that would never run, and their callbacks be lost."""
        for name, function in [("handler", self._handler), ("decide", self._decide)]:
            if _calls(kind, function):
                raise ConfigError(f"{name} must not {what}", outcome="not_sent")

    def refuse_async(self) -> None:
        """WSGI knows no coroutines."""
        from inspect import iscoroutinefunction

        self._refuse(iscoroutinefunction, "be async: use asgi(...)")

    def claim(self, headers: Any, body: bytes) -> Claim | _Answer | None:
        """A claim of the webhook, or what to answer; ``None`` when it was accepted before."""
        try:
            return self._verifier.claim(headers, body)
        except WebhookError as error:
            # The verifier has logged it.
            if error.rejection == "replayed":
                return None
            return _STATUSES.get(error.rejection or "", 400), reply_decline(str(error))
        except Exception as error:
            failure = raised_by("verifying a webhook", error)
        return _failed(failure)

    def again(self, body: bytes) -> _Answer:
        """What to answer when it was accepted before."""
        return 200, self._verifier.reply_duplicate(body)

    def handle(self, claim: Claim, *, awaits: bool = False) -> _Answer | Awaitable[object]:
        """Runs the handler and ends the claim, unless the handler gave something to await to one who can."""
        try:
            result = self._handler(cast("Event", claim.received.event))
            if awaits and isinstance(result, Awaitable):
                return cast("Awaitable[object]", result)
            if isinstance(result, (Awaitable, Generator, AsyncGenerator)):
                raise TypeError("the handler gave a coroutine or a generator, which cannot run here")
        except BaseException as error:
            claim.release()
            if not isinstance(error, Exception):
                raise
            failure = raised_by("the handler of a webhook", error)
        else:
            claim.finish()
            return _ACCEPTED
        return _failed(failure, claim.received)

    def left(self, received: VerifiedWebhook) -> float:
        """How many seconds of the budget are left."""
        return max(0.0, received.time_left - _ANSWER_WITHIN + self._budget)

    def decide(self, received: VerifiedWebhook, decide: Callable[[AuthEvent], Decision] | None = None) -> _Answer:
        """Decides on a purchase, by another function if one is given."""
        try:
            return 200, self._responder._respond(received, decide)
        except Exception as error:
            failure = raised_by("answering a purchase", error)
        return _failed(failure, received)


def _decide(  # pyright: ignore[reportUnusedFunction]
    decide: Callable[[AuthEvent], object], event: AuthEvent, tell: Callable[[object], None]
) -> None:
    """Begins a decision for a :class:`Responder`, whose native part calls this and waits for what is told."""

    def run() -> None:
        try:
            tell(decide(event))
        except _TooLate:
            return
        except BaseException as error:
            failure = raised_by("the decision on a purchase", error)
        else:
            return
        _log.error("%s", failure)

    threading.Thread(target=run, name="keysecure-decision", daemon=True).start()


def _calls(kind: Callable[[Any], bool], function: object) -> bool:
    """Whether a function, or the one that an object is called by, is of a kind."""
    return kind(function) or kind(getattr(function, "__call__", None))  # noqa: B004


def _failed(failure: str, received: VerifiedWebhook | None = None) -> _Answer:
    """Logs a failure outside of the frame that holds the exception: tools that report the local variables of frames
    would send what it says."""
    number = getattr(received.event, "consume_no", None) if received is not None else None
    parts = [failure]
    if number:
        parts.append(f"consume_no={number!r}")
    if received is not None:
        parts.append(f"after {(_ANSWER_WITHIN - received.time_left) * 1000:.0f} ms")
    _log.error("%s", ", ".join(parts))
    return _FAILED


def _refused(answer: _Answer, reason: str) -> _Answer:
    """An answer before anything could be verified."""
    _log.warning("a webhook is rejected (%s)", reason)
    return answer


def _head(status: int, body: bytes) -> list[tuple[str, str]]:
    head = [("content-type", "application/json"), ("content-length", str(len(body)))]
    return [*head, ("allow", "POST")] if status == 405 else head


def _length(text: str, largest: int) -> int | None:
    """A ``Content-Length`` as a number, if it is one; what is too large is that, however long it is."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= 18 else largest + 1


def _read_wsgi(environ: dict[str, Any], largest: int) -> bytes | _Answer:
    """The raw body, or the answer when there is none to be had."""
    given = environ.get("CONTENT_LENGTH") or ""
    length = _length(given, largest)
    if given and length is None:
        return _refused(_BAD_LENGTH, "its length is no number")
    if length is None:
        # Only a server that says so ends the input of a chunked body; on others reading would wait for ever.
        if not environ.get("wsgi.input_terminated"):
            return _refused(_NO_LENGTH, "it has no length, and this server does not end chunked bodies")
        length = largest + 1
    elif length > largest:
        return _refused(_TOO_LARGE, "too_large")
    parts: list[bytes] = []
    left = length
    try:
        while left > 0:
            part = environ["wsgi.input"].read(min(left, 65_536))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except Exception as error:
        failure = raised_by("reading a webhook", error)
    else:
        body = b"".join(parts)
        return _refused(_TOO_LARGE, "too_large") if len(body) > largest else body
    _failed(failure)
    return _UNREADABLE


async def _read_asgi(headers: list[tuple[bytes, bytes]], receive: _Receive, largest: int) -> bytes | _Answer | None:
    """The raw body, or the answer when there is none to be had; ``None`` when nobody waits for one."""
    for name, value in headers:
        if name.lower() == b"content-length":
            length = _length(value.decode("latin-1"), largest)
            if length is None:
                return _refused(_BAD_LENGTH, "its length is no number")
            if length > largest:
                return _refused(_TOO_LARGE, "too_large")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > largest:
            return _refused(_TOO_LARGE, "too_large")
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _live(receive: _Receive, send: _Send) -> None:
    """Says that there is nothing to start or to stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
