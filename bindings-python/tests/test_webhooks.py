"""Verifying callbacks: what is accepted, what is rejected and how, and what is shown of it."""

from __future__ import annotations

import copy
import email.message
import logging
import pickle
import time
import traceback
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
    CONSUMPTION,
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
    VerifiedWebhook,
    Responder,
    UnknownEvent,
    WebhookError,
    WebhookVerifier,
    reply_accept,
    reply_decline,
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
    assert (received.id, received.action, received.secret) == ("e-1", "Consumption", 0)
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


def test_numbers_that_python_cannot_hold_are_errors_of_ours_and_only_where_they_stand() -> None:
    long, heavy = "9" * 5000, "1e99999999999999999999"
    for number, fails in [(long, False), (heavy, True)]:
        for action, known in [("New", ""), ("Card_update", '"card_no":"k-1","after_status":"Frozen",')]:
            body = f'{{"id":"1","action":"{action}","data":{{{known}"x":{number}}}}}'.encode()
            event: Any = verifier().verify(signed(body), body).event
            assert number in event.to_json()
            assert repr(event)
            assert pickle.loads(pickle.dumps(event)) == event
            if fails:
                with pytest.raises(KeySecureError):
                    event.to_dict()
            else:
                assert Decimal(long) in (event.data if action == "New" else event.extra).values()


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
    assert both.verify(signed(BODY), BODY).secret == 1
    assert both.verify(signed(BODY, secret="new-secret"), BODY).secret == 0
    assert rejected(signed(BODY), by=WebhookVerifier(APP_ID, iter(["new-secret"]))) == "wrong_signature"


def test_the_deadline_of_a_purchase_is_told_in_two_ways() -> None:
    body = body_of("Auth", AUTH)
    before = time.monotonic()
    received = verifier().verify(signed(body), body)
    assert before + 0.79 < received.answer_before <= time.monotonic() + 0.8
    first = received.time_left
    assert received.time_left < first <= 0.8
    assert abs(received.received_at - now()) < timedelta(minutes=1)


def test_times_of_sending_and_the_form_are_told() -> None:
    at = now().replace(microsecond=123_000)
    received = verifier().verify(signed(BODY, at), BODY)
    assert received.sent_at == at
    assert "/" in received.form


def test_signature_and_content_can_be_looked_at_apart() -> None:
    verified = verifier().verify_signature(signed(BODY), BODY)
    assert (verified.secret, verified.form) == (0, verifier().verify(signed(BODY), BODY).form)
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


def test_a_time_beyond_pythons_calendar_is_an_error_of_ours() -> None:
    body = body_of("Card_update", CARD_UPDATE)
    # Signed by hand: no datetime is that late.
    import hashlib
    import hmac

    at = "999999999999999"
    data = {**CARD_UPDATE, "appId": APP_ID, "timestamp": at}
    text = "&".join(f"{name}={data[name]}" for name in sorted(data))
    signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    received = verifier().ignore_timestamp().verify({"Timestamp": at, "Signature": signature}, body)
    assert rejection_of(lambda: received.sent_at) == "bad_timestamp"


# What is rejected.


def test_every_change_of_a_byte_of_the_body_is_noticed() -> None:
    headers = signed(BODY)
    start, end = BODY.index(b'"data"') + 8, len(BODY) - 2
    for place in range(start, end):
        changed = bytearray(BODY)
        changed[place] ^= 1
        try:
            received = verifier().verify(headers, changed)
        except WebhookError:
            continue
        # Only what means the same: white space between values.
        assert received.event == verifier().verify(headers, BODY).event, bytes(changed)


def test_every_change_of_the_signature_or_timestamp_is_noticed() -> None:
    headers = signed(BODY)
    for place in range(64):
        digits = list(headers["Signature"])
        digits[place] = "0" if digits[place] != "0" else "1"
        assert rejected({**headers, "Signature": "".join(digits)}) == "wrong_signature"
    later = str(int(headers["Timestamp"]) + 1)
    assert rejected({**headers, "Timestamp": later}) == "wrong_signature"


