"""Times, windows and cells of an export."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from export_support import DAY, START, WEEK

from keysecure import Client, Consumption, TransferRecord
from keysecure.cli.files import ExportError, Format, Lines, Table, cell
from keysecure.cli.source import Span
from keysecure.cli.times import instant, offset

UTC = timezone.utc


def test_days_begin_in_the_merchants_zone_and_the_last_one_is_whole() -> None:
    start, end = instant("2026-03-01", "UTC+8", end=False), instant("2026-03-01", "UTC+8", end=True)
    assert start.astimezone(timezone.utc).isoformat() == "2026-02-28T16:00:00+00:00"
    assert end - start == DAY - timedelta(seconds=1)
    assert instant("2026-03-01", "UTC-3", end=False).utcoffset() == timedelta(hours=-3)
    assert instant("2026-03-01T08:00:00+08:00", "UTC+0", end=True) == datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "+00:00"),
        ("Z", "+00:00"),
        ("UTC-0", "+00:00"),
        ("UTC+5:30", "+05:30"),
        ("UTC-3:30", "-03:30"),
        ("UTC+05:45", "+05:45"),
        ("+05:45", "+05:45"),
        ("UTC+14", "+14:00"),
        ("Asia/Shanghai", "+08:00"),
    ],
)
def test_days_begin_in_every_zone_that_the_client_takes(zone: str, text: str) -> None:
    assert instant("2026-03-01", zone, end=False).isoformat() == f"2026-03-01T00:00:00{text}"
    assert instant("2026-03-01", zone, end=True).isoformat() == f"2026-03-01T23:59:59{text}"
    Client("key", "0123456789abcdef", timezone=zone).close()


@pytest.mark.parametrize(
    "text",
    [
        "20260101xx",
        "20260101",
        "2026-W01-1",
        "2026-1-001",
        "2026-02-30",
        "2026-01-01\n",
        "٢026-01-01",
        "2026-01-01 08:00:00+08:00",
        "2026-W01-1T08:00:00Z",
        "20260101T080000Z",
        "2026-01-01T08:00:00+08:99",
        "2026-01-01T08:00:00+0800",
        "2026-01-01T25:00:00Z",
    ],
)
def test_only_documented_forms_of_times_are_accepted(text: str) -> None:
    with pytest.raises(ExportError, match="is no date such as"):
        instant(text, "UTC+8", end=False)


def test_windows_share_their_seams_and_reach_both_ends() -> None:
    windows = Span(START, START + 30 * DAY, WEEK).windows()
    assert windows[0][1] == START + 30 * DAY
    assert windows[-1][0] == START
    assert all(one[0] == other[1] for one, other in pairwise(windows)), "from new to old"
    assert Span(START, START + WEEK, WEEK).windows() == [(START, START + WEEK)]


FORMULAS = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝HYPERLINK(1)", "＋1", "－1", "＠SUM(1)"]  # noqa: RUF001


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("excel", [False, True])
def test_a_text_is_no_formula_for_a_spreadsheet(text: str, excel: bool) -> None:
    assert cell(text, UTC, excel=excel) == f"'{text}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1234567890123456789", '="1234567890123456789"'),
        ("00123", '="00123"'),
        ("3-4", '="3-4"'),
        ("MAR1", '="MAR1"'),
        ('7 "Seven"', '="7 ""Seven"""'),
        ("Corner Books", "Corner Books"),
        ("书店", "书店"),
        ("1\n2", "1\n2"),
        ("7" * 256, "7" * 256),
    ],
)
def test_for_excel_text_with_digits_stays_text(text: str, written: str) -> None:
    assert cell(text, UTC, excel=True) == written
    assert cell(text, UTC) == text


def test_for_excel_amounts_stay_numbers() -> None:
    assert cell(Decimal("-12.50"), UTC, excel=True) == "-12.50"
    assert cell({"a": 1}, UTC, excel=True) == '{"a":1}'


