"""Lets the examples run anywhere: an offline sandbox replaces the platform when there are no credentials.

Your own code does not need this: ``Client.from_env()`` reads ``KEYSECURE_API_KEY`` and ``KEYSECURE_API_SECRET``.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from keysecure import Client

if TYPE_CHECKING:
    from keysecure.sandbox import Sandbox


@contextmanager
def platform(mode: str = "credit") -> Iterator[Sandbox | None]:
    """Yields ``None`` when the environment has credentials, otherwise a sandbox whose credentials it then has."""
    if os.environ.get("KEYSECURE_API_KEY"):
        yield None
        return
    # With credentials the client alone is enough; the sandbox is a separate package.
    from keysecure.sandbox import Sandbox

    with Sandbox(mode) as sandbox:
        settings = {
            "KEYSECURE_API_KEY": sandbox.api_key,
            "KEYSECURE_API_SECRET": sandbox.api_secret,
            "KEYSECURE_BASE_URL": sandbox.base_url,
            # The sandbox is new: nobody else works on its references.
            "KEYSECURE_STORE": "memory",
        }
        os.environ.update(settings)
        try:
            yield sandbox
        finally:
            for name in settings:
                del os.environ[name]


def port() -> int:
    """The port on which an example receives webhooks of the real platform."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else 8080


class Server(ThreadingMixIn, WSGIServer):
    """The standard library's web server, with threads."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Does not print every request."""

    def log_message(self, *arguments: object) -> None: ...


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serves a WSGI application on this machine and yields its address."""
    with make_server("127.0.0.1", 0, app, Server, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def make_events(sandbox: Sandbox, url: str) -> None:
    """Makes the sandbox send webhooks to an address: two purchases ask for approval, and a card is frozen."""
    sandbox.webhooks_to(url)
    with Client.from_env() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        for amount in ("40.00", "400.00"):
            consume_no = client.simulation.auth(card_no=card_no, type="Consumption", amount=amount).consume_no or ""
            # The receiver prints too, on a separate thread.
            sandbox.settle_webhooks()
            print(f"A purchase of {amount} is {client.consumptions.get(consume_no).status}.")
        client.cards.freeze(card_no)
    sandbox.settle_webhooks()
    statuses = [f"{one.action} {one.http_status}" for one in sandbox.deliveries()]
    print(f"The sandbox sent {len(statuses)} webhooks: {', '.join(statuses)}.")
