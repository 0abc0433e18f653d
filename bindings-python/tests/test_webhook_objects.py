"""The objects of webhooks: no secret is printed, and what becomes a pickle."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback

import pytest
from webhook_support import (
    AUTH,
    BODY,
    CARD_UPDATE,
    CONSUMPTION,
    SECRET,
    body_of,
    signed,
    verifier,
)

from keysecure import (
    AuthEvent,
    KeySecureError,
    Responder,
    UnknownEvent,
    VerifiedWebhook,
    WebhookError,
    WebhookVerifier,
    reply_accept,
    reply_decline,
)

# Nothing secret is shown.


def shown(item: object) -> str:
    parts = [repr(item), str(item), f"{item}", f"{item!r:>300}", ascii(item)]
    if isinstance(item, BaseException):
        parts += traceback.format_exception(item)
        parts.append(repr(vars(item)))
        parts.append(pickle.dumps(item).decode("latin-1"))
    return "".join(parts)


def test_no_secret_is_shown_by_anything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guarded = verifier(replay_guard=True)
    headers = signed(BODY)
    received = guarded.verify(headers, BODY)
    claim = verifier().claim(headers, BODY)
    items: list[object] = [guarded, received, received.event, claim, verifier().verify_signature(headers, BODY)]
    items += [guarded.ignore_timestamp(), Responder(lambda _: True)]
    for wrong in ({}, {**headers, "Signature": "0" * 64}, headers):
        with pytest.raises(WebhookError) as caught:
            guarded.verify(wrong, BODY)
        items.append(caught.value)
    text = "".join(map(shown, items)) + caplog.text
    expected = signed(BODY, received.sent_at)["Signature"]
    assert SECRET not in text
    assert expected not in text
    for item in (guarded, received, claim):
        with pytest.raises(TypeError):
            vars(item)
        assert not hasattr(item, "__dict__")


def test_pans_in_a_webhook_are_not_printed() -> None:
    pan = "4111111111111111"
    for action, data in [("New", {"note": pan}), ("Card_update", {**CARD_UPDATE, "reason": f"stolen {pan}"})]:
        body = body_of(action, data)
        received = verifier().verify(signed(body), body)
        assert pan not in shown(received) + shown(received.event)


def test_verifiers_and_received_refuse_to_become_a_pickle_or_a_copy() -> None:
    received = verifier().verify(signed(BODY), BODY)
    for item in (verifier(), received, Responder(lambda _: True), verifier().claim(signed(BODY), BODY)):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(item)
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
    for item in (WebhookVerifier, VerifiedWebhook, UnknownEvent, Responder, reply_accept, reply_decline, AuthEvent):
        assert item.__doc__
    for name in ("verify", "claim", "verify_signature", "parse_unverified", "ignore_timestamp", "sign_for_tests"):
        assert getattr(WebhookVerifier, name).__doc__
    assert issubclass(WebhookError, KeySecureError)
