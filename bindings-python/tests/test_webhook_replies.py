"""Replies to webhooks, and to purchases in time."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from webhook_support import (
    AUTH,
    BODY,
    SECRET,
    body_of,
    signed,
    verifier,
)

from keysecure import (
    AuthEvent,
    ConfigError,
    InvalidInputError,
    Responder,
    VerifiedWebhook,
    reply_accept,
    reply_decline,
)


def test_replies_are_the_exact_bytes() -> None:
    assert reply_accept() == b'{"code":0,"message":""}'
    assert reply_decline('no "funds" für Söhne') == '{"code":1,"message":"no \\"funds\\" für Söhne"}'.encode()
    for empty in ("", "  "):
        with pytest.raises(InvalidInputError):
            reply_decline(empty)


def purchase() -> VerifiedWebhook:
    body = body_of("Auth", AUTH)
    return verifier().verify(signed(body), body)


LATE = reply_decline("no decision in time")
UNDECIDED = reply_decline("no decision could be made")


def test_a_decision_becomes_a_reply() -> None:
    seen: list[AuthEvent] = []

    def decide(event: AuthEvent) -> bool | str:
        seen.append(event)
        return event.amount < 50 or "too much"

    assert Responder(decide).respond(purchase()) == reply_accept()
    assert Responder(lambda _: False).respond(purchase()) == reply_decline("declined")
    assert Responder(lambda _: "").respond(purchase()) == reply_decline("declined")
    assert Responder(lambda _: "over the limit").respond(purchase()) == reply_decline("over the limit")
    assert Responder(lambda _: False).respond(verifier().verify(signed(BODY), BODY)) == reply_accept()
    assert seen[0].consume_no == "c-1"


def test_the_reply_leaves_in_time_whatever_the_decision_does(caplog: pytest.LogCaptureFixture) -> None:
    def sleep(_: AuthEvent) -> bool:
        time.sleep(3)
        return True

    received = purchase()
    assert Responder(sleep).respond(received) == LATE
    assert received.time_left > 0, "the platform would not wait any longer"
    assert Responder(sleep, budget=0.05, default="accept").respond(purchase()) == reply_accept()

    def fail(_: AuthEvent) -> bool:
        raise LookupError(SECRET)

    with caplog.at_level(logging.ERROR, "keysecure"):
        assert Responder(fail).respond(purchase()) == UNDECIDED
        assert Responder(lambda _: None).respond(purchase()) == UNDECIDED  # type: ignore[arg-type, return-value]
    assert "the decision on a purchase raised LookupError" in caplog.text
    assert SECRET not in caplog.text


def test_a_purchase_that_waited_too_long_gets_the_default_at_once() -> None:
    received = purchase()
    time.sleep(0.7)
    asked = threading.Event()
    begin = time.monotonic()
    assert Responder(lambda _: asked.wait(5), budget=0.6).respond(received) == LATE
    assert time.monotonic() - begin < 4
    asked.set()


ENDING = """
import logging, sys, threading, time
from keysecure import Responder
from webhook_support import AUTH, body_of, signed, verifier

body = body_of("Auth", AUTH)
received = verifier().verify(signed(body), body)

begun = []

def decide(event):
    begun.append(event)
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        time.sleep(0.0005)
    return True  # some are made before the end; a wrong one would be on stderr

held = threading.Lock()
held.acquire()

class Slow:
    # Lets other threads run. On Windows, `time.sleep` fails at the end of the interpreter.
    def __del__(self, held=held):
        held.acquire(timeout=0.05)

logging.disable(logging.WARNING)
for _ in range(10):
    received = verifier().verify(signed(body), body)
    Responder(decide, budget=0.01).respond(received)
patience = time.monotonic() + 10
while len(begun) < 10 and time.monotonic() < patience:
    time.sleep(0.001)
sys.modules["kept to the end"] = [Slow(), Slow()]
"""


@pytest.mark.parametrize("seconds", ["0.02", "0.1", "0.3", "3600"])
def test_a_process_ends_well_while_late_decisions_run(seconds: str) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", ENDING, seconds]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


ENDING_WITH_STORE = """
import atexit, logging, sys, threading, time
from keysecure import Responder
from webhook_support import AUTH, DictStore, body_of, signed, verifier

class Slow(DictStore):
    def insert(self, *given):
        inside.set()
        time.sleep(float(sys.argv[1]))
        return super().insert(*given)

inside = threading.Event()
store = Slow()
logging.disable(logging.WARNING)
body = body_of("Auth", AUTH)
received = verifier(store=DictStore()).verify(signed(body), body)
slow = verifier(store=store, on_store_failure="accept")
asked = slow.verify(signed(body), body)
inside.clear()
# Its thread works on although nobody waits for it any more.
Responder(lambda _: True, budget=0.01).respond(asked)
assert inside.wait(10)
atexit.register(lambda: verifier(store=DictStore()).verify(signed(body), body))
"""


@pytest.mark.parametrize("seconds", ["0.3", "0.5"])
def test_a_process_ends_well_while_a_store_of_ones_own_is_asked(seconds: str) -> None:
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", ENDING_WITH_STORE, seconds]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_responder_that_cannot_work_is_refused() -> None:
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (None, {}),
        (str, {"default": "perhaps"}),
        (str, {"budget": "soon"}),
        (str, {"budget": -1}),
    ]
    for decide, settings in wrong:
        with pytest.raises((ConfigError, InvalidInputError)):
            Responder(decide, **settings)
