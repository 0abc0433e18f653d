"""Requests around a webhook: paths and mounts, methods, health checks, bodies that are missing, late or chunked."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from webhook_support import ACCEPTED, BODY, Asgi, Kind, Response, Wsgi, now, purchase, signed, verifier

from keysecure import ConfigError, WebhookVerifier
from keysecure.sandbox import Sandbox
from keysecure.webhooks import _bodies, asgi, wsgi

HEALTHY = (200, b'{"status":"ok"}')


def ask(server: Any, method: str, mount: str, path: str) -> tuple[Response, dict[str, str]]:
    """The response to a request with a webhook, and its headers in lower case. ``path`` is what the server passes."""
    heads: dict[str, str] = {}
    if isinstance(server, Wsgi):

        def start_response(_: str, headers: list[tuple[str, str]], *__: object) -> Any:
            heads.update({name.lower(): value for name, value in headers})
            return heads.update

        environ = server.environ(signed(BODY), BODY, REQUEST_METHOD=method, SCRIPT_NAME=mount, PATH_INFO=path)
        statuses: list[str] = []
        body = b"".join(
            server.app(environ, lambda status, headers: (statuses.append(status), start_response(status, headers)))
        )
        return (int(statuses[0].split()[0]), body), heads
    scope = server.scope(signed(BODY), method=method, root_path=mount, path=path)
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": BODY}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(server.app(scope, receive, send))
    heads.update({name.decode(): value.decode() for name, value in sent[0]["headers"]})
    return (sent[0]["status"], sent[1]["body"]), heads


# The path of the application, where it is mounted, the path below the mount, and whether it is served.
WSGI_PATHS = [
    ("/webhooks", "", "/webhooks", True),
    ("/webhooks", "", "/webhooks/", True),
    ("/webhooks/", "", "/webhooks", True),
    ("/webhooks", "", "/webhooks//", False),
    ("/webhooks", "", "/webhook", False),
    ("/webhooks", "", "/webhooks/more", False),
    ("/webhooks", "", "/more/webhooks", False),
    ("/webhooks", "", "", False),
    ("/", "", "/", True),
    ("/", "", "", True),
    ("/", "/api", "/", True),
    ("/", "/api", "/more", False),
    # gunicorn with SCRIPT_NAME=/api, waitress --url-prefix=/api
    ("/webhooks", "/api", "/webhooks", True),
    ("/webhooks", "/api", "/webhooks/", True),
    ("/api/webhooks", "/api", "/webhooks", True),
    ("/hooks", "/web", "/hooks", True),
    # gunicorn cuts SCRIPT_NAME off, even inside a segment
    ("/webhooks", "/web", "hooks", True),
    ("/webhooks", "/api", "/other", False),
    # werkzeug's DispatcherMiddleware, mounted at the path itself
    ("/keysecure/webhooks", "/keysecure/webhooks", "", True),
    ("/keysecure/webhooks", "/keysecure/webhooks", "/", True),
    ("/keysecure/webhooks", "/keysecure/webhooks", "/more", False),
    ("/webhooks", "/keysecure/webhooks", "", True),
    # mounted in an application that is mounted
    ("/webhooks", "/api/keysecure", "/webhooks", True),
    ("/keysecure/webhooks", "/api/keysecure", "/webhooks", True),
    ("/api/keysecure/webhooks", "/api/keysecure", "/webhooks", True),
    ("/secure/webhooks", "/api/keysecure", "/webhooks", False),
    ("/other/webhooks", "/api/keysecure", "/webhooks", False),
    ("/köln", "", "/köln".encode().decode("latin-1"), True),
]
ASGI_PATHS = [
    *[case for case in WSGI_PATHS if case[2].isascii() and case[2].startswith("/")],
    ("/köln", "", "/köln", True),
    # uvicorn --root-path, Starlette's mounts: the path begins with the mount
    ("/webhooks", "/api", "/api/webhooks", True),
    ("/webhooks", "/api", "/api/webhooks/", True),
    ("/api/webhooks", "/api", "/api/webhooks", True),
    ("/webhooks", "/api", "/api/other", False),
    ("/webhooks", "/api", "/apiwebhooks", False),
    ("/webhooks", "/api/", "/api//webhooks", True),
    ("/webhooks", "/api/", "/api/webhooks", True),
    ("/webhooks", "/api/keysecure", "/api/keysecure/webhooks", True),
    ("/keysecure/webhooks", "/api/keysecure", "/api/keysecure/webhooks", True),
    ("/other/webhooks", "/api/keysecure", "/api/keysecure/webhooks", False),
    ("/keysecure/webhooks", "/keysecure/webhooks", "/keysecure/webhooks/", True),
    # FastAPI(root_path="/api") behind a proxy that removes it: the path begins with the inner mount only
    ("/webhooks", "/api/keysecure", "/keysecure/webhooks", True),
    ("/keysecure/webhooks", "/api/keysecure", "/keysecure/webhooks", True),
    ("/api/keysecure/webhooks", "/api/keysecure", "/keysecure/webhooks", True),
]


@pytest.mark.parametrize(("wanted", "mount", "path", "served"), WSGI_PATHS)
def test_wsgi_knows_its_path_wherever_it_is_mounted(wanted: str, mount: str, path: str, served: bool) -> None:
    server = Wsgi(wsgi(verifier(), print, path=wanted))
    assert ask(server, "POST", mount, path)[0][0] == (200 if served else 404)


@pytest.mark.parametrize(("wanted", "mount", "path", "served"), ASGI_PATHS)
def test_asgi_knows_its_path_wherever_it_is_mounted(wanted: str, mount: str, path: str, served: bool) -> None:
    server = Asgi(asgi(verifier(), print, path=wanted))
    assert ask(server, "POST", mount, path)[0][0] == (200 if served else 404)


def test_a_path_that_no_request_can_have_is_refused(kind: Kind) -> None:
    for wrong in ({"path": "webhooks"}, {"path": ""}, {"path": 7}, {"health_path": "healthz"}):
        with pytest.raises(ConfigError, match=f"{next(iter(wrong))} must begin with a slash"):
            kind.make(verifier(), print, **wrong)
    with pytest.raises(ConfigError, match="must not be the path"):
        kind.make(verifier(), print, path="/webhooks", health_path="/webhooks/")


def test_head_gets_the_headers_of_get_and_no_body(kind: Kind) -> None:
    server = kind(kind.make(verifier(), print, health_path="/healthz"))
    for path, status in [("/webhooks", 405), ("/healthz", 200)]:
        (_, body), heads = ask(server, "GET", "", path)
        assert len(body) == int(heads["content-length"]) > 0
        assert ask(server, "HEAD", "", path) == ((status, b""), heads)


def test_other_methods_are_named_what_is_allowed(kind: Kind) -> None:
    server = kind(kind.make(verifier(), print, path="/webhooks", health_path="/healthz"))
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post"):
        (status, _), heads = ask(server, method, "", "/webhooks")
        assert (status, heads.get("allow")) == (405, "POST")
    for method in ("POST", "OPTIONS", "PUT"):
        (status, body), heads = ask(server, method, "", "/healthz")
        assert (status, heads.get("allow"), json.loads(body)["code"]) == (405, "GET, HEAD", 1)


class BrokenStore:
    """A store that is never to be used."""

    def insert(self, key: str, value: str, keep: float) -> str | None:
        raise AssertionError

    get = remove = insert


def test_health_checks_leave_the_store_and_the_log_alone(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for path in (None, "/webhooks"):
        server = kind(kind.make(verifier(store=BrokenStore()), print, path=path, health_path="/healthz"))
        for mount, asked in [("", "/healthz"), ("", "/healthz/"), ("/api", "/healthz")]:
            assert ask(server, "GET", mount, asked)[0] == HEALTHY
    if kind is Asgi:
        assert ask(server, "GET", "/api", "/api/healthz")[0] == HEALTHY
    assert not [record for record in caplog.records if record.name.startswith("keysecure")]
    assert ask(server, "GET", "", "/other")[0][0] == 404


# Bodies.


def test_a_body_that_was_read_before_is_named(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    server = kind(kind.make(verifier(), print))
    headers = signed(BODY)
    if isinstance(server, Wsgi):
        status, body = server.run(server.environ(headers, BODY, **{"wsgi.input": io.BytesIO()}))
    else:
        scope = server.scope({**headers, "Content-Length": str(len(BODY))})
        status, body = server.run(scope, [{"type": "http.request", "body": b""}])
    assert (status, json.loads(body)["message"]) == (500, "the body was read before; pass the raw body")
    assert "its body is missing" in caplog.text
    assert "pass the raw body" in caplog.text


def test_a_body_that_ends_too_early_is_named(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    server = kind(kind.make(verifier(), print))
    headers = signed(BODY)
    if isinstance(server, Wsgi):
        status, _ = server.run(server.environ(headers, BODY, **{"wsgi.input": io.BytesIO(BODY[:50])}))
    else:
        scope = server.scope({**headers, "Content-Length": str(len(BODY))})
        status, _ = server.run(scope, [{"type": "http.request", "body": BODY[:50]}])
    assert status == 400
    assert f"its body ends after 50 of {len(BODY)} bytes" in caplog.text


def test_asgi_waits_for_no_body_that_was_read_before(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_bodies, "_IDLE_SECONDS", 0.05)
    server = Asgi(asgi(verifier(), print))
    status, body = server.run(server.scope(signed(BODY)), [])
    assert (status, json.loads(body)["message"]) == (500, "the body was read before; pass the raw body")
    assert "pass the raw body" in caplog.text


def test_asgi_logs_a_client_that_disconnects_before_its_body(caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    app = asgi(verifier(), print)
    asyncio.run(app(Asgi(app).scope(signed(BODY)), receive, send))
    assert not sent
    assert "the client disconnected" in caplog.text


def test_wsgi_takes_the_body_that_flask_has_read() -> None:
    server = Wsgi(wsgi(verifier(), print))

    class Endless(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("it would wait for ever")

    kept = SimpleNamespace(get_data=lambda: BODY)
    environ = server.environ(signed(BODY), BODY, **{"wsgi.input": Endless(), "werkzeug.request": kept})
    assert server.run(environ) == ACCEPTED


def test_wsgi_says_what_to_set_where_chunked_bodies_do_not_end(caplog: pytest.LogCaptureFixture) -> None:
    server = Wsgi(wsgi(verifier(), print))
    environ = server.environ(signed(BODY), BODY, CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked")
    assert server.run(environ, valid=False)[0] == 411
    assert "let the proxy in front of it buffer requests" in caplog.text
    assert "http-chunked-input" in caplog.text


def test_wsgi_reads_chunks_by_the_module_of_uwsgi(monkeypatch: pytest.MonkeyPatch) -> None:
    def served(*chunks: bytes) -> Response:
        unread = list(chunks)
        module = SimpleNamespace(chunked_read=lambda _: unread.pop(0) if unread else b"")
        monkeypatch.setitem(sys.modules, "uwsgi", module)
        server = Wsgi(wsgi(verifier(), print))
        changes = {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked", "uwsgi.version": b"2.0.30"}
        return server.run(server.environ(signed(BODY), b"", **changes), valid=False)

    assert served(BODY[:20], BODY[20:]) == ACCEPTED
    assert served(b"x" * 65_537)[0] == 413
    assert served()[0] == 500

    def no_chunks(_: int) -> bytes:
        raise OSError

    monkeypatch.setitem(sys.modules, "uwsgi", SimpleNamespace(chunked_read=no_chunks))
    server = Wsgi(wsgi(verifier(), print))
    environ = server.environ(signed(BODY), b"", CONTENT_LENGTH=None, HTTP_TRANSFER_ENCODING="chunked")
    assert server.run({**environ, "uwsgi.version": b"2.0.30"}, valid=False)[0] == 411


# Time before the verification.


def test_the_time_that_a_body_takes_counts(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    decided: list[object] = []
    server = kind(kind.make(verifier(), print, decide=lambda event: decided.append(event) or True))
    headers, body = purchase()
    if isinstance(server, Wsgi):

        class Slow(io.BytesIO):
            def read(self, *arguments: Any) -> bytes:
                time.sleep(0.85)
                return super().read(*arguments)

        response = server.run(server.environ(headers, body, **{"wsgi.input": Slow(body)}))
    else:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.sleep(0.85)
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(server.app(server.scope(headers), receive, send))
        response = (sent[0]["status"], sent[1]["body"])
    assert (response[0], json.loads(response[1])["message"]) == (200, "the decision is too late")
    assert not decided, "nobody waits for it"
    assert 'consume_no="c-42.0"' in caplog.text


def old_purchase(verifier: WebhookVerifier, signed_at: datetime) -> tuple[dict[str, str], bytes]:
    _, body = purchase()
    return verifier.sign_for_tests(signed_at, body), body


def test_a_purchase_signed_long_ago_is_declined_by_the_platforms_clock(
    kind: Kind, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.clock.advance(seconds=600)
    decided: list[object] = []
    with sandbox.client() as client:
        client.access_token()
        learned = client.webhook_verifier(store="memory")
    server = kind(kind.make(learned, print, decide=lambda event: decided.append(event) or True))
    response = server.post(*old_purchase(learned, now() + timedelta(seconds=600 - 5)))
    assert (response[0], json.loads(response[1])["message"]) == (200, "the decision is too late")
    assert not decided
    assert 'a purchase is declined: consume_no="c-42.0"' in caplog.text
    assert "ms ago and arrived too late" in caplog.text
    assert server.post(*old_purchase(learned, now() + timedelta(seconds=600))) == ACCEPTED, "asked again, in time"


def test_a_purchase_signed_long_ago_by_the_machines_clock_is_a_warning(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    server = kind(kind.make(verifier(), print, decide=lambda _: True))
    assert server.post(*old_purchase(verifier(), now() - timedelta(seconds=5))) == ACCEPTED
    assert "ms ago by this machine's clock: the clock is ahead, or the purchase arrived too late" in caplog.text
