"""The command line on a terminal where `rich` is installed."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_support import bare
from export_support import ARGUMENTS, DAY, START

from keysecure.sandbox import Sandbox


@pytest.fixture
def rows(sandbox: Sandbox, cardholder_no: str) -> list[str]:
    return sandbox.seed_transfers(cardholder_no, [START + DAY * place for place in range(50)])


def on_a_terminal(*arguments: str, **variables: str) -> tuple[int, str]:
    """Runs a command whose output and errors are a terminal; returns its exit code and its text without colours."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "keysecure", *arguments]
    settings = {**bare(), **variables, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(command, env=settings, stdout=theirs, stderr=theirs) as program:
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
        code = program.wait(timeout=60)
    return code, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


def test_the_doctor_prints_a_table_that_fits_the_terminal(variables: dict[str, str]) -> None:
    variables["KEYSECURE_BASE_URL"] = "http://127.0.0.1:9"
    code, text = on_a_terminal("doctor", **variables)
    assert code == 1
    assert all(len(line.rstrip()) <= 100 for line in text.splitlines())
    words = " ".join(text.split())
    assert "(--base-url URL, --proxy URL)" in words
    assert words.index("Address http://127.0.0.1:9") < words.index("fail reachability")
    assert variables["KEYSECURE_API_KEY"] not in text


def test_an_export_shows_a_bar_and_a_summary(tmp_path: Path, variables: dict[str, str], rows: list[str]) -> None:
    out = tmp_path / "rows.csv"
    code, text = on_a_terminal("export", "transfers", *ARGUMENTS, "--out", str(out), **variables)
    assert code == 0
    assert f"9/9 windows  {len(rows)} rows" in text
    assert "━" in text
    assert f"{len(rows)} rows, 9 windows from " in text.splitlines()[-1]
