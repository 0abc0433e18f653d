"""`python -m keysecure export`: every row once, whole windows only, and going on after any interruption."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from keysecure.cli.export import Export, Span
from keysecure.cli.files import ExportError, Table, cell
from keysecure.cli.times import instant

import keysecure
from keysecure import Client, Consumption
from keysecure.__main__ import main
from keysecure.sandbox import Sandbox

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
WEEK = 7 * DAY
ARGUMENTS = ["--from", "2026-01-01T00:00:00Z", "--to", "2026-03-01T00:00:00Z", "--timezone", "UTC+0"]
WINDOWS = 9


@pytest.fixture
def rows(sandbox: Sandbox, cardholder_no: str) -> list[str]:
    """The numbers of transfers, two pages of them in each window, some around the seams of windows."""
    seams = [START + WEEK * week for week in range(1, 9)]
    around = [seam + timedelta(milliseconds=by) for seam in seams for by in (-1000, -1, 0, 1, 999, 1000)]
    times = sorted([START + timedelta(minutes=90 * place) for place in range(900)] + around)
    return sandbox.seed_transfers(cardholder_no, times)


@pytest.fixture
def environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    names = {"BASE_URL": sandbox.base_url, "API_KEY": sandbox.api_key, "API_SECRET": sandbox.api_secret}
    for name, value in names.items():
        monkeypatch.setenv(f"KEYSECURE_{name}", value)
    # `main` sets it.
    before = signal.getsignal(signal.SIGTERM)
    yield {**os.environ}
    signal.signal(signal.SIGTERM, before)


def export(out: Path, *more: str, what: str = "transfers") -> int:
    return main(["export", what, *ARGUMENTS, "--out", str(out), *more])


def numbers(out: Path) -> list[str]:
    if out.suffix == ".jsonl":
        return [json.loads(line)["transfer_no"] for line in out.read_text("utf-8").splitlines()]
    with out.open(encoding="utf-8", newline="") as file:
        return [row["transfer_no"] for row in csv.DictReader(file)]


def state_of(out: Path) -> Path:
    return out.with_name(out.name + ".state")


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
    assert "warnings name rows that are not in it" in capsys.readouterr().err
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
    assert (first["balance"], first["time"], first["type"]) == ("1.00", "2026-01-01T00:00:00.000+00:00", "In")


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
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize("request_number", [1, 2, 5, 12])
def test_after_a_failure_whole_windows_remain_and_the_export_continues(
    tmp_path: Path,
    sandbox: Sandbox,
    rows: list[str],
    name: str,
    request_number: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole = tmp_path / f"whole-{name}"
    export(whole)
    out = tmp_path / name
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=request_number)
    assert export(out) == 1
    errors = capsys.readouterr().err
    assert "1022" in errors
    assert "Run the same command again" in errors
    state = json.loads(state_of(out).read_text())
    assert out.stat().st_size == state["bytes"]
    assert whole.read_bytes().startswith(out.read_bytes())
    before = sandbox.count("accounts.transfers")
    assert export(out) == 0
    assert out.read_bytes() == whole.read_bytes()
    assert sorted(numbers(out)) == sorted(rows)
    assert not state_of(out).exists()
    assert sandbox.count("accounts.transfers") - before == (WINDOWS - state["windows_done"]) * 2 - (
        state["windows_done"] == 0  # the newest has one page
    )


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_program_that_is_ended_in_the_midst_continues_later(
    tmp_path: Path, sandbox: Sandbox, environment: dict[str, str], rows: list[str], sent: signal.Signals
) -> None:
    out = tmp_path / "rows.csv"
    command = [sys.executable, "-m", "keysecure", "export", "transfers", *ARGUMENTS, "--out", str(out)]
    # The seventh request hangs, with some windows done.
    sandbox.fault("accounts.transfers", {"stall": 60_000}, nth=7)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        wait_for(lambda: sandbox.count("accounts.transfers") >= 6 and windows_done(out) >= 2)
        program.send_signal(sent)
        errors = program.communicate(timeout=60)[1]
    assert program.returncode == (130 if sent != signal.SIGKILL else -signal.SIGKILL), errors
    if sent != signal.SIGKILL:
        assert "interrupted" in errors
        assert "Run the same command again to continue." in errors
        assert "Traceback" not in errors
        assert out.stat().st_size == json.loads(state_of(out).read_text())["bytes"]
    sandbox.clear_faults()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert sorted(numbers(out)) == sorted(rows)


def windows_done(out: Path) -> int:
    try:
        return int(json.loads(state_of(out).read_text())["windows_done"])
    except FileNotFoundError:
        return 0


def wait_for(happens: object) -> None:
    assert callable(happens)
    end = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.mark.usefixtures("environment")
def test_what_was_written_after_the_last_whole_window_is_cut_off(
    tmp_path: Path, sandbox: Sandbox, rows: list[str]
) -> None:
    out = tmp_path / "rows.jsonl"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=4)
    export(out)
    with out.open("a") as file:
        file.write('{"transfer_no": "half a li')
    assert export(out) == 0
    assert sorted(numbers(out)) == sorted(rows)


@pytest.mark.usefixtures("environment", "rows")
@pytest.mark.parametrize(
    ("other", "word"),
    [
        (["--to", "2026-04-01"], "to"),
        (["--from", "2026-01-02"], "from"),
        (["--cardholder-no", "7"], "filters"),
        (["--window-days", "10"], "window_seconds"),
    ],
)
def test_other_arguments_do_not_go_on(
    tmp_path: Path, sandbox: Sandbox, other: Sequence[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.csv"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=4)
    export(out)
    kept = out.read_bytes()
    capsys.readouterr()
    assert export(out, *other) == 2
    assert f"other arguments ({word})" in capsys.readouterr().err
    assert out.read_bytes() == kept


@pytest.mark.usefixtures("environment", "rows")
def test_another_merchant_does_not_go_on(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.csv"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=4)
    export(out)
    assert sandbox.api_key not in state_of(out).read_text()
    monkeypatch.setenv("KEYSECURE_API_KEY", "another")
    assert export(out) == 2
    assert "(merchant)" in capsys.readouterr().err


@pytest.mark.usefixtures("environment", "rows")
def test_another_environment_or_address_is_another_merchant(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.csv"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=4)
    export(out)
    kept = out.read_bytes()
    capsys.readouterr()
    assert export(out, "--environment", "production") == 2
    assert "(merchant)" in capsys.readouterr().err
    with monkeypatch.context() as changed:
        changed.setenv("KEYSECURE_ENVIRONMENT", "production")
        assert export(out) == 2
        changed.setenv("KEYSECURE_ENVIRONMENT", "sandbox")
        changed.setenv("KEYSECURE_BASE_URL", "http://127.0.0.1:9")
        assert export(out) == 2
        assert out.read_bytes() == kept
        # A setting of the environment may be an option instead, and a default may be explicit.
        assert export(out, "--environment", "sandbox", "--base-url", sandbox.base_url) == 0


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize("gone", [False, True])
def test_a_first_command_that_wrote_nothing_does_not_block_the_right_one(
    tmp_path: Path,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    gone: bool,
) -> None:
    whole = tmp_path / f"whole-{name}"
    export(whole)
    out = tmp_path / name
    monkeypatch.setenv("KEYSECURE_API_KEY", "misspelt")
    assert export(out) == 1
    if gone:
        out.unlink()
    monkeypatch.setenv("KEYSECURE_API_KEY", environment["KEYSECURE_API_KEY"])
    assert (export(out), capsys.readouterr().err.count("\n")) == (0, 2)
    assert out.read_bytes() == whole.read_bytes()
    assert not state_of(out).exists()


@pytest.mark.usefixtures("environment", "rows")
def test_rows_of_a_killed_first_command_are_not_written_over_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "rows.jsonl"
    with monkeypatch.context() as wrong:
        wrong.setenv("KEYSECURE_API_KEY", "misspelt")
        export(out)
    out.write_text('{"transfer_no": "half a li')
    capsys.readouterr()
    assert export(out) == 2
    assert "other arguments (merchant)" in capsys.readouterr().err
    assert out.read_text() == '{"transfer_no": "half a li'


@pytest.mark.usefixtures("environment")
def test_a_file_that_is_there_is_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.csv"
    out.write_text("mine")
    assert export(out) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.usefixtures("environment")
def test_an_empty_file_may_be_begun(tmp_path: Path, rows: list[str]) -> None:
    out = tmp_path / "rows.csv"
    out.touch()
    assert export(out) == 0
    assert sorted(numbers(out)) == sorted(rows)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("damage", ["gone", "shorter", "{", "{}", "[]", '{"arguments": 1}'])
def test_a_damaged_pair_of_files_is_an_error(
    tmp_path: Path, sandbox: Sandbox, rows: list[str], damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rows
    out = tmp_path / "rows.csv"
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=4)
    export(out)
    if damage == "gone":
        out.unlink()
    elif damage == "shorter":
        os.truncate(out, 10)
    else:
        state_of(out).write_text(damage)
    capsys.readouterr()
    assert export(out) == 2
    assert "to start again" in capsys.readouterr().err


@pytest.mark.usefixtures("environment", "rows")
@pytest.mark.parametrize("request_number", [1, 4])
def test_two_exports_do_not_write_one_file(
    tmp_path: Path, sandbox: Sandbox, client: Client, request_number: int
) -> None:
    out = tmp_path / "rows.csv"
    span = Span(START, datetime(2026, 3, 1, tzinfo=timezone.utc), WEEK)
    sandbox.fault("accounts.transfers", {"code": 1022}, nth=request_number)
    with pytest.raises(keysecure.KeySecureError):
        Export(client, "transfers", span, {}, out).run()

    class Second(io.StringIO):
        """A terminal at which, in the midst of the first, a second one begins."""

        def isatty(self) -> bool:
            with pytest.raises(ExportError, match="another export is writing"):
                Export(client, "transfers", span, {}, out).run()
            return False

    Export(client, "transfers", span, {}, out).run(Second())


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "rows.txt"], "must end in .csv or .jsonl"),
        (["--out", "nowhere/rows.csv"], "cannot be written: No such file or directory"),
        (["--from", "2026-03-02"], "--to must be later than --from"),
        (["--from", "2026-03-01T00:00:00Z"], "--to must be later than --from"),
        (["--timezone", "UTC+15", "--to", "2026-03-01"], "--timezone must be written like UTC+8"),
        (["--timezone", "UTC+5:60", "--to", "2026-03-01"], "--timezone must be written like UTC+8"),
        (["--timezone", "IST", "--to", "2026-03-01"], "--timezone must be written like UTC+8"),
        (["--timezone", "IST"], "timezone must be written like UTC+8"),
        (["--to", "9999-12-31"], "9999-12-31 is too early or too late"),
        (["--to", "9999-12-31T23:59:59-12:00"], "is too early or too late"),
        (["--from", "0001-01-01T00:00:00+12:00"], "is too early or too late"),
        (["--from", "0001-01-01"], "0001-01-01 is too early or too late"),
        (["--from", "yesterday"], "yesterday is no date"),
        (["--from", "2026-01-01T00:00:00"], "needs its offset"),
        (["--card-no", "7"], "a transfer has no card"),
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


def test_days_begin_in_the_merchants_zone_and_the_last_one_is_whole() -> None:
    start, end = instant("2026-03-01", "UTC+8", end=False), instant("2026-03-01", "UTC+8", end=True)
    assert start.astimezone(timezone.utc).isoformat() == "2026-02-28T16:00:00+00:00"
    assert end - start == DAY - timedelta(seconds=1)
    assert instant("2026-03-01", "UTC-3", end=False).utcoffset() == timedelta(hours=-3)
    assert instant("2026-03-01T08:00:00+08:00", "UTC+0", end=True) == datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("UTC", "+00:00"), ("UTC-0", "+00:00"), ("UTC+5:30", "+05:30"), ("UTC-3:30", "-03:30"), ("UTC+05:45", "+05:45")],
)
def test_days_begin_in_every_zone_that_the_client_takes(zone: str, offset: str) -> None:
    assert instant("2026-03-01", zone, end=False).isoformat() == f"2026-03-01T00:00:00{offset}"
    assert instant("2026-03-01", zone, end=True).isoformat() == f"2026-03-01T23:59:59{offset}"
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


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_is_no_formula_for_a_spreadsheet(text: str) -> None:
    assert cell(text) == f"'{text}"


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
        table = Table(file)
        table.head(list(rows[0].to_dict()))
        for row in rows:
            table.add(row)
        table.flush()
    with out.open(encoding="utf-8", newline="") as text_file:
        read = list(csv.reader(text_file))
    assert read[0] == list(rows[0].to_dict())
    assert read[1:] == [[cell(value) for value in row.to_dict().values()] for row in rows]
    assert {row[read[0].index("amount")] for row in read[1:]} == {"-1.00"}


def test_values_are_written_exactly() -> None:
    assert cell(Decimal("-0.10")) == "-0.10"
    assert cell(Decimal("1E+3")) == "1000"
    assert cell(None) == cell([]) == cell({}) == ""
    assert cell({"name": "书店", "fee": Decimal("0.10")}) == '{"name":"书店","fee":"0.10"}'
    assert cell(START) == "2026-01-01T00:00:00.000+00:00"


def test_a_terminal_shows_windows_rows_and_rate_on_one_line(
    tmp_path: Path, environment: dict[str, str], rows: list[str]
) -> None:
    out = tmp_path / "rows.csv"
    command = [sys.executable, "-m", "keysecure", "export", "transfers", *ARGUMENTS, "--out", str(out)]
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
    assert lines[-1].startswith(f"[########################] 9/9 windows  {len(rows)} rows  ")
    assert lines[-1].rstrip().endswith("rows/s")


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


def test_an_interruption_stays_one_wherever_it_arrives(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    sandbox.seed_transfers(cardholder_no, [START + timedelta(minutes=place) for place in range(100)])
    page = client.accounts.transfers_page(start=START, end=START + DAY, page=0, size=100)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def convert_until(seconds: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            for row in page:
                row.to_dict()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for attempt in range(400):
            with pytest.raises(KeyboardInterrupt):
                convert_until(0.0005 + attempt / 400_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
