"""The applications of a relay: paths, bodies and streams, by the messages of WSGI and ASGI."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from relay_server_support import Shop
from webhook_support import Asgi, Response, Wsgi

import keysecure
from keysecure.relay import Relay
from keysecure.webhooks import _bodies

BODY = b"{}"
OWN = {"Authorization": "Bearer own"}


def mounted(shop: Shop, mount: str) -> Relay:
    return Relay(shop.client, shop.authorize, mount=mount)


def over_wsgi(relay: Relay, path: str, root: str = "", raw: str | None = None, **changes: Any) -> Response:
    server = Wsgi(relay.wsgi)
    given = {"SCRIPT_NAME": root, "PATH_INFO": path, "CONTENT_TYPE": "application/json", "RAW_URI": raw, **changes}
    return server.run(server.environ(OWN, BODY, **given), valid=changes.get("wsgi.input") is None)


def over_asgi(relay: Relay, path: str, root: str = "", raw: str | None = None, **changes: Any) -> Response:
    server = Asgi(relay.asgi)
    raw_path = (path if raw is None else raw).encode()
    scope = server.scope({**OWN, "Content-Type": "application/json"}, path=path, raw_path=raw_path, root_path=root)
    return server.run({**scope, **changes}, [{"type": "http.request", "body": BODY}])


OVER = [over_wsgi, over_asgi]
Over = Callable[..., Response]


def error_of(response: Response) -> tuple[int, str]:
    return response[0], json.loads(response[1])["error"]["kind"]


@pytest.mark.parametrize("over", OVER)
def test_a_mount_may_be_the_frameworks_or_the_relays(shop: Shop, over: Over) -> None:
    for mount, root, path in [
        ("", "", "/v1/accounts.get"),
        ("", "/keysecure", "/v1/accounts.get"),
        ("/keysecure", "", "/keysecure/v1/accounts.get"),
        ("/keysecure", "/keysecure", "/v1/accounts.get"),
        ("/keysecure", "/api/keysecure", "/v1/accounts.get"),
        ("/keysecure", "/api", "/keysecure/v1/accounts.get"),
    ]:
        assert over(mounted(shop, mount), path, root)[0] == 200, (mount, root, path)
    for mount, root, path in [
        ("", "", "/keysecure/v1/accounts.get"),
        ("/keysecure", "", "/v1/accounts.get"),
        ("/keysecure", "/other", "/v1/accounts.get"),
        ("", "", "/v1/accounts.get/"),
        ("", "", "//v1/accounts.get"),
        ("", "", "/v2/accounts.get"),
        ("", "", ""),
    ]:
        assert error_of(over(mounted(shop, mount), path, root)) == (404, "not_found"), (mount, root, path)


def test_frameworks_may_leave_the_mount_in_the_path(shop: Shop) -> None:
    for root in ("/api/keysecure", "/api/keysecure/"):
        for path in ("/api/keysecure/v1/accounts.get", "/keysecure/v1/accounts.get", "/v1/accounts.get"):
            assert over_asgi(shop.relay, path, root)[0] == 200, (root, path)
        assert over_asgi(shop.relay, "/secure/v1/accounts.get", root)[0] == 404


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize(
    "raw", ["/v1/accounts%2Eget", "/v1%2Faccounts.get", "/%761/accounts.get", "/v1/accounts.get%00"]
)
def test_an_encoded_path_is_not_found_though_servers_decode_it(shop: Shop, over: Over, raw: str) -> None:
    assert error_of(over(shop.relay, "/v1/accounts.get", raw=raw)) == (404, "not_found")
    # The path of the application around it may have some, that of the relay's own mount none.
    assert over(shop.relay, "/v1/accounts.get", raw="/%C3%BC/v1/accounts.get")[0] == 200
    relay, path = mounted(shop, "/key/secure"), "/key/secure/v1/accounts.get"
    assert over(relay, path, raw=f"/%C3%BC{path}")[0] == 200
    for encoded in ("/key/secur%65/v1/accounts.get", "/k%65y/secure/v1/accounts.get"):
        assert error_of(over(relay, path, raw=encoded)) == (404, "not_found"), encoded


def test_cookies_that_http_2_splits_are_one_for_authorize(shop: Shop) -> None:
    server = Asgi(shop.relay.asgi)
    scope = server.scope({**OWN, "Content-Type": "application/json"}, path="/v1/accounts.get")
    scope["headers"] = [*scope["headers"], (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    assert server.run(scope, [{"type": "http.request", "body": BODY}])[0] == 200
    assert shop.requests[-1].headers["Cookie"] == "a=1; b=2"


def test_a_change_that_has_expired_is_refused(shop: Shop) -> None:
    wsgi, asgi, path = Wsgi(shop.relay.wsgi), Asgi(shop.relay.asgi), "/v1/cards.update_status"
    headers = {**OWN, "Expires-At": "1", "Idempotency-Key": "tap-1"}
    environ = wsgi.environ(headers, BODY, PATH_INFO=path, SCRIPT_NAME="", CONTENT_TYPE="application/json")
    scope = asgi.scope({**headers, "Content-Type": "application/json"}, path=path)
    for response in (wsgi.run(environ), asgi.run(scope, [{"type": "http.request", "body": BODY}])):
        assert error_of(response) == (412, "timeout")
    assert [record.denial for record in shop.records] == ["expired"] * 2


def test_a_stream_that_the_server_closes_is_free_again(shop: Shop) -> None:
    server = Wsgi(shop.relay.wsgi)
    environ = server.environ(OWN, b"", PATH_INFO="/v1/events", REQUEST_METHOD="GET")
    for _ in range(9):  # a session has 4 at a time
        heads: list[Any] = []
        chunks: Any = shop.relay.wsgi(dict(environ), lambda *head, heads=heads: heads.append(head))
        assert heads[0][0] == "200 OK"
        assert b": connected" in next(chunks)
        chunks.close()
    assert shop.relay._watch._wakers == []


def test_a_query_is_not_found(shop: Shop) -> None:
    assert error_of(over_wsgi(shop.relay, "/v1/accounts.get", QUERY_STRING="a=1"))[0] == 404
    assert error_of(over_asgi(shop.relay, "/v1/accounts.get", query_string=b"a=1"))[0] == 404


def test_head_has_no_body(shop: Shop) -> None:
    server = Wsgi(shop.relay.wsgi)
    environ = server.environ(OWN, b"", PATH_INFO="/v1/accounts.get", REQUEST_METHOD="HEAD")
    heads: list[Any] = []
    assert list(shop.relay.wsgi(environ, lambda *head: heads.append(head))) == []
    assert heads[0][0] == "405 Method Not Allowed"
    sent: list[dict[str, Any]] = []

    async def main() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        scope = Asgi(shop.relay.asgi).scope(OWN, path="/v1/accounts.get", raw_path=b"", method="HEAD")
        await shop.relay.asgi(scope, receive, send)

    asyncio.run(main())
    assert (sent[0]["status"], sent[1]["body"]) == (405, b"")


def test_wsgi_bodies_that_cannot_be_read_are_refused(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    path = "/v1/accounts.get"
    cut = over_wsgi(shop.relay, path, CONTENT_LENGTH="9")
    assert error_of(cut) == (400, "invalid_input")
    assert "its body ends after 2 of 9 bytes" in caplog.text
    for length in ("-1", "x", "1_0", "²"):
        assert error_of(over_wsgi(shop.relay, path, CONTENT_LENGTH=length, **{"wsgi.input": io.BytesIO()}))[0] == 400
    for length in ("16385", "9" * 30):
        unread = io.BytesIO(b"x" * 10)
        assert error_of(over_wsgi(shop.relay, path, CONTENT_LENGTH=length, **{"wsgi.input": unread}))[0] == 413
        assert unread.tell() == 0
    # A body without an end, of a server that does not end it: reading it would wait for ever.
    assert error_of(over_wsgi(shop.relay, path, CONTENT_LENGTH=None, **{"wsgi.input": io.BytesIO(BODY)}))[0] == 400
    ended = {"wsgi.input": io.BytesIO(BODY), "wsgi.input_terminated": True}
    assert over_wsgi(shop.relay, path, CONTENT_LENGTH=None, **ended)[0] == 200
    assert "Bearer" not in caplog.text


def talk(shop: Shop, messages: list[dict[str, Any]], headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """What the ASGI application sends when it receives these messages, and then nothing more."""
    sent: list[dict[str, Any]] = []
    unread = list(messages)

    async def receive() -> Any:
        return unread.pop(0) if unread else await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = Asgi(shop.relay.asgi).scope(
        {**OWN, "Content-Type": "application/json", **(headers or {})}, path="/v1/accounts.get", raw_path=b""
    )
    asyncio.run(shop.relay.asgi(scope, receive, send))
    return sent


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_asgi_bodies_that_cannot_be_read_are_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_bodies, "_IDLE_SECONDS", 0.05)
    assert talk(shop, [part(b"{"), part(b"}", more=False)])[0]["status"] == 200
    assert talk(shop, [part(b"x" * 10_000), part(b"x" * 10_000, more=False)])[0]["status"] == 413
    assert talk(shop, [part(b"{")])[0]["status"] == 400  # the rest never comes
    assert talk(shop, [part(b"{}", more=False)], {"Content-Length": "9"})[0]["status"] == 400
    # Nobody is there any more.
    assert talk(shop, [part(b"{"), {"type": "http.disconnect"}]) == []
    # One byte at a time, for ever.
    monkeypatch.setattr(_bodies, "_BODY_SECONDS", 0.05)
    assert talk(shop, [part(b"") for _ in range(10**6)])[0]["status"] == 400
    assert "Bearer" not in caplog.text


def test_lifespan_and_websockets_are_answered(shop: Shop) -> None:
    async def main(scope: dict[str, Any], *received: str) -> list[str]:
        sent: list[str] = []
        unread = list(received)

        async def receive() -> Any:
            return {"type": unread.pop(0)}

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await shop.relay.asgi(scope, receive, send)
        return sent

    steps = ("lifespan.startup", "lifespan.shutdown")
    assert asyncio.run(main({"type": "lifespan"}, *steps)) == [f"{step}.complete" for step in steps]
    assert asyncio.run(main({"type": "websocket"})) == ["websocket.close"]


def test_a_request_whose_task_is_cancelled_is_carried_out(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    begun, finish = threading.Event(), threading.Event()
    scope_of_own = shop.scopes["own"]

    def slow() -> Any:
        begun.set()
        finish.wait(20)
        return scope_of_own()

    shop.scopes["own"] = slow
    body = json.dumps({"transfer_unique_no": "tap-1", "type": "In", "balance": "5.00"}).encode()

    async def main() -> None:
        server = Asgi(shop.relay.asgi)
        headers = {**OWN, "Content-Type": "application/json"}
        scope = server.scope(headers, path="/v1/accounts.transfer", raw_path=b"")
        task = asyncio.create_task(server.talk(scope, [part(body, more=False)]))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        finish.set()
        while not shop.records:
            await asyncio.sleep(0.01)

    asyncio.run(main())
    assert [transfer.transfer_unique_no for transfer in shop.sandbox.state().transfers] == [f"app.{shop.own}.tap-1"]
    assert shop.records[0].denial is None


def test_streams_over_asgi_need_no_threads_and_all_get_their_event(shop: Shop) -> None:
    count = 200
    for number in range(count):
        name = f"s{number}"
        shop.scopes[name] = lambda name=name: keysecure.Scope(name, grants=["events"])  # type: ignore[misc]

    def event(number: int) -> keysecure.ConsumptionEvent:
        data = {"consume_no": f"c-{number}", "cardholder_no": f"s{number}", "status": "Success"}
        return keysecure.ConsumptionEvent.from_json(json.dumps(data))

    before = sum(thread.name == "keysecure.aio" for thread in threading.enumerate())

    async def main() -> list[str]:
        app = shop.relay.asgi
        gone = asyncio.Event()
        opened = asyncio.Semaphore(0)
        texts = [""] * count

        async def stream(number: int) -> None:
            async def receive() -> Any:
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                if message["type"] == "http.response.body":
                    texts[number] += message["body"].decode()
                    opened.release()

            scope = {"type": "http", "method": "GET", "path": "/v1/events", "raw_path": b"/v1/events"}
            await app({**scope, "headers": [(b"authorization", b"Bearer s%d" % number)]}, receive, send)

        tasks = [asyncio.create_task(stream(number)) for number in range(count)]
        for _ in range(count):
            await opened.acquire()
        # Those that opened them; threads of other tests may be idle.
        threads = sum(thread.name == "keysecure.aio" for thread in threading.enumerate())
        assert threads <= before + 64
        for number in range(count):
            await asyncio.to_thread(shop.relay.publish, event(number))
        for _ in range(count):
            await asyncio.wait_for(opened.acquire(), 5)
        gone.set()
        await asyncio.gather(*tasks)
        # All places are free again.
        assert not app._tickers  # type: ignore[attr-defined]
        return texts

    texts = asyncio.run(main())
    assert all(f'"consume_no":"c-{number}"' in text for number, text in enumerate(texts))


def test_a_server_that_raises_when_the_app_has_gone_closes_the_stream(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async def receive() -> Any:
            await asyncio.sleep(60)

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                raise OSError

        scope = {"type": "http", "method": "GET", "path": "/v1/events", "headers": [(b"authorization", b"Bearer own")]}
        for _ in range(6):
            await shop.relay.asgi(scope, receive, send)

    caplog.set_level(logging.WARNING)
    asyncio.run(main())
    assert [record.http_status for record in shop.records] == [200] * 6


def test_a_stream_over_wsgi_is_closed_by_the_server(shop: Shop) -> None:
    server = Wsgi(shop.relay.wsgi)
    for _ in range(6):
        heads: list[Any] = []
        environ = server.environ(OWN, b"", PATH_INFO="/v1/events", REQUEST_METHOD="GET")
        result: Any = shop.relay.wsgi(environ, lambda *head, heads=heads: heads.append(head))
        assert next(iter(result)).startswith(b": connected\n")
        assert (heads[0][0], dict(heads[0][1])["Content-Type"]) == ("200 OK", "text/event-stream")
        result.close()
