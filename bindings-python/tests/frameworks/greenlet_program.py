"""What the cases of `greenlet_cases.py` share. Its import patches the process for the kind of the first argument."""

from __future__ import annotations

import logging
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

KIND = sys.argv[1]
if KIND == "eventlet":
    warnings.simplefilter("ignore")  # eventlet announces its end
    import eventlet

    eventlet.monkey_patch()
    spawn, sleep, Timeout = eventlet.spawn, eventlet.sleep, eventlet.Timeout
else:
    from gevent import monkey

    if KIND == "gevent":
        monkey.patch_all()
    import gevent

    spawn, sleep, Timeout = gevent.spawn, gevent.sleep, gevent.Timeout

# ruff: noqa: E402
from keysecure import Client
from keysecure.sandbox import Sandbox

TICK = 0.01
STALL = 2.0
# Far above what a loaded machine does to a greenlet, far below the stall.
LONGEST_GAP = 1.0


def join(greenlet: Any) -> Any:
    return greenlet.wait() if KIND == "eventlet" else greenlet.get()


class Heart:
    """A greenlet that notes the longest time for which it could not run."""

    def __init__(self) -> None:
        self.gap, self.beats, self.stopped = 0.0, 0, False
        self.greenlet = spawn(self.run)

    def run(self) -> None:
        last = time.monotonic()
        while not self.stopped:
            sleep(TICK)
            now = time.monotonic()
            self.gap, last, self.beats = max(self.gap, now - last), now, self.beats + 1


@contextmanager
def beating(at_least: float = STALL) -> Iterator[None]:
    """Fails when other greenlets stop while the block waits, or when it waits for less than that."""
    heart, start = Heart(), time.monotonic()
    sleep(0)
    yield
    took = time.monotonic() - start
    heart.stopped = True
    join(heart.greenlet)
    assert took >= at_least, f"nothing waited: {took}"
    assert heart.gap < LONGEST_GAP, f"other greenlets stopped for {heart.gap} s"
    assert heart.beats > 5


@contextmanager
def platform(**settings: Any) -> Iterator[tuple[Sandbox, Client, str]]:
    with Sandbox() as sandbox, sandbox.client(**settings) as client:
        client.access_token()
        yield sandbox, client, sandbox.seed_approved_cardholder()


def stall(sandbox: Sandbox, operation: str, seconds: float = STALL, times: int = 1) -> None:
    sandbox.fault(operation, {"stall": int(seconds * 1000)}, times=times)


def read(client: Client, cardholder_no: str) -> bool:
    return client.accounts.get(cardholder_no).list[0].cardholder_no == cardholder_no


def transfer(client: Client, cardholder_no: str) -> Any:
    return client.accounts.transfer(
        cardholder_no=cardholder_no, transfer_unique_no="order-1", type="In", amount="25.00"
    )


class Kept(logging.Handler):
    """Keeps texts of records, with the thread or greenlet that emitted each."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[tuple[str, str, int]] = []
        logger = logging.getLogger("keysecure")
        logger.setLevel(level)
        logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.levelname, record.getMessage(), threading.get_ident()))


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        sleep(TICK)
