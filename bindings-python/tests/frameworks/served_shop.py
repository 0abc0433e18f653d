"""Starts a server of greenlets with the shop, and asks it for many purchases at once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from keysecure import WebhookVerifier, reply_accept

VERIFIER = WebhookVerifier("app-1", "0123456789abcdef0123456789abcdef")


def post(port: int, action: str, number: int) -> bytes:
    """Posts a webhook and returns the reply."""
    data = {"consume_no": f"c-{number}", "card_no": "k-1", "amount": 42.0, "status": "Pending", "currency": "USD"}
    body = json.dumps({"id": f"e-{number}", "action": action, "data": data}).encode()
    headers = VERIFIER.sign_for_tests(datetime.now(timezone.utc), body)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as response:
        return bytes(response.read())


@contextmanager
def serving(folder: Path, *command: str) -> Iterator[int]:
    """Runs a server; ``{port}`` in its command is the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "SHOP_STORE": f"file:{folder / 'store'}", "SHOP_PORT": str(port)}
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, *(part.format(port=port) for part in command)],
            env=env,
            cwd=Path(__file__).parent,
            stdout=output,
            stderr=output,
        )
    try:
        end = time.monotonic() + 60
        while True:
            assert server.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60)
            except urllib.error.HTTPError:
                break  # it responds: only POST is allowed
            except OSError:
                assert time.monotonic() < end, log.read_text()
                time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def check_purchases(port: int) -> None:
    """Many purchases, some at a time, between other webhooks."""
    for first in (1000, 2000, 3000):
        with ThreadPoolExecutor(10) as shoppers:
            others = [shoppers.submit(post, port, "Consumption", first + number) for number in range(100, 110)]
            purchases = [shoppers.submit(post, port, "Auth", first + number) for number in range(40)]
            replies = {purchase.result() for purchase in purchases}
            assert {other.result() for other in others} == {reply_accept()}
        # A machine under load may be late once; a hub that is blocked always is.
        if replies == {reply_accept()}:
            return
    raise AssertionError(replies)
