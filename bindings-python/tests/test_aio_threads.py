"""The threads of `keysecure.aio`: few, started when they are needed, and never the event loop's."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from aio_support import client_of, heartbeat, stalled, until

import keysecure
from keysecure import aio
from keysecure.aio import _threads
from keysecure.sandbox import Sandbox


def own_threads() -> int:
    return sum(thread.name == "keysecure.aio" for thread in threading.enumerate())


class Gate:
    """A blocking client whose calls wait until they may end."""

    def __init__(self) -> None:
        self.client = mock.create_autospec(keysecure.Client, instance=True)
        self.free = threading.Event()
        self.now = self.most = self.begun = 0
        self.lock = threading.Lock()
        self.client.cards.get.side_effect = self.client.cards.freeze.side_effect = self.call

    def call(self, card_no: str) -> str:
        with self.lock:
            self.now += 1
            self.begun += 1
            self.most = max(self.most, self.now)
        assert self.free.wait(60)
        with self.lock:
            self.now -= 1
        return card_no


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.free.set()


def test_calls_are_bounded_and_threads_started_when_needed(gate: Gate) -> None:
    async def scenario() -> None:
        before = own_threads()
        client = aio.Client.of(gate.client, max_threads=4)
        assert own_threads() == before
        tasks = [asyncio.ensure_future(client.cards.get(str(number))) for number in range(3)]
        await until(lambda: gate.begun == 3)
        assert own_threads() == before + 3
        tasks += [asyncio.ensure_future(client.cards.get(str(number))) for number in range(3, 40)]
        await until(lambda: gate.begun == 4)
        await asyncio.sleep(0.05)
        assert (gate.begun, own_threads()) == (4, before + 4)
        gate.free.set()
        assert await asyncio.gather(*tasks) == [str(number) for number in range(40)]
        assert gate.most == 4
        await client.close()
        await until(lambda: own_threads() == before)

    asyncio.run(scenario())


def test_a_free_thread_is_used_again_and_ends_when_it_is_idle(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "IDLE_SECONDS", 0.2)
    gate.free.set()

    async def scenario() -> None:
        before = own_threads()
        client = aio.Client.of(gate.client)
        for round_ in range(2):
            for number in range(50):
                assert await client.cards.get(str(number)) == str(number)
                # One call after another stays in one thread.
                assert own_threads() == before + 1, round_
            await until(lambda: own_threads() == before)

    asyncio.run(scenario())


def test_the_loop_continues_while_50_calls_stall(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with client_of(sandbox, max_threads=50) as client:
            await client.access_token()
            sandbox.fault("cards.packages", {"stall": 2_000}, times=50)
            async with heartbeat(1.0):
                started = time.monotonic()
                await asyncio.gather(*(client.cards.packages_page(page=0, size=1) for _ in range(50)))
            assert time.monotonic() - started < 40, "they overlap"

    asyncio.run(scenario())


def test_other_work_in_threads_is_not_in_the_way(gate: Gate) -> None:
    async def scenario() -> None:
        client = aio.Client.of(gate.client, max_threads=64)
        calls = [asyncio.ensure_future(client.cards.get("1")) for _ in range(64)]
        await until(lambda: gate.begun == 64)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: 7), 30) == 7
        gate.free.set()
        await asyncio.gather(*calls)

    asyncio.run(scenario())


def test_closing_waits_for_changes_and_refuses_what_waits(gate: Gate) -> None:
    async def scenario() -> None:
        client = aio.Client.of(gate.client, max_threads=1)
        change = asyncio.ensure_future(client.cards.freeze("1"))
        await until(lambda: gate.begun == 1)
        waiting = asyncio.ensure_future(client.cards.freeze("2"))
        await asyncio.sleep(0)
        closing = [asyncio.ensure_future(client.close()) for _ in range(2)]
        with pytest.raises(keysecure.ConfigError, match="closed before the call was sent") as caught:
            await waiting
        assert caught.value.outcome == "not_sent"
        with pytest.raises(keysecure.ConfigError, match="the client is closed"):
            await client.cards.freeze("3")
        # A close that is cancelled continues.
        closing[0].cancel()
        await asyncio.sleep(0.05)
        assert (closing[1].done(), change.done()) == (False, False)
        gate.free.set()
        assert await change == "1"
        await closing[1]
        await client.close()
        gate.client.close.assert_not_called()

    asyncio.run(scenario())
    assert gate.begun == 1


def test_closing_aborts_reads(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        client = client_of(sandbox, timeout=60)
        await client.access_token()
        with stalled(sandbox, "cards.packages", "stall", 20_000) as is_there:
            read = asyncio.ensure_future(client.cards.packages_page(page=0, size=1))
            await until(is_there)
            await client.close()
            with pytest.raises(keysecure.KeySecureError):
                await asyncio.wait_for(read, 15)

    asyncio.run(scenario())


def test_one_client_serves_several_loops(sandbox: Sandbox) -> None:
    client = client_of(sandbox)

    async def work() -> int:
        rows = [row async for row in client.cards.packages()]
        return len(rows) + len(await asyncio.gather(*(client.access_token() for _ in range(10))))

    counts = [asyncio.run(work()) for _ in range(3)]
    threads = [threading.Thread(target=lambda: counts.append(asyncio.run(work()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counts == [14] * 7
    asyncio.run(client.close())


def test_without_a_thread_nothing_is_sent(gate: Gate) -> None:
    async def scenario() -> None:
        client = aio.Client.of(gate.client, max_threads=8)
        with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")):
            with pytest.raises(keysecure.TransportError) as caught:
                await client.cards.freeze("1")
            assert caught.value.outcome == "not_sent"
        first = asyncio.ensure_future(client.cards.freeze("2"))
        await until(lambda: gate.begun == 1)
        with mock.patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")):
            # It waits for the thread that there is.
            second = asyncio.ensure_future(client.cards.freeze("3"))
            await asyncio.sleep(0.01)
        gate.free.set()
        assert await asyncio.gather(first, second) == ["2", "3"]

    asyncio.run(scenario())
    assert gate.begun == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_has_threads_of_its_own() -> None:
    program = """
        import asyncio, os, sys
        from keysecure import aio
        from keysecure.sandbox import Sandbox

        async def work():
            return [row.package_no async for row in client.cards.packages()]

        with Sandbox() as sandbox:
            client = aio.Client(sandbox.api_key, sandbox.api_secret, base_url=sandbox.base_url)
            expected = asyncio.run(work())
            # The lock is held as the process forks, as another thread might.
            client._threads.lock.acquire()
            child = os.fork()
            if child == 0:
                os._exit(0 if asyncio.run(asyncio.wait_for(work(), 30)) == expected else 1)
            client._threads.lock.release()
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(status, asyncio.run(work()) == expected)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["0", "True"], done.stderr


def test_many_tasks_share_the_rows_of_a_list(sandbox: Sandbox, cardholder_no: str) -> None:
    cards = {sandbox.seed_virtual_card(cardholder_no) for _ in range(30)}

    async def scenario() -> None:
        async with client_of(sandbox) as client:
            end = sandbox.clock.now
            rows = client.cards.list(start=end - timedelta(days=1), end=end)
            found: list[Any] = []

            async def take() -> None:
                found.extend([row.card_no async for row in rows])

            await asyncio.gather(*(take() for _ in range(5)))
            assert sorted(found) == sorted(cards)
            assert [row async for row in rows] == []

    asyncio.run(scenario())
