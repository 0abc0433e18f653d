"""Verification of webhooks: events, headers, bodies, secrets and times."""

from __future__ import annotations

import email.message
import pickle
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from webhook_support import (
    APP_ID,
    AUTH,
    BODY,
    CARD_UPDATE,
    SECRET,
    body_of,
    now,
    rejected,
    rejection_of,
    signed,
    verifier,
)

from keysecure import (
    AuthEvent,
    CardUpdateEvent,
    Client,
    ConfigError,
    ConsumptionEvent,
    KeySecureError,
    UnknownEvent,
    WebhookVerifier,
)
from keysecure.sandbox import Sandbox

# What is accepted.


def test_a_consumption_is_typed_with_exact_amounts_and_aware_times() -> None:
    received = verifier().verify(signed(BODY), BODY)
    event = received.event
    assert isinstance(event, ConsumptionEvent)
    assert (event.amount, event.fee, event.fee_detail[1].amount) == (Decimal("12.5"), Decimal("0.15"), Decimal("0.05"))
    assert event.merchant_info is not None
    assert event.merchant_info.merchant_name == 'Corner "Books" & Söhne'
    assert event.time == datetime(2025, 11, 22, 12, 0, 0, 500_000, timezone.utc)
    assert (received.id, received.action, received.secret_index) == ("e-1", "Consumption", 0)
    assert received.event is event, "it is made once"


def test_every_action_has_its_type() -> None:
    expected = {"Auth": (AUTH, AuthEvent), "Card_update": (CARD_UPDATE, CardUpdateEvent)}
    for action, (data, kind) in expected.items():
        body = body_of(action, data)
        received = verifier().verify(signed(body), body)
        assert isinstance(received.event, kind)
        assert received.action == action


def test_an_unknown_action_and_an_unknown_shape_are_unknown_events() -> None:
    for action, text in [("Brand_new", '{"x":10.50,"deep":[1,{"y":null}]}'), ("Card_update", '{"card_no":7}')]:
        body = f'{{"id":"1","action":"{action}","data":{text}}}'.encode()
        event = verifier().verify(signed(body), body).event
        assert isinstance(event, UnknownEvent)
        assert (event.action, event.to_json()) == (action, text)
    body = b'{"id":"1","action":"New","data":{"x":10.50}}'
    event = verifier().verify(signed(body), body).event
    assert isinstance(event, UnknownEvent)
    assert event.data == {"x": Decimal("10.50")}
    assert str(event.data["x"]) == "10.50"
    assert event.to_dict() == {"action": "New", "data": {"x": Decimal("10.50")}}


def test_a_number_that_python_cannot_hold_is_text_in_extra_and_else_an_error() -> None:
    long, heavy = "9" * 5000, "1e99999999999999999999"
    for number, fails in [(long, False), (heavy, True)]:
        for action, known in [("New", ""), ("Card_update", '"card_no":"k-1","after_status":"Frozen",')]:
            body = f'{{"id":"1","action":"{action}","data":{{{known}"x":{number}}}}}'.encode()
            event: Any = verifier().verify(signed(body), body).event
            assert number in event.to_json()
            assert repr(event)
            assert pickle.loads(pickle.dumps(event)) == event
            if not fails:
                assert Decimal(long) in (event.data if action == "New" else event.extra).values()
            elif action == "New":
                with pytest.raises(KeySecureError):
                    event.to_dict()
            else:
                assert event.to_dict()["extra"] == {"x": heavy}


def test_headers_come_in_every_shape_that_frameworks_have() -> None:
    headers = signed(BODY)
    message = email.message.Message()
    for name, value in headers.items():
        message[name] = value
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    class Held:
        def items(self) -> Iterator[tuple[str, str]]:
            return iter(headers.items())

    shapes: list[Any] = [
        headers,
        {name.upper(): value for name, value in headers.items()},
        {name.lower().encode(): value.encode() for name, value in headers.items()},
        {name: [value] for name, value in headers.items()},
        {name: (value.encode(),) for name, value in headers.items()},
        {**headers, "X-Other": None, "X-Number": 7, 3: "three"},
        {**headers, "Sign-Version": None},
        list(headers.items()),
        [list(pair) for pair in headers.items()],
        raw,
        iter(raw),
        message,
        Held(),
    ]
    for shape in shapes:
        assert verifier().verify(shape, BODY).id == "e-1"


def test_bodies_come_as_any_kind_of_bytes() -> None:
    bodies: list[Any] = [
        BODY,
        bytearray(BODY),
        memoryview(BODY),
        memoryview(bytearray(BODY)),
        memoryview(BODY * 2)[: len(BODY)],
    ]
    for body in bodies:
        assert verifier().verify(signed(BODY), body).id == "e-1"


def test_two_secrets_serve_while_one_replaces_the_other() -> None:
    both = WebhookVerifier(APP_ID, ["new-secret", SECRET])
    assert both.verify(signed(BODY), BODY).secret_index == 1
    assert both.verify(signed(BODY, secret="new-secret"), BODY).secret_index == 0
    assert rejected(signed(BODY), by=WebhookVerifier(APP_ID, iter(["new-secret"]))) == "wrong_signature"


