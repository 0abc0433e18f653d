"""The relay of `sandbox --relay`."""

from __future__ import annotations

import logging
import socket
import urllib.parse

import pytest

from keysecure import Client
from keysecure.cli import relay as cli_relay
from keysecure.sandbox import Sandbox


def test_the_first_payment_through_a_served_relay_does_not_wait() -> None:
    served = cli_relay.served_relay
    with Sandbox() as sandbox, served(sandbox, "127.0.0.1", 0, receives_webhooks=False) as info:
        own = info["sessions"][0]
        with Client.relay(info["url"], own["session"]) as app:
            # A new store would make it wait for 10 s.
            made = app.accounts.ensure_transfer(
                cardholder_no=own["cardholder_no"], transfer_unique_no="tap-1", type="In", amount="25.00", deadline=5
            )
        assert made.created


def test_no_log_record_of_a_served_relay_holds_a_session_token(caplog: pytest.LogCaptureFixture) -> None:
    served = cli_relay.served_relay
    with (
        caplog.at_level(logging.DEBUG, "keysecure"),
        Sandbox() as sandbox,
        served(sandbox, "127.0.0.1", 0, receives_webhooks=False) as info,
    ):
        for session in info["sessions"]:
            with Client.relay(info["url"], session["session"]) as app:
                app.cards.get(session["card_no"])
    sessions = {record.__dict__["session"] for record in caplog.records if "session" in record.__dict__}
    assert sessions == {"test phone", "other phone"}
    records = "\n".join(str(record.__dict__) for record in caplog.records)
    assert not any(session["session"] in records for session in info["sessions"])


def test_a_relay_on_all_interfaces_prints_the_address_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_relay, "_own_address", lambda: "192.0.2.7")
    served = cli_relay.served_relay
    with Sandbox() as sandbox:
        for host, printed in {"0.0.0.0": "192.0.2.7", "127.0.0.1": "127.0.0.1"}.items():
            with served(sandbox, host, 0, receives_webhooks=True) as info:
                url = urllib.parse.urlsplit(info["url"])
                assert (url.scheme, url.hostname, url.path) == ("http", printed, "/relay")
                # The webhooks of the sandbox go to this machine, whatever is printed.
                with sandbox.client() as client:
                    client.cards.freeze(info["sessions"][0]["card_no"])
                sandbox.settle_webhooks()
                assert [one.http_status for one in sandbox.deliveries()][-1:] == [200]


def test_the_own_address_of_a_machine_is_one_that_it_can_be_reached_at() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        socket.create_connection((cli_relay._own_address(), server.getsockname()[1]), timeout=60).close()
