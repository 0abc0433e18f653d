"""What the tests of receivers' and responders' logs share: decisions that fail or are slow, and the records."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from webhook_support import purchase, verifier

from keysecure import Responder

PAN = "4111111111111111"

HERE = __file__
"""The file of the decisions that fail."""


def fail(_: object) -> bool:
    raise LookupError(f"card {PAN}")


async def fail_async(_: object) -> bool:
    raise LookupError(f"card {PAN}")


def slow(_: object) -> bool:
    time.sleep(0.6)
    return True


async def slow_async(_: object) -> bool:
    await asyncio.sleep(60)
    return True


Respond = Callable[..., tuple[int, bytes]]


def by_receiver(kind: Any, make: Any) -> Respond:
    def respond(decide: Any, **settings: Any) -> tuple[int, bytes]:
        response: tuple[int, bytes] = kind(make(verifier(), print, decide=decide, **settings)).post(*purchase())
        return response

    return respond


def by_responder(decide: Any, **settings: Any) -> tuple[int, bytes]:
    headers, body = purchase()
    return 200, Responder(decide, **settings).respond(verifier().verify(headers, body))


class Records(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def of_level(records: list[logging.LogRecord], level: int) -> list[logging.LogRecord]:
    return [record for record in records if record.levelno == level]


def wait_for(condition: Callable[[], bool]) -> None:
    """Some records come from the thread of a decision, after the reply."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def wait_for_late_decision(records: list[logging.LogRecord]) -> None:
    """Takes the record of a decision that nobody waited for, which may come after the test."""
    message = 'a decision came too late and is dropped: consume_no="c-42.0", after '
    wait_for(lambda: any(record.getMessage().startswith(message) for record in records))
    late = next(record for record in records if record.getMessage().startswith(message))
    assert (late.levelname, late.consume_no) == ("WARNING", "c-42.0")
    records.remove(late)
