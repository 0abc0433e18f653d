"""What an export holds: its columns, times and formats, and details on request."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli_support import bare, run
from export_support import ARGUMENTS, DAY, START, environment, export, rows, state_of, wait_for  # noqa: F401

from keysecure import Client
from keysecure.sandbox import Sandbox

LISTED = ["consume_no", "card_no", "type", "status", "amount", "time", "extra"]
"""The fields of a consumption that the platform documents for the list, in the order of the model."""


def table(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def consumptions(sandbox: Sandbox, client: Client, card_no: str, cardholder_no: str) -> list[str]:
    """The numbers of purchases with fees and merchants, oldest first."""
    sandbox.settings(tariffs=True)
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="in", type="In", amount=Decimal(1000))
    found: list[str] = []
    for place in range(30):
        sandbox.clock.advance(seconds=1)
        result = client.simulation.auth(
            card_no=card_no,
            cardholder_no=cardholder_no,
            type="Consumption",
            amount=f"{10 + place}.00",
            local_amount=f"{10 + place}.00",
            local_currency="USD",
            merchant_info={"merchant_name": f"Shop {place}", "merchant_mcc": "5942"},
        )
        assert result.consume_no is not None
        client.simulation.consumption_clear(consume_no=result.consume_no)
        found.append(result.consume_no)
    return found


@pytest.fixture
def today(sandbox: Sandbox) -> list[str]:
    now = sandbox.clock.now
    return ["--from", f"{now - DAY:%Y-%m-%d}", "--to", f"{now + DAY:%Y-%m-%d}"]


@pytest.mark.usefixtures("environment")
def test_columns_are_what_the_platform_documents_for_the_list(
    tmp_path: Path, consumptions: list[str], today: list[str]
) -> None:
    assert export(tmp_path / "rows.csv", *today, what="consumptions") == 0
    assert export(tmp_path / "rows.jsonl", *today, what="consumptions") == 0
    found = table(tmp_path / "rows.csv")
    assert {tuple(row) for row in found} == {tuple(LISTED)}
    # One that issued the card is a consumption too.
    assert [row["consume_no"] for row in found][: len(consumptions)] == consumptions[::-1]
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert [row["amount"] for row in lines] == [row["amount"] for row in found]
    assert [row["time"] for row in lines] == [row["time"] for row in found], "one format of times"
    assert set(lines[0]) >= set(LISTED) - {"extra"}


@pytest.mark.usefixtures("environment")
def test_fields_without_a_column_are_not_lost(tmp_path: Path, sandbox: Sandbox, client: Client, card_no: str) -> None:
    sandbox.seed_consumptions(card_no, [START + DAY])
    (row,) = client.consumptions.list(start=START, end=START + 2 * DAY)
    others = {name for name, value in row.to_dict().items() if value not in (None, [], {}) and name not in LISTED}
    assert export(tmp_path / "rows.csv", what="consumptions") == 0
    assert export(tmp_path / "rows.jsonl", what="consumptions") == 0
    (written,) = table(tmp_path / "rows.csv")
    assert set(json.loads(written["extra"] or "{}")) == others | set(row.extra)
    line = json.loads((tmp_path / "rows.jsonl").read_text("utf-8"))
    assert set(line) == {*LISTED, *others, *row.extra} - {"extra"}


@pytest.mark.usefixtures("environment")
def test_details_bring_fees_and_merchants_in_the_same_order(
    tmp_path: Path, client: Client, consumptions: list[str], today: list[str]
) -> None:
    assert export(tmp_path / "rows.csv", *today, "--details", "--parallel", "8", what="consumptions") == 0
    found = table(tmp_path / "rows.csv")[: len(consumptions)]
    assert [row["consume_no"] for row in found] == consumptions[::-1]
    assert [json.loads(row["merchant_info"])["merchant_name"] for row in found] == [
        f"Shop {place}" for place in reversed(range(30))
    ]
    details = [client.consumptions.get(number) for number in reversed(consumptions)]
    assert [Decimal(row["fee"]) for row in found] == [one.fee for one in details]
    assert any(one.fee for one in details)


@pytest.mark.usefixtures("environment")
def test_an_export_with_details_continues_after_a_failure(
    tmp_path: Path,
    sandbox: Sandbox,
    consumptions: list[str],
    card_no: str,
    today: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The details of an older window fail.
    sandbox.seed_consumptions(card_no, [START + 2 * DAY, START + 3 * DAY])
    whole, out = tmp_path / "whole.csv", tmp_path / "rows.csv"
    arguments = ["--from", "2026-01-01", "--to", today[3], "--details"]
    assert export(whole, *arguments, what="consumptions") == 0
    sandbox.fault("consumptions.get", {"code": 1022}, nth=len(consumptions) + 2)
    assert export(out, *arguments, what="consumptions") == 1
    assert "Run the same command again" in capsys.readouterr().err
    assert json.loads(state_of(out).read_text())["windows_done"] > 0
    before = sandbox.count("consumptions.get")
    assert export(out, *arguments[:-1], what="consumptions") == 2
    assert "other arguments (columns, details)" in capsys.readouterr().err
    assert export(out, *arguments, what="consumptions") == 0
    assert out.read_bytes() == whole.read_bytes()
    assert sandbox.count("consumptions.get") - before < len(consumptions)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_does_not_wait_for_details(
    tmp_path: Path, sandbox: Sandbox, variables: dict[str, str], consumptions: list[str], today: list[str]
) -> None:
    sandbox.fault("consumptions.get", {"stall": 60_000}, nth=3, times=20)
    out = ["--out", str(tmp_path / "rows.csv")]
    command = [sys.executable, "-m", "keysecure", "export", "consumptions", *today, "--details", *out]
    with subprocess.Popen(command, env=bare() | variables, stderr=subprocess.PIPE, text=True) as program:
        wait_for(lambda: sandbox.count("consumptions.get") >= 2)
        started = time.monotonic()
        program.send_signal(signal.SIGINT)
        errors = program.communicate(timeout=60)[1]
    assert (program.returncode, time.monotonic() - started < 20) == (130, True)
    assert "Run the same command again to continue." in errors
    assert "Traceback" not in errors
    sandbox.clear_faults()
    again = subprocess.run(command, env=bare() | variables, capture_output=True, timeout=120, check=False)
    assert again.returncode == 0
    assert [row["consume_no"] for row in table(tmp_path / "rows.csv")][: len(consumptions)] == consumptions[::-1]


@pytest.mark.usefixtures("environment")
def test_a_row_without_details_comes_as_the_list_has_it(
    tmp_path: Path, sandbox: Sandbox, consumptions: list[str], today: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sandbox.fault("consumptions.get", {"code": 1004}, nth=5)
    assert export(tmp_path / "rows.csv", *today, "--details", what="consumptions") == 3
    errors = capsys.readouterr().err
    assert errors.count("warning: details of ") == 1
    assert "1 warning names what is not in it" in errors
    found = table(tmp_path / "rows.csv")[: len(consumptions)]
    assert [row["consume_no"] for row in found] == consumptions[::-1]
    assert [row["merchant_info"] for row in found].count("") == 1


@pytest.mark.usefixtures("environment")
def test_cardholders_are_exported_and_with_details_their_balance(
    tmp_path: Path, sandbox: Sandbox, client: Client, cardholder_no: str, today: list[str]
) -> None:
    other = sandbox.seed_approved_cardholder()
    client.accounts.transfer(cardholder_no=other, transfer_unique_no="in", type="In", amount=7)
    assert export(tmp_path / "rows.csv", *today, what="cardholders") == 0
    found = table(tmp_path / "rows.csv")
    assert {row["cardholder_no"] for row in found} == {cardholder_no, other}
    assert list(found[0]) == [
        "cardholder_no",
        "cardholder_unique_no",
        "email",
        "status",
        "fail_reason",
        "time",
        "extra",
    ]
    only = ["--details", "--cardholder-no", other]
    assert export(tmp_path / "details.csv", *today, *only, what="cardholders") == 0
    (row,) = table(tmp_path / "details.csv")
    assert (row["cardholder_no"], row["total_balance"]) == (other, "7.00")


@pytest.mark.usefixtures("environment", "rows")
def test_times_have_the_offset_of_the_timezone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSECURE_TIMEZONE", "UTC-3:30")
    for name, more, offset in [
        ("zone.csv", ["--timezone", "UTC+8"], "+08:00"),
        ("zone.jsonl", ["--timezone", "UTC+8"], "+08:00"),
        ("variable.csv", ["--timezone", ""], "-03:30"),
    ]:
        assert export(tmp_path / name, *more) == 0
        assert offset in (tmp_path / name).read_text("utf-8").splitlines()[1]


@pytest.mark.usefixtures("environment", "rows")
def test_a_file_for_excel_has_a_byte_order_mark_and_numbers_as_text(tmp_path: Path) -> None:
    assert export(tmp_path / "rows.csv", "--excel") == 0
    raw = (tmp_path / "rows.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbftransfer_no,")
    assert raw.count(b"\xef\xbb\xbf") == 1, "once, not for each window"
    first = table(tmp_path / "rows.csv")[0]
    assert first["transfer_no"].startswith('="')
    assert first["transfer_no"].endswith('"')
    assert Decimal(first["amount"]) > 0


def test_to_standard_output_goes_the_same_file(
    tmp_path: Path, variables: dict[str, str], rows: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name, more in [("rows.csv", []), ("rows.jsonl", ["--format", "jsonl"])]:
        assert export(tmp_path / name) == 0
        result = to_stdout(*more, **variables)
        assert (result.returncode, result.stdout) == (0, (tmp_path / name).read_text("utf-8"))
        assert result.stderr.startswith(f"standard output: {len(rows)} rows, 9 windows from ")
        assert result.stderr.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["rows.csv", "rows.jsonl"]


def test_a_failure_on_the_way_to_standard_output_says_where(
    sandbox: Sandbox, variables: dict[str, str], rows: list[str]
) -> None:
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=6)
    result = to_stdout(**variables)
    assert result.returncode == 1
    written = len(result.stdout.splitlines()) - 1
    assert 0 < written < len(rows)
    assert f"The output ends after {written} rows." in result.stderr


def to_stdout(*more: str, **variables: str) -> Any:
    return run("export", "transfers", *ARGUMENTS, "--out", "-", *more, **variables)


def in_zone(hours: int) -> datetime:
    return datetime.now(timezone(timedelta(hours=hours)))


def test_a_first_day_that_has_not_begun_is_refused(variables: dict[str, str]) -> None:
    day = in_zone(-11).date() + timedelta(days=2)
    more = ["--timezone", "UTC-11", "--out", "-"]
    found = run("export", "transfers", "--from", str(day), "--to", str(day + timedelta(days=31)), *more, **variables)
    assert (found.returncode, found.stdout) == (2, "")
    assert f"--from: {day} has not begun: a date is a day in UTC-11" in found.stderr
    # An instant is what it says, and the past is not refused.
    for start in (f"{day}T00:00:00Z", str(day - timedelta(days=4))):
        found = run("export", "transfers", "--from", start, "--to", str(day + timedelta(days=31)), *more, **variables)
        assert found.returncode == 0


def test_a_last_day_that_is_over_only_in_the_exports_zone_is_warned_of(variables: dict[str, str]) -> None:
    # A day of UTC-11 begins when it has ended in UTC+14.
    day = in_zone(-11).date()
    variables["TZ"] = "UTC+11"  # what Windows understands too

    def warnings(end: str, zone: str) -> list[str]:
        span = ["--from", str(day - timedelta(days=7)), "--to", end]
        found = run("export", "transfers", *span, "--timezone", zone, "--out", "-", **variables)
        assert found.returncode == 0
        return [line for line in found.stderr.splitlines() if "warning" in line]

    (line,) = warnings(str(day), "UTC+14")
    assert f"--to {day} is today on this machine (UTC-11:00) and over in UTC+14" in line
    assert warnings(str(day), "UTC-11") == []
    assert warnings(str(day - timedelta(days=1)), "UTC+14") == []
    assert warnings(f"{day}T00:00:00Z", "UTC+14") == []
