"""Helpers of the tests of `keysecure.aio`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from keysecure import MemoryStore
from keysecure.aio import Client
from keysecure.sandbox import Sandbox


def client_of(sandbox: Sandbox, **settings: object) -> Client:
    """A client of a sandbox, with a store."""
    everything = {"base_url": sandbox.base_url, "store": MemoryStore(), **settings}
    return Client(sandbox.api_key, sandbox.api_secret, **everything)  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    """Waits until a condition is true."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.002)


@asynccontextmanager
async def heartbeat(most: float) -> AsyncIterator[None]:
    """Fails when the event loop is blocked for longer than `most` seconds."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()

    beats = asyncio.ensure_future(beat())
    await asyncio.sleep(0.02)
    yield
    await asyncio.sleep(0.02)
    beats.cancel()
    assert longest < most


@contextmanager
def stalled(sandbox: Sandbox, operation: str, fault: str, milliseconds: int) -> Iterator[Callable[[], bool]]:
    """Stalls the next request of an operation. Yields whether that request is there."""
    before = len(sandbox.faults_fired())
    sandbox.fault(operation, {fault: milliseconds})
    yield lambda: len(sandbox.faults_fired()) > before
