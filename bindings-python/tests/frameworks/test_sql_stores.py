"""The stores of the cookbook on a real PostgreSQL server, in a project that has them as copied files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from postgres_support import Postgres
from sql_support import engine_url, new_store, session, table, until
from store_contract import (
    ATTEMPT_CHECKS,
    LONG,
    SHORT,
    TOKEN_CHECKS,
    WEBHOOK_CHECKS,
    WITHIN,
    at_once,
    check_clients_share,
    check_forked_child,
    check_lease_is_exclusive,
    check_webhooks,
    leased,
    new_key,
    pay,
)

from keysecure.sandbox import Sandbox
from keysecure.stores import AttemptStore, ReplayStore, TokenStore


@pytest.mark.parametrize("check", [*TOKEN_CHECKS, *ATTEMPT_CHECKS, *WEBHOOK_CHECKS])
def test_it_keeps_the_contract_of_all_stores(store: Any, check: Callable[[Any], None]) -> None:
    assert isinstance(store, TokenStore)
    assert isinstance(store, AttemptStore)
    assert isinstance(store, ReplayStore)
    check(store)


@pytest.mark.parametrize("check", [*TOKEN_CHECKS, *ATTEMPT_CHECKS, *WEBHOOK_CHECKS])
def test_every_transaction_may_run_twice(store: Any, check: Callable[[Any], None]) -> None:
    """As when the connection breaks after a commit, before its response."""
    run = store._run

    def twice(within: float, work: Callable[..., object]) -> object:
        run(within, work)
        return run(within, work)

    store._run = twice
    check(store)


def test_clients_that_share_it_share_all_of_it(sandbox: Sandbox, cardholder_no: str, sql: str, store: Any) -> None:
    other = new_store(sql)
    check_clients_share(sandbox, cardholder_no, store, other)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_continues_with_it(sandbox: Sandbox, cardholder_no: str, store: Any) -> None:
    check_forked_child(sandbox, cardholder_no, store)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_opens_a_connection_of_its_own(postgres: Postgres, sql: str, store: Any) -> None:
    def sessions() -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        with psycopg.connect(postgres.dsn("postgres")) as other:
            row = other.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    store.get(new_key())
    before = sessions()
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.get(new_key())
            os.write(to_parent, b"used")
            os.read(from_parent, 1)
        finally:
            os._exit(0)
    os.close(to_parent)
    assert os.read(from_child, 4) == b"used"
    during = sessions()
    os.write(to_child, b"!")
    os.waitpid(child, 0)
    for end in (from_child, from_parent, to_child):
        os.close(end)
    assert during == before + 1
    assert store.get(new_key()) is None


def test_the_lock_of_a_killed_worker_on_the_token_ends(
    store: Any, module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TOKEN_LOCK", SHORT)
    slot = new_key()
    killed = store.try_lock(slot, WITHIN)
    until(lambda: store.try_lock(slot, WITHIN) is not None, "the lock does not end")
    store.unlock(slot, killed, WITHIN)


def test_a_new_store_is_careful_and_can_be_made_new_again(sandbox: Sandbox, cardholder_no: str, store: Any) -> None:
    leased(store, new_key())
    time.sleep(0.5)
    with sandbox.client(store=store) as client:
        client.access_token()
        began = time.monotonic()
        pay(client, cardholder_no, "old", settle=0.4, deadline=60)
        at_once = time.monotonic() - began
        store.forget_age()
        assert leased(store, new_key()).store_age == 0
        began = time.monotonic()
        pay(client, cardholder_no, "new", settle=at_once + 2, deadline=60)
        assert time.monotonic() - began > at_once + 2


def test_it_waits_for_a_lock_no_longer_than_it_may(
    postgres: Postgres, sql: str, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # to the cookbook's limit for webhooks
    reference, key = new_key(), new_key()
    mine = leased(store, reference)
    store.insert(key, "=", LONG)
    with session(postgres, sql) as other:
        for rows in ("attempt", "webhook", "token"):
            other.execute(f"LOCK {table(sql, rows)} IN ACCESS EXCLUSIVE MODE")
        calls: list[Callable[[], object]] = [
            lambda: store.acquire(reference, LONG, 0.3),
            lambda: store.begin(reference, mine.lease_id, "accounts.transfer", 1, LONG, 0.3),
            lambda: store.finish(reference, mine.lease_id, "done", 0.3),
            lambda: store.release(reference, mine.lease_id, 0.3),
            lambda: store.load(new_key(), 0.3),
            lambda: store.save(new_key(), "line", 0.3),
            lambda: store.insert(key, "=", LONG),
            lambda: store.get(key),
            lambda: store.remove(key),
        ]
        for call in calls:
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                call()
            assert 0.2 < time.monotonic() - began < 15
    assert leased(store, new_key()).last_attempt is None, "the connections can be used again"
    with pytest.raises(TimeoutError):
        store.acquire(new_key(), LONG, 0.0)


def test_expired_webhooks_are_deleted_in_passing(postgres: Postgres, sql: str, store: Any) -> None:
    with session(postgres, sql) as other:
        other.execute(f"DELETE FROM {table(sql, 'webhook')}")
    for number in range(25):
        store.insert(f"old-{number}", "=", 0.01)
    store.insert("kept", "=", LONG)
    time.sleep(0.1)
    for number in range(3):
        store.insert(f"new-{number}", "=", LONG)
    with session(postgres, sql) as other:
        left = {row[0] for row in other.execute(f"SELECT key FROM {table(sql, 'webhook')}")}
    assert left == {"kept", "new-0", "new-1", "new-2"}


def test_all_workers_may_create_the_tables_when_they_start(postgres: Postgres, project: Path) -> None:
    import sqlalchemy as sa
    from sqlalchemy_store import create_tables, metadata

    engine = sa.create_engine(engine_url(postgres), pool_size=8)
    metadata.drop_all(engine)
    assert at_once(lambda: create_tables(engine)) == [None] * 8
    engine.dispose()


@pytest.mark.parametrize("level", ["AUTOCOMMIT", "SERIALIZABLE"])
def test_the_isolation_level_of_the_engine_does_not_matter(
    postgres: Postgres, project: Path, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy as sa
    import sqlalchemy_store
    from sqlalchemy_store import SqlStore, create_tables

    monkeypatch.setattr(sqlalchemy_store, "WEBHOOK_WITHIN", WITHIN)
    engine = sa.create_engine(engine_url(postgres), isolation_level=level)
    create_tables(engine)
    check_lease_is_exclusive(SqlStore(engine))
    check_webhooks(SqlStore(engine))
    with session(postgres, "sqlalchemy") as other:
        other.execute("LOCK keysecure_attempts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TimeoutError):
            SqlStore(engine).acquire(new_key(), LONG, 0.2)
    engine.dispose()
