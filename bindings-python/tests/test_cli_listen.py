"""`keysecure listen`: receives, verifies, prints and forwards webhooks."""

from __future__ import annotations

import http.client
import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cli_support import INTERRUPTED, bare, interrupt, run

from keysecure import Client, WebhookVerifier
from keysecure.sandbox import Sandbox

VARIABLES = {"KEYSECURE_API_KEY": "my-key", "KEYSECURE_API_SECRET": "my-secret-0123456"}
SIGNER = WebhookVerifier(VARIABLES["KEYSECURE_API_KEY"], VARIABLES["KEYSECURE_API_SECRET"])


def webhook(action: str, **data: object) -> bytes:
    return json.dumps({"id": "17", "action": action, "data": data}).encode()


PURCHASE = webhook("Auth", consume_no="5", card_no="7", amount=12.50, status="Pending", type="Consumption")
CONSUMPTION = webhook("Consumption", consume_no="5", card_no="7", amount=12.50, status="Success", type="Consumption")


class Listening:
    """The command in a separate program."""

    def __init__(self, *options: str, **variables: str) -> None:
        command = [sys.executable, "-m", "keysecure", "listen", "--port", "0", *options]
        pipe = subprocess.PIPE
        settings = {**bare(), **(variables or VARIABLES), "PYTHONIOENCODING": "utf-8"}
        self.program = subprocess.Popen(command, env=settings, stdout=pipe, stderr=pipe, encoding="utf-8")
        assert self.program.stderr is not None
        assert self.program.stdout is not None
        self.ready = self.program.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:([0-9]+)(/\S*)", self.ready)
        assert found, self.ready
        self.port, self.path = int(found[1]), found[2].rstrip(",")
        self.url = f"http://127.0.0.1:{self.port}{self.path}"

    def line(self) -> str:
        assert self.program.stdout is not None
        return self.program.stdout.readline()

    def json(self) -> dict[str, Any]:
        return json.loads(self.line())  # type: ignore[no-any-return]

    def send(
        self, body: bytes, headers: dict[str, str] | None = None, path: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        signed = SIGNER.sign_for_tests(datetime.now(timezone.utc), body) if headers is None else headers
        connection.request("POST", path or self.path, body, signed)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, json.loads(content) if content.startswith(b"{") else {"text": content.decode()}

    def end(self) -> tuple[int, str, str]:
        if self.program.poll() is None:
            interrupt(self.program)
        output, errors = self.program.communicate(timeout=60)
        return self.program.returncode, output, errors


@pytest.fixture
def listening(request: pytest.FixtureRequest) -> Iterator[Listening]:
    listening = Listening(*getattr(request, "param", ()))
    yield listening
    listening.end()


def test_each_webhook_is_a_line(listening: Listening) -> None:
    assert "purchases: decline" in listening.ready
    assert listening.send(CONSUMPTION) == (200, {"code": 0, "message": ""})
    assert re.fullmatch(
        r"20\S+\+00:00  Consumption  consume_no=5  card_no=7  type=Consumption  amount=12\.5  status=Success"
        r"  -> 200 accepted  [0-9]+ ms\n",
        listening.line(),
    )
    status, reply = listening.send(PURCHASE)
    assert (status, reply["code"] != 0, bool(reply["message"])) == (200, True, True)
    assert "  Auth  consume_no=5  " in (line := listening.line())
    assert "-> 200 declined" in line
    # It has no store: what comes again is shown again.
    assert listening.send(CONSUMPTION)[0] == 200
    assert "accepted" in listening.line()
    assert listening.end() == (INTERRUPTED, "", "")


@pytest.mark.parametrize("listening", [("--json", "--decide", "accept", "--path", "/webhooks")], indirect=True)
def test_webhooks_can_be_lines_of_json(listening: Listening) -> None:
    assert listening.send(PURCHASE) == (200, {"code": 0, "message": ""})
    seen = listening.json()
    assert (seen["action"], seen["id"], seen["status"], seen["reply"]["code"]) == ("Auth", "17", 200, 0)
    assert (seen["data"]["consume_no"], seen["data"]["amount"]) == ("5", "12.5")
    assert listening.send(webhook("New_action", token="abc", text="4111111111111111"))[0] == 200
    assert listening.json()["data"] == {"token": "***", "text": "411111******1111"}
    assert listening.send(PURCHASE, path="/other")[0] == 404
    assert listening.json()["refused"] == "not for this path, only for /webhooks"
    # A query and the path alone are the same path.
    assert listening.send(PURCHASE, path="/webhooks?x=1")[0] == 200


def test_what_is_not_from_the_platform_is_refused(listening: Listening) -> None:
    long_ago = datetime.now(timezone.utc) - timedelta(hours=1)
    other = WebhookVerifier("my-key", "another-secret-01")
    now = datetime.now(timezone.utc)
    for headers, word in [
        ({}, "missing"),
        (other.sign_for_tests(now, CONSUMPTION), "wrong_signature"),
        (SIGNER.sign_for_tests(long_ago, CONSUMPTION), "too_old"),
    ]:
        status, reply = listening.send(CONSUMPTION, headers)
        assert (status, reply["code"] != 0) == (400, True)
        line = listening.line()
        assert f"-> 400 refused: {word}" in line
        assert "consume_no" not in line
    for size in (70_000, 1 << 20):
        assert listening.send(b"x" * size, SIGNER.sign_for_tests(now, CONSUMPTION))[0] == 413
        assert "-> 413 refused: too_large" in listening.line()
    for method in ("GET", "HEAD"):
        connection = http.client.HTTPConnection("127.0.0.1", listening.port, timeout=60)
        connection.request(method, "/")
        response = connection.getresponse()
        assert (response.status, response.getheader("Allow")) == (405, "POST")
        assert (response.read() == b"") == (method == "HEAD")
        connection.close()
        # The line follows the response: without waiting for it, the interrupt may come first.
        assert f"-> 405 refused: webhooks come by POST, not by {method}" in listening.line()
    assert listening.end() == (INTERRUPTED, "", "")


def test_lines_hold_nothing_that_changes_a_terminal(listening: Listening) -> None:
    listening.send(webhook("Consumption", consume_no="5\n\x1b[2J", card_no="7", status="Success", amount=1))
    line = listening.line()
    assert "consume_no=5??[2J" in line
    assert "\x1b" not in line


class Shop(ThreadingHTTPServer):
    """A merchant's own server."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ShopHandler)
        self.received: queue.Queue[tuple[str, dict[str, str], bytes]] = queue.Queue()
        self.response = 200, b'{"code":0,"message":""}'


class ShopHandler(BaseHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.put((self.path, dict(self.headers), body))
        status, content = self.server.response
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        thread = threading.Thread(target=shop.serve_forever, args=(0.05,))
        thread.start()
        yield shop
        shop.shutdown()
        thread.join()


def test_verified_webhooks_are_forwarded_as_they_came(shop: Shop) -> None:
    url = f"http://127.0.0.1:{shop.server_port}/hooks?from=listen"
    listening = Listening("--forward", url, "--json")
    try:
        # Spaces that no parser keeps, and a header of a proxy.
        body = PURCHASE.replace(b": ", b":   ")
        headers = SIGNER.sign_for_tests(datetime.now(timezone.utc), body) | {"X-Request-Id": "9"}
        shop.response = 200, b'{"code":1,"message":"over the limit"}'
        assert listening.send(body, headers) == (200, {"code": 1, "message": "over the limit"})
        path, received, raw = shop.received.get(timeout=60)
        assert (path, raw, received["X-Request-Id"]) == ("/hooks?from=listen", body, "9")
        # The merchant's own verifier accepts it.
        assert SIGNER.verify(received, raw).action == "Auth"
        seen = listening.json()
        assert (seen["forwarded"], seen["reply"]) == (True, {"code": 1, "message": "over the limit"})
        assert listening.send(CONSUMPTION, {})[0] == 400
        assert listening.json()["refused"] == "missing_header"
        assert shop.received.empty(), "only what is verified"
        shop.response = 500, b"<html>oops"
        assert listening.send(CONSUMPTION) == (500, {"text": "<html>oops"})
        assert listening.json()["reply"] == "10 bytes that are no JSON"
    finally:
        listening.end()


def test_a_server_that_is_not_there_is_a_502() -> None:
    listening = Listening("--forward", "http://127.0.0.1:9/")
    try:
        status, reply = listening.send(CONSUMPTION)
        assert (status, reply["code"] != 0) == (502, True)
        assert "-> 502 refused: not forwarded: " in listening.line()
    finally:
        listening.end()


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ([], {}, "KEYSECURE_API_KEY is not set"),
        ([], {"KEYSECURE_APP_ID": "one"}, "KEYSECURE_API_SECRET is not set"),
        (["--forward", "ftp://shop"], VARIABLES, "--forward must be a URL"),
        (["--path", "webhooks"], VARIABLES, "argument --path: must begin with a slash, such as /webhooks"),
        (["--forward", "http://user:word@shop/"], VARIABLES, "--forward must be a URL"),
        (["--forward", "http://shop:x/"], VARIABLES, "--forward must be a URL"),
        (["--port", "70000"], VARIABLES, "--port: must be 0 to 65535"),
        (["--tolerance", "-1"], VARIABLES, "tolerance"),
    ],
)
def test_a_wrong_setting_is_reported(arguments: list[str], variables: dict[str, str], message: str) -> None:
    result = run("listen", *arguments, **variables)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert "word" not in result.stderr


def test_a_port_that_is_taken_is_reported(listening: Listening) -> None:
    result = run("listen", "--port", str(listening.port), **VARIABLES)
    assert result.returncode == 1
    assert re.search(r"Address (already )?in use|WinError 10013|WinError 10048", result.stderr)


def test_a_reader_that_leaves_ends_it() -> None:
    listening = Listening()
    assert listening.program.stdout is not None
    listening.program.stdout.close()
    assert listening.send(CONSUMPTION) == (200, {"code": 0, "message": ""})
    assert listening.program.wait(timeout=60) == 141
    assert listening.program.stderr is not None
    assert listening.program.stderr.read() == ""
    listening.program.stderr.close()


def test_it_hears_what_trigger_does(sandbox: Sandbox, client: Client, variables: dict[str, str], card_no: str) -> None:
    holder = client.cards.get(card_no).cardholder_no
    client.accounts.transfer(cardholder_no=holder or "", transfer_unique_no="in", type="In", amount=100)
    listening = Listening("--json", **variables)
    try:
        sandbox.webhooks_to(listening.url)
        result = run("trigger", "purchase", "--card-no", card_no, "--amount", "40", **variables)
        assert result.returncode == 0
        sandbox.settle_webhooks(60)
        seen = listening.json()
        assert (seen["action"], seen["data"]["consume_no"]) == ("Consumption", result.stdout.strip())
    finally:
        listening.end()
