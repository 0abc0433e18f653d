"""Helpers of the tests of webhooks."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import pytest

from keysecure import WebhookError, WebhookVerifier
from keysecure.webhooks import asgi, reply_accept, reply_decline, wsgi

APP_ID = "app-1"
SECRET = "0123456789abcdef0123456789abcdef"

CONSUMPTION: dict[str, Any] = {
    "consume_no": "c-1",
    "card_no": "k-1",
    "cardholder_no": "h-1",
    "type": "Consumption",
    "status": "Success",
    "amount": 12.5,
    "local_amount": 11.05,
    "local_currency": "EUR",
    "fee": 0.15,
    "fee_detail": [{"fee_type": "Consume_fee", "amount": 0.1}, {"fee_type": "Small_fee", "amount": 0.05}],
    "merchant_info": {"merchant_name": 'Corner "Books" & Söhne', "merchant_mcc": "5942", "city": "Bath"},
    "time": 1763812800500,
}
CARD_UPDATE = {"card_no": "k-1", "before_status": "Activated", "after_status": "Frozen", "time": 1763812800500}
AUTH: dict[str, Any] = {"consume_no": "c-1", "card_no": "k-1", "amount": 42.0, "status": "Pending"}


def body_of(action: str, data: object, id: str = "e-1") -> bytes:
    """The raw body of a webhook."""
    return json.dumps({"id": id, "action": action, "data": data}, ensure_ascii=False).encode()


BODY = body_of("Consumption", CONSUMPTION)


def now() -> datetime:
    return datetime.now(timezone.utc)


def signed(body: bytes, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook."""
    return WebhookVerifier(APP_ID, secret).sign_for_tests(at or now(), body)


def verifier(**settings: Any) -> WebhookVerifier:
    return WebhookVerifier(APP_ID, SECRET, **settings)


def rejection_of(verify: Callable[[], object]) -> str:
    """The reason for which a webhook is not accepted."""
    with pytest.raises(WebhookError) as caught:
        verify()
    assert caught.value.outcome == "rejected"
    assert isinstance(caught.value.rejection, str)
    return caught.value.rejection


def rejected(headers: Any, body: Any = BODY, by: WebhookVerifier | None = None) -> str:
    return rejection_of(lambda: (by or verifier()).verify(headers, body))


