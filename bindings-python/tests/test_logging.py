"""The logger `keysecure` gets attempts at DEBUG and calls at INFO, and no secret."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import nullcontext
from typing import Any

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox


def test_attempts_and_calls_are_logged_with_their_fields(
    sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.access_token()
    sandbox.fault("cards.packages", {"code": 1009})
    caplog.set_level(logging.DEBUG, "keysecure")
    client.cards.packages_page(page=0, size=1)
    records = [(record.levelname, record.operation, getattr(record, "code", None)) for record in caplog.records]
    assert records == [
        ("DEBUG", "cards.packages", 1009),
        ("DEBUG", "cards.packages", 0),
        ("INFO", "cards.packages", None),
    ]
    last = caplog.records[-1]
    assert last.name == "keysecure"
    assert last.attempts == 2
    assert last.duration_ms > 0
    assert not hasattr(last, "outcome"), "a call that succeeded"
    assert last.getMessage().startswith("operation=cards.packages attempts=2 ms=")
    assert last.filename == "test_logging.py"  # the caller's own line
    assert last.threadName == threading.current_thread().name


def test_a_failure_says_what_it_means(sandbox: Sandbox, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "keysecure")
    with pytest.raises(keysecure.ApiError):
        client.cards.get("17")
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]  # the token's call and the card's
    assert caplog.messages[-1].endswith("code=1004 error=api outcome=rejected")
    failed = caplog.records[-1]
    assert (failed.operation, failed.code, failed.outcome, failed.attempts) == ("cards.get", 1004, "rejected", 1)


@pytest.mark.parametrize(
    ("call", "fault", "level"),
    [
        ("cards.update_status", {"code": 4005}, "WARNING"),
        ("cards.update_status", "drop_after_commit", "ERROR"),
        ("cards.get", "drop_after_commit", "WARNING"),
        ("cards.get", {"code": 1004}, "INFO"),
        ("cards.get", None, "INFO"),
    ],
)
def test_a_failed_call_has_the_level_of_its_effect(
    call: str, fault: Any, level: str, sandbox: Sandbox, card_no: str, caplog: pytest.LogCaptureFixture
) -> None:
    with sandbox.client(max_retries=0) as client:
        client.access_token()
        if fault is not None:
            sandbox.fault(call, fault)
        caplog.set_level(logging.INFO, "keysecure")
        with nullcontext() if fault is None else pytest.raises(keysecure.KeySecureError):
            client.cards.get(card_no) if call == "cards.get" else client.cards.freeze(card_no)
    [record] = caplog.records
    assert (record.levelname, record.operation) == (level, call)
    assert record.getMessage().startswith("operation=" if level == "INFO" else "a call failed")
    assert card_no not in record.getMessage()


def test_fields_replace_no_attribute_of_a_record(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "keysecure")
    client.cards.packages_page(page=0, size=1)
    own = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
    added = {name: value for record in caplog.records for name, value in vars(record).items() if name not in own}
    assert set(added) == {"operation", "attempt", "attempts", "duration_ms", "http_status", "code"}
    assert all(isinstance(value, (str, int, float)) for value in added.values())


def test_nothing_is_logged_at_higher_levels(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "keysecure")
    with pytest.raises(keysecure.ApiError):
        client.cards.get("17")
    assert caplog.records == []


def test_a_handler_may_use_the_client(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    class Curious(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not asked:
                asked.append(client.access_token().expose())

    handler = Curious()
    logger = logging.getLogger("keysecure")
    caplog.set_level(logging.DEBUG, "keysecure")
    logger.addHandler(handler)
    try:
        client.cards.packages_page(page=0, size=1)
    finally:
        logger.removeHandler(handler)
    assert len(asked) == 1


@pytest.mark.parametrize("on_thread", [False, True])
def test_the_start_of_a_wait_is_logged_before_it_ends(
    recording: Client, transfer: dict[str, Any], caplog: pytest.LogCaptureFixture, on_thread: bool
) -> None:
    caplog.set_level(logging.INFO, "keysecure")
    begun: list[float] = []

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if hasattr(record, "wait_ms"):
                assert vars(record)["reference"] == "order-7"
                recording.cardholders.get(transfer["cardholder_no"])
                begun.append(time.monotonic())

    ended: list[float] = []

    def pay() -> None:
        assert recording.accounts.ensure_transfer(**transfer, settle=2.0, deadline=60).created
        ended.append(time.monotonic())

    handler, logger = Watch(), logging.getLogger("keysecure")
    logger.addHandler(handler)
    try:
        if on_thread:
            thread = threading.Thread(target=pay)
            thread.start()
            thread.join()
        else:
            pay()
    finally:
        logger.removeHandler(handler)
    assert len(begun) == len(ended) == 1
    assert ended[0] - begun[0] > 0.5
    # Once, and in their order.
    names = [vars(record)["operation"] for record in caplog.records]
    names = [name for name in names if name.startswith("accounts.")]
    assert names[:2] == ["accounts.transfers", "accounts.ensure_transfer"]
    assert names.count("accounts.transfer") == names.count("accounts.ensure_transfer") == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_filter_that_raises_does_not_cost_the_result(
    client: Client, transfer: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(record: logging.LogRecord) -> bool:
        raise RuntimeError("broken filter")

    logger = logging.getLogger("keysecure")
    caplog.set_level(logging.DEBUG, "keysecure")
    logger.addFilter(broken)
    try:
        moved = client.accounts.transfer(**transfer)
    finally:
        logger.removeFilter(broken)
    assert moved.transfer_no
