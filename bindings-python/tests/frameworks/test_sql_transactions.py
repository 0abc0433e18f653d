"""The stores of the cookbook inside transactions of their caller, and on connections that a caller shares with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from postgres_support import Postgres
from sql_support import engine_url, new_store, session, table
from store_contract import (
    LONG,
    WITHIN,
    leased,
    new_key,
    pay,
)

from keysecure import KeySecureError
from keysecure.sandbox import Sandbox


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
            assert (caught.value.outcome, caught.value.transport_fault) == ("unknown", "store")
        connections["keysecure"].set_autocommit(False)
        try:
            with pytest.raises(KeySecureError) as caught:
                pay(client, cardholder_no)
            assert caught.value.outcome == "unknown"
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
