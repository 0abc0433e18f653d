"""Receivers of webhooks under real servers and frameworks."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from servers import PATIENCE, Response, Server, ServerKind, running, until, until_closed
from webhook_apps import HEALTH, READ_FIRST, WEBHOOKS
from webhook_support import CONSUMPTION, body_of

from keysecure import WebhookVerifier

GUNICORN = "-m gunicorn -b 127.0.0.1:{port} -w 2 --access-logfile - "
UVICORN = "-m uvicorn --factory --port {port} --log-level warning "
HYPERCORN = "-m hypercorn -b 127.0.0.1:{port} "
WAITRESS = "-m waitress --call --host 127.0.0.1 --port {port} --threads 8 "
FLASK = "-m flask --app webhook_apps:flask_app() run --port {port}"
SERVERS = [
    ServerKind("gunicorn-sync", GUNICORN + "webhook_apps:bare_wsgi()"),
    ServerKind("gunicorn-gthread", GUNICORN + "-k gthread --threads 4 webhook_apps:bare_wsgi()"),
    ServerKind("gunicorn-script-name", GUNICORN + "webhook_apps:bare_wsgi()", {"SCRIPT_NAME": "/api"}, "/api"),
    ServerKind("gunicorn-flask", GUNICORN + "-k gthread --threads 4 webhook_apps:flask_app()", reads_first=200),
    ServerKind("gunicorn-flask-script-name", GUNICORN + "webhook_apps:flask_app()", {"SCRIPT_NAME": "/api"}, "/api"),
    ServerKind("gunicorn-django", GUNICORN + "-k gthread --threads 4 webhook_apps:django_app()", reads_first=500),
    ServerKind("uvicorn", UVICORN + "--workers 2 webhook_apps:bare_asgi"),
    ServerKind("uvicorn-root-path", UVICORN + "--root-path /api webhook_apps:bare_asgi"),
    ServerKind("uvicorn-fastapi", UVICORN + "webhook_apps:fastapi_app", reads_first=500),
    ServerKind("uvicorn-fastapi-root-path", UVICORN + "--root-path /api webhook_apps:fastapi_app"),
    ServerKind("uvicorn-fastapi-rooted", UVICORN + "webhook_apps:fastapi_rooted"),
    ServerKind("uvicorn-starlette", UVICORN + "--root-path /api webhook_apps:starlette_routes"),
    ServerKind("hypercorn", HYPERCORN + "-w 2 webhook_apps:bare_asgi()"),
    ServerKind("hypercorn-root-path", HYPERCORN + "--root-path /api webhook_apps:fastapi_app()", prefix="/api"),
    ServerKind("waitress", WAITRESS + "webhook_apps:bare_wsgi"),
    ServerKind("waitress-prefix", WAITRESS + "--url-prefix=/api webhook_apps:django_app", prefix="/api"),
    ServerKind("flask-run", FLASK, reads_first=200),
    ServerKind("wsgiref", "-m plain_server wsgiref {port}", chunked=False, continues=False),
    ServerKind("gevent-pywsgi", "-m plain_server gevent {port}"),
]
if sys.platform == "linux":
    SERVERS += [
        ServerKind("uwsgi", "-m plain_server http-socket {port}", continues=False),
        ServerKind("uwsgi-http-plain", "-m plain_server http {port}", chunked=False, continues=False),
        ServerKind("uwsgi-http", "-m plain_server http {port} --http-chunked-input", continues=False),
    ]


def name_of(kind: ServerKind) -> str:
    return kind.name


@pytest.fixture(scope="module", params=SERVERS, ids=name_of)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    kind = request.param
    with running(kind, tmp_path_factory.mktemp(kind.name)) as server:
        yield server


def signed(server: Server, body: bytes) -> dict[str, str]:
    """The headers of a webhook that is sent now."""
    verifier = WebhookVerifier(server.sandbox.api_key, server.sandbox.api_secret)
    return verifier.sign_for_tests(datetime.now(timezone.utc), body)


def consumption(number: str) -> bytes:
    return body_of("Consumption", {**CONSUMPTION, "consume_no": number})


def purchase(number: str) -> bytes:
    return body_of("Auth", {"consume_no": number, "card_no": "k-1", "amount": 42.0, "status": "Pending"})


def accepted(response: Response) -> bool:
    return (response.status, response.body) == (200, b'{"code":0,"message":""}')


def test_every_purchase_is_decided_right_and_each_webhook_handled_once(server: Server) -> None:
    sandbox = server.sandbox
    sandbox.webhooks_to(server.url(WEBHOOKS))
    before = len(server.events())
    with sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())

        def buy(amount: str) -> tuple[str, str]:
            asked = client.simulation.auth(card_no=card_no, type="Consumption", amount=amount)
            return amount, str(asked.consume_no)

        with ThreadPoolExecutor(4) as pool:
            bought = list(pool.map(buy, ["1.00", "99.00", "49.99", "50.00"] * 4))
        assert sandbox.settle_webhooks(60)
        statuses = {number: client.consumptions.get(number).status for _, number in bought}
    replies = {json.loads(one.body)["data"]["consume_no"]: one for one in sandbox.deliveries() if one.action == "Auth"}
    # On a slow machine a decision may be late, which the log says.
    late = [line for line in server.log().splitlines() if "declined" in line and "(by decision)" not in line]
    in_time = [
        (amount, number)
        for amount, number in bought
        if replies[number].code is not None and not any(number in line for line in late)
    ]
    assert in_time, sandbox.deliveries()
    for amount, number in in_time:
        assert statuses[number] == ("Pending" if float(amount) < 50 else "Fail"), replies[number]
    assert all(one.http_status in (200, None) for one in sandbox.deliveries())
    handled = Counter(server.events()[before:])
    assert set(handled.values()) == {1}, "each once, in whatever worker"
    assert {f"decide {number}" for _, number in in_time} <= set(handled)
    assert {f"ConsumptionEvent {number} {statuses[number]}" for _, number in bought} <= set(handled)


def test_head_leaves_nothing_behind_for_the_next_response(server: Server) -> None:
    for path, status in [(WEBHOOKS, 405), (HEALTH, 200)]:
        assert server.ask("HEAD", path).status == status
        assert server.ask("HEAD", path).body == b""
        with server.connect() as connection:
            connection.sendall(server.head("HEAD", path))
            head = until(connection, b"\r\n\r\n")
            assert f" {status} ".encode() in head
            if head.startswith(b"HTTP/1.1") and b"connection: close" not in head.lower():
                connection.sendall(server.head("GET", path, {"Connection": "close"}))
                behind = until_closed(connection)
                assert behind == b"" or behind.startswith(b"HTTP/1."), "uWSGI closes without a word"
            else:
                assert until_closed(connection) == b""


def test_health_checks_and_other_methods(server: Server) -> None:
    logged = server.log()
    for path in (HEALTH, HEALTH + "/"):
        response = server.ask("GET", path)
        if server.kind.name == "uvicorn-starlette" and path.endswith("/"):
            assert response.status == 307, "Starlette redirects to its route"
            continue
        assert (response.status, response.body) == (200, b'{"status":"ok"}')
    assert server.log() == logged
    assert [server.ask("OPTIONS", HEALTH).headers["allow"], server.ask("OPTIONS", HEALTH).status] == ["GET, HEAD", 405]
    for method in ("GET", "OPTIONS", "PUT"):
        response = server.ask(method, WEBHOOKS, {"Content-Length": "0"})
        assert (response.status, response.headers["allow"]) == (405, "POST")
    assert "WARNING a webhook is rejected (no POST)" in server.log()


def test_a_slash_at_the_end_and_other_paths(server: Server) -> None:
    body = consumption("c-slash")
    head = {**signed(server, body), "Content-Length": str(len(body))}
    assert server.ask("POST", WEBHOOKS + "s", head, body).status == 404
    if server.kind.name != "uvicorn-starlette":
        assert accepted(server.ask("POST", WEBHOOKS + "/", head, body))
    assert accepted(server.ask("POST", WEBHOOKS, head, body))


def test_a_chunked_body_is_read_or_the_log_says_what_to_set(server: Server) -> None:
    body = consumption("c-chunked")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:300], body[300:], b""))
    response = server.ask("POST", WEBHOOKS, {**signed(server, body), "Transfer-Encoding": "chunked"}, chunks)
    if server.kind.chunked:
        assert accepted(response), server.log()
        return
    assert response.status == 411
    assert "(it has no Content-Length, and this server does not end chunked bodies" in server.log()


def test_a_purchase_that_expects_100_continue_is_never_approved_late(server: Server) -> None:
    body = purchase("c-expect")
    head = {**signed(server, body), "Content-Length": str(len(body)), "Expect": "100-continue", "Connection": "close"}
    with server.connect() as connection:
        start = time.monotonic()
        connection.sendall(server.head("POST", WEBHOOKS, head))
        connection.settimeout(PATIENCE if server.kind.continues else 2.0)
        try:
            first = until(connection, b"\r\n\r\n")
        except TimeoutError:
            first = b""
        connection.settimeout(PATIENCE)
        connection.sendall(body)
        response = Response(until_closed(connection))
    took = time.monotonic() - start
    assert bool(first) == server.kind.continues
    if first:
        assert b" 100 " in first.split(b"\r\n")[0]
        assert accepted(response) or took > 0.5, response
        return
    assert (response.status, json.loads(response.body)["message"]) == (200, "the decision is too late")
    assert 'consume_no="c-expect"' in server.log()
    assert "decide c-expect" not in server.events(), "nobody waits for the decision"


@pytest.mark.parametrize("server", [kind for kind in SERVERS if kind.reads_first], indirect=True, ids=name_of)
def test_a_body_that_a_view_has_read_is_named_or_found(server: Server) -> None:
    body = consumption("c-read")
    head = {**signed(server, body), "Content-Length": str(len(body))}
    response = server.ask("POST", READ_FIRST, head, body)
    assert response.status == server.kind.reads_first, response
    if response.status == 500:
        assert json.loads(response.body)["message"] == "the body was read before; pass the raw body"
        assert "pass the raw body" in server.log()
