"""ASGI receivers whose requests are cancelled, and handlers that cannot run."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from webhook_support import (
    ACCEPTED,
    BODY,
    FAILED,
    LATE,
    UNDECIDED,
    Asgi,
    DictStore,
    Kind,
    Response,
    Shop,
    again,
    body_of,
    guards,
    purchase,
    signed,
    verifier,
)

from keysecure import AuthEvent, ConfigError
from keysecure.webhooks import asgi


def test_asgi_does_not_decide_again_what_was_cancelled() -> None:
    async def scenario(guard: Any) -> None:
        asked: list[AuthEvent] = []
        stopped = asyncio.Event()

        async def decide(event: AuthEvent) -> bool:
            asked.append(event)
            try:
                return await asyncio.Event().wait()
            finally:
                stopped.set()

        app = Asgi(asgi(verifier(replay_guard=guard), print, decide=decide, budget=0.3))
        headers, body = purchase()
        first = asyncio.ensure_future(app.posted(headers, body))
        while not asked:
            await asyncio.sleep(0.001)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert [await app.posted(each, body) for each in (again(body), again(body, 2))] == [LATE] * 2
        assert len(asked) == 1
        await asyncio.wait_for(stopped.wait(), 30)

    for guard in guards():
        asyncio.run(scenario(guard))


def test_asgi_declines_by_a_decision_that_cannot_be_called() -> None:
    async def decide() -> bool:
        return True

    app = Asgi(asgi(verifier(), print, decide=decide))  # type: ignore[arg-type]
    headers, body = purchase()
    assert [app.post(headers, body) for _ in range(2)] == [UNDECIDED] * 2


# Requests that are cancelled.


async def handled(post: Callable[[], Awaitable[Response]]) -> Response:
    """The response after the other worker has finished."""
    while (response := await post())[0] == 503:
        await asyncio.sleep(0.001)
    return response


@pytest.mark.parametrize("fails", [False, True])
def test_asgi_lets_a_thread_keep_its_webhook_to_its_end(fails: bool) -> None:
    async def scenario(guard: Any) -> None:
        busy, go_on = threading.Event(), threading.Event()
        failures = [LookupError()] if fails else []
        calls: list[object] = []

        def handle(event: object) -> None:
            calls.append(event)
            busy.set()
            assert go_on.wait(30)
            if failures:
                raise failures.pop()

        app, headers = Asgi(asgi(verifier(replay_guard=guard), handle)), signed(BODY)
        first = asyncio.ensure_future(app.posted(headers, BODY))
        assert await asyncio.to_thread(busy.wait, 30)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await app.posted(headers, BODY))[0] == 503
        assert len(calls) == 1
        go_on.set()
        assert await handled(lambda: app.posted(headers, BODY)) == ACCEPTED
        assert len(calls) == 1 + fails, "what failed comes again, and nothing else"

    for guard in (True, DictStore()):
        asyncio.run(scenario(guard))


class OneThread(ThreadPoolExecutor):
    """An executor that counts its work."""

    given = 0

    def submit(self, *work: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = super().submit(*work, **named)
        self.given += 1
        return done


def test_asgi_never_begins_what_was_cancelled_while_it_waited_for_a_thread() -> None:
    async def scenario(guard: Any) -> None:
        threads, go_on = OneThread(max_workers=1), threading.Event()
        asyncio.get_running_loop().set_default_executor(threads)
        calls: list[object] = []

        def handle(event: object) -> None:
            assert go_on.wait(30)
            calls.append(event)

        app, other = Asgi(asgi(verifier(replay_guard=guard), handle)), body_of("New", {"x": 1})
        headers = signed(other)
        busy = asyncio.ensure_future(app.posted(signed(BODY), BODY))
        while threads.given < 1:
            await asyncio.sleep(0.001)
        waiting = asyncio.ensure_future(app.posted(headers, other))
        while threads.given < 2:
            await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        second = asyncio.ensure_future(app.posted(headers, other))
        while threads.given < 3:
            assert not second.done(), "the claim was released"
            await asyncio.sleep(0.001)
        go_on.set()
        assert [await busy, await second] == [ACCEPTED] * 2
        assert len(calls) == 2

    for guard in (True, DictStore()):
        asyncio.run(scenario(guard))


def test_asgi_stops_an_async_handler_and_lets_its_webhook_come_again() -> None:
    async def scenario(guard: Any) -> None:
        stopped: list[bool] = []
        begun = asyncio.Event()

        async def handle(_: object) -> None:
            if begun.is_set():
                return
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                stopped.append(True)

        app, headers = Asgi(asgi(verifier(replay_guard=guard), handle)), signed(BODY)
        first = asyncio.ensure_future(app.posted(headers, BODY))
        await begun.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert stopped == [True]
        assert await app.posted(headers, BODY) == ACCEPTED

    for guard in (True, DictStore()):
        asyncio.run(scenario(guard))


def test_asgi_runs_a_handler_in_the_context_of_its_request() -> None:
    user = contextvars.ContextVar[str]("user")
    seen: list[str] = []

    async def scenario() -> None:
        user.set("the platform")
        assert await Asgi(asgi(verifier(), lambda _: seen.append(user.get()))).posted(signed(BODY), BODY) == ACCEPTED

    asyncio.run(scenario())
    assert seen == ["the platform"]


# Handlers that cannot run.


def handle_in_parts(event: object) -> Iterator[object]:
    yield event


async def handle_in_parts_later(event: object) -> AsyncIterator[object]:
    yield event


class InParts:
    def __call__(self, event: object) -> Iterator[object]:
        yield event


def test_generators_would_never_run_and_are_refused(kind: Kind) -> None:
    wrong: list[Any] = [handle_in_parts, handle_in_parts_later, InParts()]
    for function in wrong:
        with pytest.raises(ConfigError, match="handler must not be a generator"):
            kind.make(verifier(), function)
        with pytest.raises(ConfigError, match="decide must not be a generator"):
            kind.make(verifier(), print, decide=function)


def test_a_webhook_whose_handler_gives_a_generator_was_not_handled(kind: Kind) -> None:
    for function in (handle_in_parts, handle_in_parts_later):
        hidden: list[Any] = [lambda event, function=function: function(event), print]
        app = kind(kind.make(verifier(replay_guard=True), lambda event, hidden=hidden: hidden.pop(0)(event)))
        headers = signed(BODY)
        assert [app.post(headers, BODY) for _ in range(2)] == [FAILED, ACCEPTED]


def test_a_handler_that_asks_for_more_than_there_is_has_failed(kind: Kind) -> None:
    shop, headers = Shop(kind), signed(BODY)
    shop.failures = [StopIteration()]
    assert [shop.post(headers, BODY) for _ in range(2)] == [FAILED, ACCEPTED]
