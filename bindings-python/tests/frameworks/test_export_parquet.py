"""`keysecure export --out FILE.parquet`, with pyarrow."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from export_support import environment, export, rows, state_of  # noqa: F401

from keysecure import Consumption
from keysecure.cli.files import Format
from keysecure.cli.parquet import convert
from keysecure.sandbox import Sandbox


@pytest.mark.usefixtures("environment")
def test_every_row_is_in_the_file_once_with_its_types(tmp_path: Path, rows: list[str]) -> None:
    out = tmp_path / "rows.parquet"
    assert export(out) == 0
    table = pq.read_table(out)
    assert table.column("transfer_no").to_pylist() == rows[::-1], "newest first"
    assert table.schema.field("amount").type == pa.decimal128(38, 2)
    assert table.schema.field("time").type == pa.timestamp("ms", tz="UTC")
    oldest = table.slice(len(rows) - 1).to_pylist()[0]
    assert oldest["amount"] == Decimal("1.00")
    assert oldest["time"] == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


@pytest.mark.usefixtures("environment")
def test_an_interrupted_export_continues(tmp_path: Path, sandbox: Sandbox, rows: list[str]) -> None:
    out = tmp_path / "rows.parquet"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=6)
    assert export(out) == 1
    assert not out.exists()
    assert json.loads(state_of(out).read_text())["windows_done"] > 0
    before = sandbox.count("accounts.transfers")
    assert export(out) == 0
    assert sandbox.count("accounts.transfers") - before < 17, "not from the start"
    assert pq.read_table(out).column("transfer_no").to_pylist() == rows[::-1]
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.usefixtures("environment", "rows")
def test_a_file_that_is_there_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.parquet"
    out.write_text("mine")
    assert export(out) == 2
    assert "exists already" in capsys.readouterr().err
    assert (out.read_text(), list(tmp_path.iterdir())) == ("mine", [out])


def test_amounts_have_as_many_digits_as_they_need(tmp_path: Path) -> None:
    values = ["1.005", "-12345678901234567890.10", None, "0"]
    times = ["2026-03-01T08:00:00.000+08:00", None, None, None]
    part = tmp_path / "part"
    part.write_text(
        "".join(
            json.dumps({"no": "007", "amount": value, "time": time, "info": {"a": [1]}, "new": 1.50}) + "\n"
            for value, time in zip(values, times, strict=True)
        )
    )
    out = tmp_path / "rows.parquet"
    convert(part, out, ["no", "amount", "time", "info", "extra"])
    table = pq.read_table(out)
    assert table.schema.field("amount").type == pa.decimal128(38, 3)
    assert table.column("amount").to_pylist() == [None if value is None else Decimal(value) for value in values]
    assert table.column("time").to_pylist()[0] == datetime(2026, 3, 1, tzinfo=timezone.utc)
    assert table.slice(0, 1).select(["no", "info", "extra"]).to_pylist() == [
        {"no": "007", "info": '{"a":[1]}', "extra": '{"new":1.5}'}
    ]
    part.write_text(json.dumps({"amount": "1" * 40}) + "\n")
    convert(part, out, ["amount"])
    assert pq.read_table(out).column("amount").to_pylist() == ["1" * 40], "text where no decimal type has the digits"


ODD: list[dict[str, object]] = [
    {"amount": "1,000.00"},
    {"amount": "NaN"},
    {"amount": "Infinity"},
    {"amount": " 5"},
    {"amount": "1_000"},
    {"amount": "٣"},
    {"amount": "1e3x"},
    {"amount": {"a": 1}},
    {"amount": [1]},
    {"amount": True},
    {"time": "2026-01-05 10:00:00"},
    {"time": "2026-01-05"},
    {"time": "soon"},
    {"time": {"a": 1}},
    {"time": True},
]


def test_values_of_an_unexpected_form_are_in_extra(tmp_path: Path) -> None:
    columns = ["consume_no", "amount", "time", "extra"]
    part, out = tmp_path / "part", tmp_path / "rows.parquet"
    rows = [{"consume_no": "1", "amount": "12.50", "time": 1767225600000}, *({"consume_no": "2", **odd} for odd in ODD)]
    with io.FileIO(part, "x") as file:
        lines = Format(columns, timezone.utc, is_csv=False).writer(file.write)
        for row in rows:
            lines.add(Consumption.from_json(json.dumps(row)))
        lines.flush()
    convert(part, out, columns)
    table = pq.read_table(out)
    assert table.schema.field("amount").type == pa.decimal128(38, 2)
    first, *others = table.to_pylist()
    time = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert first == {"consume_no": "1", "amount": Decimal("12.50"), "time": time, "extra": None}
    assert {(row["amount"], row["time"]) for row in others} == {(None, None)}
    assert [json.loads(row["extra"]) for row in others] == ODD


def test_an_empty_list_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "part").touch()
    convert(tmp_path / "part", tmp_path / "rows.parquet", ["no", "amount", "time", "extra"])
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 0
