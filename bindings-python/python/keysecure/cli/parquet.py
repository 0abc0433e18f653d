"""Parquet files, with `pyarrow` (`pip install 'keysecure[parquet]'`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from .lists import EXTRA, is_empty
from .output import optional, to_json

MONEY = {"amount", "local_amount", "fee", "balance", "before_balance", "after_balance", "total_balance"}
AMOUNT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}[+-][0-9:]+")
"""What `stamp` in `files` writes."""
GROUP = 16_384
"""Rows in memory at once."""


def require() -> None:
    """Raises an `ImportError` that says what to install."""
    try:
        optional("pyarrow.parquet")
    except ImportError as error:
        message = "Parquet files need pyarrow: pip install 'keysecure[parquet]'"
        raise ImportError(message) from error


def convert(rows_file: Path, out: Path, columns: list[str]) -> None:
    """Converts JSON lines into a Parquet file, a row group at a time. The file appears when it is whole.

    Amounts are decimals with as many digits as the column needs, times are timestamps in UTC, everything else is text;
    fields with parts, and `extra`, are JSON text.
    """
    pa, pq = optional("pyarrow"), optional("pyarrow.parquet")
    schema = pa.schema([(name, arrow_type(pa, name, rows_file)) for name in columns])
    money = {name for name in MONEY.intersection(columns) if schema.field(name).type != pa.string()}
    fresh = out.with_name(out.name + ".new")
    rows = read(rows_file, columns, money)
    with pq.ParquetWriter(fresh, schema) as writer:
        while group := list(islice(rows, GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
    fresh.replace(out)


def arrow_type(pa: Any, name: str, rows_file: Path) -> Any:
    """The type of a column."""
    if name == "time":
        return pa.timestamp("ms", tz="UTC")
    if name not in MONEY:
        return pa.string()
    whole, scale = 1, 2
    for row in read(rows_file, [name], MONEY):
        if (amount := row[name]) is not None:
            scale = max(scale, -int(amount.as_tuple().exponent))
            whole = max(whole, amount.adjusted() + 1)
    # One amount with more digits makes the column text.
    return pa.decimal128(38, scale) if whole + scale <= 38 else pa.string()


def read(rows_file: Path, columns: list[str], money: set[str]) -> Iterator[dict[str, Any]]:
    """The rows in Python's types. A time or an amount of an unexpected form is in `extra`, as in CSV."""
    with rows_file.open(encoding="utf-8") as file:
        for line in file:
            values = json.loads(line, parse_float=Decimal)
            found = {
                name: value_of(name, values.pop(name), money) if is_expected(name, values.get(name)) else None
                for name in columns
                if name != EXTRA
            }
            others = {name: value for name, value in values.items() if value is not None}
            yield {**found, EXTRA: to_json(others) if others else None} if EXTRA in columns else found


def is_expected(name: str, value: Any) -> bool:
    """Whether a value has the type of its column."""
    if value is None:
        return False
    if name == "time":
        return isinstance(value, str) and STAMP.fullmatch(value) is not None
    if name in MONEY:
        # `Decimal` takes more texts than the client: with blanks, underscores, digits of other scripts, and NaN.
        return isinstance(value, (str, int, Decimal)) and AMOUNT.fullmatch(str(value)) is not None
    return True


def value_of(name: str, value: Any, money: set[str]) -> Any:
    """A value in its type."""
    if is_empty(value):
        return None
    if name == "time":
        return datetime.fromisoformat(value)
    if name in money:
        return Decimal(value)
    return value if isinstance(value, str) else to_json(value)
