"""Cases of `greenlet_cases.py`: calls, their errors and their ends."""

from __future__ import annotations

import contextvars
import logging
import os
import signal
import threading
import time
from contextlib import suppress
from typing import Any

from greenlet_program import (
    KIND,
    LONGEST_GAP,
    STALL,
    Kept,
    Timeout,
    beating,
    join,
    platform,
    read,
    sleep,
    spawn,
    stall,
    transfer,
    until,
)
from greenlet_purchases import Rows

import keysecure
from keysecure.sandbox import Sandbox


def a_call() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get")
        with beating():
            assert read(client, cardholder_no)


def a_pager() -> None:
    with platform() as (sandbox, client, _):
        stall(sandbox, "cards.packages")
        with beating():
            assert list(client.cards.packages())


def doctor() -> None:
    with platform() as (sandbox, client, _):
        stall(sandbox, "cards.packages", times=5)
        stall(sandbox, "token", times=5)
        with beating():
            assert client.doctor().findings


def an_ensured_transfer() -> None:
    with platform(store="memory") as (_, client, cardholder_no), beating():
        ensured = client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no="order-1", type="In", amount="25.00", settle=STALL
        )
        assert ensured.created


def many_calls() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", 0.5, times=20)
        start = time.monotonic()
        calls = [spawn(read, client, cardholder_no) for _ in range(20)]
        assert all(join(call) for call in calls)
        assert time.monotonic() - start < 20 * 0.5 / 2, "they waited for each other"


def an_error() -> None:
    with platform() as (_, client, _):
        raised: Any = None
        try:
            client.cards.get("17")
        except keysecure.ApiError as error:
            raised = error
        assert (raised.code, raised.operation, raised.outcome) == (1004, "cards.get", "rejected")


def a_timeout_of_the_program() -> None:
    kept = Kept(logging.WARNING)
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.transfer")
        start = time.monotonic()
        try:
            with Timeout(0.2):
                transfer(client, cardholder_no)
        except Timeout:
            assert time.monotonic() - start < LONGEST_GAP
        else:
            raise AssertionError
        # It was sent, and continues.
        until(lambda: kept.records)
        [(level, text, _)] = kept.records
        assert level == "WARNING"
        assert "operation=accounts.transfer attempts=1" in text
        assert "ended after its greenlet" in text
        assert sandbox.count("accounts.transfer") == 1
        assert client.accounts.get(cardholder_no).list[0].balance == 25


def a_call_that_waits_for_a_thread() -> None:
    with platform() as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", times=64)
        reads = [spawn(client.accounts.get, cardholder_no) for _ in range(64)]
        until(lambda: len(sandbox.faults_fired()) == 64)
        try:
            with Timeout(0.1):
                transfer(client, cardholder_no)
        except Timeout:
            pass
        for each in reads:
            join(each)
        client.accounts.get(cardholder_no)
        assert sandbox.count("accounts.transfer") == 0, "it had not started, and must not start any more"


def ctrl_c() -> None:
    with platform(timeout=60) as (sandbox, client, cardholder_no):
        stall(sandbox, "accounts.get", 30)
        # The process's own signal, which it gets while the hub waits.
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        start = time.monotonic()
        try:
            client.accounts.get(cardholder_no)
        except KeyboardInterrupt:
            assert time.monotonic() - start < 10
            print("ok", flush=True)
            os._exit(0)
        raise AssertionError


def the_log() -> None:
    kept = Kept(logging.DEBUG)
    with platform() as (_, client, cardholder_no):
        idents = []

        def read() -> None:
            idents.append(threading.get_ident())
            client.accounts.get(cardholder_no)

        kept.records.clear()
        join(spawn(read))
        assert [(level, ident) for level, _, ident in kept.records] == [("DEBUG", *idents), ("INFO", *idents)]


def a_forked_child() -> None:
    with platform() as (_, client, cardholder_no):
        client.accounts.get(cardholder_no)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if KIND == "eventlet":
                    import eventlet

                    # Its hub shares its epoll object with the parent's, unless the child gets another one.
                    eventlet.hubs.use_hub()
                calls = [spawn(read, client, cardholder_no) for _ in range(5)]
                assert all(join(call) for call in calls)
                status = 0
            finally:
                os._exit(status)
        client.accounts.get(cardholder_no)
        until(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))


def the_end_of_the_program() -> None:
    """Ends while threads wait, for the platform and for a store; the test sees the exit status and the time."""

    class Never(Rows):
        def load(self, slot: str, within: float) -> None:
            sleep(3600)

    Kept(logging.WARNING)
    sandbox = Sandbox()
    stall(sandbox, "accounts.get", 60, times=2)
    clients = [sandbox.client(), sandbox.client(store=Never())]
    for client in clients:
        spawn(client.accounts.get, "1")
    until(sandbox.faults_fired)


def no_hub_at_all() -> None:
    """A patched program of one greenlet, for which Ctrl-C works as everywhere."""
    with Sandbox() as sandbox, sandbox.client(timeout=60) as client:
        client.access_token()
        stall(sandbox, "cards.packages", 30)
        from gevent._hub_local import get_hub_if_exists

        assert get_hub_if_exists() is None
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        start = time.monotonic()
        try:
            client.cards.packages_page(page=0, size=1)
        except KeyboardInterrupt:
            assert time.monotonic() - start < 10
        else:
            raise AssertionError
        assert get_hub_if_exists() is None
        assert client.cards.packages_page(page=0, size=1).list


def a_session_of_the_program() -> None:
    """The session with a relay is asked for in the greenlet of the call, and stops no other one while it waits."""
    seen: list[tuple[str | None, str | None]] = []
    name = contextvars.ContextVar[str | None]("name", default=None)
    local = threading.local()

    def session(refused: bool) -> str | None:
        sleep(STALL)
        seen.append((name.get(), getattr(local, "name", None)))
        return None

    def get(text: str) -> None:
        name.set(text)
        local.name = text
        with suppress(keysecure.AuthenticationError):
            client.cards.get("1")

    with keysecure.Client.relay("http://127.0.0.1:9", session) as client, beating():
        for getter in [spawn(get, "first"), spawn(get, "second")]:
            join(getter)
    assert sorted(seen) == [("first", "first"), ("second", "second")]
