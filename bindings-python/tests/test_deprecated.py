"""Names of earlier versions: they work for one more version, with a `DeprecationWarning` at the caller's line."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
from webhook_support import BODY, SECRET, signed, verifier

import keysecure
from keysecure import Client, ConfigError, InvalidInputError, WebhookVerifier, literals, webhooks
from keysecure.sandbox import Sandbox

RENAMED = {
    "Exemption": "FeeWaiver",
    "Finding": "CheckResult",
    "List": "Pager",
    "Received": "VerifiedWebhook",
    "Tariff": "FeeSchedule",
    "Verified": "SignatureMatch",
    "reply_again": "reply_duplicate",
}


@pytest.mark.parametrize("old", RENAMED)
def test_an_old_name_is_the_present_object(old: str) -> None:
    modules = [keysecure, webhooks] if old in ("Received", "Verified", "reply_again") else [keysecure]
    for module in modules:
        assert old not in module.__all__
        with pytest.warns(
            DeprecationWarning, match=f"{module.__name__}.{old} is deprecated: use {RENAMED[old]}"
        ) as seen:
            assert getattr(module, old) is getattr(module, RENAMED[old])
        assert seen[0].filename == __file__


def test_an_old_name_can_be_imported() -> None:
    with pytest.warns(DeprecationWarning, match="use Pager"):
        from keysecure import List
    assert List is keysecure.Pager


def test_the_balance_of_a_transfer_is_its_amount() -> None:
    row = keysecure.TransferRecord.from_json('{"transfer_no":"1","balance":"25.00"}')
    with pytest.warns(DeprecationWarning, match="TransferRecord.balance is deprecated: use amount") as seen:
        assert row.balance == row.amount  # type: ignore[deprecated, unused-ignore]
    assert seen[0].filename == __file__


def test_an_unknown_name_is_an_attribute_error() -> None:
    for module in (keysecure, webhooks):
        with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'Lists'"):
            module.Lists  # noqa: B018


def test_never_sent_is_first_attempt(recording: Client, transfer: dict[str, object]) -> None:
    with pytest.warns(DeprecationWarning, match="never_sent is deprecated: use first_attempt") as seen:
        assert recording.accounts.ensure_transfer(**transfer, never_sent=True).created
    assert seen[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="never_sent"):
        holder = recording.cardholders.ensure_cardholder(
            cardholder_unique_no="holder-9", sumsub_share_token="share-token", never_sent=True
        )
    assert holder.created
    package = next(iter(recording.cards.packages(type="Virtual")))
    with pytest.warns(DeprecationWarning, match="never_sent"):
        card = recording.cards.ensure_card(
            cardholder_no=transfer["cardholder_no"],
            card_unique_no="card-9",
            card_type="Virtual",
            package_no=package.package_no,
            never_sent=True,
        )
    assert card.created


def test_never_sent_with_first_attempt_is_refused(
    sandbox: Sandbox, recording: Client, transfer: dict[str, object]
) -> None:
    with pytest.warns(DeprecationWarning, match="never_sent"), pytest.raises(InvalidInputError) as caught:
        recording.accounts.ensure_transfer(**transfer, never_sent=True, first_attempt=True)
    assert caught.value.field == "never_sent"
    assert sandbox.requests() == []


def test_when_unavailable_is_on_store_failure(client: Client) -> None:
    class Down:
        def insert(self, *_: object) -> None:
            raise OSError

        get = remove = insert

    made: list[Any] = [lambda **options: WebhookVerifier("app-1", SECRET, **options), client.webhook_verifier]
    for make in made:
        with pytest.warns(DeprecationWarning, match="when_unavailable is deprecated: use on_store_failure"):
            make(store=Down(), when_unavailable="accept")
        with (
            pytest.warns(DeprecationWarning, match="when_unavailable"),
            pytest.raises(ConfigError, match="give one of them"),
        ):
            make(when_unavailable="accept", on_store_failure="accept")
        with pytest.raises(ConfigError, match="when_unavailable must be reject or accept"):
            make(when_unavailable="perhaps")
    with pytest.warns(DeprecationWarning, match="when_unavailable"):
        lenient = verifier(store=Down(), when_unavailable="accept")
    assert lenient.verify(signed(BODY), BODY).action == "Consumption"


def test_old_methods_of_the_verifier_do_what_the_present_ones_do() -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=timezone.utc)
    one = verifier(store="memory")
    with pytest.warns(DeprecationWarning, match="accepting_any_age is deprecated: use ignore_timestamp"):
        assert one.accepting_any_age().verify(signed(BODY, long_ago), BODY).sent_at == long_ago
    with pytest.warns(DeprecationWarning, match="reply_again is deprecated: use reply_duplicate"):
        assert one.reply_again(BODY) == one.reply_duplicate(BODY)


def test_old_attributes_have_the_present_values(sandbox: Sandbox, client: Client) -> None:
    for match in (verifier().verify(signed(BODY), BODY), verifier().verify_signature(signed(BODY), BODY)):
        with pytest.warns(DeprecationWarning, match=r"secret is deprecated: use secret_index"):
            assert match.secret == match.secret_index == 0
    received = verifier().verify(signed(BODY), BODY)
    with pytest.warns(DeprecationWarning, match="answer_before is deprecated: use reply_before"):
        assert received.answer_before == pytest.approx(received.reply_before, abs=0.1)
    sandbox.settings(key_state="expired")
    old = {"pass": "good", "warn": "warning", "fail": "bad", "unfinished": "skipped", "skipped": "skipped"}
    instead = f"use status, one of {', '.join(get_args(literals.CheckStatus))}"
    assert f'@deprecated("{instead}")' in Path(keysecure.__file__).with_name("_native.pyi").read_text("utf-8")
    for result in client.doctor().findings:
        with pytest.warns(DeprecationWarning, match=f"CheckResult.health is deprecated: {instead}$"):
            assert result.health == old[result.status]
        assert "health" not in result.to_dict()
