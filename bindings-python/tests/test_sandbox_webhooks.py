"""Webhooks of the sandbox from Python."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import keysecure
import keysecure.sandbox
from keysecure import Client
from keysecure.sandbox import Sandbox, SandboxError


class Merchant(BaseHTTPRequestHandler):
    """Takes every webhook."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"code":0,"message":""}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def merchant() -> Any:
    server = HTTPServer(("127.0.0.1", 0), Merchant)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks"
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhooks_reach_a_receiver_in_this_process(
    sandbox: Sandbox, client: Client, card_no: str, merchant: str
) -> None:
    sandbox.webhooks_to(merchant)
    client.cards.freeze(card_no)
    assert sandbox.settle_webhooks(30)
    [delivery] = sandbox.deliveries()
    assert (delivery.action, delivery.http_status, delivery.code, delivery.error) == ("Card_update", 200, 0, None)
    sandbox.redeliver(delivery.id)
    assert sandbox.settle_webhooks(30)
    assert [one.attempt for one in sandbox.deliveries()] == [1, 2]
    sandbox.webhook_fault("duplicate", action="Card_update")
    client.cards.unfreeze(card_no)
    assert sandbox.settle_webhooks(30)
    assert len(sandbox.deliveries()) == 4
    sandbox.webhooks_to(None)
    client.cards.freeze(card_no)
    assert len(sandbox.deliveries()) == 4


def test_a_rotated_secret_signs_and_the_old_one_on_demand(
    sandbox: Sandbox, client: Client, card_no: str, merchant: str
) -> None:
    with pytest.raises(SandboxError, match="not rotated"):
        sandbox.webhook_fault("old_secret")
    sandbox.webhooks_to(merchant, rotated_secret="the-next-secret", app_id="app-7")
    sandbox.webhook_fault("old_secret")
    client.cards.freeze(card_no)
    client.cards.unfreeze(card_no)
    assert sandbox.settle_webhooks(30)
    both = keysecure.WebhookVerifier("app-7", [sandbox.api_secret, "the-next-secret"])
    used = []
    for delivery in sandbox.deliveries():
        headers = {"Timestamp": str(delivery.timestamp_ms), "Signature": delivery.signature}
        used.append(both.verify(headers, delivery.body.encode()).secret_index)
    assert used == [0, 1]


def test_settling_reports_a_receiver_that_is_down(sandbox: Sandbox, client: Client, card_no: str) -> None:
    sandbox.webhooks_to("http://127.0.0.1:9/")
    client.cards.freeze(card_no)
    # It waits for its retry in virtual time, and nothing is due until then.
    assert sandbox.settle_webhooks(30)
    assert sandbox.deliveries()[0].error is not None
    sandbox.clock.advance(seconds=30)
    assert sandbox.settle_webhooks(30)
    assert len(sandbox.deliveries()) == 2


def test_dropping_a_sandbox_during_a_webhook_does_not_hang(merchant: str) -> None:
    sandbox = Sandbox(webhook_url=merchant)
    client = sandbox.client()
    card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
    client.cards.freeze(card_no)
    # The receiver needs Python's lock to reply, and dropping waits for the sender.
    del sandbox


def test_old_names_of_webhook_calls_work_and_warn(merchant: str) -> None:
    with pytest.warns(DeprecationWarning, match="callback_url is deprecated: use webhook_url"):
        sandbox = Sandbox(callback_url=merchant)  # type: ignore[call-arg]
    with sandbox:
        assert sandbox.control("GET", "/callbacks")["url"] == merchant
        with pytest.warns(DeprecationWarning, match="callbacks_to is deprecated: use webhooks_to") as warned:
            sandbox.callbacks_to(None)
        assert warned[0].filename == __file__
        with pytest.warns(DeprecationWarning, match="use webhook_fault"):
            sandbox.callback_fault("drop")
        with pytest.warns(DeprecationWarning, match="use settle_webhooks"):
            assert sandbox.settle_callbacks()
        with pytest.warns(DeprecationWarning, match="use webhook_id"), pytest.raises(SandboxError, match="no webhook"):
            sandbox.redeliver(callback_id="unknown")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="give one of them"):
        Sandbox(callback_url=merchant, webhook_url=merchant)  # type: ignore[call-arg]
