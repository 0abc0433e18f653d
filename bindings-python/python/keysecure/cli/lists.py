"""The lists that can be exported, with their columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, Protocol

from .. import Card, Cardholder, Client, Consumption, Pager, TransferRecord

EXTRA = "extra"
"""The column for fields that have none."""
IN_JSON: dict[type, dict[str, str]] = {TransferRecord: {"amount": "balance"}}
"""Columns that have another name in the platform's JSON."""


class Row(Protocol):
    """A row of any list."""

    @property
    def time(self) -> datetime | None: ...
    def to_dict(self, *, mode: Literal["python", "json"] = ...) -> dict[str, Any]: ...
    def to_json(self) -> str: ...


@dataclass(frozen=True)
class Kind:
    """A list: the field of its number, an empty row, which has all fields, the fields that the platform documents for
    the list, the call, the filters that it takes, and the call that returns all fields of a row."""

    number: str
    empty: Row
    listed: tuple[str, ...]
    filters: tuple[str, ...]
    rows: Callable[[Client, datetime, datetime, dict[str, str]], Pager[Any]]
    detail: Callable[[Client, str], Row] | None = None

    def columns(self, *, details: bool) -> list[str]:
        """The columns of an export: what the list returns, or with details all fields."""
        fields = list(self.empty.to_dict())
        if details or not self.listed:
            return fields
        return [name for name in fields if name in self.listed or name == EXTRA]


KINDS = {
    "consumptions": Kind(
        "consume_no",
        Consumption.from_json('{"consume_no":""}'),
        ("consume_no", "card_no", "type", "amount", "status", "time"),
        ("cardholder_no", "card_no"),
        lambda client, start, end, filters: client.consumptions.list(start=start, end=end, **filters),
        lambda client, number: client.consumptions.get(number),
    ),
    "cards": Kind(
        "card_no",
        Card.from_json('{"card_no":"","status":""}'),
        (
            "card_no",
            "card_unique_no",
            "cardholder_no",
            "card_type",
            "card_last_no",
            "organization",
            "status",
            "time",
        ),
        ("cardholder_no", "card_no"),
        lambda client, start, end, filters: client.cards.list(start=start, end=end, **filters),
        lambda client, number: client.cards.get(number),
    ),
    "cardholders": Kind(
        "cardholder_no",
        Cardholder.from_json('{"cardholder_no":"","status":""}'),
        ("cardholder_no", "cardholder_unique_no", "email", "status", "fail_reason", "time"),
        ("cardholder_no",),
        lambda client, start, end, filters: client.cardholders.list(start=start, end=end, **filters),
        lambda client, number: client.cardholders.get(number),
    ),
    # The platform documents no field of the list.
    "transfers": Kind(
        "transfer_no",
        TransferRecord.from_json('{"transfer_no":""}'),
        (),
        ("cardholder_no",),
        lambda client, start, end, filters: client.accounts.transfers(start=start, end=end, **filters),
    ),
}


def fields_of(row: Row, columns: list[str]) -> dict[str, Any]:
    """The values of a row: one for each column, in Python's types; in `extra` everything else that has a value."""
    values = row.to_dict()
    others: dict[str, Any] = values.pop(EXTRA)
    found = {name: values.pop(name) for name in columns if name != EXTRA}
    return {**found, EXTRA: {**{name: value for name, value in values.items() if not is_empty(value)}, **others}}


def json_of(row: Row, columns: list[str]) -> dict[str, Any]:
    """The same for JSON: amounts as text, as the platform writes them; other fields beside the columns. A time that the
    client cannot read is as the platform wrote it."""
    try:
        values = json.loads(row.to_json(), parse_float=Decimal)
        in_json = IN_JSON.get(type(row), {})
    except (ArithmeticError, RecursionError, ValueError):
        # Python cannot hold a field: in the dict it is text.
        fields = row.to_dict(mode="json")
        values, in_json = {**fields.pop(EXTRA), **fields}, {}
    found = {name: values.pop(in_json.get(name, name), None) for name in columns if name != EXTRA}
    others = {name: value for name, value in values.items() if not is_empty(value) and found.get(name) is None}
    found.update(others)
    return found if row.time is None else {**found, "time": row.time}


def is_empty(value: object) -> bool:
    """Whether a field has no value."""
    return value is None or value == [] or value == {}
