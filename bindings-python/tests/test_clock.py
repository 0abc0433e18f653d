"""The clock of a client and of a verifier: the machine's, a function, or the platform's."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from webhook_support import APP_ID, BODY, SECRET, rejected, signed

import keysecure
from keysecure import Client, ConfigError, WebhookVerifier
from keysecure.sandbox import Sandbox

NOON = datetime(2030, 5, 1, 12, tzinfo=timezone.utc)
AHEAD = timedelta(minutes=10)


class Hands:
    """A clock that tests set."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at.timestamp()


def test_a_verifier_judges_the_age_by_its_clock() -> None:
    clock = Hands()
    verifier = WebhookVerifier(APP_ID, SECRET, clock=clock)
    received = verifier.verify(signed(BODY, NOON), BODY)
    assert timedelta(0) <= received.received_at - NOON < timedelta(seconds=60)
    with verifier.claim(signed(BODY, NOON), BODY) as received:
        assert received.received_at >= NOON
    clock.at += timedelta(minutes=6)
    assert rejected(signed(BODY, NOON), by=verifier) == "too_old"
    clock.at -= timedelta(minutes=12)
    assert rejected(signed(BODY, NOON), by=verifier) == "too_new"
    assert verifier.ignore_timestamp().verify(signed(BODY, NOON), BODY).received_at < NOON


def test_a_client_stamps_its_first_request_with_its_clock() -> None:
    stamps: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stamps.append(int(self.headers["Timestamp"]))
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        url = f"http://127.0.0.1:{server.server_port}"
        client = Client("key", SECRET, base_url=url, clock=Hands(), max_retries=0)
        with client, pytest.raises(keysecure.KeySecureError):
            client.access_token()
        server.shutdown()
    assert abs(stamps[0] / 1000 - NOON.timestamp()) < 60


def raising() -> float:
    raise LookupError("no clock")


def interrupted() -> float:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        (12, "clock must be a function that returns Unix seconds"),
        (raising, "clock raised LookupError"),
        (lambda: None, "clock must return Unix seconds, as time.time does, not NoneType"),
        (lambda: True, "not bool"),
        (lambda: "1780000000", "not str"),
        (time.time_ns, "no time from 1970 to 9999"),
        (lambda: -1, "no time from 1970 to 9999"),
        (lambda: float("nan"), "no time from 1970 to 9999"),
        (lambda: float("inf"), "no time from 1970 to 9999"),
    ],
)
def test_a_clock_that_is_none_is_refused_at_once(clock: Any, words: str) -> None:
    makers: list[Callable[..., object]] = [
        lambda: Client("key", SECRET, clock=clock),
        lambda: WebhookVerifier(APP_ID, SECRET, clock=clock),
        lambda: Client("key", SECRET).webhook_verifier(clock=clock),
    ]
    for make in makers:
        with pytest.raises(ConfigError) as caught:
            make()
        assert words in str(caught.value)
        assert isinstance(caught.value.__cause__, LookupError) is (clock is raising)


def test_a_clock_that_fails_later_ends_the_call_before_it_is_sent(sandbox: Sandbox) -> None:
    times: list[Any] = [time.time()]
    with sandbox.client(clock=lambda: times[-1]) as client:
        client.access_token()
        sent = len(sandbox.requests())
        times.append("late")
        with pytest.raises(ConfigError, match="not str"):
            client.cards.get("1")
        assert len(sandbox.requests()) == sent


def test_ctrl_c_within_a_clock_is_ctrl_c() -> None:
    with pytest.raises(KeyboardInterrupt):
        WebhookVerifier(APP_ID, SECRET, clock=interrupted)


def ahead(sandbox: Sandbox) -> datetime:
    """Sets the platform's clock ahead and returns its time."""
    sandbox.clock.advance(AHEAD)
    return sandbox.clock.now


def test_a_verifier_of_a_client_follows_the_platform_s_clock(sandbox: Sandbox, client: Client) -> None:
    body, verifier = BODY, client.webhook_verifier()
    headers = verifier.sign_for_tests(ahead(sandbox), body)
    with pytest.raises(keysecure.WebhookError) as caught:
        verifier.verify(headers, body)
    assert caught.value.rejection == "too_new"
    for words in ["differs by 600 s", "the tolerance is 300 s", "a verifier made by a client"]:
        assert words in str(caught.value)
    client.access_token()
    received = verifier.verify(headers, body)
    assert abs(received.received_at - sandbox.clock.now) < timedelta(seconds=30)
    assert verifier.ignore_timestamp().verify(headers, body).received_at >= received.received_at
    # A clock that was given comes first.
    assert rejected(headers, body, client.webhook_verifier(clock=time.time)) == "too_new"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_verifier_follows_the_clock_of_the_child_s_client(sandbox: Sandbox, client: Client) -> None:
    verifier = client.webhook_verifier()
    headers = verifier.sign_for_tests(ahead(sandbox), BODY)
    client.access_token()
    cardholder_no = sandbox.seed_approved_cardholder()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            client.cardholders.get(cardholder_no)
            verifier.verify(headers, BODY)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
