"""The relay under real servers and frameworks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest
from servers import PATIENCE, Server, ServerKind, running, until, until_closed

import keysecure
from keysecure import Client

GUNICORN = "-m gunicorn -b 127.0.0.1:{port} "
UVICORN = "-m uvicorn --factory --port {port} --log-level warning "
HYPERCORN = "-m hypercorn -b 127.0.0.1:{port} "
WAITRESS = "-m waitress --call --host 127.0.0.1 --port {port} --threads 8 "
THREADS = "-k gthread --threads 4 "
APPS = {"SHOP_APPS": "relay_apps"}
SERVERS = [
    ServerKind("gunicorn-gthread", f"{GUNICORN}{THREADS}relay_apps:bare_wsgi()"),
    ServerKind("gunicorn-preload", f"{GUNICORN}{THREADS}--preload relay_apps:bare_wsgi()"),
    ServerKind("gunicorn-gevent", f"{GUNICORN}-k gevent relay_apps:bare_wsgi()"),
    ServerKind("gunicorn-script-name", f"{GUNICORN}{THREADS}relay_apps:flask_app()", {"SCRIPT_NAME": "/api"}, "/api"),
    ServerKind("gunicorn-flask", f"{GUNICORN}{THREADS}relay_apps:flask_app()"),
    ServerKind("gunicorn-django", f"{GUNICORN}{THREADS}relay_apps:django_app()"),
    ServerKind("uvicorn", UVICORN + "relay_apps:bare_asgi"),
    ServerKind("uvicorn-root-path", UVICORN + "--root-path /api relay_apps:bare_asgi"),
    ServerKind("uvicorn-fastapi", UVICORN + "relay_apps:fastapi_app"),
    ServerKind("uvicorn-fastapi-root-path", UVICORN + "--root-path /api relay_apps:fastapi_app"),
    ServerKind("uvicorn-fastapi-rooted", UVICORN + "relay_apps:fastapi_rooted"),
    ServerKind("hypercorn", HYPERCORN + "relay_apps:bare_asgi()"),
    ServerKind("hypercorn-root-path", HYPERCORN + "--root-path /api relay_apps:fastapi_app()", prefix="/api"),
    ServerKind("waitress", WAITRESS + "relay_apps:bare_wsgi"),
    ServerKind("gevent-pywsgi", "-m plain_server gevent {port}", APPS),
    ServerKind("wsgiref", "-m plain_server wsgiref {port}", APPS),
    ServerKind("flask-run", "-m flask --app relay_apps:flask_app() run --port {port}"),
]
if sys.platform == "linux":
    SERVERS.append(
        ServerKind(
            "uwsgi-http", "-m plain_server http {port} --http-chunked-input -p 1 --add-header Connection:close", APPS
        )
    )


DECODING = ("gevent-pywsgi", "wsgiref")
"""Servers that do not keep the path as it was received."""


@pytest.fixture(scope="module", params=SERVERS, ids=lambda kind: kind.name)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(request.param, tmp_path_factory.mktemp(request.param.name)) as server:
        yield server


@pytest.fixture
def cardholder_no(server: Server) -> str:
    return server.sandbox.seed_approved_cardholder()


def post(server: Server, path: str, session: str, body: bytes) -> HTTPResponse:
    """Posts as an app does: it reads the response by its length."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    head = {"Authorization": f"Bearer {session}", "Content-Type": "application/json"}
    connection.request("POST", server.kind.prefix + path, body, head)
    return connection.getresponse()


def test_an_app_makes_calls_and_nobody_makes_others(server: Server, cardholder_no: str) -> None:
    sandbox = server.sandbox
    card_no, foreign = (sandbox.seed_virtual_card(one) for one in (cardholder_no, sandbox.seed_approved_cardholder()))
    with Client.relay(server.url("/relay"), f"session.{cardholder_no}", timeout=PATIENCE) as client:
        for _ in range(3):
            assert client.cards.get(card_no).status == "Activated"
        client.cards.freeze(card_no)
        assert client.cards.get(card_no).status == "Frozen"
        with pytest.raises(keysecure.NotFoundError):
            client.cards.freeze(foreign)
        with pytest.raises(keysecure.PermissionError):
            client.cards.private_info(card_no)
    with (
        Client.relay(server.url("/relay"), "unknown", timeout=PATIENCE) as client,
        pytest.raises(keysecure.AuthenticationError),
    ):
        client.cards.get(card_no)


def test_requests_that_break_a_rule_have_a_response_of_the_relay(server: Server, cardholder_no: str) -> None:
    session = f"session.{cardholder_no}"
    for path, body, status in [
        ("/relay/v1/cards.get", b"", 400),
        ("/relay/v1/cards.get", b"{" * 100, 400),
        ("/relay/v1/cards.get", b" " * 20_000, 413),
        ("/relay/v1/cards%2Eget", b"{}", 404),
        ("/relay/v1/cards.get?a=1", b"{}", 404),
        ("/relay/v1/call", b"{}", 404),
    ]:
        response = post(server, path, session, body)
        expected = 400 if "%" in path and server.kind.name in DECODING else status
        assert response.status == expected, (path, response)
        assert json.loads(response.read())["code"] == 1
        assert response.headers["Cache-Control"] == "no-store"


def test_an_app_gets_its_events_at_once(server: Server, cardholder_no: str) -> None:
    head = {"Authorization": f"Bearer session.{cardholder_no}", "Accept": "text/event-stream"}
    with server.connect() as connection:
        connection.sendall(server.head("GET", "/relay/v1/events", head))
        received = until(connection, b"\r\n\r\n")
        assert b" 200 " in received.splitlines()[0]
        assert b"text/event-stream" in received.lower()
        until(connection, b": connected\n")
        assert server.ask("POST", f"/publish/{cardholder_no}", {"Content-Length": "0"}).status == 200
        until(connection, b'"consume_no":"c-1"')
    # The server may be asked again afterwards.
    with server.connect() as connection:
        connection.sendall(
            server.head("GET", "/relay/v1/events", {**head, "Authorization": "x", "Connection": "close"})
        )
        assert b" 401 " in until_closed(connection).splitlines()[0]
