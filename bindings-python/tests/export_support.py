"""Helpers of the tests of exports."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

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