class DictStore:
    """A replay store as a user would write it."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, float]] = {}
        self.lock = threading.Lock()

    def insert(self, key: str, value: str, keep: float) -> str | None:
        with self.lock:
            if key in self.keys:
                return self.keys[key][0]
            self.keys[key] = (value, keep)
            return None

    def get(self, key: str) -> str | None:
        return self.keys[key][0] if key in self.keys else None

    def remove(self, key: str) -> None:
        self.keys.pop(key, None)


# Receivers and those that post to them.

ACCEPTED = (200, reply_accept())
FAILED = (500, reply_decline("the webhook could not be handled"))

LATE = (200, reply_decline("no decision in time"))
UNDECIDED = (200, reply_decline("no decision could be made"))

Response = tuple[int, bytes]


class Wsgi:
    """Posts to a WSGI application, checked by the validator."""

    make = staticmethod(wsgi)

    def __init__(self, app: Any) -> None:
        self.app = app

    def environ(self, headers: Any, body: bytes, **changes: Any) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/webhooks",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in dict(headers).items()},
            **changes,
        }
        return {name: value for name, value in environ.items() if value is not None}

    def run(self, environ: dict[str, Any], *, valid: bool = True) -> Response:
        heads: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            heads.append((status, dict(headers)))
            return heads.append

        result = (validator(self.app) if valid else self.app)(environ, start_response)
        body = b"".join(result)
        if hasattr(result, "close"):
            result.close()
        [(status, headers)] = heads
        assert headers["Content-Type"] == "application/json"
        assert headers["Content-Length"] == str(len(body))
        return int(status.split()[0]), body

    def post(self, headers: Any, body: bytes) -> Response:
        return self.run(self.environ(headers, body))

    def get(self) -> Response:
        return self.run(self.environ({}, b"", REQUEST_METHOD="GET"))

    def post_to(self, path: str, headers: Any, body: bytes) -> Response:
        return self.run(self.environ(headers, body, SCRIPT_NAME=path[:2], PATH_INFO=path[2:]))

    def claim_length(self, headers: Any, length: str) -> tuple[Response, bool]:
        """Sends a length and returns whether any of the body was read."""
        source = io.BytesIO(b"x" * 10)
        response = self.run(self.environ(headers, b"", CONTENT_LENGTH=length, **{"wsgi.input": source}), valid=False)
        return response, source.tell() > 0

    def chunked(self, headers: Any, body: bytes) -> Response:
        environ = self.environ(headers, body, CONTENT_LENGTH=None, **{"wsgi.input_terminated": True})
        return self.run(environ, valid=False)


class Asgi:
    """Posts to an ASGI application."""

    make = staticmethod(asgi)

    def __init__(self, app: Any) -> None:
        self.app = app

    def scope(self, headers: Any, **changes: Any) -> dict[str, Any]:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in dict(headers).items()]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "path": "/webhooks",
        }
        return {**scope, "raw_path": b"/webhooks", "query_string": b"", "headers": raw, **changes}

    async def talk(self, scope: dict[str, Any], messages: list[dict[str, Any]]) -> Response:
        unread = list(messages)
        sent: list[Any] = []

        async def receive() -> Any:
            return unread.pop(0) if unread else await asyncio.sleep(60)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        self.read = len(unread) < len(messages)
        [start, body] = sent
        headers = dict(start["headers"])
        assert (start["type"], body["type"]) == ("http.response.start", "http.response.body")
        assert headers[b"content-type"] == b"application/json"
        assert headers[b"content-length"] == str(len(body["body"])).encode()
        return start["status"], body["body"]

    def run(self, scope: dict[str, Any], messages: list[dict[str, Any]]) -> Response:
        return asyncio.run(self.talk(scope, messages))

    async def posted(self, headers: Any, body: bytes) -> Response:
        return await self.talk(self.scope(headers), [{"type": "http.request", "body": body}])

    def post(self, headers: Any, body: bytes) -> Response:
        return asyncio.run(self.posted(headers, body))

    def get(self) -> Response:
        return self.run(self.scope({}, method="GET"), [])

    def post_to(self, path: str, headers: Any, body: bytes) -> Response:
        return self.run(self.scope(headers, path=path), [{"type": "http.request", "body": body}])

    def claim_length(self, headers: Any, length: str) -> tuple[Response, bool]:
        response = self.run(
            self.scope({**headers, "Content-Length": length}), [{"type": "http.request", "body": b"x" * 10}]
        )
        return response, self.read

    def chunked(self, headers: Any, body: bytes) -> Response:
        parts = [body[at : at + 100_000] for at in range(0, len(body), 100_000)]
        messages: list[dict[str, Any]] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        return self.run(self.scope(headers), [*messages, {"type": "http.request"}])


Kind = type[Wsgi] | type[Asgi]


class Shop:
    """A merchant's handler and the receiver around it."""

    def __init__(self, kind: Kind, guard: Any = True, **settings: Any) -> None:
        self.events: list[Any] = []
        self.failures: list[BaseException] = []
        self.server = kind(kind.make(verifier(replay_guard=guard), self.handle, **settings))

    def handle(self, event: Any) -> None:
        if self.failures:
            raise self.failures.pop()
        self.events.append(event)

    def post(self, headers: Any, body: bytes) -> Response:
        return self.server.post(headers, body)


def purchase(amount: float = 42.0, **changes: Any) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a webhook that asks for a separate purchase, named after its amount."""
    body = body_of("Auth", {**AUTH, "consume_no": f"c-{amount}", "amount": amount, **changes})
    return signed(body), body


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks"
        finally:
            server.shutdown()
            thread.join()


def guards() -> list[Any]:
    return [None, True, DictStore()]


def again(body: bytes, seconds: int = 1) -> dict[str, str]:
    """The headers of a webhook that is sent again with a new timestamp."""
    return signed(body, now() + timedelta(seconds=seconds))
