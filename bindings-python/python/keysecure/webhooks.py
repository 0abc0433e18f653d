"""Callbacks of the platform: verifying them, handling each once, answering in time.

A ready receiver for any WSGI server (gunicorn, mod_wsgi, ``wsgiref``) or ASGI server (uvicorn, hypercorn)::

    from keysecure.webhooks import WebhookVerifier, wsgi

    def handle(event):
        print(event)  # a ConsumptionEvent, CardUpdateEvent or UnknownEvent

    def decide(purchase):
        return purchase.amount < 100 or "over the limit"

    verifier = WebhookVerifier("my-api-key", ["current-secret", "previous-secret"], replay_guard=True)
    app = wsgi(verifier, handle, decide=decide)

In a framework of your own, take the headers and the **raw** body::

    try:
        with verifier.claim(request.headers, raw_body) as received:
            handle(received.event)
    except WebhookError as error:
        ...

What the receivers answer:

===================================================  ======  =====================================================
the callback                                         status  what happens
===================================================  ======  =====================================================
was handled                                          200     ``{"code":0,"message":""}``
asks for a purchase (``Auth``)                       200     what ``decide`` said, or ``default`` when it is late or
                                                             the purchase has a form that is not known
was handled before                                   200     accepted again; the handler is not called
asks for a purchase that was asked for before        200     the answer given then, or a refusal; never decided twice
made the handler raise                               500     it is not remembered: the platform sends it again
is being handled, or the replay guard is out of      503     the platform sends it again
reach
was not accepted by the verifier                     400     the reason in words (413 for a body over 1 MiB)
===================================================  ======  =====================================================

So a callback is handled **at least** once: when a worker is killed, or the platform does not hear the answer, it comes
again, mostly with a new timestamp and signature, which is no replay. Let handlers be harmless when run twice: the
number and the status in the event tell. Of two workers only a shared ``replay_guard`` knows what the other one handled.

``Auth`` is another matter: nobody waits for a second answer, and a purchase must not be decided twice. It is remembered
before it is decided. A replay gets the answer that this process gave, and a refusal when it gave none.

Exceptions of your code are told to the logger ``keysecure`` by the name of their type only: their text may hold
anything.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, Literal, TypeVar, cast

from ._errors import ConfigError, WebhookError
from ._native import (
    AuthEvent,
    CardUpdateEvent,
    Claim,
    ConsumptionEvent,
    Received,
    Responder,
    UnknownEvent,
    Verified,
    WebhookVerifier,
    reply_accept,
    reply_again,
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
_LARGEST_BODY: Final = 1024 * 1024
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
_FAILED: Final[_Answer] = (500, reply_decline("the callback could not be handled"))
_NOT_FOUND: Final[_Answer] = (404, reply_decline("nothing is here"))
_POST_ONLY: Final[_Answer] = (405, reply_decline("callbacks come by POST"))
_NO_LENGTH: Final[_Answer] = (411, reply_decline("the length of the body is missing"))
_BAD_LENGTH: Final[_Answer] = (400, reply_decline("the length of the body is no number"))
_UNREADABLE: Final[_Answer] = (400, reply_decline("the body could not be read"))
_TOO_LARGE: Final[_Answer] = (413, reply_decline("the body is larger than 1 MiB"))
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
    """A WSGI application that receives callbacks. The head of this module says what it answers.

    :param handler: gets each event but purchases; what it returns is ignored. When it raises, the platform is told to
        send the callback again.
    :param decide: says whether a purchase may be made: ``True``, ``False`` or a message to decline with. It runs on a
        thread of its own and is not stopped when it is late. Without it every purchase gets the ``default``.
    :param default: the answer to a purchase when ``decide`` raised or is late.
    :param budget: seconds from the verification to the answer, at most 0.8; the platform waits 0.8 from its sending.
    :param path: the only path to serve; any by default.
    :raises ConfigError: an argument does not fit, or the verifier's replay guard cannot forget.
    """
    receiver = _Receiver(verifier, handler, decide, default, budget)
    receiver.refuse_async()

    def respond(environ: dict[str, Any]) -> _Answer:
        if path is not None and environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "") != path:
            return _NOT_FOUND
        if environ.get("REQUEST_METHOD") != "POST":
            return _POST_ONLY
        body = _read_wsgi(environ)
        if isinstance(body, tuple):
            return body
        signature = environ.get("HTTP_SIGNATURE")
        headers = {
            "Timestamp": environ.get("HTTP_TIMESTAMP"),
            "Signature": signature,
            "Sign-Version": environ.get("HTTP_SIGN_VERSION"),
        }
        try:
            claim = verifier.claim(headers, body)
        except Exception as error:
            return receiver.rejected(error, signature, body)
        received = claim.received
        if received.action == "Auth":
            return receiver.remember(signature, receiver.responder.respond(received))
        try:
            with claim:
                receiver.handle(received.event)
        except Exception as error:
            return _failed("the handler of a callback", error)
        return _ACCEPTED

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
    """An ASGI application (on asyncio) that receives callbacks, as :func:`wsgi` does.

    ``handler`` and ``decide`` may be ``async def``. Those that are not run in threads: they may block. A decision that
    is ``async`` is cancelled when it is late.
    """
    import asyncio
    from inspect import iscoroutinefunction

    receiver = _Receiver(verifier, handler, decide, default, budget)

    def is_async(function: object) -> bool:
        return iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004

    handles_async, decides_async = is_async(handler), is_async(decide)
    running = set["asyncio.Future[Any]"]()

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

        threading.Thread(target=run, name="keysecure-callback", daemon=True).start()
        return await done

    async def maybe_waiting(work: Callable[[], _T]) -> _T:
        return await in_thread(work) if verifier._may_wait else work()

    async def handle(event: Event) -> None:
        result = handler(event) if handles_async else await asyncio.to_thread(handler, event)
        if isinstance(result, Awaitable):
            await cast("Awaitable[object]", result)

    async def decided(received: Received) -> bytes:
        # One of a form that is not known here is no AuthEvent, and gets the default.
        if not decides_async or not isinstance(received.event, AuthEvent):
            return await in_thread(lambda: receiver.responder.respond(received))
        decision = asyncio.ensure_future(cast("Any", decide)(received.event))
        running.add(decision)
        decision.add_done_callback(running.discard)
        left = received.time_left - _ANSWER_WITHIN + min(budget, _ANSWER_WITHIN)
        try:
            await asyncio.wait({decision}, timeout=max(left, 0.0))
            return receiver.late if not decision.done() else receiver.reply(decision)
        finally:
            decision.cancel()

    async def respond(scope: _Scope, receive: _Receive) -> _Answer | None:
        if path is not None and scope["path"] != path:
            return _NOT_FOUND
        if scope["method"] != "POST":
            return _POST_ONLY
        headers = cast("list[tuple[bytes, bytes]]", list(scope["headers"]))
        body = await _read_asgi(headers, receive)
        if not isinstance(body, bytes):
            return body
        signature = next((value for name, value in headers if name.lower() == b"signature"), None)
        try:
            claim = await maybe_waiting(lambda: verifier.claim(headers, body))
        except Exception as error:
            return receiver.rejected(error, signature, body)
        received = claim.received
        if received.action == "Auth":
            return receiver.remember(signature, await decided(received))
        try:
            await handle(cast("Event", received.event))
        except BaseException as error:
            await maybe_waiting(claim.release)
            if not isinstance(error, Exception):
                raise
            return _failed("the handler of a callback", error)
        await maybe_waiting(claim.finish)
        return _ACCEPTED

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


class _Receiver:
    """What both kinds of applications do alike."""

    __slots__ = ("_answers", "_decide", "_handler", "_lock", "late", "responder")

    # More purchases than can be asked within the tolerance of their timestamps.
    MOST_ANSWERS = 10_000

    def __init__(
        self,
        verifier: WebhookVerifier,
        handler: Callable[[Event], object],
        decide: Callable[[AuthEvent], Any] | None,
        default: Literal["decline", "accept"],
        budget: float,
    ) -> None:
        if not isinstance(cast("object", verifier), WebhookVerifier):
            raise ConfigError("verifier must be a WebhookVerifier")
        if not verifier._can_claim:
            raise ConfigError("the verifier's replay_guard needs contains(key) and remove(key) as well")
        if not callable(cast("object", handler)):
            raise ConfigError("handler must be callable")
        accepts = default == "accept"
        self._handler = handler
        self._decide = decide
        # With no decision the answer is the default at once, with the same words.
        self.responder = Responder(decide or (lambda _: accepts), default=default, budget=budget)
        self.late = reply_accept() if accepts else reply_decline("no decision in time")
        self._answers: OrderedDict[str | bytes | None, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def refuse_async(self) -> None:
        """WSGI knows no coroutines: they would never run, and their callbacks be lost."""
        from inspect import iscoroutinefunction

        for name, function in [("handler", self._handler), ("decide", self._decide)]:
            if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004
                raise ConfigError(f"{name} must not be async: use asgi(...)")

    def handle(self, event: Any) -> None:
        result = self._handler(event)
        if isinstance(result, Awaitable):
            raise TypeError("the handler gave a coroutine, which cannot run here")

    def remember(self, signature: str | bytes | None, reply: bytes) -> _Answer:
        """Keeps the answer to a purchase, for its replays."""
        with self._lock:
            self._answers[signature] = reply
            while len(self._answers) > self.MOST_ANSWERS:
                self._answers.popitem(last=False)
        return 200, reply

    def rejected(self, error: Exception, signature: str | bytes | None, body: bytes) -> _Answer:
        """What to answer when there is no claim."""
        if not isinstance(error, WebhookError):
            return _failed("verifying a callback", error)
        if error.rejection != "replayed":
            _log.info("a callback was rejected: %s", error.rejection)
            return _STATUSES.get(error.rejection or "", 400), reply_decline(str(error))
        # Its signature is valid, and it was accepted before.
        with self._lock:
            reply = self._answers.get(signature)
        return 200, reply or reply_again(body)

    def reply(self, decision: Awaitable[Decision]) -> bytes:
        """The answer of a decision that was made."""
        try:
            decided = cast("Any", decision).result()
            if decided is True:
                return reply_accept()
            if decided is False:
                return reply_decline("declined")
            if isinstance(decided, str):
                return reply_decline(decided if decided.strip() else "declined")
            raise TypeError("a decision must be True, False or a message")
        except BaseException as error:
            _failed("the decision on a purchase", error)
            return self.late


def _decide(  # pyright: ignore[reportUnusedFunction]
    decide: Callable[[AuthEvent], object], event: AuthEvent, tell: Callable[[object], None]
) -> None:
    """Begins a decision for a :class:`Responder`, whose native part calls this and waits for what is told."""

    def run() -> None:
        try:
            tell(decide(event))
        except BaseException as error:
            _failed("the decision on a purchase", error)

    threading.Thread(target=run, name="keysecure-decision", daemon=True).start()


def _failed(what: str, error: BaseException) -> _Answer:
    _log.error("%s raised %s", what, type(error).__name__)
    return _FAILED


def _head(status: int, body: bytes) -> list[tuple[str, str]]:
    head = [("content-type", "application/json"), ("content-length", str(len(body)))]
    return [*head, ("allow", "POST")] if status == 405 else head


def _length(text: str) -> int | None:
    """A ``Content-Length`` as a number, if it is one; what is too large is that, however long it is."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= 18 else _LARGEST_BODY + 1


def _read_wsgi(environ: dict[str, Any]) -> bytes | _Answer:
    """The raw body, or the answer when there is none to be had."""
    given = environ.get("CONTENT_LENGTH") or ""
    length = _length(given)
    if given and length is None:
        return _BAD_LENGTH
    if length is None:
        # Only a server that says so ends the input of a chunked body; on others reading would wait for ever.
        if not environ.get("wsgi.input_terminated"):
            return _NO_LENGTH
        length = _LARGEST_BODY + 1
    elif length > _LARGEST_BODY:
        return _TOO_LARGE
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
        _failed("reading a callback", error)
        return _UNREADABLE
    body = b"".join(parts)
    return _TOO_LARGE if len(body) > _LARGEST_BODY else body


async def _read_asgi(headers: list[tuple[bytes, bytes]], receive: _Receive) -> bytes | _Answer | None:
    """The raw body, or the answer when there is none to be had; ``None`` when nobody waits for one."""
    for name, value in headers:
        if name.lower() == b"content-length":
            length = _length(value.decode("latin-1"))
            if length is None:
                return _BAD_LENGTH
            if length > _LARGEST_BODY:
                return _TOO_LARGE
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > _LARGEST_BODY:
            return _TOO_LARGE
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
