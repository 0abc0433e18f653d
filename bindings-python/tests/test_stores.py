"""Stores: what they record of a payment, over processes, and those that a user writes."""

from __future__ import annotations

import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from store_contract import ATTEMPT_CHECKS, TOKEN_CHECKS, check_clients_share, check_forked_child, pay

import keysecure
from keysecure import ApiError, Client, ConfigError, FileStore, KeySecureError, MemoryStore, RedisStore
from keysecure.relay import Relay, Scope
from keysecure.sandbox import Sandbox
from keysecure.stores import AttemptStore, Leased, PastAttempt, QuotaStore, ReplayStore, TokenStore

OLD = 3600.0


class OwnStore:
    """Tokens and attempts in dicts, as a user would write them over a database. It is an hour old when it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.born = time.monotonic() - OLD
        self.lines: dict[str, str] = {}
        self.locks: dict[str, str] = {}
        # The id of a lease, and when it ends.
        self.leases: dict[str, tuple[str, float]] = {}
        # The lease of the last attempt, when it ended or must have ended, and how.
        self.attempts: dict[str, tuple[str, float, str | None]] = {}
        self.calls: list[str] = []
        self.failure: BaseException | None = None

    def record(self, name: str) -> None:
        self.calls.append(name)
        if self.failure is not None:
            raise self.failure

    def load(self, slot: str, within: float) -> str | None:
        self.record("load")
        assert within > 0
        return self.lines.get(slot)

    def save(self, slot: str, line: str, within: float) -> None:
        self.record("save")
        self.lines[slot] = line

    def try_lock(self, slot: str, within: float) -> str | None:
        self.record("try_lock")
        with self.lock:
            if slot in self.locks:
                return None
            self.locks[slot] = secrets.token_hex(8)
            return self.locks[slot]

    def unlock(self, slot: str, lock_id: str, within: float) -> None:
        self.record("unlock")
        if self.locks.get(slot) == lock_id:
            del self.locks[slot]

    def has(self, reference: str, lease_id: str) -> bool:
        return self.leases.get(reference, ("", 0.0))[0] == lease_id

    def acquire(self, reference: str, lease: float, within: float) -> Leased | None:
        self.record("acquire")
        now = time.monotonic()
        with self.lock:
            if self.leases.get(reference, ("", now))[1] > now:
                return None
            lease_id = secrets.token_hex(8)
            self.leases[reference] = (lease_id, now + lease)
        last = self.attempts.get(reference)
        past = PastAttempt(max(0.0, now - last[1]), last[2]) if last else None  # type: ignore[arg-type]
        return Leased(lease_id, now - self.born, past)

    def begin(self, reference: str, lease_id: str, operation: str, lasts: float, lease: float, within: float) -> bool:
        self.record(f"begin {operation}")
        now = time.monotonic()
        with self.lock:
            if not self.has(reference, lease_id):
                return False
            self.leases[reference] = (lease_id, now + lease)
            self.attempts[reference] = (lease_id, now + lasts, None)
            return True

    def finish(self, reference: str, lease_id: str, end: str, within: float) -> None:
        self.record(f"finish {end}")
        with self.lock:
            last_lease, _, last_end = self.attempts[reference]
            if end == "done" or (last_lease == lease_id and last_end != "done"):
                self.attempts[reference] = (last_lease, time.monotonic(), end)

    def release(self, reference: str, lease_id: str, within: float) -> None:
        self.record("release")
        with self.lock:
            if self.has(reference, lease_id):
                del self.leases[reference]


class CountingStore(OwnStore):
    """One that counts for the limits of a relay as well."""

    def __init__(self) -> None:
        super().__init__()
        self.sums: dict[str, dict[str, int]] = {}

    def reserve(self, key: str, entry: str, amount: int, limit: int, keep: float, within: float) -> str:
        self.record("reserve")
        assert keep > 0 < within
        with self.lock:
            entries = self.sums.setdefault(key, {})
            if entry in entries:
                return "repeated"
            if sum(entries.values()) + amount > limit:
                return "exceeded"
            entries[entry] = amount
            return "new"

    def give_back(self, key: str, entry: str, within: float) -> None:
        self.record("give_back")
        with self.lock:
            self.sums[key].pop(entry, None)


def test_without_a_store_ensure_is_refused_and_the_choices_are_named(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        pay(client, cardholder_no)
    assert caught.value.outcome == "not_sent"
    for choice in ("memory", "file:DIRECTORY", "redis://HOST"):
        assert choice in str(caught.value)
    assert sandbox.count("accounts.transfer") == 0


def test_a_store_of_ones_own_records_a_payment_from_before_it_is_sent(sandbox: Sandbox, cardholder_no: str) -> None:
    store = OwnStore()
    assert isinstance(store, TokenStore)
    assert isinstance(store, AttemptStore)
    assert not isinstance(store, ReplayStore)
    with sandbox.client(store=store) as client:
        begin = time.monotonic()
        assert pay(client, cardholder_no).created
        assert time.monotonic() - begin < 8, "a reference that no worker ever sent does not wait for settle"
        assert not pay(client, cardholder_no).created
    attempts = [call for call in store.calls if call not in ("load", "save", "try_lock", "unlock")]
    assert attempts[:4] == ["acquire", "begin accounts.transfer", "finish done", "release"]
    assert store.leases == store.locks == {}
    assert sandbox.count("accounts.transfer") == 1
    # The token is there, in a line that another client reads.
    with sandbox.client(store=store) as other:
        other.access_token()
    assert sandbox.count("token") == 1


def test_a_plain_payment_with_a_reference_is_recorded_too(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    store = OwnStore()
    sandbox.fault("accounts.transfer", "drop_after_commit")
    with sandbox.client(store=store) as client:
        with pytest.raises(keysecure.TransportError):
            client.accounts.transfer(**transfer)
        assert "finish unknown" in store.calls
        assert not pay(client, transfer["cardholder_no"], settle=0.3).created
    assert sandbox.count("accounts.transfer") == 1


def test_a_store_that_raises_fails_ensure_closed_and_nothing_else(
    sandbox: Sandbox, cardholder_no: str, transfer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    store = OwnStore()
    store.failure = LookupError("the password is hunter2")
    caplog.set_level(logging.WARNING, "keysecure")
    with sandbox.client(store=store) as client:
        with pytest.raises(KeySecureError) as caught:
            pay(client, cardholder_no)
        assert (caught.value.outcome, caught.value.transport_fault) == ("unknown", "store")
        assert sandbox.count("accounts.transfer") == 0
        assert client.accounts.transfer(**transfer).transfer_no
        assert not pay(client, cardholder_no, settle=0.3, on_store_failure="accept").created
    failures = [message for message in caplog.messages if "LookupError" in message]
    assert any(
        message.startswith("the method acquire of the store raised LookupError at ") and "test_stores.py:" in message
        for message in failures
    )
    assert any("attempt store cannot be reached" in message for message in caplog.messages)
    assert any("token store cannot be reached" in message for message in caplog.messages)
    assert "hunter2" not in caplog.text


def test_what_a_store_returns_wrongly_is_an_outage(
    sandbox: Sandbox, cardholder_no: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def coroutine() -> bool:
        return True

    for name, value in [("begin", None), ("begin", 1), ("acquire", True), ("acquire", "x"), ("begin", coroutine())]:
        store = OwnStore()
        setattr(store, name, lambda *_, value=value: value)
        with sandbox.client(store=store) as client, pytest.raises(KeySecureError) as caught:
            pay(client, cardholder_no, first_attempt=True)
        assert (caught.value.outcome, caught.value.transport_fault) == ("not_sent", "store")
        assert f"the method {name} of the store returned a wrong value, of type {type(value).__name__}" in caplog.text
    assert sandbox.count("accounts.transfer") == 0


def test_asynchronous_stores_are_refused() -> None:
    class Async(OwnStore):
        async def finish(self, *_: object) -> None: ...  # type: ignore[override]

    with pytest.raises(ConfigError, match="method finish"):
        Client("key", "s" * 32, store=Async())


def test_ctrl_c_in_a_store_ends_the_call_and_nothing_is_sent(sandbox: Sandbox, cardholder_no: str) -> None:
    store = OwnStore()
    with sandbox.client(store=store) as client:
        client.access_token()
        store.failure = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            pay(client, cardholder_no)
        store.failure = None
        assert sandbox.count("accounts.transfer") == 0
        assert pay(client, cardholder_no).created


def test_ctrl_c_in_a_store_ends_a_plain_payment_too(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    store = OwnStore()
    with sandbox.client(store=store) as client:
        client.access_token()
        store.failure = KeyboardInterrupt()
        with pytest.raises(KeyboardInterrupt):
            client.accounts.transfer(**transfer)
        store.failure = None
        assert sandbox.count("accounts.transfer") == 0
        client.accounts.transfer(**transfer)
    assert sandbox.count("accounts.transfer") == 1


def test_a_busy_reference_is_not_sent(sandbox: Sandbox, cardholder_no: str) -> None:
    store = OwnStore()
    store.acquire = lambda *_: None  # type: ignore[method-assign, assignment]
    with sandbox.client(store=store) as client, pytest.raises(keysecure.TimeoutError):
        pay(client, cardholder_no, deadline=1.0, settle=0.1)
    assert sandbox.count("accounts.transfer") == 0


PAYER = """
import sys
from keysecure import Client
key, secret, url, store, holder, number = sys.argv[1:]
with Client(key, secret, base_url=url, store=store) as client:
    done = client.accounts.ensure_transfer(
        cardholder_no=holder, transfer_unique_no=number, type="In", amount="25.00", settle=0.5, deadline=30
    )
    print(done.created)
