"""A store in PostgreSQL with SQLAlchemy 2, for any number of machines. Copy this file into your project.

    import sqlalchemy as sa
    from sqlalchemy_store import SqlStore, create_tables

    engine = sa.create_engine(
        "postgresql+psycopg://shop@db/shop",
        pool_timeout=1,  # a full pool is an outage of the store, not a wait of 30 seconds
        hide_parameters=True,  # SQLAlchemy's errors and log would show the access token
        connect_args={"connect_timeout": 2, "tcp_user_timeout": 2000},
    )
    create_tables(engine)
    store = SqlStore(engine)
    with keysecure.Client.from_env(store=store) as client:
        verifier = client.webhook_verifier(store=store)

Setup: `pip install "sqlalchemy>=2" "psycopg[binary]"`. With Alembic, add `metadata` to its `target_metadata` instead of
calling `create_tables`. The names of the tables start with `keysecure_`.

What it guarantees
==================
* **A record is durable before its request leaves.** Each method commits its own transaction, with
  `synchronous_commit`, on a connection of its own from the pool. So a caller may be inside a transaction:
  if that rolls back, the record stays. Otherwise a payment that was sent would have no record and be made twice. Give
  the store an engine that nothing else uses: callers that hold all connections of a shared pool would wait for one.
* **One worker for each reference.** A lease is one atomic `INSERT ... ON CONFLICT DO UPDATE ... WHERE`, which locks the
  row. It ends by `release`, or when its time is over on the clock of the server; those of the workers do not count.
* **A restart of the server loses nothing.** While it is down, `ensure_*` fail with outcome `not_sent`. A connection
  that broke is replaced once within a call: every statement may run twice, because it carries an id of its own.
* **No statement waits longer than its call may**, for locks or a slow server. A network that swallows packets is the
  matter of `connect_args` above.
* **A new store is careful.** Its age counts from the first use of the table; until it is older than `settle`, calls
  wait for `settle`. After a restore from a backup or a failover that lost transactions, call `forget_age`.

Rows of attempts are kept for good: a reference that was paid long ago must not look new. Rows of webhooks are deleted
in passing when they expire. The access token is in the table in plain text: restrict who can read it.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import Column, ColumnElement, Connection, DateTime, Engine, Table, Text, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from keysecure.stores import Leased, PastAttempt

T = TypeVar("T")

metadata = sa.MetaData()

tokens = Table(
    "keysecure_tokens",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("line", Text),
    Column("lease_id", Text),
    Column("lease_until", DateTime(timezone=True)),
)

attempts = Table(
    "keysecure_attempts",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("lease_id", Text),
    Column("lease_until", DateTime(timezone=True)),
    # The last attempt: the lease that made it, and when it ended, or must have ended at the latest.
    Column("attempt_id", Text),
    Column("operation", Text),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
)

webhooks = Table(
    "keysecure_webhooks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("insert_id", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
)

# The time at this instant. `now()` is that of the begin of the transaction, before it waited for a lock.
NOW = func.clock_timestamp()
# The row of attempts that tells since when they are recorded: its `ended_at`. No reference is this text.
AGE = "age"
TOKEN_LOCK = 10.0  # seconds for which a worker that was killed keeps others from fetching a token
WEBHOOK_WITHIN = 0.3  # seconds: the reply to a purchase is due within 0.8 s
# For one transaction: its time limits in milliseconds, and that it is on the disk when it is committed.
SETTINGS = sa.text("""SELECT set_config('statement_timeout', :millis, true), set_config('lock_timeout', :millis, true),
    set_config('synchronous_commit', 'on', true)""")
TIMED_OUT = ("57014", "55P03")  # SQLSTATE of a statement, and of a lock, that took longer than they may


def create_tables(engine: Engine) -> None:
    """Creates the tables that are missing. All workers may call it when they start."""
    with engine.begin() as connection:
        # PostgreSQL's own `IF NOT EXISTS` fails when two create the same table at once.
        connection.execute(select(func.pg_advisory_xact_lock(0x6B6579736563)))
        metadata.create_all(connection)


class SqlStore:
    """A `TokenStore`, `AttemptStore` and `ReplayStore`. Threads and forked children may share it."""

    def __init__(self, engine: Engine) -> None:
        if not isinstance(engine, Engine) or engine.dialect.name != "postgresql" or engine.dialect.is_async:
            raise TypeError("SqlStore needs an Engine of PostgreSQL (not a Session, Connection or AsyncEngine)")
        if isinstance(engine.pool, StaticPool | SingletonThreadPool):
            raise TypeError("SqlStore needs connections of its own: this pool gives it one that others use")
        # Whatever the engine's default: AUTOCOMMIT would ignore the time limits, and SERIALIZABLE fail where two meet.
        self._engine = engine.execution_options(isolation_level="READ COMMITTED")
        self._process = os.getpid()

    def forget_age(self) -> None:
        """Makes the store new: no reference counts as never sent until the store is older than `settle`."""
        self._run(10.0, lambda run: run.execute(sa.delete(attempts).where(attempts.c.reference == AGE)))

    def load(self, slot: str, within: float) -> str | None:
        return self._run(within, lambda run: run.scalar(select(tokens.c.line).where(tokens.c.slot == slot)))

    def save(self, slot: str, line: str, within: float) -> None:
        new = insert(tokens).values(slot=slot, line=line)
        new = new.on_conflict_do_update(index_elements=["slot"], set_={"line": line})
        self._run(within, lambda run: run.execute(new))

    def try_lock(self, slot: str, within: float) -> str | None:
        lease_id = uuid.uuid4().hex
        take = lease(tokens, tokens.c.slot, slot, lease_id, TOKEN_LOCK).returning(tokens.c.slot)
        return self._run(within, lambda run: lease_id if run.execute(take).first() else None)

    def unlock(self, slot: str, lock_id: str, within: float) -> None:
        mine = update(tokens).where(tokens.c.slot == slot, tokens.c.lease_id == lock_id)
        self._run(within, lambda run: run.execute(mine.values(lease_id=None, lease_until=None)))

    def acquire(self, reference: str, lease_for: float, within: float) -> Leased | None:
        lease_id = uuid.uuid4().hex
        since = attempts.alias()
        take = lease(attempts, attempts.c.reference, reference, lease_id, lease_for).returning(
            attempts.c.outcome,
            seconds_since(attempts.c.ended_at).label("ended_ago"),
            select(seconds_since(since.c.ended_at)).where(since.c.reference == AGE).scalar_subquery().label("age"),
        )

        def work(run: Connection) -> Leased | None:
            row = run.execute(take).first()
            if row is None:
                return None
            if row.age is None:
                run.execute(insert(attempts).values(reference=AGE, ended_at=NOW).on_conflict_do_nothing())
            # An attempt that may still last is "in doubt": zero.
            past = None if row.ended_ago is None else PastAttempt(max(0.0, float(row.ended_ago)), row.outcome)
            return Leased(lease_id, float(row.age or 0), past)

        return self._run(within, work)

    def begin(
        self, reference: str, lease_id: str, operation: str, lasts: float, lease_for: float, within: float
    ) -> bool:
        mine = update(attempts).where(attempts.c.reference == reference, attempts.c.lease_id == lease_id)
        attempt = {"attempt_id": lease_id, "operation": operation, "ended_at": NOW + span(lasts), "outcome": None}
        record = mine.values(**attempt, lease_until=NOW + span(lease_for))
        return self._run(within, lambda run: run.execute(record).rowcount == 1)

    def finish(self, reference: str, lease_id: str, end: str, within: float) -> None:
        last = update(attempts).where(attempts.c.reference == reference)
        if end != "done":
            # The end of an earlier attempt says nothing about a later one of another worker.
            last = last.where(attempts.c.attempt_id == lease_id, attempts.c.outcome.is_distinct_from("done"))
        self._run(within, lambda run: run.execute(last.values(outcome=end, ended_at=NOW)))

    def release(self, reference: str, lease_id: str, within: float) -> None:
        mine = update(attempts).where(attempts.c.reference == reference, attempts.c.lease_id == lease_id)
        self._run(within, lambda run: run.execute(mine.values(lease_id=None, lease_until=None)))

    def insert(self, key: str, value: str, keep: float) -> str | None:
        row = {"value": value, "insert_id": uuid.uuid4().hex, "expires_at": NOW + span(keep)}
        is_free = sa.or_(webhooks.c.expires_at <= NOW, webhooks.c.insert_id == row["insert_id"])
        new = insert(webhooks).values(key=key, **row)
        take = new.on_conflict_do_update(index_elements=["key"], set_=row, where=is_free).returning(webhooks.c.key)
        # A few at a time, so that none waits for it. `now()`: an index can be searched for it.
        expired = select(webhooks.c.key).where(webhooks.c.expires_at < func.now())
        expired = expired.order_by(webhooks.c.expires_at).limit(20).with_for_update(skip_locked=True)

        def work(run: Connection) -> str | None:
            if run.execute(take).first() is None:
                return run.scalar(select(webhooks.c.value).where(webhooks.c.key == key)) or ""
            run.execute(sa.delete(webhooks).where(webhooks.c.key.in_(expired)))
            return None

        return self._run(WEBHOOK_WITHIN, work)

    def get(self, key: str) -> str | None:
        present = select(webhooks.c.value).where(webhooks.c.key == key, webhooks.c.expires_at > NOW)
        return self._run(WEBHOOK_WITHIN, lambda run: run.scalar(present))

    def remove(self, key: str) -> None:
        self._run(WEBHOOK_WITHIN, lambda run: run.execute(sa.delete(webhooks).where(webhooks.c.key == key)))

    def _run(self, within: float, work: Callable[[Connection], T]) -> T:
        """Runs `work` in a transaction of its own, which is committed on return."""
        if self._process != os.getpid():
            # The connections of the pool are the parent's.
            self._engine.dispose(close=False)
            self._process = os.getpid()
        end = time.monotonic() + within
        for is_last in (False, True):
            try:
                with self._engine.begin() as connection:
                    millis = int((end - time.monotonic()) * 1000)
                    if millis <= 0:
                        raise TimeoutError
                    connection.execute(SETTINGS, {"millis": str(millis)})
                    return work(connection)
            except PoolTimeout:
                break
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) in TIMED_OUT:
                    break
                # A connection from the pool has broken since, as after a restart of the server.
                if is_last or not error.connection_invalidated:
                    raise
        raise TimeoutError


def lease(table: Table, column: ColumnElement[str], key: str, lease_id: str, seconds: float) -> Insert:
    """Takes a row that nobody has, or has any more. Run again with the same id it takes it again."""
    row = {"lease_id": lease_id, "lease_until": NOW + span(seconds)}
    until = table.c.lease_until
    is_free = sa.or_(until.is_(None), until <= NOW, table.c.lease_id == lease_id)
    new = insert(table).values({column: key, **row})
    return new.on_conflict_do_update(index_elements=[column], set_=row, where=is_free)


def span(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, 3.2e8))  # ten years: a caller may wait for ever


def seconds_since(when: ColumnElement[Any]) -> ColumnElement[Any]:
    return sa.extract("epoch", NOW - when)
