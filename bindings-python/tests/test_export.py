"""`python -m keysecure export`: every row once, exact values, a progress line, little memory."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from export_support import (  # noqa: F401
    ARGUMENTS,
    DAY,
    START,
    WEEK,
    WINDOWS,
    environment,
    export,
    numbers,
    rows,
    state_of,
    wait_for,
    windows_done,
)

import keysecure
from keysecure import Client
from keysecure.cli.export import Export
from keysecure.cli.source import Span
from keysecure.sandbox import Sandbox


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_every_row_is_exported_once(tmp_path: Path, rows: list[str], name: str) -> None:
    out = tmp_path / name
    assert export(out) == 0
    assert numbers(out) == rows[::-1], "newest first"
    assert list(tmp_path.iterdir()) == [out], "nothing is left beside it"


@pytest.mark.usefixtures("environment")
def test_what_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, sandbox: Sandbox, client: Client, rows: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Of one page the rows have no numbers; then a failure, and the same command continues.
    shown = WithoutNumbers(client, sandbox, page=3)
    span = Span(START, START + 59 * DAY, WEEK)
    first = Export(shown, "transfers", span, {}, tmp_path / "rows.csv")  # type: ignore[arg-type]
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=6)
    with pytest.raises(keysecure.PermissionError):
        first.run(sys.stderr)
    errors = capsys.readouterr().err
    assert "warning: left out: accounts.transfers: list[0] on page " in errors
    assert "transfer_no is missing" in errors
    again = Export(client, "transfers", span, {}, tmp_path / "rows.csv")
    again.run(sys.stderr)
    written = numbers(tmp_path / "rows.csv")
    assert len(written) == len(set(written))
    # What is in the second that two windows share is left out of both.
    assert 0 < len(rows) - len(written) <= again.left_out == errors.count("warning: ")
    nothing = tmp_path / "other.csv"
    sandbox.lists(left_out=["transfer_no"])
    assert export(nothing) == 3
    assert "warnings name what is not in it" in capsys.readouterr().err
    assert numbers(nothing) == []


class WithoutNumbers:
    """A client whose lists have rows without numbers on one page."""

    def __init__(self, client: Client, sandbox: Sandbox, page: int) -> None:
        self.client, self.sandbox, self.page = client, sandbox, page
        self.accounts = self

    def transfers(self, **span: object) -> object:
        return Spoilt(self, self.client.accounts.transfers(**span))  # type: ignore[arg-type]


class Spoilt:
    """A list that leaves out numbers while its page comes."""

    def __init__(self, of: WithoutNumbers, rows: keysecure.Pager[keysecure.TransferRecord]) -> None:
        self.of, self.rows = of, rows

    @property
    def failed(self) -> bool:
        return self.rows.failed

    def __next__(self) -> object:
        count = self.of.sandbox.count("accounts.transfers")
        self.of.sandbox.lists(left_out=["transfer_no"] if count == self.of.page - 1 else [])
        return next(self.rows)


@pytest.mark.usefixtures("environment", "rows")
def test_a_csv_file_has_exact_amounts_times_in_utc_and_all_columns(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    export(out)
    with out.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    first = min(table, key=lambda row: row["time"])
    assert list(first) == list(keysecure.TransferRecord.from_json('{"transfer_no":""}').to_dict())
    assert (first["amount"], first["time"], first["type"]) == ("1.00", "2026-01-01T00:00:00.000+00:00", "In")


@pytest.mark.usefixtures("environment")
def test_cards_and_consumptions_are_exported_with_filters(
    tmp_path: Path, sandbox: Sandbox, cardholder_no: str, card_no: str
) -> None:
    other = sandbox.seed_approved_cardholder()
    cards = sandbox.seed_cards(cardholder_no, [START + DAY])
    sandbox.seed_cards(other, [START + DAY])
    consumptions = sandbox.seed_consumptions(card_no, [START + DAY, START + 30 * DAY])
    sandbox.seed_consumptions(cards[0], [START + DAY])
    assert export(tmp_path / "cards.jsonl", "--cardholder-no", cardholder_no, what="cards") == 0
    assert export(tmp_path / "consumptions.jsonl", "--card-no", card_no, what="consumptions") == 0
    exported = [json.loads(line) for line in (tmp_path / "cards.jsonl").read_text().splitlines()]
    assert [card["card_no"] for card in exported] == cards
    exported = [json.loads(line) for line in (tmp_path / "consumptions.jsonl").read_text().splitlines()]
    assert [one["consume_no"] for one in exported] == consumptions[::-1], "newest first"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "rows.txt"], "must end in .csv, .jsonl or .parquet"),
        (["--out", "nowhere/rows.csv"], "cannot be written: No such file or directory"),
        (["--from", "2026-03-02"], "--to must be later than --from"),
        (["--from", "2026-03-01T00:00:00Z"], "--to must be later than --from"),
        (["--timezone", "UTC+15", "--to", "2026-03-01"], "--timezone must be an offset such as UTC+8"),
        (["--timezone", "UTC+5:60", "--to", "2026-03-01"], "--timezone must be an offset such as UTC+8"),
        (["--timezone", "IST", "--to", "2026-03-01"], "--timezone must be an offset such as UTC+8"),
        (["--timezone", "IST"], "--timezone must be an offset such as UTC+8"),
        (["--timezone", "../../etc/passwd"], "--timezone must be an offset such as UTC+8"),
        (["--timezone", "Europe/Berlin"], "must have the same offset from UTC all year"),
        (["--to", "9999-12-31"], "9999-12-31 is too early or too late"),
        (["--to", "9999-12-31T23:59:59-12:00"], "is too early or too late"),
        (["--from", "0001-01-01T00:00:00+12:00"], "is too early or too late"),
        (["--from", "0001-01-01"], "0001-01-01 is too early or too late"),
        (["--from", "yesterday"], "yesterday is no date"),
        (["--from", "2026-01-01T00:00:00"], "needs its offset"),
        (["--card-no", "7"], "transfers cannot be filtered by --card-no"),
        (["--details"], "transfers have no --details"),
        (["--format", "csv"], "--format is for --out -"),
        (["--out", "rows.jsonl", "--excel"], "--excel is for CSV"),
        (["--out", "-", "--format", "jsonl", "--excel"], "--excel is for CSV"),
    ],
)
def test_wrong_arguments_are_reported_before_anything_is_written(
    tmp_path: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert export(tmp_path / "rows.csv", *arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_shows_windows_rows_and_rate_on_one_line(
    tmp_path: Path, environment: dict[str, str], rows: list[str]
) -> None:
    pty = pytest.importorskip("pty", reason="this system has no pseudo terminals")
    out = tmp_path / "rows.csv"
    # Without `rich`, which may be installed.
    program = "import sys; sys.modules['rich'] = None; from keysecure.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "export", "transfers", *ARGUMENTS, "--out", str(out)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stderr=theirs, stdout=subprocess.PIPE) as program:
        os.close(theirs)
        shown = b""
        # The end of a terminal is a special error on Linux.
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        os.close(ours)
        assert program.communicate(timeout=60)[0] == b""
    lines = shown.decode().split("\r\x1b[2K")
    assert lines[1].startswith("[........................] 0/9 windows  0 rows")
    last, summary = lines[-1].splitlines()
    assert last.startswith(f"[########################] 9/9 windows  {len(rows)} rows  ")
    assert last.endswith("rows/s")
    assert summary.startswith(f"{out}: {len(rows)} rows, 9 windows from 2026-01-01T00:00:00+00:00 to 2026-03-01T")


def test_memory_does_not_grow_with_the_rows(
    tmp_path: Path, sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    def peak(days: int) -> int:
        span = Span(START, START + days * DAY, DAY)
        export = Export(client, "transfers", span, {}, tmp_path / f"{days}.csv")
        tracemalloc.start()
        try:
            export.run(io.StringIO())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    sandbox.seed_transfers(cardholder_no, [START + timedelta(minutes=15 * place) for place in range(60 * 96)])
    peak(1)
    few, many = peak(5), peak(60)
    assert (tmp_path / "60.csv").stat().st_size > 11 * (tmp_path / "5.csv").stat().st_size
    assert many < 2 * few
