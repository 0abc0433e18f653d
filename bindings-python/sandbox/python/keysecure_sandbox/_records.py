"""The records that a sandbox returns."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

_UTC = timezone.utc
_EPOCH = datetime(1970, 1, 1, tzinfo=_UTC)
_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True)
class CardholderRecord:
    """A cardholder as the sandbox stores it."""

    cardholder_no: str
    cardholder_unique_no: str
    email: str
    status: str
    fail_reason: str
    time: datetime


@dataclass(frozen=True, slots=True)
class CardRecord:
    """A card as the sandbox stores it, without its secrets."""

    card_no: str
    card_unique_no: str
    cardholder_no: str
    product_no: str
    card_type: str
    status: str
    reason: str
    organization: str
    masked_pan: str
    card_last_no: str
    card_name: str
    exp_year: str
    exp_month: str
    has_pin: bool
    time: datetime


@dataclass(frozen=True, slots=True)
class ConsumptionRecord:
    """A consumption as the sandbox stores it: a purchase, an ATM withdrawal, a fee, a refund or a reversal."""

    consume_no: str
    consume_relate_no: str
    card_no: str
    cardholder_no: str
    type: str
    amount: Decimal
    local_amount: Decimal
    local_currency: str
    fees: list[dict[str, str]]
    merchant_info: dict[str, str]
    status: str
    remark: str
    returned: Decimal
    time: datetime
    """Creation time."""
    updated: datetime
    """Time of the last change. It grows with each change, even under a frozen clock."""


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """A transfer as the sandbox stores it."""

    transfer_no: str
    transfer_unique_no: str
    cardholder_no: str
    type: str
    amount: Decimal
    before_balance: Decimal
    after_balance: Decimal
    status: str
    time: datetime


@dataclass(frozen=True, slots=True)
class State:
    """All rows of the sandbox, oldest first."""

    cardholders: list[CardholderRecord]
    cards: list[CardRecord]
    consumptions: list[ConsumptionRecord]
    transfers: list[TransferRecord]


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of money from one account to another."""

    time: datetime
    memo: str
    from_: str
    to: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Ledger:
    """The sandbox's double-entry ledger. Accounts are ``merchant_reserve``, ``cardholder:NO``, ``hold:NO``, ``shops``,
    ``fees`` and ``outside``; the sum of all balances is zero."""

    balances: dict[str, Decimal]
    postings: list[Posting]

    def balance(self, account: str) -> Decimal:
        """The balance of an account; zero if nothing was posted to it."""
        return self.balances.get(account, Decimal(0))

    def cardholder(self, cardholder_no: str) -> Decimal:
        """The balance of a cardholder."""
        return self.balance(f"cardholder:{cardholder_no}")


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A recorded request, with masked secrets. ``code`` is ``None`` if no whole envelope was sent."""

    operation: str
    method: str
    path: str
    connection: int
    headers: list[str]
    body: str
    time: datetime
    code: int | None
    fault: str | dict[str, Any] | None
    committed: bool


@dataclass(frozen=True, slots=True)
class FiredFault:
    """A fault that affected a request."""

    operation: str
    kind: str | dict[str, Any]
    time: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One attempt to deliver a webhook. ``error`` is ``None`` if the merchant accepted it."""

    id: str
    action: str
    attempt: int
    time: datetime
    timestamp_ms: int
    signature: str
    http_status: int | None
    code: int | None
    error: str | None
    fault: str | dict[str, Any] | None
    body: str


@dataclass(frozen=True, slots=True)
class CardSecretsForTests:
    """The generated number and CVV of a sandbox card, for comparison and for activation."""

    pan: str = field(repr=False)
    cvv: str = field(repr=False)


_MONEY = frozenset({"amount", "local_amount", "returned", "before_balance", "after_balance"})


def read_record(kind: type[_Record], row: dict[str, Any]) -> _Record:
    """Creates a record from the JSON of a control call."""
    values: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        name = one.name
        if name in ("time", "updated"):
            values[name] = read_time(row[f"{name}_ms"])
        elif name in _MONEY:
            values[name] = Decimal(row[name])
        else:
            values[name] = row[name.rstrip("_")]
    return kind(**values)


def read_time(milliseconds: int) -> datetime:
    """The time of a Unix time in milliseconds, in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def unix_ms(time: datetime) -> int:
    """The Unix time in milliseconds of an aware time."""
    if time.tzinfo is None:
        raise ValueError("a time needs a time zone, such as datetime.now(timezone.utc)")
    return (time - _EPOCH) // timedelta(milliseconds=1)
