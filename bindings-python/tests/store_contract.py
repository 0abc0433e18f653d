"""What every store does: the same checks for the ready ones, for those of the cookbook, and for one over dicts."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox
from keysecure.stores import AttemptStore, Leased, TokenStore

# A time limit that no test reaches, and a lease that ends while a test waits for it.
WITHIN, LONG, SHORT = 60.0, 600.0, 0.4


def pay(client: Client, holder: str, number: str = "order-7", **options: Any) -> keysecure.Ensured[Any]:
    return client.accounts.ensure_transfer(
        cardholder_no=holder, transfer_unique_no=number, type="In", amount="25.00", **options
    )


# Checks of any store, by the clients and verifiers that have it.


def check_clients_share(sandbox: Sandbox, cardholder_no: str, one: Any, other: Any) -> None:
    """Two clients with the same store have one token, pay once and accept a webhook once."""
    with sandbox.client(store=one) as first, sandbox.client(store=other) as second:
        assert [pay(client, cardholder_no, settle=0.3).created for client in (first, second)] == [True, False]
        assert sandbox.count("token") == 1
        assert sandbox.count("accounts.transfer") == 1
        body = b'{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}'
        headers = first.webhook_verifier().sign_for_tests(sandbox.clock.now, body)
        with pytest.raises(LookupError), first.webhook_verifier(store=one).claim(headers, body):
            raise LookupError("a handler that failed: the platform sends it again")
        with first.webhook_verifier(store=one).claim(headers, body):
            pass
        with pytest.raises(keysecure.WebhookError) as caught:
            second.webhook_verifier(store=other).claim(headers, body)
        assert caught.value.rejection == "replayed"


def check_forked_child(sandbox: Sandbox, cardholder_no: str, store: Any) -> None:
    """A forked child continues with the store of its parent, and so does the parent after it."""
    before = sandbox.count("accounts.transfer")
    with sandbox.client(store=store) as client:
        assert pay(client, cardholder_no, f"parent-{before}", settle=0.3, first_attempt=True).created
        child = os.fork()
        if child == 0:
            status = 1
            try:
                again = pay(client, cardholder_no, f"parent-{before}", settle=0.3).created
                mine = pay(client, cardholder_no, f"child-{before}", settle=0.3, first_attempt=True).created
                status = 0 if (again, mine) == (False, True) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not pay(client, cardholder_no, f"child-{before}", settle=0.3).created
    assert sandbox.count("accounts.transfer") == before + 2


# Checks of a store that is written in Python, by its methods.


def new_key() -> str:
    """A slot, a reference or the key of a webhook, which no other test has."""
    return secrets.token_hex(32)


def leased(store: AttemptStore, reference: str, lease: float = LONG) -> Leased:
    """Takes a reference that is free, or waits for the end of a short lease."""
    end = time.monotonic() + 60
    while (taken := store.acquire(reference, lease, WITHIN)) is None:
        assert time.monotonic() < end, "the lease does not end"
        time.sleep(0.02)
    return taken


def at_once(call: Callable[[], Any]) -> list[Any]:
    """What eight threads get that call at the same time."""
    barrier = threading.Barrier(8)

    def work(_: int) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(work, range(8)))


def check_token(store: TokenStore) -> None:
    slot = new_key()
    assert store.load(slot, WITHIN) is None
    for line in ("1 1000 2000 first", "1 3000 4000 second"):
        store.save(slot, line, WITHIN)
        assert store.load(slot, WITHIN) == line
    assert store.load(new_key(), WITHIN) is None


def check_token_lock(store: TokenStore) -> None:
    slot = new_key()
    taken = [lock for lock in at_once(lambda: store.try_lock(slot, WITHIN)) if lock is not None]
    assert len(taken) == 1
    store.unlock(slot, "of another worker", WITHIN)
    assert store.try_lock(slot, WITHIN) is None
    assert store.load(slot, WITHIN) is None
    store.unlock(slot, taken[0], WITHIN)
    assert store.try_lock(slot, WITHIN) is not None


def check_lease_is_exclusive(store: AttemptStore) -> None:
    reference = new_key()
    taken = [lease for lease in at_once(lambda: store.acquire(reference, LONG, WITHIN)) if lease is not None]
    assert len(taken) == 1
    assert taken[0].last_attempt is None
    store.release(reference, "of another worker", WITHIN)
    assert store.acquire(reference, LONG, WITHIN) is None
    assert store.acquire(new_key(), LONG, WITHIN) is not None
    store.release(reference, taken[0].lease_id, WITHIN)
    assert leased(store, reference).lease_id != taken[0].lease_id


def check_lease_expires(store: AttemptStore) -> None:
    """A worker that was killed or suspended loses its lease, and can then record nothing."""
    reference = new_key()
    suspended = leased(store, reference, SHORT)
    other = leased(store, reference)
    assert other.last_attempt is None
    assert store.begin(reference, suspended.lease_id, "accounts.transfer", 1, LONG, WITHIN) is False
    store.release(reference, suspended.lease_id, WITHIN)
    assert store.acquire(reference, LONG, WITHIN) is None, "it released the lease of another"
    assert store.begin(reference, other.lease_id, "accounts.transfer", 1, LONG, WITHIN) is True


def check_begin_extends_the_lease(store: AttemptStore) -> None:
    reference = new_key()
    mine = leased(store, reference, SHORT)
    assert store.begin(reference, mine.lease_id, "accounts.transfer", 1, LONG, WITHIN) is True
    time.sleep(2 * SHORT)
    assert store.acquire(reference, LONG, WITHIN) is None


def check_last_attempt(store: AttemptStore) -> None:
    reference, began = new_key(), time.monotonic()
    for end in ("unknown", "not_done", "done"):
        mine = leased(store, reference)
        assert store.begin(reference, mine.lease_id, "accounts.transfer", LONG, LONG, WITHIN) is True
        store.finish(reference, mine.lease_id, end, WITHIN)
        store.release(reference, mine.lease_id, WITHIN)
        found = leased(store, reference)
        assert found.last_attempt is not None
        assert found.last_attempt.end == end
        assert 0 <= found.last_attempt.ended_ago <= time.monotonic() - began
        store.release(reference, found.lease_id, WITHIN)


def check_an_attempt_without_an_end(store: AttemptStore) -> None:
    """After a crash, an attempt may have lasted as long as its limit."""
    reference = new_key()
    for lasts in (LONG, 0.2):
        killed = leased(store, reference, SHORT)
        began = time.monotonic()
        assert store.begin(reference, killed.lease_id, "accounts.transfer", lasts, SHORT, WITHIN) is True
        found = leased(store, reference)
        assert found.last_attempt is not None
        assert found.last_attempt.end is None
        assert 0 <= found.last_attempt.ended_ago <= max(0.0, time.monotonic() - began - lasts)
        assert (found.last_attempt.ended_ago > 0) == (lasts < SHORT)
        store.release(reference, found.lease_id, WITHIN)


def check_end_of_an_earlier_attempt(store: AttemptStore) -> None:
    """It says nothing about a later attempt of another worker, except that the payment is made."""
    reference = new_key()
    early = leased(store, reference, SHORT)
    assert store.begin(reference, early.lease_id, "accounts.transfer", 0.1, SHORT, WITHIN) is True
    late = leased(store, reference, SHORT)
    assert store.begin(reference, late.lease_id, "accounts.transfer", 0.1, SHORT, WITHIN) is True

    def recorded() -> str | None:
        found = leased(store, reference, SHORT)
        store.release(reference, found.lease_id, WITHIN)
        assert found.last_attempt is not None
        return found.last_attempt.end

    store.finish(reference, early.lease_id, "not_done", WITHIN)
    assert recorded() is None
    store.finish(reference, late.lease_id, "unknown", WITHIN)
    assert recorded() == "unknown"
    store.finish(reference, early.lease_id, "done", WITHIN)
    assert recorded() == "done"
    store.finish(reference, late.lease_id, "unknown", WITHIN)
    assert recorded() == "done", "no end of another attempt takes that back"


def check_age(store: AttemptStore) -> None:
    first = leased(store, new_key()).store_age
    began = time.monotonic()
    time.sleep(0.2)
    later = leased(store, new_key()).store_age
    assert 0.1 < later - first < time.monotonic() - began + 1


def check_webhooks(store: Any) -> None:
    key = new_key()
    assert store.get(key) is None
    present = [value for value in at_once(lambda: store.insert(key, "=accept", LONG)) if value is not None]
    assert present == ["=accept"] * 7
    assert store.insert(key, "=decline", LONG) == "=accept"
    assert store.get(key) == "=accept"
    store.remove(key)
    store.remove(key)
    assert store.get(key) is None
    assert store.insert(key, "=", LONG) is None
    assert store.get(key) == "="


def check_webhooks_expire(store: Any) -> None:
    key, began = new_key(), time.monotonic()
    assert store.insert(key, "=old", SHORT) is None
    assert store.get(key) == "=old" or time.monotonic() - began > SHORT
    time.sleep(SHORT + 0.1)
    assert store.get(key) is None
    assert store.insert(key, "=new", LONG) is None
    assert store.get(key) == "=new"


TOKEN_CHECKS = [check_token, check_token_lock]
ATTEMPT_CHECKS = [
    check_lease_is_exclusive,
    check_lease_expires,
    check_begin_extends_the_lease,
    check_last_attempt,
    check_an_attempt_without_an_end,
    check_end_of_an_earlier_attempt,
    check_age,
]
WEBHOOK_CHECKS = [check_webhooks, check_webhooks_expire]
