"""Which values of a decision function are decisions, and what happens to the others."""

from __future__ import annotations

import enum
import logging
from decimal import Decimal
from typing import Any

import pytest
from webhook_logging_support import Respond, of_level, wait_for
from webhook_support import ACCEPTED, UNDECIDED, Asgi, purchase, verifier

from keysecure.webhooks import asgi, reply_accept, reply_decline

pytestmark = pytest.mark.usefixtures("decisions_end")


class Numeral(enum.IntEnum):
    HIGH_RISK = 1


class Index:
    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


@pytest.mark.parametrize(("value", "approves"), [(1, True), (0, False), (Index(1), True), (Index(0), False)])
def test_one_and_zero_are_decisions(value: Any, approves: bool, respond: Respond) -> None:
    assert respond(lambda _: value) == (200, reply_accept() if approves else reply_decline("declined"))


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (None, "not NoneType"),
        (1.0, "not float"),
        (Decimal(1), "not Decimal"),
        (object(), "not object"),
        ([True], "not list"),
        (b"no", "not bytes"),
        (Numeral.HIGH_RISK, "not Numeral"),
        (2, "of integers only 1 and 0"),
        (-1, "of integers only 1 and 0"),
        (2**70, "of integers only 1 and 0"),
        (Index(2), "of integers only 1 and 0"),
    ],
)
def test_other_values_are_errors_that_name_the_type(
    value: Any, names: str, respond: Respond, records: list[logging.LogRecord]
) -> None:
    assert respond(lambda _: value) == UNDECIDED
    wait_for(lambda: bool(of_level(records, logging.ERROR)))
    [record] = of_level(records, logging.ERROR)
    assert record.getMessage().startswith(
        "the decision on a purchase is no decision: decision must be True, False or a message to decline with"
    )
    assert names in record.getMessage()
    assert record.consume_no == "c-42.0"


def test_async_decisions_have_the_same_values() -> None:
    async def decide(event: Any) -> Any:
        return {1: 1, 2: 0, 3: None}[int(event.amount)]

    app = Asgi(asgi(verifier(), print, decide=decide))
    responses = [app.post(*purchase(amount)) for amount in (1, 2, 3)]
    assert responses == [ACCEPTED, (200, reply_decline("declined")), UNDECIDED]
