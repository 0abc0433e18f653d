"""Purchases in an event loop: the awaited responder and the ASGI receiver never block it."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aio_support import heartbeat, until
from webhook_support import AUTH, BODY, Asgi, DictStore, body_of, signed, verifier

import keysecure
from keysecure import aio
from keysecure.webhooks import AuthEvent, VerifiedWebhook, asgi, reply_accept, reply_decline

NOT_IN_TIME = reply_decline("no decision in time")


def purchase(number: str = "c-1") -> VerifiedWebhook:
    body = body_of("Auth", {**AUTH, "consume_no": number})
    return verifier().verify(signed(body), body)


def reply(decide: Any, **settings: Any) -> bytes:
    return asyncio.run(aio.Responder(decide, **settings).respond(purchase()))


async def approve(_: AuthEvent) -> bool:
    await asyncio.sleep(0.01)
    return True


async def decline(_: AuthEvent) -> str:
    return "over the limit"


class Approves:
    async def __call__(self, event: AuthEvent) -> bool:
        return await approve(event)


def test_plain_and_async_decisions_are_replied_with() -> None:
    for decide in (approve, Approves(), lambda event: approve(event), lambda _: True):
        assert reply(decide) == reply_accept()
    assert reply(decline) == reply(lambda _: "over the limit") == reply_decline("over the limit")


def test_what_is_no_purchase_is_accepted() -> None:
    received = verifier().verify(signed(BODY), BODY)
    assert asyncio.run(aio.Responder(decline).respond(received)) == reply_accept()


def test_a_late_async_decision_is_cancelled_and_the_default_replied() -> None:
    ended: list[str] = []

    async def decide(_: AuthEvent) -> bool:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return True

    async def scenario(default: Any) -> bytes:
        response = await aio.Responder(decide, default=default, budget=0.4).respond(purchase())
        await until(lambda: ended)
        return response

    assert asyncio.run(scenario("decline")) == NOT_IN_TIME
    assert ended == ["cancelled"]
    assert asyncio.run(scenario("accept")) == reply_accept()


def test_a_decision_that_raises_gets_the_default(caplog: pytest.LogCaptureFixture) -> None:
    async def decide(_: AuthEvent) -> bool:
        raise LookupError("a secret")

    started, errors = time.monotonic(), list[Exception]()
    assert reply(decide, budget=0.8, on_error=errors.append).startswith(b'{"code":1,')
    assert time.monotonic() - started < 0.5, "nobody waits for it any more"
    assert [type(error) for error in errors] == [LookupError]
    assert "raised LookupError at " in caplog.text
    assert "a secret" not in caplog.text


def test_a_purchase_is_decided_once_by_many_tasks() -> None:
    calls: list[str] = []

    async def decide(event: AuthEvent) -> bool:
        calls.append(event.consume_no)
        await asyncio.sleep(0.05)
        return True

    async def scenario() -> list[bytes]:
        responder = aio.Responder(decide)
        return await asyncio.gather(*(responder.respond(purchase()) for _ in range(10)))

    assert asyncio.run(scenario()) == [reply_accept()] * 10
    assert calls == ["c-1"]


def test_decisions_run_in_the_context_of_their_request() -> None:
    user = contextvars.ContextVar[str]("user")

    async def decide(_: AuthEvent) -> str:
        return user.get()

    async def scenario(decide: Any) -> bytes:
        user.set("ada")
        return await aio.Responder(decide).respond(purchase())

    assert asyncio.run(scenario(decide)) == reply_decline("ada")
    assert asyncio.run(scenario(lambda _: user.get())) == reply_decline("ada")


def test_a_decision_continues_without_its_request() -> None:
    decided: list[bool] = []

    async def decide(_: AuthEvent) -> bool:
        await asyncio.sleep(0.1)
        decided.append(True)
        return True

    async def scenario() -> bytes:
        responder = aio.Responder(decide)
        first = asyncio.ensure_future(responder.respond(purchase()))
        await asyncio.sleep(0.03)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await responder.respond(purchase())

    assert asyncio.run(scenario()) == reply_accept()
    assert len(decided) == 1


def test_wrong_settings_are_refused() -> None:
    wrong: list[tuple[Any, dict[str, Any]]] = [(7, {}), (approve, {"default": "x"}), (approve, {"budget": "x"})]
    for decide, settings in wrong:
        with pytest.raises(keysecure.KeySecureError):
            aio.Responder(decide, **settings)


def blocks(seconds: float) -> Callable[[Any], bool]:
    def work(_: Any) -> bool:
        time.sleep(seconds)
        return True

    return work


def waits(seconds: float) -> Callable[[Any], Awaitable[bool]]:
    async def work(_: Any) -> bool:
        await asyncio.sleep(seconds)
        return True

    return work


def test_blocking_decisions_run_in_threads_and_others_in_the_loop() -> None:
    threads: set[int] = set()

    def blocking(_: Any) -> bool:
        threads.add(threading.get_ident())
        time.sleep(0.05)
        return True

    async def waiting(_: Any) -> bool:
        threads.add(threading.get_ident())
        await asyncio.sleep(0.05)
        return True

    async def scenario(decide: Any) -> None:
        responder = aio.Responder(decide, budget=0.8)
        replies = await asyncio.gather(*(responder.respond(purchase(str(number))) for number in range(20)))
        assert len(replies) == 20

    asyncio.run(scenario(blocking))
    assert threads
    assert threading.get_ident() not in threads
    threads.clear()
    asyncio.run(scenario(waiting))
    assert threads == {threading.get_ident()}


class SlowStore(DictStore):
    """A store that takes its time."""

    def insert(self, key: str, value: str, keep: float) -> str | None:
        time.sleep(0.8)
        return super().insert(key, value, keep)


@pytest.mark.parametrize("action", ["Consumption", "Auth"])
@pytest.mark.parametrize("kind", [blocks, waits])
def test_asgi_never_blocks_the_loop(kind: Callable[[float], Any], action: str) -> None:
    async def scenario() -> None:
        app = Asgi(asgi(verifier(store=SlowStore()), kind(0.8), decide=kind(0.8)))
        body = BODY if action == "Consumption" else body_of("Auth", AUTH)
        async with heartbeat(0.6):
            first = await app.posted(signed(body), body)
            again = await app.posted(signed(body), body)
        assert first[0] == again[0] == 200

    asyncio.run(scenario())
