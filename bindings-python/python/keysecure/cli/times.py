"""Times on the command line."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from .files import ExportError

# The parsers of Python accept more than this, and more with each version: week dates for one.
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(DATE.pattern + r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-5][0-9])?")
ZONE = re.compile(r"(?P<name>UTC)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::(?P<minutes>[0-9]{1,2}))?")
# The range of the client.
EARLIEST = datetime(1970, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(9999, 12, 30, tzinfo=timezone.utc)
TOLERANCE = timedelta(minutes=5)
ADVICE = "Set --timezone to the zone of your dates, or give a time with its offset."


def instant(text: str, zone: str, *, end: bool) -> datetime:
    """Reads a time: `2026-03-01` is the whole day in the zone, such as `UTC+8`; or a time with its offset."""
    try:
        if DATE.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), time(23, 59, 59) if end else time(), offset(zone))
        elif TIME.fullmatch(text):
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        else:
            raise ValueError
    except ValueError:
        message = f"{text} is no date such as 2026-03-01 and no time such as 2026-03-01T08:00:00+08:00"
        raise ExportError(message) from None
    if found.tzinfo is None:
        message = f"{text} needs its offset, such as {text}+08:00"
        raise ExportError(message)
    if not EARLIEST <= found <= LATEST:
        message = f"{text} is too early or too late: it must be between {EARLIEST.date()} and {LATEST.date()} in UTC"
        raise ExportError(message)
    return found


def check_begun(text: str, start: datetime, zone: str) -> None:
    """Refuses a first day that has not begun in the zone, by the rule of the client: the export would be empty."""
    now = datetime.now(start.tzinfo)
    if DATE.fullmatch(text) and start > now + TOLERANCE:
        message = (
            f"--from: {text} has not begun: a date is a day in {zone}, the zone of --timezone, where it is "
            f"{now:%Y-%m-%d %H:%M:%S} now. {ADVICE}"
        )
        raise ExportError(message)


def warning_of_end(text: str, end: datetime, zone: str) -> str | None:
    """A warning of a last day that is today on this machine, but over in the zone: later rows are left out."""
    here = datetime.now().astimezone()
    if text != str(here.date()) or end >= here:
        return None
    return (
        f"--to {text} is today on this machine ({timezone(here.utcoffset() or timedelta())}) and over in {zone}, the "
        f"zone of --timezone: rows of the time since are left out. {ADVICE}"
    )


def offset(zone: str) -> tzinfo:
    """Reads the zone of `--timezone`, by the rule of the client: `UTC`, `UTC+8`, `+08:00`, or the name of a time zone.

    The client refuses one whose offset changes.
    """
    if zone in ("UTC", "Z"):
        return timezone.utc
    found = ZONE.fullmatch(zone)
    hours, minutes = (int(found[part] or 0) for part in ("hours", "minutes")) if found else (0, 0)
    ahead = timedelta(hours=hours, minutes=minutes)
    # Without UTC in front it is ISO 8601, with two digits each.
    if found and (found["name"] or len(zone) == 6) and minutes < 60 and ahead <= timedelta(hours=14):
        return timezone(-ahead if found["sign"] == "-" else ahead)
    try:
        from zoneinfo import ZoneInfo

        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        message = f"--timezone must be an offset such as UTC+8, UTC-3 or +05:30, or the name of a time zone, not {zone}"
        raise ExportError(message) from None
