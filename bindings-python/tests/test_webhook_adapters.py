"""Receiving webhooks over WSGI and ASGI: both kinds of applications behave alike."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from webhook_support import (
    ACCEPTED,
    AUTH,
    BODY,
    CARD_UPDATE,
    CONSUMPTION,
    FAILED,
    SECRET,
    UNDECIDED,
    DictStore,
    Kind,
    Response,
    Shop,
    Wsgi,
    body_of,
    now,
    purchase,
    served,
    signed,
    verifier,
)

from keysecure import AuthEvent, CardUpdateEvent, Client, ConfigError, ConsumptionEvent, UnknownEvent, WebhookVerifier
from keysecure.sandbox import Sandbox
from keysecure.webhooks import reply_decline, wsgi

LARGEST = 64 * 1024


def code_of(response: Response) -> int:
    reply = json.loads(response[1])
    assert set(reply) == {"code", "message"}
    assert (reply["message"] == "") == (reply["code"] == 0), "a failure needs a message"
    return int(reply["code"])


def test_events_reach_the_handler_by_their_type(kind: Kind) -> None:
    shop = Shop(kind)
    for action, data in [("Consumption", CONSUMPTION), ("Card_update", CARD_UPDATE), ("New", {"x": 1})]:
        body = body_of(action, data)
        assert shop.post(signed(body), body) == ACCEPTED
    assert [type(event) for event in shop.events] == [ConsumptionEvent, CardUpdateEvent, UnknownEvent]


def test_a_replay_is_accepted_and_not_handled_again(kind: Kind) -> None:
    for guard in (True, DictStore()):
        shop, headers = Shop(kind, guard), signed(BODY)
        assert [shop.post(headers, BODY) for _ in range(3)] == [ACCEPTED] * 3
        assert len(shop.events) == 1


def test_a_webhook_sent_again_with_a_new_timestamp_is_handled_again(kind: Kind) -> None:
    shop = Shop(kind)
    for seconds in (0, 1):
        assert shop.post(signed(BODY, now() + timedelta(seconds=seconds)), BODY) == ACCEPTED
    assert len(shop.events) == 2


def test_without_a_store_nothing_is_recorded(kind: Kind) -> None:
    shop, headers = Shop(kind, guard=None), signed(BODY)
    assert [shop.post(headers, BODY) for _ in range(2)] == [ACCEPTED] * 2
    assert len(shop.events) == 2


def test_a_webhook_that_a_handler_failed_on_comes_again(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    for guard in (True, DictStore()):
        shop, headers = Shop(kind, guard), signed(BODY)
        shop.failures = [LookupError(SECRET), OSError(SECRET)]
        with caplog.at_level(logging.DEBUG, "keysecure"):
            assert [shop.post(headers, BODY) for _ in range(4)] == [FAILED, FAILED, ACCEPTED, ACCEPTED]
        assert len(shop.events) == 1
    assert "the handler of a webhook raised LookupError at " in caplog.text
    assert SECRET not in caplog.text


def test_ctrl_c_in_a_handler_is_raised_and_the_webhook_comes_again(kind: Kind) -> None:
    shop, headers = Shop(kind), signed(BODY)
    shop.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        shop.post(headers, BODY)
    assert shop.post(headers, BODY) == ACCEPTED
    assert len(shop.events) == 1


def test_while_one_worker_handles_it_another_gets_an_error(kind: Kind) -> None:
    busy, go_on = threading.Event(), threading.Event()

    def handle(_: object) -> None:
        busy.set()
        assert go_on.wait(30)

    app, headers, responses = kind.make(verifier(replay_guard=True), handle), signed(BODY), []
    thread = threading.Thread(target=lambda: responses.append(kind(app).post(headers, BODY)))
    thread.start()
    assert busy.wait(30)
    status, _ = again = kind(app).post(headers, BODY)
    assert (status, code_of(again)) == (503, 1)
    go_on.set()
    thread.join(30)
    assert responses == [ACCEPTED]
    assert kind(app).post(headers, BODY) == ACCEPTED


def test_rejected_webhooks_say_why_and_nothing_secret(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop, headers = Shop(kind), signed(BODY)
    for change, words in [
        ({"Signature": "0" * 64}, "the signature is wrong"),
        ({"Signature": "\xe9" * 64}, "not printable ASCII"),
        ({"Timestamp": "1"}, "too old"),
        ({"Timestamp": ""}, "not a number of milliseconds"),
        ({"Sign-Version": "V2"}, "not V1"),
    ]:
        status, body = response = shop.post({**headers, **change}, BODY)
        assert (status, code_of(response)) == (400, 1)
        assert words in json.loads(body)["message"]
        assert headers["Signature"] not in body.decode() + caplog.text
        assert SECRET not in body.decode() + caplog.text
    assert shop.post({}, BODY)[0] == 400
    assert shop.post(headers, BODY[:-1])[0] == 400
    assert shop.post(headers, b"")[0] == 400
    assert not shop.events


def test_a_store_out_of_reach_does_not_lose_a_webhook(kind: Kind) -> None:
    store = DictStore()
    shop, headers = Shop(kind, store), signed(BODY)
    insert, store.insert = store.insert, None  # type: ignore[assignment, method-assign]
    status, _ = response = shop.post(headers, BODY)
    assert (status, code_of(response), shop.events) == (503, 1, [])
    store.insert = insert  # type: ignore[method-assign]
    assert shop.post(headers, BODY) == ACCEPTED
    assert len(shop.events) == 1


def test_large_bodies_are_refused_at_once(kind: Kind) -> None:
    shop, headers = Shop(kind), signed(BODY)
    for length in (str(LARGEST + 1), "9" * 18, "9" * 5000):
        (status, body), read = shop.server.claim_length(headers, length)
        assert (status, read) == (413, False)
        assert b"too large" in body
    for length in ("-1", "+5", "1_0", "5.0", "x", "²"):
        (status, _), read = shop.server.claim_length(headers, length)
        assert (status, read) == (400, False), length
    assert shop.server.chunked(headers, b"x" * (LARGEST + 1))[0] == 413
    assert not shop.events


def test_a_body_without_a_length_is_read_to_its_end(kind: Kind) -> None:
    shop = Shop(kind)
    large = body_of("Consumption", {**CONSUMPTION, "remark": "r" * 60_000})
    assert shop.server.chunked(signed(large), large) == ACCEPTED
    assert shop.server.post(signed(BODY), BODY) == ACCEPTED
    assert len(shop.events) == 2


def test_only_posts_to_the_path_are_webhooks(kind: Kind) -> None:
    shop = Shop(kind, path="/a/b")
    assert shop.server.post_to("/a/b", signed(BODY), BODY) == ACCEPTED
    assert shop.server.post_to("/a/c", signed(BODY), BODY)[0] == 404
    assert Shop(kind).server.get()[0] == 405
    assert len(shop.events) == 1


# Purchases.


def test_a_purchase_that_cannot_be_read_is_not_approved(kind: Kind) -> None:
    body = body_of("Auth", {**AUTH, "amount": [42]})
    shop = Shop(kind, decide=lambda _: True)
    headers = signed(body)
    for _ in range(2):
        status, reply = shop.post(headers, body)
        assert (status, json.loads(reply)["code"]) == (200, 1)
    assert not shop.events, "nor does it go to the handler"


def test_a_purchase_is_decided(kind: Kind) -> None:
    shop = Shop(kind, decide=lambda event: event.amount < 50 or "over the limit")
    assert shop.post(*purchase()) == ACCEPTED
    assert shop.post(*purchase(50.01)) == (200, reply_decline("over the limit"))
    assert not shop.events, "purchases do not go to the handler"
    assert Shop(kind, decide=lambda _: False).post(*purchase()) == (200, reply_decline("declined"))


def test_without_a_decision_a_purchase_gets_the_default(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    assert code_of(Shop(kind).post(*purchase())) == 1
    assert Shop(kind, default="accept").post(*purchase()) == ACCEPTED

    def fail(_: AuthEvent) -> bool:
        raise LookupError(SECRET)

    for broken in (fail, lambda _: None, lambda _: 2):
        with caplog.at_level(logging.ERROR, "keysecure"):
            assert Shop(kind, decide=broken).post(*purchase()) == UNDECIDED
            assert Shop(kind, decide=broken, default="accept").post(*purchase()) == ACCEPTED
    assert "raised LookupError" in caplog.text
    assert SECRET not in caplog.text


def test_the_reply_to_a_purchase_leaves_in_time(kind: Kind) -> None:
    decided = threading.Event()
    shop = Shop(kind, decide=lambda _: decided.wait(20), budget=0.2)
    try:
        begin = time.monotonic()
        assert shop.post(*purchase()) == (200, reply_decline("no decision in time"))
        assert time.monotonic() - begin < 10
    finally:
        decided.set()


def test_a_replayed_purchase_gets_its_first_reply_and_no_new_decision(kind: Kind) -> None:
    asked: list[Any] = []

    def decide(event: AuthEvent) -> bool | str:
        asked.append(event)
        return event.amount < 50 or "over the limit"

    shop = Shop(kind, decide=decide)
    for headers, body in (purchase(), purchase(99)):
        first = shop.post(headers, body)
        assert [shop.post(headers, body) for _ in range(2)] == [first] * 2
    assert len(asked) == 2


def test_a_purchase_replayed_at_another_worker_gets_the_same_reply(kind: Kind) -> None:
    store = DictStore()
    one, other = (Shop(kind, store, decide=lambda _: True, default="accept") for _ in range(2))
    headers, body = purchase()
    assert one.post(headers, body) == ACCEPTED
    assert other.post(headers, body) == ACCEPTED


# What cannot work is refused at once.


def test_arguments_that_do_not_fit_are_refused(kind: Kind) -> None:
    good: Any = verifier()
    wrong: list[tuple[Any, Any, dict[str, Any]]] = [
        (None, print, {}),
        (good, None, {}),
        (good, print, {"decide": 7}),
        (good, print, {"default": "perhaps"}),
    ]
    for given, handler, settings in wrong:
        with pytest.raises(ConfigError):
            kind.make(given, handler, **settings)


async def handle_async(_: object) -> None:
    await asyncio.sleep(0)


def test_wsgi_refuses_what_it_could_not_run() -> None:
    class AsyncHandler:
        async def __call__(self, _: object) -> None: ...

    for handler in (handle_async, AsyncHandler()):
        with pytest.raises(ConfigError, match="async"):
            wsgi(verifier(), handler)
        with pytest.raises(ConfigError, match="async"):
            wsgi(verifier(), print, decide=handler)  # type: ignore[arg-type]
    coroutines = []

    def hidden(event: object) -> object:
        coroutines.append(handle_async(event))
        return coroutines[-1]

    assert Wsgi(wsgi(verifier(replay_guard=True), hidden)).post(signed(BODY), BODY) == FAILED, "it was not handled"
    coroutines[0].close()


def test_wsgi_never_waits_for_a_body_without_an_end() -> None:
    app = Wsgi(wsgi(verifier(), print))

    class Endless(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("nobody may read this")

    environ = app.environ(signed(BODY), b"", CONTENT_LENGTH=None, **{"wsgi.input": Endless()})
    assert app.run(environ, valid=False)[0] == 411


def test_a_client_that_disconnects_while_sending_is_no_webhook() -> None:
    class Broken(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise ConnectionResetError

    app = Wsgi(wsgi(verifier(), print))
    assert app.run(app.environ(signed(BODY), BODY, **{"wsgi.input": Broken()}))[0] == 400
    assert app.run(app.environ(signed(BODY), BODY, **{"wsgi.input": io.BytesIO(BODY[:50])}))[0] == 400


# Over a socket, from the sandbox.


def of(sandbox: Sandbox) -> WebhookVerifier:
    return WebhookVerifier(sandbox.api_key, sandbox.api_secret, replay_guard=True)


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_sandboxs_webhooks_arrive_once_whatever_goes_wrong(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    events: list[Any] = []
    fail = [LookupError()]

    def handle(event: Any) -> None:
        if fail:
            raise fail.pop()
        events.append(event)

    card_no = sandbox.seed_virtual_card(cardholder_no)
    with served(wsgi(of(sandbox), handle, path="/webhooks")) as url:
        sandbox.webhooks_to(url)
        client.cards.freeze(card_no)
        assert sandbox.settle_webhooks()
        assert (sandbox.deliveries()[0].http_status, sandbox.deliveries()[0].code) == (500, 1)
        assert not events
        # The sandbox sends it again later in its own time, which the verifier's clock allows.
        sandbox.clock.advance(seconds=11)
        until(lambda: sandbox.settle_webhooks() and len(events) == 1)
        sandbox.webhook_fault("duplicate")
        client.cards.unfreeze(card_no)
        assert sandbox.settle_webhooks()
        sandbox.webhook_fault("wrong_signature")
        client.cards.freeze(card_no)
        assert sandbox.settle_webhooks()
    assert [event.after_status for event in events] == ["Frozen", "Activated"]
    statuses = [delivery.http_status for delivery in sandbox.deliveries()]
    assert statuses[:2] == [500, 200]
    assert statuses[-1] == 400


def test_the_sandboxs_purchases_are_decided() -> None:
    with Sandbox(mode="authorization") as sandbox, sandbox.client() as client:
        cardholder_no = sandbox.seed_approved_cardholder()
        card_no = sandbox.seed_virtual_card(cardholder_no)
        app = wsgi(of(sandbox), lambda _: None, decide=lambda event: event.amount < 50 or "over the limit")
        with served(app) as url:
            sandbox.webhooks_to(url)
            for amount, status in [("12.30", "Pending"), ("99.00", "Fail")]:
                asked = client.simulation.auth(card_no=card_no, type="Consumption", amount=amount)
                assert client.consumptions.get(str(asked.consume_no)).status == status
            assert sandbox.settle_webhooks()
