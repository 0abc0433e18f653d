"""Dates near today, and the time zones that a client takes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from keysecure import Client, ConfigError, InvalidInputError
from keysecure.sandbox import Sandbox

UTC = timezone.utc


class Fixed(tzinfo):
    """A time zone of another library."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        return timedelta(hours=8)


class Broken(tzinfo):
    def utcoffset(self, when: datetime | None) -> timedelta:
        raise RuntimeError("secret")


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ("UTC+8", 8),
        ("UTC", 0),
        ("Z", 0),
        ("+05:30", 5.5),
        (UTC, 0),
        (timezone(timedelta(hours=-3, minutes=-30)), -3.5),
        (timezone(timedelta(hours=14)), 14),
        (Fixed(), 8),
        (ZoneInfo("UTC"), 0),
        (ZoneInfo("Asia/Shanghai"), 8),
        (ZoneInfo("Asia/Kolkata"), 5.5),
        ("Asia/Singapore", 8),
    ],
)
def test_a_time_zone_with_one_offset_is_taken(
    sandbox: Sandbox, cardholder_no: str, given: str | tzinfo, hours: float
) -> None:
    midnight = datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=hours)))
    cards = sandbox.seed_cards(cardholder_no, [midnight - timedelta(seconds=1), midnight])
    with sandbox.client(timezone=given) as client:
        listed = client.cards.list(start=date(2026, 6, 1), end=date(2026, 6, 1))
        assert [card.card_no for card in listed] == cards[1:]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ZoneInfo("Europe/Berlin"), "same offset from UTC all year"),
        ("America/New_York", "same offset from UTC all year"),
        (ZoneInfo("Australia/Lord_Howe"), "same offset from UTC all year"),
        (timezone(timedelta(hours=14, minutes=1)), "at most 14 hours"),
        (timezone(timedelta(seconds=30)), "whole minutes"),
        (Broken(), "must be a fixed offset"),
        ("Mars/Olympus", "name of a time zone that this machine knows"),
        ("../../etc/passwd", "must be a fixed offset"),
        ("", "must be a fixed offset"),
        (8, "must be a fixed offset"),
        (timedelta(hours=8), "must be a fixed offset"),
    ],
)
def test_a_time_zone_without_one_offset_is_refused(given: object, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"^timezone .*{words}") as caught:
        Client("key", "0123456789abcdef", timezone=given)  # type: ignore[arg-type]
    assert "secret" not in str(caught.value)


def in_two_days(zone: str) -> date:
    """A date that has not begun in a zone."""
    return (datetime.now(timezone(timedelta(hours=int(zone[3:])))) + timedelta(days=2)).date()


@pytest.mark.parametrize("zone", ["UTC+8", "UTC-12", "UTC+14"])
def test_a_start_that_has_not_begun_is_refused(sandbox: Sandbox, zone: str) -> None:
    day = in_two_days(zone)
    with sandbox.client(timezone=zone) as client:
        # The first one asks the platform for its time.
        for _ in range(2):
            with pytest.raises(InvalidInputError) as caught:
                list(client.cards.list(start=day, end=day))
            assert caught.value.field == "start"
            text = str(caught.value)
            assert f"{day} has not begun" in text
            assert zone in text
            assert "Set timezone" in text
        with pytest.raises(InvalidInputError):
            client.cards.list_page(start=day, end=day, page=0, size=10)
        assert list(client.cards.list(start=day - timedelta(days=4), end=day)) == []
        assert sandbox.count("cards.list") == 2


def test_a_lookup_cannot_begin_in_the_future(sandbox: Sandbox, recording: Client, transfer: dict[str, object]) -> None:
    for since in [in_two_days("UTC+8"), datetime.now(UTC) + timedelta(hours=2)]:
        with pytest.raises(InvalidInputError) as caught:
            recording.accounts.ensure_transfer(**transfer, since=since)
        assert caught.value.field == "since"
    assert sandbox.count("accounts.transfer") == 0


@pytest.fixture
def far_west() -> Iterator[None]:
    """A machine in UTC-12, which may have no names of time zones."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC+12"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no tzset")
@pytest.mark.usefixtures("far_west")
def test_an_end_that_is_over_only_in_the_clients_zone_is_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    today = date.today()
    week = today - timedelta(days=7)
    with sandbox.client(timezone="UTC+14") as client:
        for end in [today, today, today - timedelta(days=1), today + timedelta(days=1), datetime.now(UTC)]:
            list(client.cards.list(start=week, end=end))
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in warnings] == ["keysecure"]
    text = warnings[0].getMessage()
    assert f"ends with {today}" in text
    assert "today on this machine (UTC-12)" in text
    assert "over in UTC+14" in text

    caplog.clear()
    with sandbox.client(timezone="UTC+14") as client:
        client.cards.list_page(start=week, end=today, page=0, size=10)
    assert [record.levelno for record in caplog.records if record.levelno >= logging.WARNING] == [logging.WARNING]

    # The trap on a server in UTC, with the clock of a test: 17:00 there is the next day in UTC+8.
    os.environ["TZ"] = "UTC"
    time.tzset()
    five_pm = datetime(2026, 11, 26, 17, tzinfo=UTC)
    for clock, count in [(five_pm, 1), (five_pm - timedelta(hours=2), 0)]:
        caplog.clear()
        with Client(sandbox.api_key, sandbox.api_secret, base_url=sandbox.base_url, clock=clock.timestamp) as client:
            client.cards.list(start=date(2026, 11, 1), end=date(2026, 11, 26))
        assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == count

    os.environ["TZ"] = "UTC+12"
    time.tzset()
    caplog.clear()
    with sandbox.client(timezone=timezone(timedelta(hours=-12))) as client:
        list(client.cards.list(start=today, end=today))
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
