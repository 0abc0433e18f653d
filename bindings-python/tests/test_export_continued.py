"""An export that was interrupted continues, and never into the file of another one."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
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
from keysecure.cli.files import ExportError
from keysecure.cli.source import Span
from keysecure.sandbox import Sandbox


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


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGKILL"] if sys.platform != "win32" else ["SIGKILL"])
def test_a_program_that_is_ended_in_the_midst_continues_later(
    tmp_path: Path, sandbox: Sandbox, environment: dict[str, str], rows: list[str], sent: str
) -> None:
    out = tmp_path / "rows.csv"
    command = [sys.executable, "-m", "keysecure", "export", "transfers", *ARGUMENTS, "--out", str(out)]
    # The seventh request hangs, with some windows done.
    sandbox.fault("accounts.transfers", {"stall": 60_000}, nth=7)
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        wait_for(lambda: sandbox.count("accounts.transfers") >= 6 and windows_done(out) >= 2)
        if sent == "SIGKILL":
            program.kill()
        else:
            program.send_signal(signal.Signals[sent])
        errors = program.communicate(timeout=60)[1]
    if sent != "SIGKILL":
        assert program.returncode == 130, errors
        assert "interrupted" in errors
        assert "Run the same command again to continue." in errors
        assert "Traceback" not in errors
        assert out.stat().st_size == json.loads(state_of(out).read_text())["bytes"]
    sandbox.clear_faults()
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr.startswith(f"{out}: {len(rows)} rows, 9 windows from ")
    assert again.stderr.count("\n") == 1, "a summary, and no progress line off a terminal"
    assert sorted(numbers(out)) == sorted(rows)


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
        (["--from", "2026-01-01T00:00:00+00:00", "--timezone", "UTC-3"], "timezone"),
        (["--excel"], "excel"),
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
    capsys.readouterr()
    assert (export(out), capsys.readouterr().err.count("\n")) == (0, 1)
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


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
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
