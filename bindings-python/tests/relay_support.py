"""A relay that answers as a test says, for the tests of its clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CARD = {"card_no": "c1", "cardholder_no": "1001", "status": "Activated"}
TRANSFERRED = {"transfer_no": "t1", "transfer_unique_no": "tap-1"}
TRANSFER: dict[str, Any] = {"cardholder_no": "1001", "transfer_unique_no": "tap-1", "type": "Out", "amount": "25.00"}

Response = tuple[int, bytes] | None
"""Status and body; ``None`` closes the connection without a response."""


@dataclass
class Request:
    """A request that arrived."""

    target: str
    headers: Message
    body: bytes
    connection: int

    @property
    def operation(self) -> str:
        return self.target.rsplit("/", 1)[-1]

    @property
    def session(self) -> str:
        return str(self.headers["Authorization"]).removeprefix("Bearer ")


@dataclass
class MockRelay:
    """A server that records requests."""

    respond: Callable[[Request], Response]
    requests: list[Request] = field(default_factory=list[Request])
    url: str = ""


def ok(data: object) -> Response:
    return 200, json.dumps({"code": 0, "data": data}).encode()


def refusal(status: int, kind: str, outcome: str, **fields: object) -> Response:
    """An error of a relay."""
    return status, json.dumps(
        {"code": 1, "error": {"kind": kind, "outcome": outcome, "text": "why", **fields}}
    ).encode()


def in_turn(*responses: Response) -> Callable[[Request], Response]:
    """These responses, one after the other, then the last one for ever."""
    left = list(responses)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def relay(respond: Callable[[Request], Response]) -> Iterator[MockRelay]:
    """Serves a relay on this machine."""
    mock = MockRelay(respond)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = Request(self.path, self.headers, body, self.client_address[1])
            mock.requests.append(request)
            response = mock.respond(request)
            if response is None:
                self.close_connection = True
                return
            status, text = response
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    mock.url = f"http://127.0.0.1:{server.server_address[1]}/app"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield mock
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
