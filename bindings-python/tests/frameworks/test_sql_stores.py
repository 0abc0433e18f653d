"""The stores of the cookbook on a real PostgreSQL server, in a project that has them as copied files."""

from __future__ import annotations

import importlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from postgres_support import ROLE, Postgres
from sql_support import KINDS, Payers, Worker, make_project, until
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
from webhook_support import ACCEPTED, again, purchase

from keysecure import KeySecureError
from keysecure.sandbox import Sandbox
from keysecure.stores import AttemptStore, ReplayStore, TokenStore

PAYMENTS, WORKERS = 30, 4


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with closing(Postgres()) as postgres:
        yield postgres


@pytest.fixture(scope="module")
def project(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    from django.conf import settings

    assert not settings.configured, "another test configured Django in this process: it needs a process of its own"
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        modules = {"sqlalchemy_store.py": ".", "django_store.py": "shop"}
        for name, value in make_project(folder, postgres, modules).items():
            patch.setenv(name, value)
        patch.syspath_prepend(folder)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("makemigrations", "shop", verbosity=0)
        call_command("migrate", verbosity=0)
        yield folder


@pytest.fixture(params=KINDS)
def sql(request: pytest.FixtureRequest, project: Path) -> str:
    """The kind of store: the name of its function in the project."""
    return str(request.param)


def new_store(sql: str) -> Any:
    return getattr(importlib.import_module("stores"), sql)()


@pytest.fixture
def store(sql: str) -> Iterator[Any]:
    store = new_store(sql)
    yield store
    if sql == "sqlalchemy":
        store._engine.dispose()


@pytest.fixture
def module(sql: str, store: object) -> ModuleType:
    """The module of the cookbook."""
    return importlib.import_module(type(store).__module__)


def table(sql: str, rows: str) -> str:
    """The name of the table of attempts, tokens or webhooks."""
    return f"keysecure_{rows}s" if sql == "sqlalchemy" else f"shop_keysecure{rows}"


@contextmanager
def session(postgres: Postgres, sql: str) -> Iterator[psycopg.Connection[Any]]:
    """A session of somebody else on the database of the store. Its locks end, lest a broken store waits for ever."""
    limit = "-c idle_in_transaction_session_timeout=20s"
    with psycopg.connect(postgres.dsn(f"shop_{sql}"), options=limit) as connection:
        yield connection


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


def test_it_waits_for_a_lock_no_longer_than_it_may(postgres: Postgres, sql: str, store: Any) -> None:
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


# Transactions of the caller.


class RollbackError(Exception):
    """Ends a transaction of the caller."""


@contextmanager
def transaction(sql: str) -> Iterator[None]:
    """A transaction of the caller that is rolled back."""
    try:
        if sql == "django":
            from django.db import transaction as django_transaction
            from shop.models import Order

            with django_transaction.atomic():
                Order.objects.create(number="order-7")
                yield
                raise RollbackError
        else:
            import sqlalchemy as sa

            engine = new_store(sql)._engine
            with engine.begin() as connection:
                connection.execute(sa.text("CREATE TABLE orders (number text)"))
                yield
                raise RollbackError
    except RollbackError:
        pass


def test_a_record_stays_when_the_transaction_of_the_caller_rolls_back(
    postgres: Postgres, sandbox: Sandbox, cardholder_no: str, sql: str, store: Any
) -> None:
    def attempts() -> list[tuple[Any, ...]]:
        with session(postgres, sql) as other:
            attempted = f"FROM {table(sql, 'attempt')} WHERE operation IS NOT NULL"
            return other.execute(f"SELECT reference, operation, outcome {attempted}").fetchall()

    before = attempts()
    reference = new_key()
    with transaction(sql):
        mine = leased(store, reference)
        assert store.begin(reference, mine.lease_id, "accounts.transfer", 1, LONG, WITHIN) is True
        # Another session sees it before the request leaves, and so does one after a crash.
        assert [row for row in attempts() if row[0] == reference] == [(reference, "accounts.transfer", None)]
        with sandbox.client(store=store) as client:
            assert pay(client, cardholder_no, settle=0.3).created
    after = [row for row in attempts() if row not in before]
    assert sorted((operation, outcome or "no end") for _, operation, outcome in after) == [
        ("accounts.transfer", "done"),
        ("accounts.transfer", "no end"),
    ]
    with sandbox.client(store=store) as client:
        assert not pay(client, cardholder_no, settle=0.3).created
    assert sandbox.count("accounts.transfer") == 1


def test_django_inside_a_transaction_of_its_own_connection_is_refused(
    sandbox: Sandbox, cardholder_no: str, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from django.db import connections, transaction

    store = new_store("django")
    leased(store, new_key())
    with sandbox.client(store=store) as client:
        with transaction.atomic(using="keysecure"):
            with pytest.raises(KeySecureError) as caught:
                pay(client, cardholder_no)
            assert (caught.value.outcome, caught.value.transport_fault) == ("not_sent", "store")
        connections["keysecure"].set_autocommit(False)
        try:
            with pytest.raises(KeySecureError) as caught:
                pay(client, cardholder_no)
            assert caught.value.outcome == "not_sent"
        finally:
            connections["keysecure"].set_autocommit(True)
        assert sandbox.count("accounts.transfer") == 0
        assert pay(client, cardholder_no, settle=0.3).created
    assert re.search(r"method acquire of the store raised InsideTransactionError at \S+django_store.py:", caplog.text)


def test_what_shares_a_connection_with_its_caller_is_refused(postgres: Postgres, project: Path) -> None:
    import sqlalchemy as sa
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connections
    from shop.django_store import DjangoStore
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import StaticPool
    from sqlalchemy_store import SqlStore

    url = engine_url(postgres)
    engine, asynchronous = sa.create_engine(url), create_async_engine(url)
    with engine.connect() as connection:
        wrong = [connection, asynchronous, asynchronous.sync_engine, sa.create_engine("sqlite://")]
        for one in [*wrong, sa.create_engine(url, poolclass=StaticPool)]:
            with pytest.raises(TypeError, match="SqlStore needs"):
                SqlStore(one)
    engine.dispose()
    with pytest.raises(ImproperlyConfigured, match="second connection"):
        DjangoStore("missing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connections["keysecure"].settings_dict, "ATOMIC_REQUESTS", True)
        with pytest.raises(ImproperlyConfigured, match="ATOMIC_REQUESTS"):
            DjangoStore()


def engine_url(postgres: Postgres) -> str:
    return f"postgresql+psycopg://{ROLE}@/shop_sqlalchemy?host={postgres.folder}"


def test_all_workers_may_create_the_tables_when_they_start(postgres: Postgres, project: Path) -> None:
    import sqlalchemy as sa
    from sqlalchemy_store import create_tables, metadata

    engine = sa.create_engine(engine_url(postgres), pool_size=8)
    metadata.drop_all(engine)
    assert at_once(lambda: create_tables(engine)) == [None] * 8
    engine.dispose()


@pytest.mark.parametrize("level", ["AUTOCOMMIT", "SERIALIZABLE"])
def test_the_isolation_level_of_the_engine_does_not_matter(postgres: Postgres, project: Path, level: str) -> None:
    import sqlalchemy as sa
    from sqlalchemy_store import SqlStore, create_tables

    engine = sa.create_engine(engine_url(postgres), isolation_level=level)
    create_tables(engine)
    check_lease_is_exclusive(SqlStore(engine))
    check_webhooks(SqlStore(engine))
    with session(postgres, "sqlalchemy") as other:
        other.execute("LOCK keysecure_attempts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TimeoutError):
            SqlStore(engine).acquire(new_key(), LONG, 0.2)
    engine.dispose()


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
            assert (caught.value.outcome, caught.value.transport_fault) == ("not_sent", "store")
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
        assert {failure["outcome"] for failure in outages[1:]} == {"not_sent"}


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
