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
asks for a purchase that was asked for before        200     the answer given then, or a refusal; one receiver does
                                                             not decide it twice
made the handler raise                               500     it is not remembered: the platform sends it again
is being handled, or the replay guard is out of      503     the platform sends it again
reach
was not accepted by the verifier                     400     the reason in words (413 for a body over 1 MiB)
===================================================  ======  =====================================================

So a callback is handled **at least** once: when a worker is killed, or the platform does not hear the answer, it comes
again, mostly with a new timestamp and signature, which is no replay. Let handlers be harmless when run twice: the
number and the status in the event tell. Of two workers only a shared ``replay_guard`` knows what the other one handled.
A claim lapses after a minute even while its worker lives: let handlers end within 60 seconds, and hand longer work to a
queue.

``Auth`` is another matter: nobody waits for a second answer, and a purchase must not be decided twice. A receiver
remembers the last 10,000 purchases by their ``consume_no``, from before they are decided, with a ``replay_guard`` or
without. However often one of them is asked for, with whatever timestamp and signature, ``decide`` is called once and
every request gets the same answer; one that comes meanwhile waits for it. Two kinds get a refusal instead: those that
would wait beyond the budget, and those that ask with the same number for another card, type or amount, since a yes to
one question is none to another. A purchase without a number, or of an unknown form, is remembered by its signature.

Another process, or this one after a restart, knows nothing of these answers. A shared ``replay_guard`` tells it of
callbacks that come again with the same timestamp and signature, and it refuses those; a purchase that comes with new
ones is decided by each process that gets it. Let ``decide`` keep its decisions where all processes can see them.

Exceptions of your code are told to the logger ``keysecure`` by the name of their type only: their text may hold
anything.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterable, MutableMapping
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
_REFUSED: Final = reply_again(b"")  # what cannot be read might be a purchase
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
            answer = receiver.rejected(error, signature, body)
            return answer if isinstance(answer, tuple) else (200, receiver.wait(answer))
        received = claim.received
        if received.action == "Auth":
            purchase, new = receiver.asked(received.event, signature)
            return 200, receiver.decide(purchase, received) if new else receiver.wait(purchase, received)
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
    """An ASGI application (on asyncio) that receives callbacks, as :func:`wsgi` does.

    ``handler`` and ``decide`` may be ``async def``. Those that are not run in threads: they may block. A decision that
    is ``async`` is cancelled when it is late. When the request is cancelled, so is a handler that is ``async``, and its
    callback is not remembered; one in a thread cannot be stopped, and its callback is remembered when it ends well.
    """
    import asyncio
    from inspect import iscoroutinefunction

    receiver = _Receiver(verifier, handler, decide, default, budget)
    handles_async, decides_async = (_calls(iscoroutinefunction, function) for function in (handler, decide))
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
            return _failed("the handler of a callback", error)
        await maybe_waiting(claim.finish)
        return _ACCEPTED

    async def deciding(event: AuthEvent) -> Decision:
        # What cannot be called with an event fails here, as any decision may.
        return cast("Decision", await cast("Any", decide)(event))

    async def decided(purchase: _Purchase, received: Received) -> bytes:
        # One of a form that is not known here is no AuthEvent, and gets the default.
        if not decides_async or not isinstance(received.event, AuthEvent):
            return await in_thread(lambda: receiver.decide(purchase, received))
        decision = asyncio.ensure_future(deciding(received.event))
        running.add(decision)
        decision.add_done_callback(running.discard)
        # What is said when this request is cancelled: nobody heard a decision.
        reply = _REFUSED
        try:
            await asyncio.wait({decision}, timeout=receiver.left(received))
            reply = receiver.reply(decision) if decision.done() else receiver.late
            return reply
        finally:
            decision.cancel()
            receiver.settle(purchase, reply)

    async def waited(purchase: _Purchase, received: Received | None = None) -> _Answer:
        if purchase.reply is not None:
            return 200, purchase.reply
        return 200, await in_thread(lambda: receiver.wait(purchase, received))

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
            answer = receiver.rejected(error, signature, body)
            return answer if isinstance(answer, tuple) else await waited(answer)
        received = claim.received
        if received.action != "Auth":
            return await handled(claim)
        purchase, new = receiver.asked(received.event, signature)
        return (200, await decided(purchase, received)) if new else await waited(purchase, received)

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


class _Purchase:
    """A purchase that was asked for: what was asked, and the reply once there is one."""

    __slots__ = ("question", "reply")

    def __init__(self, question: object, reply: bytes | None = None) -> None:
        self.question = question
        self.reply = reply


