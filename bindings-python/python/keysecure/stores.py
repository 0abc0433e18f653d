"""Stores: the data that the workers of a merchant share, and the protocols for a store of your own.

A **worker** is a process, a thread or a machine that uses the same Api-Key. Four kinds of data are shared:

* the access token (:class:`TokenStore`): a new token may invalidate the one before it, so workers that each fetch
  their own invalidate each other's;
* the record of attempts (:class:`AttemptStore`): which merchant references were sent, and which worker works on one
  now. The ``ensure_*`` calls need it to make no payment twice;
* the webhooks that were accepted and the decisions on purchases (:class:`ReplayStore`);
* the sums that the limits of a :mod:`keysecure.relay` are compared with (:class:`QuotaStore`).

A ready store keeps all four, and one setting is enough for a fleet::

    client = Client(key, secret, store="file:/var/lib/shop")
    verifier = client.webhook_verifier(store="file:/var/lib/shop")

=======================================  ==========================================================================
``"memory"``, :class:`MemoryStore`       this process is the only one that works on its references
``"file:/dir"``, :class:`FileStore`      all workers are processes of one user on one machine (Unix)
``"redis://h"``, :class:`RedisStore`     the workers are on several machines
an object of your own                    your database, such as PostgreSQL; see below
=======================================  ==========================================================================

**A store of your own** is an object with all methods of one or more of the protocols; it need not derive from them.
:class:`QuotaStore` is for relays only: without it no relay transfers money or applies for cards. The methods are called
on any thread, and must not be coroutines. Their exceptions are logged, by type and place and never by text, and count
as "the store cannot be reached": reads and plain calls continue, ``ensure_*`` fail with outcome ``not_sent``, webhooks
are rejected (or accepted, by ``on_store_failure``). A method that cannot finish ``within`` that many seconds should
raise :class:`TimeoutError`. All times and ages are in seconds.

For PostgreSQL, copy one of the stores of the cookbook into your project: ``examples/sqlalchemy_store.py`` or
``examples/django_store.py`` in the repository. They pass the tests of the ready stores, with killed workers and a
restart of the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from ._native import FileStore, MemoryReplayStore, MemoryStore, RedisStore

__all__ = [
    "AttemptStore",
    "FileStore",
    "Leased",
    "MemoryReplayStore",
    "MemoryStore",
    "PastAttempt",
    "QuotaStore",
    "RedisStore",
    "ReplayStore",
    "TokenStore",
]


@runtime_checkable
class TokenStore(Protocol):
    """Keeps access tokens. A ``slot`` identifies one merchant at one platform: 64 hexadecimal digits, no secret."""

    def load(self, slot: str, within: float, /) -> str | bytes | None:
        """Returns the line that was saved for the slot, or ``None``. It need not be valid any more."""

    def save(self, slot: str, line: str, within: float, /) -> object:
        """Replaces the line of the slot atomically: a reader sees the old or the new one, whole.

        **It holds the token.**
        """

    def try_lock(self, slot: str, within: float, /) -> str | bytes | None:
        """Takes the lock of the slot and returns an id of this lock; ``None`` when another worker has it. It does not
        wait. The lock must expire some 10 seconds after its holder was killed."""

    def unlock(self, slot: str, lock_id: str, within: float, /) -> object:
        """Ends the lock, if it still has this id."""


@dataclass(frozen=True)
class PastAttempt:
    """The last recorded attempt on a reference, for :attr:`Leased.last_attempt`.

    ``ended_ago``: how many seconds ago it ended, on the store's clock. For one without an end: how long ago it must
    have ended at the latest (its begin plus its ``lasts``); zero if in doubt.

    ``end``: the end that :meth:`AttemptStore.finish` recorded, ``"done"``, ``"not_done"`` or ``"unknown"``; ``None``
    (default) when nothing was recorded, as after a crash.
    """

    ended_ago: float
    """How many seconds ago it ended, on the store's clock. For one without an end: how long ago it must have ended at
    the latest (its begin plus its ``lasts``); zero if in doubt."""
    end: Literal["done", "not_done", "unknown"] | None = None
    """The end that :meth:`AttemptStore.finish` recorded; ``None`` when nothing was recorded, as after a crash."""


@dataclass(frozen=True)
class Leased:
    """A reference that was leased to the caller: the result of :meth:`AttemptStore.acquire`.

    ``lease_id``: the id of the lease, for later calls.

    ``store_age``: for how many seconds the store has been recording without a loss; zero if in doubt. Only a store
    older than ``settle`` shows that a reference is new.

    ``last_attempt``: the last attempt on the reference, a :class:`PastAttempt`; ``None`` (default) for one that was
    never sent.
    """

    lease_id: str
    """The id of the lease, for later calls."""
    store_age: float
    """For how many seconds the store has been recording without a loss; zero if in doubt. Only a store older than
    ``settle`` shows that a reference is new."""
    last_attempt: PastAttempt | None = None
    """The last attempt on the reference; ``None`` for one that was never sent."""


@runtime_checkable
class AttemptStore(Protocol):
    """Remembers which merchant references were sent, and leases each to one worker at a time.

    A ``reference`` is an opaque text of at most 128 characters, no secret. The order of calls is :meth:`acquire`, then
    for each attempt :meth:`begin` before its first byte leaves and :meth:`finish` after it ended, then
    :meth:`release`. Keep records for good: a reference that was paid long ago must not look new.
    """

    def acquire(self, reference: str, lease: float, within: float, /) -> Leased | None:
        """Leases the reference for ``lease`` seconds; ``None`` when another worker has it. It does not wait for that
        worker. It must be atomic: of two calls at once, one gets the lease. The lease ends by :meth:`release`, or when
        its time is over."""

    def begin(
        self, reference: str, lease_id: str, operation: str, lasts: float, lease: float, within: float, /
    ) -> bool:
        """Records **durably** that an attempt begins, which takes ``lasts`` seconds at most, and extends the lease to
        ``lease`` seconds from now. ``False``, and nothing recorded, when the lease is another worker's by now.

        In a database: commit before you return, on a connection of your own. In a transaction of the caller, who may be
        inside Django's ``atomic()``, the record would roll back with it although the payment was sent."""
        raise NotImplementedError

    def finish(self, reference: str, lease_id: str, end: str, within: float, /) -> object:
        """Records how the last attempt of this lease ended: ``"done"``, ``"not_done"`` or ``"unknown"``. When another
        worker has begun a later attempt, record ``"done"`` only."""

    def release(self, reference: str, lease_id: str, within: float, /) -> object:
        """Ends the lease, if it still has this id."""


