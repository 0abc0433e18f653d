"""The ASGI receiver: coroutines, threads, disconnects, lifespan."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from webhook_support import (
    ACCEPTED,
    BODY,
    CONSUMPTION,
    FAILED,
    Asgi,
    DictStore,
    body_of,
    purchase,
    signed,
    verifier,
)

from keysecure import AuthEvent
from keysecure.webhooks import asgi, reply_decline

# What only ASGI has.


def test_asgi_runs_async_handlers_and_decisions() -> None:
    events: list[Any] = []

    async def handle(event: object) -> None:
        await asyncio.sleep(0)
        if not events:
            events.append(None)
            raise LookupError
        events.append(event)

    async def decide(event: AuthEvent) -> bool | str:
        await asyncio.sleep(0)
        return event.amount < 50 or " "

    app, headers = Asgi(asgi(verifier(replay_guard=True), handle, decide=decide)), signed(BODY)
    assert [app.post(headers, BODY) for _ in range(3)] == [FAILED, ACCEPTED, ACCEPTED]
    assert len(events) == 2
    assert app.post(*purchase()) == ACCEPTED
    assert app.post(*purchase(99)) == (200, reply_decline("declined"))


def test_asgi_cancels_an_async_decision_that_is_late() -> None:
    cancelled: list[bool] = []

    async def decide(_: AuthEvent) -> bool:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise
        return True

    async def fail(_: AuthEvent) -> bool:
        raise LookupError

    app = Asgi(asgi(verifier(), print, decide=decide, budget=0.4))
    assert app.post(*purchase()) == (200, reply_decline("no decision in time"))
    assert cancelled == [True]
    assert Asgi(asgi(verifier(), print, decide=fail, default="accept")).post(*purchase()) == ACCEPTED


def test_asgi_replies_to_purchases_while_handlers_hang() -> None:
    free = threading.Event()
    app = Asgi(asgi(verifier(replay_guard=DictStore()), lambda _: free.wait(30), decide=lambda _: True))

    async def scenario() -> None:
        bodies = [body_of("Consumption", {**CONSUMPTION, "consume_no": str(number)}) for number in range(60)]
        hanging = [asyncio.ensure_future(app.posted(signed(body), body)) for body in bodies]
        await asyncio.sleep(0.05)
        assert await app.posted(*purchase()) == ACCEPTED
        assert not any(task.done() for task in hanging)
        free.set()
        assert await asyncio.gather(*hanging) == [ACCEPTED] * 60

    asyncio.run(scenario())


def test_asgi_sends_nothing_when_the_client_has_disconnected() -> None:
    app, sent = asgi(verifier(), print), []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(Asgi(app).scope(signed(BODY)), receive, send))
    assert not sent


def test_asgi_lives_and_takes_no_websockets() -> None:
    app, sent = asgi(verifier(), print), []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]
