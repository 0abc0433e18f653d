"""`keysecure listen`: receives webhooks on this machine, verifies and prints them, and forwards them if asked to."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from .. import AuthEvent, ConfigError, WebhookError
from ..webhooks import VerifiedWebhook, WebhookVerifier, reply_accept, reply_decline
from .options import variable
from .output import is_reader_gone, print_json, redacted

LARGEST = 65_536
"""Bytes of the largest body that is verified."""
READ_AT_MOST = 1 << 20
HOP_BY_HOP = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that concern one connection."""

Response = tuple[int, str, bytes]
"""Status, content type and body."""


@dataclass(frozen=True)
class Target:
    """The server that webhooks are forwarded to."""

    url: SplitResult
    timeout: float

    def send(self, headers: list[tuple[str, str]], body: bytes) -> Response:
        """Sends the bytes as they came and returns the response. Redirects are not followed."""
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.hostname or "", self.url.port, timeout=self.timeout)
        path = (self.url.path or "/") + (f"?{self.url.query}" if self.url.query else "")
        try:
            connection.putrequest("POST", path, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            content = response.read()
            return response.status, response.getheader("Content-Type") or "application/json", content
        finally:
            connection.close()


class Listener(ThreadingHTTPServer):
    """The server. It handles each webhook on a thread and prints one line for it."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], verifier: WebhookVerifier, given: argparse.Namespace) -> None:
        self.verifier = verifier
        self.path: str | None = given.path
        self.accepts: bool = given.decide == "accept"
        self.as_json: bool = given.json
        self.target = Target(forward_url(given.forward), given.timeout) if given.forward else None
        self.printing = threading.Lock()
        self.reader_gone: OSError | None = None
        super().__init__(address, Handler)

    def show(self, seen: dict[str, Any], text: str) -> None:
        """Prints a webhook."""
        try:
            with self.printing:
                if self.as_json:
                    print_json(seen)
                else:
                    print(text, flush=True)
        except OSError as error:
            if not is_reader_gone(error):
                raise
            # Not from this thread, which the server waits for.
            self.reader_gone = error
            threading.Thread(target=self.shutdown).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that leaves in the middle is no error of ours."""
        del request, client_address
        if not isinstance(sys.exc_info()[1], OSError):
            raise


class Handler(BaseHTTPRequestHandler):
    """One connection of a sender."""

    server: Listener  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Receives a webhook."""
        self.serve(self.respond)

    def do_GET(self) -> None:
        """Says that webhooks come by POST, to a person with a browser and to the health check of a tunnel."""
        self.serve(lambda seen: refused(seen, 405, f"webhooks come by POST, not by {self.command}"))

    def do_HEAD(self) -> None:
        """The same without a body."""
        self.do_GET()

    def serve(self, respond: Callable[[dict[str, Any]], Response]) -> None:
        """Responds and prints a line."""
        started = time.monotonic()
        seen: dict[str, Any] = {"received_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds")}
        status, kind, body = respond(seen)
        self.reply(status, kind, body)
        milliseconds = round((time.monotonic() - started) * 1000)
        seen |= {"status": status, "reply": reply_of(body), "milliseconds": milliseconds}
        self.server.show(seen, line_of(seen))

    def respond(self, seen: dict[str, Any]) -> Response:
        """The response, with what there is to print about the webhook."""
        text = self.headers.get("Content-Length", "")
        length = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        if length is None or length > READ_AT_MOST:
            # The rest of the connection may hold the body.
            self.close_connection = True
            return refused(seen, 413 if text else 411, "the length of the body is missing or too large")
        # Before any response: a connection with unread data is reset, and the sender may not see the response.
        raw = self.rfile.read(length)
        if self.server.path is not None and urlsplit(self.path).path != self.server.path:
            return refused(seen, 404, f"not for this path, only for {self.server.path}")
        headers = list(self.headers.items())
        try:
            received = self.server.verifier.verify(headers, raw)
        except WebhookError as error:
            status = 413 if error.rejection == "too_large" else 400
            return refused(seen, status, error.rejection or "unreadable", str(error))
        seen |= describe(received)
        if self.server.target is not None:
            passed_on = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
            try:
                response = self.server.target.send(passed_on, raw)
            except (OSError, http.client.HTTPException) as error:
                return refused(seen, 502, f"not forwarded: {error or type(error).__name__}")
            seen["forwarded"] = True
            return response
        if isinstance(received.event, AuthEvent) and not self.server.accepts:
            return 200, "application/json", reply_decline("declined by keysecure listen")
        return 200, "application/json", reply_accept()

    def reply(self, status: int, kind: str, body: bytes) -> None:
        """Sends a response."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 405:
            self.send_header("Allow", "POST")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Prints nothing: `show` does."""


def run_listen(given: argparse.Namespace) -> int:
    """Receives webhooks until it is interrupted."""
    with Listener((given.host, given.port), verifier_from(given), given) as server:
        host, port = server.server_address[:2]
        to = f", forwards them to {given.forward}" if given.forward else f", purchases: {given.decide}"
        print(f"Receives webhooks on http://{host!s}:{port}{given.path or '/'}{to}", file=sys.stderr, flush=True)
        server.serve_forever(poll_interval=0.1)
        if server.reader_gone is not None:
            raise server.reader_gone
    return 0


def verifier_from(given: argparse.Namespace) -> WebhookVerifier:
    """The verifier of the environment's credentials. It has no store: a webhook that comes again is shown again, and
    the receiver that shares the store of KEYSECURE_STORE does not take it for one that was handled."""
    app_id, secret = variable("APP_ID") or variable("API_KEY"), variable("API_SECRET")
    if not app_id or not secret:
        message = f"KEYSECURE_{'API_SECRET' if app_id else 'API_KEY'} is not set"
        raise ConfigError(message, outcome="not_sent")
    return WebhookVerifier(app_id, secret, tolerance=given.tolerance, max_body=LARGEST)


def forward_url(text: str) -> SplitResult:
    """Reads the URL of `--forward`."""
    try:
        url = urlsplit(text)
        # Reading the port raises for one that is none.
        if url.scheme in ("http", "https") and url.hostname and url.username is None and url.port != 0:
            return url
    except ValueError:
        pass
    message = "--forward must be a URL such as http://127.0.0.1:8080/webhooks, without a user name"
    raise ConfigError(message, outcome="not_sent")


def refused(seen: dict[str, Any], status: int, reason: str, words: str | None = None) -> Response:
    """A response with the reason, which is printed too."""
    seen["refused"] = reason
    return status, "application/json", reply_decline(words or reason)


def describe(received: VerifiedWebhook) -> dict[str, Any]:
    """What is printed of a webhook. Its data has no secrets; numbers of cards in free text are masked."""
    try:
        data = json.loads(received.event.to_json(), parse_float=Decimal)
    except ValueError:
        data = "numbers that Python cannot hold"
    return {"action": received.action, "id": received.id, "data": redacted(data)}


def reply_of(body: bytes) -> Any:
    """The reply as JSON; its length when it is something else."""
    try:
        return redacted(json.loads(body))
    except ValueError:
        return f"{len(body)} bytes that are no JSON"


def dict_of(value: object) -> dict[str, Any]:
    """The value, if it is a dict."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def line_of(seen: dict[str, Any]) -> str:
    """A webhook as one line for people."""
    data = dict_of(seen.get("data"))
    names = ["consume_no", "card_no", "cardholder_no", "type", "amount", "status", "before_status", "after_status"]
    facts = [f"{name}={data[name]}" for name in names if data.get(name) not in (None, "")]
    code = dict_of(seen["reply"]).get("code")
    if "refused" in seen:
        end = f"refused: {seen['refused']}"
    elif isinstance(code, int) and seen["status"] == 200:
        end = "accepted" if code == 0 else "declined"
    else:
        end = "failed"
    parts = [
        seen["received_at"],
        seen.get("action", "-"),
        *facts,
        f"-> {seen['status']} {end}",
        f"{seen['milliseconds']} ms",
    ]
    # A text of the sender cannot begin a line of its own or change the terminal.
    return "".join(char if char.isprintable() else "?" for char in "  ".join(map(str, parts)))