"""


def test_processes_pay_once(sandbox: Sandbox, cardholder_no: str, tmp_path: Path, redis_url: str) -> None:
    for round_, store in enumerate([f"file:{tmp_path / 'store'}", redis_url], 1):
        arguments = [sandbox.api_key, sandbox.api_secret, sandbox.base_url, store, cardholder_no, f"order-{round_}"]
        workers = [
            subprocess.Popen([sys.executable, "-c", PAYER, *arguments], stdout=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        said = [worker.communicate(timeout=120)[0].strip() for worker in workers]
        assert sorted(said) == ["False", "False", "False", "True"]
        assert sandbox.ledger().cardholder(cardholder_no) == Decimal("25.00") * round_
    assert sandbox.count("accounts.transfer") == 2


def test_clients_that_share_a_store_share_all_of_it(tmp_path: Path, redis_url: str) -> None:
    memory = MemoryStore()
    redis = RedisStore(redis_url, timeout=2)
    directory = tmp_path / "store"
    for one, other in [(memory, memory), (FileStore(directory), f"file:{directory}"), (redis, redis_url)]:
        with Sandbox() as sandbox:
            check_clients_share(sandbox, sandbox.seed_approved_cardholder(), one, other)
    assert redis_url not in repr(redis)


@pytest.mark.parametrize("check", [*TOKEN_CHECKS, *ATTEMPT_CHECKS])
def test_the_store_of_these_tests_keeps_the_contract(check: Callable[[Any], None]) -> None:
    check(OwnStore())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is Unix")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_continues_with_its_store(
    sandbox: Sandbox, cardholder_no: str, tmp_path: Path, redis_url: str
) -> None:
    for store in (MemoryStore(), FileStore(tmp_path / "store"), RedisStore(redis_url), OwnStore()):
        check_forked_child(sandbox, cardholder_no, store)


def test_a_refusal_of_the_platform_stays_one(sandbox: Sandbox, cardholder_no: str) -> None:
    sandbox.fault("accounts.transfer", {"code": 3001})
    with sandbox.client(store="memory") as client, pytest.raises(ApiError) as caught:
        pay(client, cardholder_no, "refused", first_attempt=True)
    assert (caught.value.outcome, caught.value.code) == ("rejected", 3001)


def app_transfers(store: Any, sandbox: Sandbox, cardholder_no: str, *amounts: str) -> list[int]:
    """The statuses of transfers of an app, which may transfer 50 in a day."""
    scope = Scope(cardholder_no, grants=["accounts.transfer_in"], max_transfer=50, max_per_day=50)
    with sandbox.client(store=store) as client:
        relay = Relay(client, lambda _: scope)
        statuses = []
        for place, amount in enumerate(amounts):
            body = json.dumps({"transfer_unique_no": f"tap-{place}", "type": "In", "balance": amount}).encode()
            headers = {"Content-Type": "application/json"}
            statuses.append(relay.handle("POST", "/v1/accounts.transfer", headers, body).status)
        return statuses


def test_a_store_of_ones_own_counts_for_the_limits_of_a_relay(sandbox: Sandbox, cardholder_no: str) -> None:
    store = CountingStore()
    assert isinstance(store, QuotaStore)
    sandbox.fault("accounts.transfer", {"code": 3001})
    amounts = ("50", "30", "30", "20")
    refused, *statuses = app_transfers(store, sandbox, cardholder_no, *amounts)
    assert refused != 200
    # What the platform refused does not count.
    assert statuses == [200, 403, 200]
    assert store.calls.count("reserve") == len(amounts)
    assert store.calls.count("give_back") == 1
    (entries,) = store.sums.values()
    assert sorted(entries.values()) == [2000, 3000]


def test_a_store_that_does_not_count_grants_no_transfer(
    sandbox: Sandbox, cardholder_no: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert not isinstance(OwnStore(), QuotaStore)
    assert app_transfers(OwnStore(), sandbox, cardholder_no, "30") == [503]
    wrong, failing = CountingStore(), CountingStore()
    wrong.reserve = lambda *_: True  # type: ignore[assignment,method-assign,return-value]
    failing.reserve = Mock(side_effect=OSError("password"))  # type: ignore[method-assign]
    for store in (wrong, failing):
        assert app_transfers(store, sandbox, cardholder_no, "30") == [503]
        assert "the method reserve of the store" in caplog.text
        caplog.clear()
    assert "password" not in caplog.text
    assert sandbox.count("accounts.transfer") == 0

    async def reserve(*_: object) -> str:
        return "new"

    wrong.reserve = reserve  # type: ignore[assignment,method-assign]
    with pytest.raises(ConfigError, match="reserve"):
        sandbox.client(store=wrong)
