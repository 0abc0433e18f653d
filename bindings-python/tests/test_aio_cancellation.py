"""Cancelled tasks: a read is dropped, a change continues and its result is kept, and what waits is never sent."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Awaitable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from aio_support import client_of, stalled, until

import keysecure
from keysecure import aio
from keysecure.aio import CancelledCall
from keysecure.sandbox import Sandbox


async def cancelled(task: asyncio.Future[Any]) -> float:
    """Cancels a task. Returns the seconds in which it ended."""
    started = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - started


def test_a_cancelled_read_ends_at_once_and_its_result_is_dropped(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        ended: list[CancelledCall] = []
        async with client_of(sandbox, on_cancelled=ended.append) as client:
            await client.access_token()
            with stalled(sandbox, "cards.packages", "stall", 3_000) as is_there:
                read = asyncio.ensure_future(client.cards.packages_page(page=0, size=1))
                await until(is_there)
                assert await cancelled(read) < 2
            # Other calls are not in its way.
            await client.cards.packages_page(page=0, size=1)
        assert ended == []

    asyncio.run(scenario())
    assert "cancelled" not in caplog.text


def test_a_cancelled_transfer_is_made_and_its_result_is_kept(
    sandbox: Sandbox, transfer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    user = contextvars.ContextVar[str]("user")
    seen: list[tuple[str, threading.Thread]] = []
    ended: list[CancelledCall] = []

    def record(call: CancelledCall) -> None:
        ended.append(call)
        seen.append((user.get(), threading.current_thread()))

    async def scenario() -> None:
        user.set("ada")
        async with client_of(sandbox, on_cancelled=record) as client:
            with stalled(sandbox, "accounts.transfer", "stall", 1_500) as is_there:
                task = asyncio.ensure_future(client.accounts.transfer(**transfer))
                await until(is_there)
                assert await cancelled(task) < 1
            assert ended == []
        # The end of the block has waited for it.
        assert len(ended) == 1

    asyncio.run(scenario())
    [call] = ended
    assert (call.operation, call.error) == ("accounts.transfer", None)
    assert call.result.transfer_unique_no == "order-7"
    assert call.numbers == {"cardholder_no": transfer["cardholder_no"], "transfer_unique_no": "order-7"}
    assert seen[0][0] == "ada"
    assert seen[0][1] is not threading.main_thread()
    assert sandbox.count("accounts.transfer") == 1
    assert sandbox.ledger().cardholder(str(transfer["cardholder_no"])) == Decimal("25.00")
    [record_] = [one for one in caplog.records if "cancelled" in one.getMessage()]
    assert record_.levelno == logging.WARNING
    assert 'transfer_unique_no="order-7"' in record_.getMessage()
    assert vars(record_)["outcome"] == "done"


def test_a_cancelled_transfer_that_fails_is_kept_with_its_outcome(
    sandbox: Sandbox, transfer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[CancelledCall] = []

    async def scenario() -> None:
        async with client_of(sandbox, on_cancelled=ended.append, timeout=1) as client:
            await client.access_token()
            with stalled(sandbox, "accounts.transfer", "stall", 5_000) as is_there:
                task = asyncio.ensure_future(client.accounts.transfer(**transfer))
                await until(is_there)
                await cancelled(task)

    asyncio.run(scenario())
    [call] = ended
    assert isinstance(call.error, keysecure.KeySecureError)
    assert (call.result, call.error.outcome) == (None, "unknown")
    levels = [one.levelno for one in caplog.records if "cancelled" in one.getMessage()]
    assert levels == [logging.ERROR]


@pytest.mark.parametrize("wait", ["wait_for", "timeout"])
def test_a_time_limit_ends_the_wait_and_not_the_transfer(sandbox: Sandbox, transfer: dict[str, Any], wait: str) -> None:
    if wait == "timeout" and sys.version_info < (3, 11):
        pytest.skip("asyncio.timeout came with Python 3.11")
    ended: list[CancelledCall] = []

    async def limited(call: Awaitable[object]) -> None:
        if wait == "wait_for":
            await asyncio.wait_for(call, 0.2)
        else:
            async with asyncio.timeout(0.2):
                await call

    async def scenario() -> None:
        async with client_of(sandbox, on_cancelled=ended.append) as client:
            await client.access_token()
            with stalled(sandbox, "accounts.transfer", "stall", 1_500):
                with pytest.raises(asyncio.TimeoutError):
                    await limited(client.accounts.transfer(**transfer))
                await until(lambda: sandbox.count("accounts.transfer"))

    asyncio.run(scenario())
    assert [call.error for call in ended] == [None]
    assert sandbox.count("accounts.transfer") == 1


def test_ensure_again_returns_the_result_of_the_cancelled_one(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with client_of(sandbox) as client:
            await client.access_token()
            with stalled(sandbox, "accounts.transfer", "stall", 1_000) as is_there:
                task = asyncio.ensure_future(client.accounts.ensure_transfer(**transfer, first_attempt=True))
                await until(is_there)
                await cancelled(task)
            again = await client.accounts.ensure_transfer(**transfer)
            assert again.value.transfer_unique_no == "order-7"

    asyncio.run(scenario())
    assert sandbox.count("accounts.transfer") == 1
    assert sandbox.ledger().cardholder(str(transfer["cardholder_no"])) == Decimal("25.00")


def test_a_call_that_waits_for_a_thread_is_never_sent_when_cancelled(
    sandbox: Sandbox, transfer: dict[str, Any]
) -> None:
    ended: list[CancelledCall] = []

    async def scenario() -> None:
        async with client_of(sandbox, max_threads=1, on_cancelled=ended.append) as client:
            await client.access_token()
            with stalled(sandbox, "cards.packages", "stall", 1_000) as is_there:
                busy = asyncio.ensure_future(client.cards.packages_page(page=0, size=1))
                await until(is_there)
                waiting = asyncio.ensure_future(client.accounts.transfer(**transfer))
                await asyncio.sleep(0.05)
                assert await cancelled(waiting) < 0.5
                await busy
            assert await client.cards.packages_page(page=0, size=1)

    asyncio.run(scenario())
    assert (sandbox.count("accounts.transfer"), ended) == (0, [])


def test_a_task_cancelled_before_it_starts_sends_nothing(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with client_of(sandbox) as client:
            task = asyncio.ensure_future(client.accounts.transfer(**transfer))
            await cancelled(task)

    asyncio.run(scenario())
    assert sandbox.count("accounts.transfer") == 0


@pytest.mark.parametrize(("steps", "is_taken"), [(0, False), (1, False), (3, True)])
def test_a_result_that_its_task_does_not_take_any_more_is_kept(steps: int, is_taken: bool) -> None:
    # The task is cancelled between the end of the call and its own next step.
    ended: list[CancelledCall] = []
    fake = mock.create_autospec(keysecure.Client, instance=True)
    go = threading.Event()

    def freeze(_: str) -> str:
        assert go.wait(30)
        return "frozen"

    fake.cards.freeze.side_effect = freeze

    async def scenario() -> None:
        async with aio.Client.of(fake, on_cancelled=ended.append) as client:
            task = asyncio.ensure_future(client.cards.freeze("1"))
            await until(lambda: fake.cards.freeze.call_count)
            go.set()
            # The loop does not run until the thread has passed the result on and waits for another call.
            while not client._threads._added._waiters:  # type: ignore[attr-defined]
                time.sleep(0.001)
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
            assert (results == ["frozen"]) == is_taken
            await until(lambda: is_taken or ended)
        assert [call.result for call in ended] == ([] if is_taken else ["frozen"])

    asyncio.run(scenario())


def test_a_cancelled_list_loses_no_row_and_no_error(sandbox: Sandbox, cardholder_no: str) -> None:
    cards = {sandbox.seed_virtual_card(cardholder_no) for _ in range(3)}

    async def scenario() -> None:
        async with client_of(sandbox) as client:
            await client.access_token()
            today = sandbox.clock.now
            rows = client.cards.list(start=today - timedelta(days=1), end=today)
            with stalled(sandbox, "cards.list", "stall", 500) as is_there:
                task = asyncio.ensure_future(rows.__anext__())
                await until(is_there)
                await cancelled(task)
            assert {row.card_no async for row in rows} == cards
            assert not rows.failed
        async with client_of(sandbox, timeout=1, max_retries=0) as client:
            broken = client.cards.packages()
            with stalled(sandbox, "cards.packages", "stall", 5_000) as is_there:
                task = asyncio.ensure_future(broken.__anext__())
                await until(is_there)
                await cancelled(task)
            with pytest.raises(keysecure.TimeoutError):
                await broken.__anext__()
            assert broken.failed

    asyncio.run(scenario())


def test_a_closed_loop_loses_no_result(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    ended: list[CancelledCall] = []
    client = client_of(sandbox, on_cancelled=ended.append)
    loop = asyncio.new_event_loop()

    async def begin() -> asyncio.Future[Any]:
        await client.access_token()
        with stalled(sandbox, "accounts.transfer", "stall", 1_000) as is_there:
            task = asyncio.ensure_future(client.accounts.transfer(**transfer))
            await until(is_there)
        return task

    task = loop.run_until_complete(begin())
    loop.close()
    end = time.monotonic() + 30
    while not ended and time.monotonic() < end:
        time.sleep(0.01)
    assert [call.error for call in ended] == [None]
    # asyncio itself warns about a task that was left in the middle.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    asyncio.run(client.close())


def test_an_on_cancelled_that_raises_is_logged_by_its_place(
    sandbox: Sandbox, transfer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    def record(_: CancelledCall) -> None:
        raise LookupError("a secret")

    async def scenario() -> None:
        async with client_of(sandbox, on_cancelled=record) as client:
            with stalled(sandbox, "accounts.transfer", "stall", 300) as is_there:
                task = asyncio.ensure_future(client.accounts.transfer(**transfer))
                await until(is_there)
                await cancelled(task)

    asyncio.run(scenario())
    assert "on_cancelled raised LookupError at " in caplog.text
    assert "a secret" not in caplog.text


EXIT = """
import asyncio, logging, sys, threading
from keysecure import MemoryStore, aio
from keysecure.sandbox import Sandbox

logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
sandbox = Sandbox()
client = aio.Client(sandbox.api_key, sandbox.api_secret, base_url=sandbox.base_url, timeout=60)
number = sandbox.seed_approved_cardholder()

async def main(operation, stall, call):
    await client.access_token()
    before = len(sandbox.faults_fired())
    sandbox.fault(operation, {"stall": stall})
    task = asyncio.ensure_future(call())
    while len(sandbox.faults_fired()) == before:
        await asyncio.sleep(0.01)

def transfer():
    return client.accounts.transfer(cardholder_no=number, transfer_unique_no="order-7", type="In", amount=1)

def read():
    return client.cards.packages_page(page=0, size=1)
"""


def at_exit(scenario: str) -> tuple[float, str]:
    """The seconds and the log of a program that ends with calls in progress."""
    # The sandbox would wait for the call that it stalls, as it ends.
    program = f"{EXIT}\n{textwrap.dedent(scenario)}\nsandbox.__class__.__del__ = lambda self: None\n"
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=dict(os.environ), check=False
    )
    assert done.returncode == 0, done.stderr
    return time.monotonic() - started, done.stderr


def test_the_end_of_a_program_waits_for_a_transfer_in_progress() -> None:
    _, log = at_exit('asyncio.run(main("accounts.transfer", 1_000, transfer))')
    assert log.splitlines() == [
        'WARNING accounts.transfer, whose task was cancelled, has ended (done, transfer_unique_no="order-7")'
    ]


def test_the_end_of_a_program_does_not_wait_for_a_read() -> None:
    seconds, log = at_exit('asyncio.run(main("cards.packages", 30_000, read))')
    assert seconds < 20
    # The read was aborted: a thread that returns to an interpreter that has ended may crash the process.
    assert {line.split(":")[0] for line in log.splitlines()} <= {"WARNING a call failed"}


def test_the_end_of_a_program_waits_for_no_hanging_transfer() -> None:
    seconds, log = at_exit('asyncio.run(main("accounts.transfer", 40_000, transfer))')
    assert seconds < 30
    assert "ERROR the program ends while accounts.transfer is in progress" in log
