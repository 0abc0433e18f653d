"""The stores of the cookbook while the server restarts, and with several processes."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from postgres_support import Postgres
from sql_support import Payers, Worker, until
from store_contract import (
    LONG,
    WITHIN,
    leased,
    new_key,
    pay,
)
from webhook_support import ACCEPTED, again, purchase

from keysecure import KeySecureError
from keysecure.sandbox import Sandbox

PAYMENTS, WORKERS = 30, 4


# The server restarts.


@pytest.mark.parametrize("immediately", [False, True], ids=["fast", "immediate"])
def test_a_restart_between_two_calls_is_not_noticed(postgres: Postgres, store: Any, immediately: bool) -> None:
    reference = new_key()
    mine = leased(store, reference)
    for step in (
        lambda: store.begin(reference, mine.lease_id, "accounts.transfer", 1, LONG, WITHIN) is True,
        lambda: store.finish(reference, mine.lease_id, "unknown", WITHIN) is None,
        lambda: store.insert(reference, "=accept", LONG) is None,
        lambda: store.insert(reference, "=other", LONG) == "=accept",
        lambda: store.release(reference, mine.lease_id, WITHIN) is None,
    ):
        postgres.stop(immediately=immediately)
        postgres.start()
        assert step()
    last = leased(store, reference).last_attempt
    assert last is not None
    assert last.end == "unknown"


def test_while_it_is_down_nothing_is_sent_and_then_it_continues(
    postgres: Postgres, sandbox: Sandbox, cardholder_no: str, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with sandbox.client(store=store) as client:
        client.access_token()
        postgres.stop()
        try:
            began = time.monotonic()
            with pytest.raises(KeySecureError) as caught:
                pay(client, cardholder_no)
            assert (caught.value.outcome, caught.value.transport_fault) == ("unknown", "store")
            assert time.monotonic() - began < 20
            assert client.cardholders.get(cardholder_no).cardholder_no == cardholder_no
        finally:
            postgres.start()
        assert sandbox.count("accounts.transfer") == 0
        assert pay(client, cardholder_no, settle=0.3).created
    assert "the attempt store cannot be reached" in caplog.text


# Several processes.


def check_all_end(payers: Payers) -> None:
    assert [worker.end() for worker in payers.workers] == [0] * WORKERS, [worker.log for worker in payers.workers]


def check_books(sandbox: Sandbox, cardholder_no: str, numbers: int = PAYMENTS) -> None:
    """Each payment is made once."""
    made = [transfer.transfer_unique_no for transfer in sandbox.state().transfers]
    assert sorted(made) == sorted(f"order-{number}" for number in range(numbers))
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("25.00") * numbers


def test_processes_pay_each_reference_once_though_some_are_killed(
    sandbox: Sandbox, cardholder_no: str, project: Path, sql: str
) -> None:
    # Long enough that a kill meets payments on their way.
    sandbox.fault("accounts.transfer", {"stall": 60}, times=10_000)
    with Payers(project, sql, sandbox, cardholder_no, PAYMENTS, WORKERS) as payers:
        for number in range(5):
            paid = number * PAYMENTS // 6
            until(lambda least=paid: len(sandbox.state().transfers) > least, "the workers do not pay")
            payers.replace(number % WORKERS)
        check_all_end(payers)
    check_books(sandbox, cardholder_no)
    assert sandbox.count("token") == 1
    workers = [*payers.workers, *payers.killed]
    created = [result["number"] for worker in workers for result in worker.results() if result.get("created")]
    assert len(created) == len(set(created))


@pytest.mark.parametrize("immediately", [False, True], ids=["fast", "immediate"])
def test_processes_survive_a_restart_of_the_server(
    postgres: Postgres, sandbox: Sandbox, cardholder_no: str, project: Path, sql: str, immediately: bool
) -> None:
    sandbox.fault("accounts.transfer", {"stall": 60}, times=10_000)
    with Payers(project, sql, sandbox, cardholder_no, PAYMENTS, WORKERS) as payers:
        workers = payers.workers
        until(lambda: len(sandbox.state().transfers) > PAYMENTS // 4, "the workers do not pay")
        postgres.stop(immediately=immediately)
        try:
            # The call during which it stopped, and one that began when it was down.
            until(lambda: all(len(worker.failures()) >= 2 for worker in workers), "a worker does not see the outage")
            sent = sandbox.count("accounts.transfer")
            seen = [len(worker.failures()) for worker in workers]
            until(
                lambda: all(len(worker.failures()) > least for worker, least in zip(workers, seen, strict=True)),
                "a worker waits for ever",
            )
            assert sandbox.count("accounts.transfer") == sent < PAYMENTS
        finally:
            postgres.start()
        check_all_end(payers)
    check_books(sandbox, cardholder_no)
    for worker in workers:
        outages = [failure for failure in worker.failures() if failure["fault"] == "store"]
        assert len(outages) >= 2
        assert {failure["outcome"] for failure in outages[1:]} == {"unknown"}


def test_a_purchase_is_decided_once_by_all_processes(project: Path, sql: str) -> None:
    requests = [purchase(number + 1, consume_no=f"{sql}-{number}") for number in range(10)]
    # All get each request, and half of them also a new delivery.
    texts = []
    for worker in range(WORKERS):
        posts = [(again(body) if worker % 2 else headers, body) for headers, body in requests]
        texts.append("".join(json.dumps([headers, body.decode()]) + "\n" for headers, body in posts))
    workers = [Worker(project, "decider.py", sql, stdin=text) for text in texts]
    assert [worker.end() for worker in workers] == [0] * WORKERS, [worker.log for worker in workers]
    said = [line for worker in workers for line in worker.lines]
    assert said.count("decided") == 10
    assert said.count(ACCEPTED[1].decode()) == 10 * WORKERS