HOSTILE: list[tuple[str, Any, str]] = [
    ("Signature", "é" * 64, "bad_header"),
    ("Signature", "\udcff" * 64, "bad_header"),
    ("Signature", b"\xff" * 64, "bad_header"),
    ("Signature", "0" * 1_000_000, "bad_header"),
    ("Signature", b"0" * 1_000_000, "bad_header"),
    ("Signature", "\0" * 64, "bad_header"),
    ("Signature", "0" * 62 + "\r\n", "bad_header"),
    ("Signature", 7, "bad_header"),
    ("Signature", object(), "bad_header"),
    ("Signature", "", "bad_signature"),
    ("Signature", "0" * 63, "bad_signature"),
    ("Signature", "0x" + "0" * 62, "bad_signature"),
    ("Signature", "A" * 64, "bad_signature"),
    ("Signature", "v1=" + "0" * 61, "bad_signature"),
    ("Signature", "YWJj" * 11, "bad_signature"),
    ("Signature", None, "missing_header"),
    ("Signature", [], "missing_header"),
    ("Signature", ["0" * 64, "0" * 64], "duplicate_header"),
    ("Timestamp", None, "missing_header"),
    ("Timestamp", ["1", "2"], "duplicate_header"),
    ("Timestamp", 1763812800500, "bad_header"),
    ("Timestamp", "1763812800500.0", "bad_timestamp"),
    ("Timestamp", "-1763812800500", "bad_timestamp"),
    ("Timestamp", "+1763812800500", "bad_timestamp"),
    ("Timestamp", "1_763_812_800_500", "bad_timestamp"),
    ("Timestamp", "1e12", "bad_timestamp"),
    ("Timestamp", "01763812800500", "bad_timestamp"),
    ("Timestamp", "٣", "bad_header"),
    ("Timestamp", " 1763812800500", "bad_header"),
    ("Timestamp", "9223372036854775807", "bad_timestamp"),
    ("Timestamp", "-9223372036854775808", "bad_timestamp"),
    ("Timestamp", "9" * 64, "bad_timestamp"),
    ("Timestamp", "", "bad_timestamp"),
    ("Sign-Version", "V0", "unsupported_version"),
    ("Sign-Version", "", "unsupported_version"),
    ("Sign-Version", "v1", "unsupported_version"),
]


@pytest.mark.parametrize(("name", "value", "rejection"), HOSTILE, ids=repr)
def test_a_hostile_header_is_rejected(name: str, value: Any, rejection: str) -> None:
    assert rejected({**signed(BODY), name: value}) == rejection


def test_headers_that_come_twice_are_rejected_however_they_are_written() -> None:
    headers = signed(BODY)
    wrong = "0" * 64
    for extra in [("signature", wrong), ("SIGNATURE", headers["Signature"]), (b"signature", wrong.encode())]:
        assert rejected([*headers.items(), extra]) == "duplicate_header"
        assert rejected([extra, *headers.items()]) == "duplicate_header"
    assert rejected({**headers, "timestamp": headers["Timestamp"]}) == "duplicate_header"


def test_no_headers_at_all_are_missing_headers() -> None:
    environ = {"HTTP_TIMESTAMP": "1", "HTTP_SIGNATURE": "0" * 64}
    shapes: list[Any] = [{}, [], iter(()), {"\udcff": "x", b"\xff": b"x", None: None, 7: 7}, environ]
    for headers in shapes:
        assert rejected(headers) == "missing_header"


