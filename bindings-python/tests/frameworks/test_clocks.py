"""Frozen and moved clocks: freezegun and time-machine."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from freezegun import freeze_time
from webhook_support import APP_ID, BODY, SECRET, rejected, signed

from keysecure import WebhookVerifier
from keysecure.sandbox import Sandbox

NOON = datetime(2031, 3, 1, 12, tzinfo=timezone.utc)


def verifier() -> WebhookVerifier:
    return WebhookVerifier(APP_ID, SECRET, clock=time.time)


def test_freezegun_moves_the_clock_of_a_verifier() -> None:
    with freeze_time(NOON) as frozen:
        # Looked up here, because freezegun replaces `time.time`.
        judge = verifier()
        received = judge.verify(signed(BODY, datetime.now(timezone.utc)), BODY)
        assert abs(received.received_at - NOON) < timedelta(seconds=30)
        frozen.tick(timedelta(minutes=6))
        assert rejected(signed(BODY, NOON), by=judge) == "too_old"
        frozen.move_to(NOON - timedelta(minutes=6))
        assert rejected(signed(BODY, NOON), by=judge) == "too_new"
    assert rejected(signed(BODY, NOON), by=verifier()) == "too_new"


def test_freezegun_moves_a_clock_that_looks_it_up() -> None:
    judge = WebhookVerifier(APP_ID, SECRET, clock=lambda: time.time())
    assert rejected(signed(BODY, NOON), by=judge) == "too_new"
    with freeze_time(NOON):
        assert judge.verify(signed(BODY, NOON), BODY).sent_at == NOON


def test_time_machine_moves_the_clock_of_a_verifier() -> None:
    judge = verifier()  # time-machine changes `time.time` itself
    with time_machine.travel(NOON, tick=False) as traveller:
        received = judge.verify(signed(BODY, NOON), BODY)
        assert abs(received.received_at - NOON) < timedelta(seconds=30)
        traveller.shift(timedelta(minutes=6))
        assert rejected(signed(BODY, NOON), by=judge) == "too_old"


def test_without_a_clock_the_time_is_the_machine_s() -> None:
    headers = signed(BODY)
    with freeze_time(NOON):
        assert WebhookVerifier(APP_ID, SECRET).verify(headers, BODY).received_at < NOON


@pytest.mark.parametrize("frozen", [freeze_time(NOON), time_machine.travel(NOON, tick=False)])
def test_calls_work_while_the_clock_is_frozen(frozen: freeze_time) -> None:
    with Sandbox() as sandbox, frozen, sandbox.client(clock=time.time, store="memory", timeout=5.0) as client:
        paid = client.accounts.ensure_transfer(
            cardholder_no=sandbox.seed_approved_cardholder(),
            transfer_unique_no="order-1",
            type="In",
            amount="25.00",
            settle=0.2,
        )
        assert paid.created
        # The offset to the platform was learned: the frozen time does not matter to it.
        judge = client.webhook_verifier()
        assert judge.verify(judge.sign_for_tests(sandbox.clock.now, BODY), BODY).action == "Consumption"


FIRST_USE_IN_A_FROZEN_BLOCK = """
import datetime
from freezegun import freeze_time
import keysecure
from keysecure.sandbox import Sandbox

body = b'{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}'
verifier, sandbox = keysecure.WebhookVerifier("a", "b"), Sandbox()
client = sandbox.client()
with freeze_time("2031-01-01"):
    verifier.sign_for_tests(datetime.datetime.now(datetime.timezone.utc), body)
    keysecure.Card.from_json('{"card_no":"1","status":"Fail","time":1}').time
now = datetime.datetime.now(datetime.timezone.utc)
received = verifier.verify(verifier.sign_for_tests(now, body), body)
list(client.cards.list(start=datetime.date(2026, 1, 1), end=datetime.date(2026, 1, 2)))
card = keysecure.Card.from_json('{"card_no":"1","status":"Fail","time":1}')
print({type(time).__module__ for time in [received.received_at, received.sent_at, card.time]})
"""


def test_datetimes_are_python_s_own_after_a_first_use_within_freezegun() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_USE_IN_A_FROZEN_BLOCK], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "{'datetime'}\n"), done.stderr