@runtime_checkable
class ReplayStore(Protocol):
    """Remembers webhooks that were accepted, and the decisions on purchases. Keys and values are short texts.

    A purchase waits for the store before it is decided: its ``insert`` and your decision together have the ``budget``
    of the receiver (0.6 seconds). With a store that takes longer, the default is replied and your decision may never
    be asked; limit its waiting (``connect_timeout``, ``statement_timeout``, ``socket_timeout``) to 0.2 seconds or so.
    """

    def insert(self, key: str, value: str, keep: float, /) -> str | bytes | None:
        """Stores the value for ``keep`` seconds, unless the key is present: then returns the present value. It
        must be atomic: of two calls at once, exactly one gets ``None``."""

    def get(self, key: str, /) -> str | bytes | None:
        """Returns the value of the key, or ``None``."""

    def remove(self, key: str, /) -> object:
        """Removes the key, if it is present."""


@runtime_checkable
class QuotaStore(Protocol):
    """Counts what cardholders do through a relay in one day. ``key`` names a sum and ``entry`` an amount in it: 64
    hexadecimal digits, no secrets. Amounts are whole numbers below 2**64.
    """

    def reserve(
        self, key: str, entry: str, amount: int, limit: int, keep: float, within: float, /
    ) -> Literal["new", "repeated", "exceeded"]:
        """Adds the amount to the sum and returns ``"new"``; ``"exceeded"``, and nothing added, when the sum would be
        larger than ``limit``; ``"repeated"``, and nothing added, when the entry is present, whatever its amount. The
        sum may be forgotten ``keep`` seconds after its last entry.

        It must be atomic: however many workers reserve at once, the sum never exceeds the limit."""
        raise NotImplementedError

    def give_back(self, key: str, entry: str, within: float, /) -> object:
        """Removes the entry and takes its amount from the sum, if it is present."""
