"""Receivers of purchases: each is decided once and logged."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from webhook_support import (
    ACCEPTED,
    BODY,
    FAILED,
    LATE,
    SECRET,
    UNDECIDED,
    Asgi,
    DictStore,
    Kind,
    Response,
    Shop,
    again,
    guards,
    purchase,
    served,
    signed,
    verifier,
)

from keysecure import AuthEvent
from keysecure.sandbox import Sandbox
from keysecure.webhooks import reply_decline, wsgi

REFUSED = (200, reply_decline("this purchase was requested before"))


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
def test_who_asks_while_a_purchase_is_decided_gets_that_decision(kind: Kind, resent: bool) -> None:
    times: list[AuthEvent] = []
    asked, go_on = threading.Event(), threading.Event()

    def decide(event: AuthEvent) -> bool:
        times.append(event)
        asked.set()
        return go_on.wait(30)

    async def decide_later(event: AuthEvent) -> bool:
        return await asyncio.to_thread(decide, event)

    decisions: list[Any] = [decide, decide_later] if kind is Asgi else [decide]
    for number, guard in enumerate(guards()):
        for decision in decisions:
            asked.clear()
            go_on.clear()
            times.clear()
            app = kind.make(verifier(replay_guard=guard), print, decide=decision, budget=0.8)
            headers, body = purchase(number + 1 if decision is decide else number + 10)
            responses: list[Response] = []

            def post(headers: Any, app: Any = app, body: bytes = body, responses: Any = responses) -> None:
                responses.append(kind(app).post(headers, body))

            second = again(body) if resent or guard is None else headers
            threads = [threading.Thread(target=post, args=[each]) for each in (headers, second)]
            threads[0].start()
            assert asked.wait(30)
            threads[1].start()
            time.sleep(0.02)
            go_on.set()
            for thread in threads:
                thread.join(60)
            assert len(times) == 1
            assert responses == [ACCEPTED] * 2


def test_who_can_wait_no_longer_for_a_decision_is_refused_and_so_are_all(kind: Kind) -> None:
    store, go_on, asked = DictStore(), threading.Event(), threading.Event()

    def decide(_: AuthEvent) -> bool:
        asked.set()
        return go_on.wait(30)

    slow = kind.make(verifier(store=store), print, decide=decide, budget=0.8)
    hasty = kind.make(verifier(store=store), print, decide=decide, budget=0.05)
    headers, body = purchase()
    responses: list[Response] = []
    thread = threading.Thread(target=lambda: responses.append(kind(slow).post(headers, body)))
    thread.start()
    assert asked.wait(30)
    assert kind(hasty).post(again(body), body) == LATE
    go_on.set()
    thread.join(30)
    assert responses == [LATE], "one reply to one purchase, however late the decision"
    assert kind(slow).post(again(body, 2), body) == LATE


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


def test_purchases_without_a_number_are_known_by_what_they_say(kind: Kind) -> None:
    fickle = Fickle()
    shop = Shop(kind, guard=None, decide=fickle)
    for amount in (1.0, 2.0):
        headers, body = purchase(amount, consume_no="")
        assert shop.post(headers, body) == shop.post(again(body), body)
    assert [float(event.amount) for event in fickle.asked] == [1, 2]


def test_workers_that_share_a_store_decide_once_and_reply_the_same(kind: Kind) -> None:
    store, fickle = DictStore(), Fickle()
    one, other = (Shop(kind, store, decide=fickle) for _ in range(2))
    headers, body = purchase()
    first = one.post(headers, body)
    assert first == ACCEPTED
    assert [other.post(each, body) for each in (headers, again(body), headers)] == [first] * 3
    assert len(fickle.asked) == 1


WORKER = """
import json, sys
from keysecure import AuthEvent
from webhook_support import Wsgi, again, verifier, wsgi

def decide(event):
    print("decided", flush=True)
    return True

app = Wsgi(wsgi(verifier(store="file:" + sys.argv[1]), print, decide=decide))
for line in sys.stdin:
    headers, body = json.loads(line)
    print(app.post(headers, body.encode())[1].decode(), flush=True)
