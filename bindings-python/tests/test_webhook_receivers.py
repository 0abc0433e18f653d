"""Receivers when callbacks come again or meanwhile, when requests are cancelled, and with handlers that cannot run."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from webhook_support import (
    ACCEPTED,
    BODY,
    FAILED,
    Answer,
    Asgi,
    DictStore,
    Kind,
    Shop,
    Wsgi,
    body_of,
    now,
    purchase,
    served,
    signed,
    verifier,
)

from keysecure import AuthEvent, ConfigError
from keysecure.sandbox import Sandbox
from keysecure.webhooks import _Receiver, asgi, reply_decline, wsgi

REFUSED = (200, reply_decline("this purchase was asked for before"))


@pytest.fixture(params=[Wsgi, Asgi], ids=["wsgi", "asgi"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


def guards() -> list[Any]:
    return [None, True, DictStore()]


def again(body: bytes, seconds: int = 1) -> dict[str, str]:
    """The headers of a callback that is sent again with a new timestamp."""
    return signed(body, now() + timedelta(seconds=seconds))


class Fickle:
    """Says yes to a purchase, and no when it is asked again."""

    def __init__(self) -> None:
        self.asked: list[AuthEvent] = []

    def __call__(self, event: AuthEvent) -> bool | str:
        self.asked.append(event)
        return len(self.asked) % 2 == 1 or "changed my mind"

    async def later(self, event: AuthEvent) -> bool | str:
        return self(event)


# Purchases that are asked for again.


def test_a_purchase_is_decided_once_however_often_it_is_asked_for(kind: Kind) -> None:
    for guard in guards():
        fickle = Fickle()
        decisions = [fickle, fickle.later] if kind is Asgi else [fickle]
        for number, decide in enumerate(decisions):
            shop = Shop(kind, guard, decide=decide)
            headers, body = purchase(number)
            first = shop.post(headers, body)
            assert [shop.post(each, body) for each in (headers, again(body), again(body, 2), headers)] == [first] * 4
        assert len(fickle.asked) == len(decisions)


@pytest.mark.parametrize("resent", [False, True], ids=["same", "resent"])
def test_who_asks_while_a_purchase_is_decided_gets_that_decision(
    kind: Kind, resent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, waits, asked = _Receiver.wait, threading.Event(), threading.Event()
    times: list[AuthEvent] = []

    def wait_and_tell(*given: Any) -> bytes:
        waits.set()
        return wait(*given)

    def decide(event: AuthEvent) -> bool:
        times.append(event)
        asked.set()
        return waits.wait(30)

    async def decide_later(event: AuthEvent) -> bool:
        return await asyncio.to_thread(decide, event)

    monkeypatch.setattr(_Receiver, "wait", wait_and_tell)
    # However slow this machine is, there is time to wait for what the first one gets.
    monkeypatch.setattr(_Receiver, "left", lambda *_: 30.0)
    decisions: list[Any] = [decide, decide_later] if kind is Asgi else [decide]
    for number, guard in enumerate(guards()):
        for decision in decisions:
            waits.clear()
            asked.clear()
            times.clear()
            app = kind.make(verifier(replay_guard=guard), print, decide=decision)
            headers, body = purchase(number + 1 if decision is decide else number + 10)
            answers: list[Answer] = []

            def post(headers: Any, app: Any = app, body: bytes = body, answers: Any = answers) -> None:
                answers.append(kind(app).post(headers, body))

            threads = [threading.Thread(target=post, args=[each]) for each in (headers, again(body))]
            if not resent:
                threads[1] = threading.Thread(target=post, args=[headers])
            threads[0].start()
            assert asked.wait(30)
            threads[1].start()
            for thread in threads:
                thread.join(60)
            assert len(times) == 1
            assert len(answers) == 2
            assert answers[0] == answers[1]


def test_who_can_wait_no_longer_for_a_decision_is_refused(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    settle, decided, go_on = _Receiver.settle, threading.Event(), threading.Event()

    def settle_later(*given: Any) -> None:
        decided.set()
        assert go_on.wait(30)
        settle(*given)

    monkeypatch.setattr(_Receiver, "settle", settle_later)
    app = kind.make(verifier(), print, default="accept", budget=0.05)
    headers, body = purchase()
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(kind(app).post(headers, body)))
    thread.start()
    assert decided.wait(30)
    assert kind(app).post(headers, body) == REFUSED
    go_on.set()
    thread.join(30)
    assert answers == [ACCEPTED]
    assert kind(app).post(headers, body) == ACCEPTED


def test_another_question_with_the_number_of_a_purchase_is_refused(kind: Kind) -> None:
    for guard in guards():
        fickle = Fickle()
        shop = Shop(kind, guard, decide=fickle)
        headers, body = purchase()
        first = shop.post(headers, body)
        for change in ({"amount": 42.01}, {"card_no": "k-2"}, {"type": "Refund"}, {"local_amount": 7}):
            other_headers, other = purchase(consume_no="c-42.0", **change)
            assert [shop.post(other_headers, other) for _ in range(2)] == [REFUSED] * 2
        assert shop.post(again(body), body) == first != REFUSED, "its own question was answered"
        assert len(fickle.asked) == 1


def test_purchases_without_a_number_are_known_by_their_signatures(kind: Kind) -> None:
    fickle = Fickle()
    shop = Shop(kind, guard=None, decide=fickle)
    for amount in (1.0, 2.0):
        headers, body = purchase(amount, consume_no="")
        assert shop.post(headers, body) == shop.post(headers, body)
    assert [float(event.amount) for event in fickle.asked] == [1, 2]
    # Nor is a number taken for a signature.
    assert shop.post(*purchase(3.0, consume_no=headers["Signature"])) != REFUSED


def test_a_purchase_that_another_worker_answered_is_never_decided_after_its_replay_was_refused(kind: Kind) -> None:
    store, fickle = DictStore(), Fickle()
    one, other = (Shop(kind, store, decide=fickle) for _ in range(2))
    headers, body = purchase()
    assert one.post(headers, body) != REFUSED
    assert [other.post(each, body) for each in (headers, again(body), headers)] == [REFUSED] * 3
    assert len(fickle.asked) == 1


def test_the_oldest_purchases_are_forgotten(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Receiver, "MOST_ANSWERS", 2)
    fickle = Fickle()
    shop = Shop(kind, guard=None, decide=fickle)
    purchases = [purchase(amount) for amount in (1.0, 2.0, 3.0)]
    for each in [*purchases, *purchases[:0:-1], purchases[0]]:
        shop.post(*each)
    assert [float(event.amount) for event in fickle.asked] == [1, 2, 3, 1]


def test_the_sandboxs_purchases_are_decided_once() -> None:
    fickle = Fickle()
    with Sandbox(mode="authorization") as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        by = client.webhook_verifier(replay_guard=True)
        with served(wsgi(by, print, decide=fickle)) as url:
            sandbox.callbacks_to(url)
            client.simulation.auth(card_no=card_no, type="Consumption", amount="5.00")
            assert sandbox.settle_callbacks()
            [asked] = [delivery for delivery in sandbox.deliveries() if delivery.action == "Auth"]
            sandbox.redeliver(asked.id)
            assert sandbox.settle_callbacks()
            attempts = [delivery for delivery in sandbox.deliveries() if delivery.action == "Auth"]
    assert len(attempts) == 2
    assert attempts[0].signature != attempts[1].signature
    # What the platform did not hear in time it has no code of.
    assert len({delivery.code for delivery in attempts} - {None}) <= 1
    assert len(fickle.asked) == 1


def test_asgi_does_not_decide_again_what_was_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Receiver, "left", lambda *_: 30.0)

    async def story(guard: Any) -> None:
        asked: list[AuthEvent] = []

        async def decide(event: AuthEvent) -> bool:
            asked.append(event)
            return await asyncio.Event().wait()

        app = Asgi(asgi(verifier(replay_guard=guard), print, decide=decide, default="accept"))
        headers, body = purchase()
        first = asyncio.ensure_future(app.posted(headers, body))
        while not asked:
            await asyncio.sleep(0.001)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert [await app.posted(each, body) for each in (headers, again(body))] == [REFUSED] * 2
        assert len(asked) == 1

    for guard in guards():
        asyncio.run(story(guard))


def test_asgi_declines_by_a_decision_that_cannot_be_called() -> None:
    async def decide() -> bool:
        return True

    app = Asgi(asgi(verifier(), print, decide=decide))  # type: ignore[arg-type]
    headers, body = purchase()
    assert [app.post(headers, body) for _ in range(2)] == [(200, reply_decline("no decision in time"))] * 2


# Requests that are cancelled.


async def handled(post: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer once nobody else handles the callback."""
    while (answer := await post())[0] == 503:
        await asyncio.sleep(0.001)
    return answer


