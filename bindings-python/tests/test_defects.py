"""Defects of other SDKs, each as a scenario in which this one works."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox

BODY = b'{"id":"1","action":"Card_update","data":{"card_no":"1","after_status":"Frozen"}}'


@pytest.mark.parametrize(
    "fault", ["drop_after_commit", "truncate", "html", {"code_after_commit": 1001}, {"http_status": [503, None]}]
)
def test_money_is_not_sent_twice_when_the_response_is_lost(
    sandbox: Sandbox, client: Client, cardholder_no: str, transfer: dict[str, object], fault: str
) -> None:
    sandbox.fault("accounts.transfer", fault)
    with pytest.raises(keysecure.KeySecureError) as caught:
        client.accounts.transfer(**transfer)
    assert caught.value.outcome == "unknown"
    assert sandbox.count("accounts.transfer") == 1
    assert sandbox.ledger().cardholder(cardholder_no) in (Decimal("25.00"), Decimal(0))


def test_a_dropped_connection_is_retried_only_where_that_is_safe(
    sandbox: Sandbox, client: Client, transfer: dict[str, object]
) -> None:
    client.access_token()
    sandbox.fault(None, "refuse")
    assert len(client.cards.packages_page(page=0, size=1)) == 1
    sandbox.fault(None, "refuse")
    with pytest.raises(keysecure.TransportError) as caught:
        client.accounts.transfer(**transfer)
    assert (caught.value.outcome, caught.value.attempts) == ("unknown", 1)


def test_a_redirect_is_never_followed(sandbox: Sandbox, client: Client) -> None:
    sandbox.fault("cards.get", "redirect")
    with pytest.raises(keysecure.InvalidResponseError) as caught:
        client.cards.get("17")
    assert caught.value.http_status == 307
    sandbox.fault("cards.set_pin", "redirect")
    with pytest.raises(keysecure.InvalidResponseError) as caught:
        client.cards.set_pin(card_no="1", cardholder_no="2", pin="739251")
    assert (caught.value.http_status, caught.value.outcome) == (307, "unknown")
    assert sandbox.redirect_calls() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss")
@pytest.mark.parametrize("fault", ["gzip_bomb", {"oversize": 9_000_000}, "deep_nesting"])
def test_a_response_does_not_grow_without_bound(sandbox: Sandbox, client: Client, fault: str) -> None:
    resource = pytest.importorskip("resource")
    client.access_token()
    sandbox.fault("cards.get", fault, times=9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(keysecure.InvalidResponseError):
        client.cards.get("17")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 48 * 1024  # KiB; the bomb would be 64 MiB, and the sandbox's response is in here too


@pytest.mark.parametrize("fault", ["wrong_type", "wrong_field_types", "missing_data", "invalid_utf8", "malformed"])
def test_a_response_of_another_form_is_an_invalid_response(
    sandbox: Sandbox, client: Client, card_no: str, fault: str
) -> None:
    sandbox.fault("cards.get", fault, times=9)
    with pytest.raises(keysecure.InvalidResponseError):
        client.cards.get(card_no)


def test_an_unknown_value_breaks_nothing() -> None:
    card = keysecure.Card.from_json('{"card_no":"1","status":"Suspended_by_moon","card_type":"Hologram"}')
    assert (card.status, card.card_type) == ("Suspended_by_moon", "Hologram")


@pytest.mark.parametrize("away", [timedelta(days=1), timedelta(days=36_500), timedelta(seconds=301)])
def test_a_webhook_from_the_future_is_rejected(away: timedelta) -> None:
    verifier = keysecure.WebhookVerifier("app", "secret")
    headers = verifier.sign_for_tests(datetime.now(timezone.utc) + away, BODY)
    with pytest.raises(keysecure.WebhookError) as caught:
        verifier.verify(headers, BODY)
    assert caught.value.rejection == "too_new"


@pytest.mark.parametrize(
    "signature", ["ü" * 64, "\ud800", "a" * 63 + "\u0661", "", "0" * 1_000_000, b"\xff" * 64, "a\r\nb"]
)
def test_a_hostile_signature_is_a_rejection_and_nothing_else(signature: str | bytes) -> None:
    verifier = keysecure.WebhookVerifier("app", "secret")
    headers = {**verifier.sign_for_tests(datetime.now(timezone.utc), BODY), "Signature": signature}
    with pytest.raises(keysecure.WebhookError) as caught:
        verifier.verify(headers, BODY)
    assert caught.value.rejection in ("bad_header", "bad_signature")


def test_tolerance_zero_is_not_no_check() -> None:
    verifier = keysecure.WebhookVerifier("app", "secret", tolerance=0)
    headers = verifier.sign_for_tests(datetime.now(timezone.utc) - timedelta(seconds=5), BODY)
    with pytest.raises(keysecure.WebhookError) as caught:
        verifier.verify(headers, BODY)
    assert caught.value.rejection == "too_old"