"""


def test_two_processes_that_share_files_decide_each_purchase_once(tmp_path: Path) -> None:
    program, store = WORKER.replace("again, ", ""), str(tmp_path / "store")
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", program, store],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        for _ in range(2)
    ]
    posts = 0
    for number in range(10):
        headers, body = purchase(number + 1)
        # Both get the same request, and one of them also a new delivery.
        for worker, each in [(0, headers), (1, again(body)), (1, headers), (0, again(body, 2))]:
            pipe = workers[worker].stdin
            assert pipe is not None
            pipe.write(json.dumps([each, body.decode()]) + "\n")
            pipe.flush()
            posts += 1
    said = [line for worker in workers for line in worker.communicate(timeout=60)[0].splitlines()]
    assert said.count("decided") == 10
    assert said.count(ACCEPTED[1].decode()) == posts == 40


def test_declines_rejections_and_failures_are_logged(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> bool:
        raise LookupError(SECRET)

    caplog.set_level("WARNING", "keysecure")
    app = kind(kind.make(verifier(store=DictStore()), fail, decide=lambda _: "over the limit"))
    headers, body = purchase(consume_no="c-7")
    app.post(headers, body)
    [declined] = caplog.messages
    assert declined.startswith('a purchase is declined: consume_no="c-7", after ')
    caplog.clear()
    assert app.post(signed(BODY), BODY) == FAILED
    [failed] = caplog.messages
    assert failed.startswith("the handler of a webhook raised LookupError at ")
    assert "test_webhook_purchases.py:" in failed
    assert 'consume_no="c-1", after ' in failed
    caplog.clear()
    assert app.post(signed(BODY), body)[0] == 400
    [rejected] = caplog.messages
    assert rejected.startswith("a webhook is rejected (wrong_signature): after ")
    caplog.clear()
    broken = kind(kind.make(verifier(), print, decide=fail))
    assert broken.post(*purchase(2.0)) == UNDECIDED
    assert any(message.startswith("the decision on a purchase raised LookupError at ") for message in caplog.messages)
    assert SECRET not in caplog.text


def test_no_frame_that_logs_holds_the_exception(kind: Kind) -> None:
    """Tools that report errors send the local variables of the frames from which something is logged."""
    held: list[str] = []

    class Reporter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            frame = sys._getframe()
            while frame.f_back is not None:
                held.extend(
                    f"{frame.f_code.co_name}.{name}"
                    for name, value in frame.f_locals.items()
                    if isinstance(value, LookupError)
                )
                frame = frame.f_back

    def fail(_: object) -> bool:
        raise LookupError("card 4111111111111111")

    reporter, logger = Reporter(), logging.getLogger("keysecure")
    logger.addHandler(reporter)
    try:
        app = kind(kind.make(verifier(), fail, decide=fail))
        assert app.post(signed(BODY), BODY) == FAILED
        assert app.post(*purchase()) == UNDECIDED
    finally:
        logger.removeHandler(reporter)
    assert held == []


def test_the_sandboxs_purchases_are_decided_once() -> None:
    fickle = Fickle()
    with Sandbox(mode="authorization") as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        by = client.webhook_verifier(replay_guard=True)
        with served(wsgi(by, print, decide=fickle)) as url:
            sandbox.webhooks_to(url)
            client.simulation.auth(card_no=card_no, type="Consumption", amount="5.00")
            assert sandbox.settle_webhooks()
            [asked] = [delivery for delivery in sandbox.deliveries() if delivery.action == "Auth"]
            sandbox.redeliver(asked.id)
            assert sandbox.settle_webhooks()
            attempts = [delivery for delivery in sandbox.deliveries() if delivery.action == "Auth"]
    assert len(attempts) == 2
    assert attempts[0].signature != attempts[1].signature
    # What the platform did not hear in time it has no code of.
    assert len({delivery.code for delivery in attempts} - {None}) <= 1
    assert len(fickle.asked) == 1