class _Receiver:
    """What both kinds of applications do alike."""

    __slots__ = ("_budget", "_decide", "_handler", "_purchases", "_responder", "_settled", "late")

    # Far more purchases than are asked for while one of them may come again.
    MOST_ANSWERS = 10_000

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
        if not verifier._can_claim:
            raise ConfigError("the verifier's replay_guard needs contains(key) and remove(key) as well", outcome="not_sent")
        if not callable(cast("object", handler)):
            raise ConfigError("handler must be callable", outcome="not_sent")
        accepts = default == "accept"
        self._handler = handler
        self._decide = decide
        self._refuse(isgeneratorfunction, "be a generator")
        self._refuse(isasyncgenfunction, "be a generator")
        # With no decision the answer is the default at once, with the same words.
        self._responder = Responder(decide or (lambda _: accepts), default=default, budget=budget)
        self.late = reply_accept() if accepts else reply_decline("no decision in time")
        self._budget = min(float(budget), _ANSWER_WITHIN)
        self._purchases: OrderedDict[object, _Purchase] = OrderedDict()
        self._settled = threading.Condition()

    def _refuse(self, kind: Callable[[Any], bool], what: str) -> None:
        """Refuses functions that would never run, and their callbacks be lost."""
        for name, function in [("handler", self._handler), ("decide", self._decide)]:
            if _calls(kind, function):
                raise ConfigError(f"{name} must not {what}", outcome="not_sent")

    def refuse_async(self) -> None:
        """WSGI knows no coroutines."""
        from inspect import iscoroutinefunction

        self._refuse(iscoroutinefunction, "be async: use asgi(...)")

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
            return _failed("the handler of a callback", error)
        claim.finish()
        return _ACCEPTED

    def asked(self, event: object, signature: str | bytes | None) -> tuple[_Purchase, bool]:
        """Marks a purchase as asked for, and says whether it is new: then it is for the caller to decide and settle."""
        key: object = signature
        mine = _Purchase(None)
        if isinstance(event, AuthEvent) and event.consume_no:
            key = (event.consume_no,)  # no signature, whatever it looks like
            mine.question = (event.card_no, event.type, event.amount, event.local_amount, event.local_currency)
        with self._settled:
            purchase = self._purchases.setdefault(key, mine)
            if len(self._purchases) > self.MOST_ANSWERS:
                self._purchases.popitem(last=False)
        if purchase.question != mine.question:
            return _Purchase(mine.question, _REFUSED), False
        return purchase, purchase is mine

    def settle(self, purchase: _Purchase, reply: bytes) -> None:
        with self._settled:
            purchase.reply = reply
            self._settled.notify_all()

    def wait(self, purchase: _Purchase, received: Received | None = None) -> bytes:
        """The reply to a purchase that another request asked for first."""
        with self._settled:
            self._settled.wait_for(lambda: purchase.reply is not None, self.left(received))
        return purchase.reply or _REFUSED

    def left(self, received: Received | None) -> float:
        """How many seconds of the budget are left: all, when the callback was verified just now."""
        return self._budget if received is None else max(0.0, received.time_left - _ANSWER_WITHIN + self._budget)

    def decide(self, purchase: _Purchase, received: Received) -> bytes:
        reply = _REFUSED
        try:
            reply = self._responder.respond(received)
        finally:
            self.settle(purchase, reply)
        return reply

    def rejected(self, error: Exception, signature: str | bytes | None, body: bytes) -> _Answer | _Purchase:
        """What to answer when there is no claim, or the purchase whose reply is the answer."""
        if not isinstance(error, WebhookError):
            return _failed("verifying a callback", error)
        if error.rejection != "replayed":
            _log.info("a callback was rejected: %s", error.rejection)
            return _STATUSES.get(error.rejection or "", 400), reply_decline(str(error))
        # Its signature is valid, and it was accepted before.
        event = WebhookVerifier.parse_unverified(body)
        if not isinstance(event, AuthEvent) and getattr(event, "action", None) != "Auth":
            return _ACCEPTED
        purchase, new = self.asked(event, signature)
        if new:
            # Another process accepted it, or another request that has yet to mark it and gets the refusal, too.
            self.settle(purchase, _REFUSED)
        return purchase

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


def _calls(kind: Callable[[Any], bool], function: object) -> bool:
    """Whether a function, or the one that an object is called by, is of a kind."""
    return kind(function) or kind(getattr(function, "__call__", None))  # noqa: B004


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
