"""Shops with a relay, and the servers that serve it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, get_args
from wsgiref.simple_server import WSGIServer, make_server

from webhook_support import Quiet

from keysecure import Client, FileStore
from keysecure.literals import Grant
from keysecure.relay import AuditRecord, Relay, RelayRequest, RelayResponse, Scope
from keysecure.sandbox import Sandbox

App = Callable[..., Client]
"""Creates an app's client of a session."""

ALL_GRANTS: tuple[str, ...] = get_args(get_args(Grant)[0])


def old_store(directory: Path) -> FileStore:
    """A store that has been there for an hour, so that nothing waits for `settle`."""
    attempts = directory / "attempts"
    directory.mkdir(mode=0o700)
    attempts.mkdir(mode=0o700)
    (attempts / "leases").mkdir(mode=0o700)
    created = attempts / "created"
    created.touch(mode=0o600)
    created.write_text(f"{int((time.time() - 3600) * 1000)} - 0")
    return FileStore(directory)


class Shop:
    """A sandbox with two cardholders, and a relay whose sessions are tokens."""

    def __init__(self, directory: Path, sandbox: Sandbox, **settings: Any) -> None:
        self.sandbox = sandbox
        self.client = sandbox.client(store=old_store(directory / "store"))
        self.own, self.other = sandbox.seed_approved_cardholder(), sandbox.seed_approved_cardholder()
        self.requests: list[RelayRequest] = []
        self.records: list[AuditRecord] = []
        everything = {"grants": ALL_GRANTS, "max_transfer": "1000", "max_per_day": 5000}
        self.scopes: dict[str | None, Callable[[], Any]] = {
            "own": lambda: Scope(self.own, session="session-own", **everything),
            "other": lambda: Scope(self.other, **everything),
            "reads": lambda: Scope(self.own, read_only=True),
            "nothing": lambda: Scope(self.own),
            "small": lambda: Scope(self.own, grants=["accounts.transfer_in"], max_transfer=5, max_per_day=5),
        }
        self.relay = Relay(
            self.client, self.authorize, audit=self.records.append, **{"requests_per_second": 10_000, **settings}
        )

    def authorize(self, request: RelayRequest) -> Scope | None:
        self.requests.append(request)
        scope = self.scopes.get(request.bearer)
        return None if scope is None else scope()  # type: ignore[no-any-return]


def kind_of(response: RelayResponse) -> tuple[int, str]:
    """The status and the kind of an error."""
    return response.status, json.loads(response.body)["error"]["kind"]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def wsgi_server(app: Any) -> Iterator[str]:
    """Serves a WSGI application, a thread for each request."""
    with make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def asgi_server(app: Any) -> Iterator[str]:
    """Serves an ASGI application, one request for each connection."""
    started: list[Any] = []
    ready = threading.Event()

    async def main() -> None:
        server = await asyncio.start_server(lambda *streams: _serve(app, *streams), "127.0.0.1", 0)
        started.extend([asyncio.get_running_loop(), stop := asyncio.Event(), server.sockets[0].getsockname()[1]])
        ready.set()
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    ready.wait()
    loop, stop, port = started
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _serve(app: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    method, target, _ = head[0].split(b" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in head[1:-2])]
    body = await reader.readexactly(int(dict(headers).get(b"content-length", 0)))
    path, _, query = target.partition(b"?")
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await reader.read()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            lines = [b"%s: %s\r\n" % pair for pair in message["headers"]]
            writer.write(b"HTTP/1.1 %d X\r\n%sConnection: close\r\n\r\n" % (message["status"], b"".join(lines)))
        else:
            writer.write(message["body"])
        with suppress(ConnectionError):
            await writer.drain()

    scope = {"type": "http", "method": method.decode(), "path": path.decode(), "raw_path": path, "query_string": query}
    try:
        await app({**scope, "headers": headers, "http_version": "1.1", "root_path": ""}, receive, send)
    finally:
        writer.close()


@contextmanager
def served(shop: Shop, kind: str) -> Iterator[App]:
    """Serves the relay of a shop. Yields what creates an app's client of a session."""
    server = {"wsgi": lambda: wsgi_server(shop.relay.wsgi), "asgi": lambda: asgi_server(shop.relay.asgi)}[kind]
    with ExitStack() as stack:
        url = stack.enter_context(server())

        def app(session: str = "own", **settings: Any) -> Client:
            return stack.enter_context(Client.relay(url, session, **{"timeout": 20, **settings}))

        app.url = url  # type: ignore[attr-defined]
        yield app