def test_the_deadline_of_a_purchase_has_two_forms() -> None:
    body = body_of("Auth", AUTH)
    before = time.monotonic()
    received = verifier().verify(signed(body), body)
    assert before + 0.79 < received.reply_before <= time.monotonic() + 0.8
    first = received.time_left
    assert received.time_left < first <= 0.8
    assert abs(received.received_at - now()) < timedelta(minutes=1)


def test_a_webhook_has_its_time_of_sending_and_its_form() -> None:
    at = now().replace(microsecond=123_000)
    received = verifier().verify(signed(BODY, at), BODY)
    assert received.sent_at == at
    assert "/" in received.form


def test_signature_and_content_can_be_looked_at_apart() -> None:
    verified = verifier().verify_signature(signed(BODY), BODY)
    assert (verified.secret_index, verified.form) == (0, verifier().verify(signed(BODY), BODY).form)
    assert (
        rejection_of(lambda: verifier().verify_signature(signed(BODY), BODY.replace(b"c-1", b"c-2")))
        == "wrong_signature"
    )
    event = WebhookVerifier.parse_unverified(BODY)
    assert isinstance(event, ConsumptionEvent)
    assert event.consume_no == "c-1"
    assert rejection_of(lambda: WebhookVerifier.parse_unverified(b"[]")) == "not_a_callback"


# Ages.


def test_timestamps_are_tolerated_both_ways_and_no_further() -> None:
    for seconds in (-290, 290):
        assert verifier().verify(signed(BODY, now() + timedelta(seconds=seconds)), BODY)
    assert rejected(signed(BODY, now() - timedelta(seconds=330))) == "too_old"
    assert rejected(signed(BODY, now() + timedelta(seconds=330))) == "too_new"
    assert rejected(signed(BODY, now() + timedelta(days=36_500))) == "too_new"


def test_the_tolerance_is_a_number_or_a_timedelta_and_zero_means_exact() -> None:
    old = signed(BODY, now() - timedelta(seconds=330))
    for tolerance in (1000, 1000.0, timedelta(hours=1)):
        assert verifier(tolerance=tolerance).verify(old, BODY)
    assert rejected(signed(BODY, now() - timedelta(seconds=1)), by=verifier(tolerance=0)) == "too_old"
    for wrong in (-1, float("nan"), float("inf"), "300", True, timedelta(seconds=-1), 1e300):
        with pytest.raises(ConfigError, match="tolerance"):
            verifier(tolerance=wrong)


def test_an_endless_tolerance_remembers_without_end() -> None:
    patient = verifier(tolerance=1e19, replay_guard=True)
    headers = signed(BODY)
    assert patient.verify(headers, BODY)
    assert rejected(headers, by=patient) == "replayed"


def test_looking_away_from_the_age_has_a_name_of_its_own() -> None:
    old = signed(BODY, datetime(2020, 1, 1, tzinfo=timezone.utc))
    assert rejected(old) == "too_old"
    assert verifier().ignore_timestamp().verify(old, BODY).sent_at.year == 2020
    assert rejected(old) == "too_old"


def test_a_time_beyond_the_years_1601_to_9999_is_refused() -> None:
    body = body_of("Card_update", CARD_UPDATE)
    # Signed by hand: no datetime is that late.
    import hashlib
    import hmac

    at = "999999999999999"
    data = {**CARD_UPDATE, "appId": APP_ID, "timestamp": at}
    text = "&".join(f"{name}={data[name]}" for name in sorted(data))
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    headers = {"Timestamp": at, "Signature": signature}
    assert rejection_of(lambda: verifier().ignore_timestamp().verify(headers, body)) == "bad_timestamp"


# Callbacks as the sandbox makes them.


def test_real_webhooks_verify_in_every_style_of_signing(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    sandbox.webhooks_to(f"{sandbox.control_url}/callbacks/sink")
    kept = verifier_of(sandbox)
    card_no = sandbox.seed_virtual_card(cardholder_no)
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="t", type="In", amount="100")
    for style in ("java_hash_map", "java_sorted", "as_sent"):
        sandbox.webhooks_to(f"{sandbox.control_url}/callbacks/sink", sign_style=style)
        shop = {"merchant_name": "书店 📚 & Co", "merchant_mcc": "5942", "city": "Bath"}
        bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="1.50", merchant_info=shop)
        assert bought is not None
        client.cards.freeze(card_no)
        client.cards.unfreeze(card_no)
    assert sandbox.settle_webhooks()
    deliveries = sandbox.deliveries()
    assert len(deliveries) >= 9
    actions = set()
    for delivery in deliveries:
        headers = {"Timestamp": str(delivery.timestamp_ms), "Signature": delivery.signature}
        received = kept.verify(headers, delivery.body.encode())
        assert (received.id, received.action) == (delivery.id, delivery.action)
        assert not isinstance(received.event, UnknownEvent)
        actions.add(received.action)
    assert actions == {"Consumption", "Card_update"}


def verifier_of(sandbox: Sandbox) -> WebhookVerifier:
    return WebhookVerifier(sandbox.api_key, sandbox.api_secret)
