"""The types of arguments, and the error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, TypedDict

from keysecure import FileStore, MemoryStore, MemoryTokenStore, RedisStore

if TYPE_CHECKING:
    from keysecure.stores import AttemptStore, TokenStore


class ClientSettings(TypedDict, total=False):
    """The settings of :meth:`Sandbox.client`: those of :class:`keysecure.Client` without the credentials."""

    environment: str
    base_url: str | None
    app_id: str | None
    aes: str
    timeout: float
    connect_timeout: float
    max_retries: int
    language: str
    timezone: str
    proxy: str | None
    ca_pem: str | bytes | PathLike[str] | None
    allow_plain_http: Iterable[str]
    store: str | MemoryStore | FileStore | RedisStore | MemoryTokenStore | TokenStore | AttemptStore | None
    token_store: str | MemoryStore | FileStore | RedisStore | MemoryTokenStore | TokenStore | None


class ListRules(TypedDict, total=False):
    """Deviations of list calls from the platform's documentation: the arguments of :meth:`Sandbox.lists`."""

    reference: str
    left_out: Sequence[str]
    ignore_filters: bool
    page_cap: int
    total: bool


Amount = Decimal | int | str
"""An amount of money."""


class SandboxError(RuntimeError):
    """A control call failed: an unknown row, a status that does not allow the call, an unknown operation."""
