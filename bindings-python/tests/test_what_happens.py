"""The scenarios of docs/what-happens-when.md, which names each of these tests and states what they observe."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from webhook_support import APP_ID, AUTH, SECRET, Kind, body_of, now, signed

import keysecure
from keysecure import Client, KeySecureError, MemoryStore, WebhookVerifier, aio
from keysecure.sandbox import Fault, Sandbox

ROOT = Path(__file__).parents[2]
PAY = """
import sys
from keysecure import Client, KeySecureError

with Client.from_env(timeout=20) as client:
    try:
        paid = client.accounts.ensure_transfer(
            cardholder_no=sys.argv[1], transfer_unique_no="order-7", type="In", amount="25.00", settle=1
        )
        print("created" if paid.created else "found", flush=True)
    except KeySecureError as error:
        print(error.outcome, flush=True)
"""


def worker(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)


def printed(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=60)[0].strip()


def until(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_page_names_all_scenarios_and_none_that_is_not_here() -> None:
    page = (ROOT / "docs/what-happens-when.md").read_text("utf-8")
    here = {name for name in globals() if name.startswith("test_") and name not in _ABOUT_THE_PAGE}
    assert set(re.findall(r"`(test_\w+)`", page)) == here


_ABOUT_THE_PAGE = {"test_the_page_names_all_scenarios_and_none_that_is_not_here"}


# Payments.


def test_a_killed_process_pays_once_when_it_runs_again(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", Fault.stall_after_commit(60_000))
    first = worker(PAY, cardholder_no)
    until(lambda: keysecure_env.ledger().cardholder(cardholder_no) == Decimal(25))
    first.kill()
    assert printed(first) == ""
    assert printed(worker(PAY, cardholder_no)) in ("created", "found")
    assert keysecure_env.count("accounts.transfer") == 1


def test_a_time_out_leaves_a_payment_unknown_and_is_not_sent_again(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    order = {"cardholder_no": cardholder_no, "transfer_unique_no": "order-7", "type": "In", "amount": "25.00"}
    with Client.from_env(timeout=0.5) as client:
        client.access_token()
        keysecure_env.fault("accounts.transfer", Fault.stall_after_commit(5000))
        with pytest.raises(keysecure.TimeoutError) as raised:
            client.accounts.transfer(**order)
        assert raised.value.outcome == "unknown"
        assert keysecure_env.count("accounts.transfer") == 1
        # The finishing call finds it and does not pay again.
        assert client.accounts.ensure_transfer(**order, settle=0.3, deadline=20).value.transfer_no
    assert keysecure_env.ledger().cardholder(cardholder_no) == Decimal(25)


def test_a_lost_response_is_found_by_the_same_ensure_call(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", Fault.DROP_AFTER_COMMIT)
    assert printed(worker(PAY, cardholder_no)) == "created"
    assert keysecure_env.count("accounts.transfer") == 1


def test_a_lost_response_that_is_found_is_logged_as_done(
    keysecure_env: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="keysecure")
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", Fault.DROP_AFTER_COMMIT)
    with Client.from_env(store="memory") as client:
        client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no="o", type="In", amount="25.00", first_attempt=True
        )
    records = [(record.levelname, getattr(record, "operation", "")) for record in caplog.records]
    assert ("ERROR", "accounts.transfer") in records
    assert records[-1] == ("INFO", "accounts.ensure_transfer")


def test_a_connection_that_cannot_be_made_sends_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = Client("key-1", "0123456789abcdef", base_url=f"http://127.0.0.1:{port}", max_retries=0)
    with client, pytest.raises(keysecure.TransportError) as raised:
        client.accounts.transfer(cardholder_no="1", transfer_unique_no="order-7", type="In", amount="25.00")
    assert raised.value.outcome == "not_sent"


@pytest.mark.parametrize("fault", [Fault.http_status(502), Fault.HTML, Fault.code_after_commit(1001)], ids=str)
def test_a_gateways_error_leaves_a_payment_unknown(keysecure_env: Sandbox, fault: Any) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", fault)
    with Client.from_env() as client, pytest.raises(KeySecureError) as raised:
        client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="o", type="In", amount="25.00")
    assert raised.value.outcome == "unknown"
    assert keysecure_env.count("accounts.transfer") == 1


def test_a_refusal_of_the_platform_is_rejected(keysecure_env: Sandbox) -> None:
    with Client.from_env() as client, pytest.raises(keysecure.NotFoundError) as raised:
        client.accounts.transfer(cardholder_no="404", transfer_unique_no="order-7", type="In", amount="25.00")
    assert raised.value.outcome == "rejected"


def test_two_workers_with_one_reference_pay_once(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    results = sorted(printed(process) for process in [worker(PAY, cardholder_no) for _ in range(2)])
    assert results == ["created", "found"]
    assert keysecure_env.count("accounts.transfer") == 1


def test_the_same_reference_for_another_amount_is_a_conflict(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    order: dict[str, Any] = {"cardholder_no": cardholder_no, "transfer_unique_no": "order-7", "type": "In"}
    with Client.from_env() as client:
        client.accounts.ensure_transfer(**order, amount="25.00")
        with pytest.raises(keysecure.ConflictError):
            client.accounts.ensure_transfer(**order, amount="26.00")
    assert keysecure_env.ledger().cardholder(cardholder_no) == Decimal(25)


def test_a_store_that_cannot_be_reached_sends_nothing(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    with Client.from_env(store="redis://127.0.0.1:9/") as client, pytest.raises(KeySecureError) as raised:
        client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no="order-7", type="In", amount="25.00", settle=1, deadline=2
        )
    assert (raised.value.outcome, raised.value.transport_fault) == ("unknown", "store")
    assert keysecure_env.count("accounts.transfer") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_leaves_a_payment_unknown_and_the_next_run_finds_it(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", Fault.stall_after_commit(60_000))
    first = worker(PAY, cardholder_no)
    until(lambda: keysecure_env.count("accounts.transfer") == 1)
    first.send_signal(signal.SIGINT)
    assert printed(first) == ""
    assert first.returncode == -signal.SIGINT
    assert printed(worker(PAY, cardholder_no)) == "found"
    assert keysecure_env.count("accounts.transfer") == 1


def test_a_cancelled_task_pays_once_and_its_result_is_kept(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    order = {"cardholder_no": cardholder_no, "transfer_unique_no": "order-7", "type": "In", "amount": "25.00"}
    kept: list[aio.CancelledCall] = []

    async def pay() -> str:
        async with aio.Client.from_env(on_cancelled=kept.append) as client:
            await client.access_token()
            keysecure_env.fault("accounts.transfer", Fault.stall_after_commit(2000))
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.accounts.ensure_transfer(**order), 1)
            return (await client.accounts.ensure_transfer(**order)).value.transfer_no

    transfer_no = asyncio.run(pay())
    assert [call.result.value.transfer_no for call in kept if call.result] == [transfer_no]
    assert keysecure_env.count("accounts.transfer") == 1


def test_a_token_that_another_process_replaced_is_renewed_once(keysecure_env: Sandbox) -> None:
    with Client.from_env(store=None) as client:
        list(client.cards.packages())
        keysecure_env.revoke_tokens()
        list(client.cards.packages())
    assert keysecure_env.count("token") == 2


def test_too_many_requests_are_waited_out_and_sent_again(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", Fault.code(1009))
    with Client.from_env() as client:
        client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="o", type="In", amount="25.00")
    assert keysecure_env.ledger().cardholder(cardholder_no) == Decimal(25)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_pays_over_a_connection_of_its_own(keysecure_env: Sandbox) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    program = """