@pytest.mark.parametrize("fails", [False, True])
def test_asgi_lets_a_thread_keep_its_callback_to_its_end(fails: bool) -> None:
    async def story(guard: Any) -> None:
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
        asyncio.run(story(guard))


class OneThread(ThreadPoolExecutor):
    """One that tells how much work it was given."""

    given = 0

    def submit(self, *work: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = super().submit(*work, **named)
        self.given += 1
        return done


def test_asgi_never_begins_what_was_cancelled_while_it_waited_for_a_thread() -> None:
    async def story(guard: Any) -> None:
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
        anew = asyncio.ensure_future(app.posted(headers, other))
        while threads.given < 3:
            assert not anew.done(), "the claim was let go of"
            await asyncio.sleep(0.001)
        go_on.set()
        assert [await busy, await anew] == [ACCEPTED] * 2
        assert len(calls) == 2

    for guard in (True, DictStore()):
        asyncio.run(story(guard))


def test_asgi_stops_an_async_handler_and_lets_its_callback_come_again() -> None:
    async def story(guard: Any) -> None:
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
        asyncio.run(story(guard))


def test_asgi_runs_a_handler_in_the_context_of_its_request() -> None:
    user = contextvars.ContextVar[str]("user")
    seen: list[str] = []

    async def story() -> None:
        user.set("the platform")
        assert await Asgi(asgi(verifier(), lambda _: seen.append(user.get()))).posted(signed(BODY), BODY) == ACCEPTED

    asyncio.run(story())
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


def test_a_callback_whose_handler_gives_a_generator_was_not_handled(kind: Kind) -> None:
    for function in (handle_in_parts, handle_in_parts_later):
        hidden: list[Any] = [lambda event, function=function: function(event), print]
        app = kind(kind.make(verifier(replay_guard=True), lambda event, hidden=hidden: hidden.pop(0)(event)))
        headers = signed(BODY)
        assert [app.post(headers, BODY) for _ in range(2)] == [FAILED, ACCEPTED]


def test_a_handler_that_asks_for_more_than_there_is_has_failed(kind: Kind) -> None:
    shop, headers = Shop(kind), signed(BODY)
    shop.failures = [StopIteration()]
    assert [shop.post(headers, BODY) for _ in range(2)] == [FAILED, ACCEPTED]
