"""Risk rules written with numpy and pandas decide on purchases."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keysecure import Responder, WebhookVerifier
from keysecure.webhooks import reply_accept, reply_decline

VERIFIER = WebhookVerifier("app-1", "0123456789abcdef0123456789abcdef")
BODY = b'{"id":"e-1","action":"Auth","data":{"consume_no":"c-1","card_no":"k-1","amount":42}}'


def reply_to(value: Any) -> bytes:
    received = VERIFIER.verify(VERIFIER.sign_for_tests(datetime.now(timezone.utc), BODY), BODY)
    return Responder(lambda _: value).respond(received)


LIMITS = pd.DataFrame({"card_no": ["k-1"], "limit": [100.0], "blocked": [False]})


@pytest.mark.parametrize(
    ("value", "approves"),
    [
        (np.bool_(True), True),
        (np.bool_(False), False),
        (LIMITS.limit.max() > 50, True),
        (LIMITS.blocked.iloc[0], False),
        (np.int64(1), True),
        (np.uint8(0), False),
    ],
)
def test_a_truth_value_of_numpy_is_a_decision(value: Any, approves: bool) -> None:
    assert reply_to(value) == (reply_accept() if approves else reply_decline("declined"))


@pytest.mark.parametrize(
    "value",
    [
        np.float64(1),
        np.int64(2),
        np.array([True]),
        np.array(True),
        np.array(1.0),
        pd.NA,
        pd.NaT,
        LIMITS.limit > 50,
        None,
    ],
)
def test_anything_else_of_numpy_declines(value: Any) -> None:
    assert reply_to(value) == reply_decline("no decision could be made")


def test_a_message_of_numpy_declines_with_it() -> None:
    assert reply_to(np.str_("over the limit")) == reply_decline("over the limit")