import os, sys
from keysecure import Client

with Client.from_env() as client:
    client.access_token()
    for number in range(3):
        if os.fork() == 0:
            client.accounts.ensure_transfer(
                cardholder_no=sys.argv[1], transfer_unique_no=f"order-{number}", type="In", amount="1.00"
            )
            os._exit(0)
    print([os.wait()[1] for _ in range(3)])
"""
    assert printed(worker(program, cardholder_no)) == "[0, 0, 0]"
    assert keysecure_env.ledger().cardholder(cardholder_no) == Decimal(3)
    assert keysecure_env.count("token") == 1


# Clocks.


@pytest.mark.parametrize("ahead", [{"minutes": 10}, {"hours": -3}], ids=str)
def test_a_wrong_clock_is_corrected_by_the_platforms(keysecure_env: Sandbox, ahead: dict[str, int]) -> None:
    cardholder_no = keysecure_env.seed_approved_cardholder()
    [(unit, amount)] = ahead.items()
    (keysecure_env.clock.advance if amount > 0 else keysecure_env.clock.rewind)(**{unit: abs(amount)})
    with Client.from_env() as client:
        client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="o", type="In", amount="25.00")
    assert keysecure_env.ledger().cardholder(cardholder_no) == Decimal(25)


# Webhooks.


def test_a_webhook_that_comes_twice_is_handled_once(kind: Kind) -> None:
    handled: list[Any] = []
    post = kind(kind.make(WebhookVerifier(APP_ID, SECRET, store=MemoryStore()), handled.append)).post
    body = body_of("Consumption", {"consume_no": "twice-1", "status": "Success", "amount": 1.0})
    headers = signed(body)
    assert [post(headers, body)[0] for _ in range(2)] == [200, 200]
    assert len(handled) == 1


def test_a_redelivery_with_a_new_signature_is_handled_again(kind: Kind) -> None:
    handled: list[Any] = []
    post = kind(kind.make(WebhookVerifier(APP_ID, SECRET, store=MemoryStore()), handled.append)).post
    body = body_of("Consumption", {"consume_no": "twice-2", "status": "Success", "amount": 1.0})
    assert [post(signed(body, now() + timedelta(seconds=later)), body)[0] for later in (0, 10)] == [200, 200]
    first, second = ((event.consume_no, event.status) for event in handled)
    assert first == second == ("twice-2", "Success")


def test_a_handler_that_raises_gets_the_webhook_again(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    results = [RuntimeError("the database is down"), None]

    def handle(event: object) -> None:
        if (result := results.pop(0)) is not None:
            raise result

    post = kind(kind.make(WebhookVerifier(APP_ID, SECRET, store=MemoryStore()), handle)).post
    body = body_of("Consumption", {"consume_no": "again-1", "status": "Success", "amount": 1.0})
    headers = signed(body)
    assert [post(headers, body)[0] for _ in range(2)] == [500, 200]
    assert any(record.levelno == logging.ERROR and "RuntimeError" in record.getMessage() for record in caplog.records)


def test_a_purchase_that_is_asked_for_twice_is_decided_once(kind: Kind) -> None:
    decided: list[Any] = []

    def decide(purchase: object) -> bool:
        decided.append(purchase)
        return True

    post = kind(kind.make(WebhookVerifier(APP_ID, SECRET, store=MemoryStore()), print, decide=decide)).post
    bodies = [body_of("Auth", AUTH | {"consume_no": "p-2"}, id) for id in ("e-1", "e-2")]
    replies = [post(signed(body), body) for body in bodies]
    assert replies[0] == replies[1] == (200, keysecure.reply_accept())
    assert len(decided) == 1


def test_a_late_decision_declines_and_is_logged(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    verifier = WebhookVerifier(APP_ID, SECRET)
    app = kind.make(verifier, print, decide=lambda _: release.wait(10), budget=0.1)
    body = body_of("Auth", AUTH | {"consume_no": "late-1"})
    status, reply = kind(app).post(signed(body), body)
    release.set()
    assert status == 200
    assert reply != keysecure.reply_accept()
    assert any(record.levelno == logging.WARNING and "late-1" in record.getMessage() for record in caplog.records)


def test_an_old_webhook_is_rejected(kind: Kind) -> None:
    post = kind(kind.make(WebhookVerifier(APP_ID, SECRET), print)).post
    body = body_of("Consumption", {"consume_no": "old-1", "status": "Success", "amount": 1.0})
    assert post(signed(body, now() - timedelta(minutes=6)), body)[0] == 400
