"""A store in PostgreSQL with Django's ORM, for any number of machines. Copy this file into an app of your project.

    # settings.py: a second connection to the same database
    DATABASES["keysecure"] = {
        **DATABASES["default"],
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 60,
        "OPTIONS": {**DATABASES["default"].get("OPTIONS", {}), "connect_timeout": 2, "tcp_user_timeout": 2000},
        "TEST": {"MIRROR": "default"},
    }

    # models.py of the app, so that Django finds the models
    from .django_store import KeySecureAttempt, KeySecureToken, KeySecureWebhook

    # where clients are made
    store = DjangoStore()
    client = keysecure.Client.from_env(store=store)
    verifier = client.webhook_verifier(store=store)

Setup: `pip install "django>=4.2" "psycopg[binary]"`, then `manage.py makemigrations` and `manage.py migrate`. The
connections are two, the tables are the same.

What it guarantees
==================
* **A record is durable before its request leaves.** Each method commits its own transaction, with
  `synchronous_commit`, on the connection "keysecure". So a caller may be inside `transaction.atomic()`: if that rolls
  back, the record stays. Otherwise a payment that was sent would have no record and be made twice. Inside
  `atomic(using="keysecure")`, and so in a `TestCase` with that database, it raises `InsideTransactionError`, and the
  payment fails with outcome `not_sent`. In tests use `TransactionTestCase`, or `store="memory"`.
* **One worker for each reference.** A lease is one atomic `UPDATE ... WHERE`, which locks the row. It ends by
  `release`, or when its time is over on the clock of the server; those of the workers do not count.
* **A restart of the server loses nothing.** While it is down, `ensure_*` fail with outcome `not_sent`. A connection
  that broke is replaced once within a call: every statement may run twice, because it carries an id of its own.
* **No statement waits longer than its call may**, for locks or a slow server. A network that swallows packets is the
  matter of `OPTIONS` above. Each thread has a connection, for `CONN_MAX_AGE` seconds; 0 makes one for each call.
* **A new store is careful.** Its age counts from the first use of the table; until it is older than `settle`, calls
  wait for `settle`. After a restore from a backup or a failover that lost transactions, call `forget_age`.

Rows of attempts are kept for good: a reference that was paid long ago must not look new. Rows of webhooks are deleted
in passing when they expire. The access token is in the table in plain text: restrict who can read it. With `DEBUG`,
Django keeps and logs statements with their values.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connections, models, transaction
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Extract, Now

from keysecure.stores import Leased, PastAttempt

T = TypeVar("T")

# The row of attempts that tells since when they are recorded: its `ended_at`. No reference is this text.
AGE = "age"
TOKEN_LOCK = 10.0  # seconds for which a worker that was killed keeps others from fetching a token
WEBHOOK_WITHIN = 0.3  # seconds: the reply to a purchase is due within 0.8 s
# For one transaction: its time limits in milliseconds, and that it is on the disk when it is committed.
SETTINGS = """SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true),
    set_config('synchronous_commit', 'on', true)"""
TIMED_OUT = ("57014", "55P03")  # SQLSTATE of a statement, and of a lock, that took longer than they may


class KeySecureToken(models.Model):
    slot = models.TextField(primary_key=True)
    line = models.TextField(null=True)
    lease_id = models.TextField(null=True)
    lease_until = models.DateTimeField(null=True)


class KeySecureAttempt(models.Model):
    reference = models.TextField(primary_key=True)
    lease_id = models.TextField(null=True)
    lease_until = models.DateTimeField(null=True)
    # The last attempt: the lease that made it, and when it ended, or must have ended at the latest.
    attempt_id = models.TextField(null=True)
    operation = models.TextField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(null=True)


class KeySecureWebhook(models.Model):
    key = models.TextField(primary_key=True)
    value = models.TextField()
    insert_id = models.TextField()
    expires_at = models.DateTimeField(db_index=True)


class InsideTransactionError(RuntimeError):
    """The connection of the store has a transaction of the caller, with which the record could roll back."""


class Clock(Func):
    """The time of the server at this instant. `Now()` may be that before a wait for a lock."""

    function = "CLOCK_TIMESTAMP"
    output_field = models.DateTimeField()


class DjangoStore:
    """A `TokenStore`, `AttemptStore` and `ReplayStore`. Threads and forked children may share it."""

    def __init__(self, using: str = "keysecure") -> None:
        if using not in connections or connections[using].vendor != "postgresql":
            raise ImproperlyConfigured(f"DATABASES[{using!r}] must be a second connection to your PostgreSQL")
        settings = connections[using].settings_dict
        if settings["ATOMIC_REQUESTS"] or not settings["AUTOCOMMIT"]:
            raise ImproperlyConfigured(f"DATABASES[{using!r}] must not have ATOMIC_REQUESTS, and must have AUTOCOMMIT")
        self._using = using
        self._tokens = KeySecureToken.objects.using(using)
        self._attempts = KeySecureAttempt.objects.using(using)
        self._webhooks = KeySecureWebhook.objects.using(using)

    def forget_age(self) -> None:
        """Makes the store new: no reference counts as never sent until the store is older than `settle`."""
        self._run(10.0, self._attempts.filter(reference=AGE).delete)

    def load(self, slot: str, within: float) -> str | None:
        return self._run(within, self._tokens.filter(slot=slot).values_list("line", flat=True).first)

    def save(self, slot: str, line: str, within: float) -> None:
        row, replaced = KeySecureToken(slot=slot, line=line), {"unique_fields": ["slot"], "update_fields": ["line"]}
        self._run(within, lambda: self._tokens.bulk_create([row], update_conflicts=True, **replaced))

    def try_lock(self, slot: str, within: float) -> str | None:
        lease_id = uuid.uuid4().hex

        def work() -> str | None:
            self._tokens.bulk_create([KeySecureToken(slot=slot)], ignore_conflicts=True)
            return lease_id if lease(self._tokens.filter(slot=slot), lease_id, TOKEN_LOCK) else None

        return self._run(within, work)

    def unlock(self, slot: str, lock_id: str, within: float) -> None:
        mine = self._tokens.filter(slot=slot, lease_id=lock_id)
        self._run(within, lambda: mine.update(lease_id=None, lease_until=None))

    def acquire(self, reference: str, lease_for: float, within: float) -> Leased | None:
        lease_id = uuid.uuid4().hex
        rows, since = self._attempts.filter(reference=reference), self._attempts.filter(reference=AGE)
        ended_ago = Extract(Clock() - F("ended_at"), "epoch", output_field=models.FloatField())

        def work() -> Leased | None:
            self._attempts.bulk_create([KeySecureAttempt(reference=reference)], ignore_conflicts=True)
            if not lease(rows, lease_id, lease_for):
                return None
            age = since.values_list(ended_ago, flat=True).first()
            if age is None:
                self._attempts.bulk_create([KeySecureAttempt(reference=AGE, ended_at=Clock())], ignore_conflicts=True)
            outcome, ago = rows.values_list("outcome", ended_ago).get()
            # An attempt that may still last is "in doubt": zero.
            return Leased(lease_id, age or 0.0, None if ago is None else PastAttempt(max(0.0, ago), outcome))

        return self._run(within, work)

    def begin(
        self, reference: str, lease_id: str, operation: str, lasts: float, lease_for: float, within: float
    ) -> bool:
        mine = self._attempts.filter(reference=reference, lease_id=lease_id)
        record = {"attempt_id": lease_id, "operation": operation, "ended_at": Clock() + span(lasts), "outcome": None}
        return self._run(within, lambda: mine.update(**record, lease_until=Clock() + span(lease_for))) == 1

    def finish(self, reference: str, lease_id: str, end: str, within: float) -> None:
        last = self._attempts.filter(reference=reference)
        if end != "done":
            # The end of an earlier attempt says nothing about a later one of another worker.
            last = last.filter(Q(outcome=None) | ~Q(outcome="done"), attempt_id=lease_id)
        self._run(within, lambda: last.update(outcome=end, ended_at=Clock()))

    def release(self, reference: str, lease_id: str, within: float) -> None:
        mine = self._attempts.filter(reference=reference, lease_id=lease_id)
        self._run(within, lambda: mine.update(lease_id=None, lease_until=None))

    def insert(self, key: str, value: str, keep: float) -> str | None:
        insert_id = uuid.uuid4().hex
        row = KeySecureWebhook(key=key, value=value, insert_id=insert_id, expires_at=Clock() + span(keep))
        # A few at a time, so that none waits for it.
        expired = self._webhooks.select_for_update(skip_locked=True).filter(expires_at__lt=Now())
        expired = expired.order_by("expires_at").values_list("key", flat=True)[:20]

        def work() -> str | None:
            self._webhooks.filter(key=key, expires_at__lte=Clock()).delete()
            self._webhooks.bulk_create([row], ignore_conflicts=True)
            present = self._webhooks.filter(key=key).values_list("insert_id", "value").first()
            if present is None or present[0] != insert_id:
                # One that another worker removes at this moment was present.
                return present[1] if present else ""
            self._webhooks.filter(key__in=list(expired.all())).delete()
            return None

        return self._run(WEBHOOK_WITHIN, work)

    def get(self, key: str) -> str | None:
        present = self._webhooks.filter(key=key, expires_at__gt=Clock())
        return self._run(WEBHOOK_WITHIN, present.values_list("value", flat=True).first)

    def remove(self, key: str) -> None:
        self._run(WEBHOOK_WITHIN, self._webhooks.filter(key=key).delete)

    def _run(self, within: float, work: Callable[[], T]) -> T:
        """Runs `work` in a transaction of its own, which is committed on return."""
        connection = connections[self._using]
        if getattr(connection, "keysecure_process", os.getpid()) != os.getpid():
            # A connection that was open at a fork is the parent's.
            connection.connection = None
        connection.keysecure_process = os.getpid()
        if connection.in_atomic_block or (connection.connection and not connection.get_autocommit()):
            raise InsideTransactionError
        end = time.monotonic() + within
        for is_last in (False, True):
            used = connection.connection
            try:
                with transaction.atomic(self._using), connection.cursor() as cursor:
                    millis = int((end - time.monotonic()) * 1000)
                    if millis <= 0:
                        raise TimeoutError
                    cursor.execute(SETTINGS, [str(millis), str(millis)])
                    return work()
            except (OperationalError, InterfaceError) as error:
                if getattr(error.__cause__, "sqlstate", None) in TIMED_OUT:
                    break
                if used is not None and connection.connection is used and not connection.is_usable():
                    connection.close()
                # A connection of this thread has broken since, as after a restart of the server.
                if is_last or used is None or connection.connection is used:
                    raise
            finally:
                # What Django does after each request, for threads that handle none.
                connection.close_if_unusable_or_obsolete()
        raise TimeoutError


def lease(rows: Any, lease_id: str, seconds: float) -> bool:
    """Takes a row that nobody has, or has any more. Run again with the same id it takes it again."""
    is_free = Q(lease_until=None) | Q(lease_until__lte=Clock()) | Q(lease_id=lease_id)
    return rows.filter(is_free).update(lease_id=lease_id, lease_until=Clock() + span(seconds)) == 1


def span(seconds: float) -> Value:
    return Value(timedelta(seconds=min(seconds, 3.2e8)))  # ten years: a caller may wait for ever