def test_every_cell_of_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    chance = random.Random(1)
    texts = ["ok\r=1+1", "x\ry", "\r", "\n", "\r\n", "ends\r", "ends\r\n", '"', "'", " ", ",", "书店"]
    texts += ["".join(chance.choices("a书 ,;'\"\t\r\n=+-@", k=chance.randint(1, 9))) for _ in range(500)]
    rows = [
        Consumption.from_json(json.dumps({"consume_no": str(place), "remark": text, "detail": text, "amount": "-1.00"}))
        for place, text in enumerate(texts)
    ]
    out = tmp_path / "rows.csv"
    with io.FileIO(out, "x") as file:
        table = Table(Format(list(rows[0].to_dict()), UTC), file.write)
        table.head()
        for row in rows:
            table.add(row)
        table.flush()
    with out.open(encoding="utf-8", newline="") as text_file:
        read = list(csv.reader(text_file))
    assert read[0] == list(rows[0].to_dict())
    assert read[1:] == [[cell(value, UTC) for value in row.to_dict().values()] for row in rows]
    assert {row[read[0].index("amount")] for row in read[1:]} == {"-1.00"}


def test_values_are_written_exactly() -> None:
    assert cell(Decimal("-0.10"), UTC) == "-0.10"
    assert cell(Decimal("1E+3"), UTC) == "1000"
    assert cell(None, UTC) == cell([], UTC) == cell({}, UTC) == ""
    assert cell({"name": "书店", "fee": Decimal("0.10")}, UTC) == '{"name":"书店","fee":"0.10"}'
    assert cell(START, UTC) == "2026-01-01T00:00:00.000+00:00"
    assert cell(START, offset("UTC+8")) == "2026-01-01T08:00:00.000+08:00"


@pytest.mark.parametrize("odd", ["2026-01-05 10:00:00", {"a": 1}, True, "soon"])
def test_json_lines_keep_a_time_of_an_unexpected_form(odd: object) -> None:
    written = io.BytesIO()
    lines = Format(["consume_no", "time", "extra"], UTC, is_csv=False).writer(written.write)
    for time in (odd, 1767225600000, None):
        lines.add(Consumption.from_json(json.dumps({"consume_no": "1", "time": time})))
    lines.flush()
    found = [json.loads(line)["time"] for line in written.getvalue().decode().splitlines()]
    assert found == [odd, "2026-01-01T00:00:00.000+00:00", None]


def test_cells_with_parts_hold_no_empty_extra() -> None:
    row = Consumption.from_json(
        '{"consume_no":"1","merchant_info":{"merchant_name":"Shop"},"fee_list":[{"amount":"1.00"}]}'
    )
    values = row.to_dict()
    assert json.loads(cell(values["merchant_info"], UTC))["merchant_name"] == "Shop"
    assert "extra" not in json.loads(cell(values["merchant_info"], UTC))
    assert "extra" not in json.loads(cell(values["fee_list"], UTC))[0]
    assert json.loads(cell({"a": [{"extra": {"b": 1}}]}, UTC)) == {"a": [{"extra": {"b": 1}}]}


@pytest.mark.parametrize("value", ["1e99999999999999999999", "[" * 100_000 + "]" * 100_000, "9" * 5000])
def test_a_value_that_python_cannot_hold_is_text_in_json_lines(value: str) -> None:
    row = TransferRecord.from_json(f'{{"transfer_no":"1","balance":"25.00","new":{value},"other":1.50}}')
    out = io.BytesIO()
    lines = Lines(Format(["transfer_no", "amount", "time", "extra"], UTC, is_csv=False), out.write)
    lines.add(row)
    lines.flush()
    written = json.loads(out.getvalue(), parse_int=Decimal)
    assert (written["transfer_no"], written["amount"], str(written["other"])) == ("1", "25.00", "1.50")
    assert str(written["new"]) == value