HOSTILE_BODIES = [
    (b"", "not_a_callback"),
    (b"\xff\xfe", "not_a_callback"),
    (b"\xef\xbb\xbf" + BODY, "not_a_callback"),
    (BODY[:-1], "not_a_callback"),
    (BODY + b"x", "not_a_callback"),
    (BODY.decode().encode("utf-16"), "not_a_callback"),
    (BODY.replace(b"c-1", b"\xc3\x28"), "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":[]}', "not_a_callback"),
    (b'{"id":"1","action":"Auth"}', "not_a_callback"),
    (b'{"id":1,"action":"Auth","data":{}}', "not_a_callback"),
    (b'{"id":"1","id":"2","action":"Auth","data":{}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"a":1,"a":2}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"a":NaN}}', "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_001, "not_a_callback"),
    (b'{"id":"1","action":"Auth","data":{"note":"x&amount=1"}}', "ambiguous"),
    (b"0" * (64 * 1024 + 1), "too_large"),
    (b"0" * (1024 * 1024 + 1), "too_large"),
    (bytearray(1024 * 1024 + 1), "too_large"),
    (memoryview(bytes(1024 * 1024 + 1)), "too_large"),
]


@pytest.mark.parametrize(
    ("body", "rejection"), HOSTILE_BODIES, ids=[str(number) for number in range(len(HOSTILE_BODIES))]
)
def test_a_hostile_body_is_rejected(body: Any, rejection: str) -> None:
    assert rejected(signed(BODY), body) == rejection


def test_what_the_signature_does_not_cover_cannot_turn_one_action_into_another() -> None:
    update = body_of("Card_update", CARD_UPDATE)
    assert rejected(signed(update), update.replace(b"Card_update", b"Auth")) == "wrong_action"
    assert rejected(signed(BODY), BODY.replace(b'"Consumption", "data"', b'"Auth", "data"')) == "wrong_action"


def test_another_secret_or_app_is_a_wrong_signature() -> None:
    assert rejected(signed(BODY), by=WebhookVerifier(APP_ID, "another")) == "wrong_signature"
    assert rejected(signed(BODY), by=WebhookVerifier("app-2", SECRET)) == "wrong_signature"


def test_mistakes_of_the_caller_are_type_errors_that_say_what_is_meant() -> None:
    for body in (BODY.decode(), None, 7, {"id": "1"}):
        for call in (verifier().verify, verifier().verify_signature, verifier().claim):
            with pytest.raises(TypeError, match="raw bytes"):
                call(signed(BODY), body)  # type: ignore[arg-type]
    for headers in (7, None, "Timestamp", [1], [("a", "b", "c")]):
        with pytest.raises(TypeError, match="mapping or an iterable of"):
            verifier().verify(headers, BODY)  # type: ignore[arg-type]


def test_what_a_mapping_of_the_callers_raises_is_not_hidden() -> None:
    class Broken:
        def items(self) -> Any:
            raise LookupError

    with pytest.raises(LookupError):
        verifier().verify(Broken(), BODY)


def test_settings_that_do_not_fit_are_refused_without_showing_a_secret() -> None:
    wrong: list[tuple[Any, Any, dict[str, Any]]] = [
        ("", SECRET, {}),
        (7, SECRET, {}),
        (APP_ID, "", {}),
        (APP_ID, [], {}),
        (APP_ID, [SECRET, ""], {}),
        (APP_ID, [SECRET, 7], {}),
        (APP_ID, SECRET.encode(), {}),
        (APP_ID, 7, {}),
        (APP_ID, "\udcff", {}),
        (APP_ID, SECRET, {"when_unavailable": "perhaps"}),
        (APP_ID, SECRET, {"replay_guard": 7}),
        (APP_ID, SECRET, {"replay_guard": "no store"}),
        (APP_ID, SECRET, {"max_body": -1}),
    ]
    for app_id, secrets, settings in wrong:
        with pytest.raises(ConfigError) as caught:
            WebhookVerifier(app_id, secrets, **settings)
        assert SECRET not in str(caught.value)


# Nothing secret is shown.


def shown(thing: object) -> str:
    parts = [repr(thing), str(thing), f"{thing}", f"{thing!r:>300}", ascii(thing)]
    if isinstance(thing, BaseException):
        parts += traceback.format_exception(thing)
        parts.append(repr(vars(thing)))
        parts.append(pickle.dumps(thing).decode("latin-1"))
    return "".join(parts)


def test_no_secret_is_shown_by_anything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guarded = verifier(replay_guard=True)
    headers = signed(BODY)
    received = guarded.verify(headers, BODY)
    claim = verifier().claim(headers, BODY)
    things: list[object] = [guarded, received, received.event, claim, verifier().verify_signature(headers, BODY)]
    things += [guarded.ignore_timestamp(), Responder(lambda _: True)]
    for wrong in ({}, {**headers, "Signature": "0" * 64}, headers):
        with pytest.raises(WebhookError) as caught:
            guarded.verify(wrong, BODY)
        things.append(caught.value)
    text = "".join(map(shown, things)) + caplog.text
    expected = signed(BODY, received.sent_at)["Signature"]
    assert SECRET not in text
    assert expected not in text
    for thing in (guarded, received, claim):
        with pytest.raises(TypeError):
            vars(thing)
        assert not hasattr(thing, "__dict__")


def test_pans_in_a_callback_are_not_printed() -> None:
    pan = "4111111111111111"
    for action, data in [("New", {"note": pan}), ("Card_update", {**CARD_UPDATE, "reason": f"stolen {pan}"})]:
        body = body_of(action, data)
        received = verifier().verify(signed(body), body)
        assert pan not in shown(received) + shown(received.event)


def test_verifiers_and_received_refuse_to_become_a_pickle_or_a_copy() -> None:
    received = verifier().verify(signed(BODY), BODY)
    for thing in (verifier(), received, Responder(lambda _: True), verifier().claim(signed(BODY), BODY)):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(thing)
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(verifier())


def test_events_and_errors_become_pickles() -> None:
    for action, data in [
        ("Consumption", CONSUMPTION),
        ("Auth", AUTH),
        ("Card_update", CARD_UPDATE),
        ("New", {"x": 1.50}),
    ]:
        body = body_of(action, data)
        event = verifier().verify(signed(body), body).event
        again = pickle.loads(pickle.dumps(event))
        assert again == event
        assert type(again) is type(event)
        assert hash(again) == hash(event)
        assert copy.deepcopy(event) == event
    with pytest.raises(WebhookError) as caught:
        verifier().verify({}, BODY)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.rejection, str(again)) == ("missing_header", str(caught.value))


def test_everything_public_is_documented() -> None:
    for thing in (WebhookVerifier, VerifiedWebhook, UnknownEvent, Responder, reply_accept, reply_decline, AuthEvent):
        assert thing.__doc__
    for name in ("verify", "claim", "verify_signature", "parse_unverified", "accepting_any_age", "sign_for_tests"):
        assert getattr(WebhookVerifier, name).__doc__
    assert issubclass(WebhookError, KeySecureError)


# Callbacks as the sandbox makes them.


def test_real_callbacks_verify_in_every_style_of_signing(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
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
