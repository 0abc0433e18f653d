"""The code of the guide "Cards, from application to PIN"."""

from __future__ import annotations

import pytest

from keysecure import Address, Client, InvalidInputError
from keysecure.sandbox import Sandbox


def test_a_card_is_applied_for_activated_and_used(sandbox: Sandbox, shop: Client) -> None:
    client = shop
    # --8<-- [start:cardholder]
    applied = client.cardholders.ensure_cardholder(
        cardholder_unique_no="customer-4711", sumsub_share_token="share-token-of-the-identity-check"
    )
    cardholder = client.cardholders.get(applied.value.cardholder_no)
    print(cardholder.status)  # Pending, In_progress, Approved or Rejected
    # --8<-- [end:cardholder]
    cardholder_no = cardholder.cardholder_no
    sandbox.approve_cardholder(cardholder_no)
    # --8<-- [start:virtual]
    package = next(client.cards.packages(type="Virtual"))  # authorization mode: client.cards.bins(), card_bin_no=
    card = client.cards.ensure_card(
        cardholder_no=cardholder_no,
        card_unique_no="customer-4711-online",
        card_type="Virtual",
        package_no=package.package_no,
    )
    print(card.value.card_no, card.value.status)
    # --8<-- [end:virtual]
    virtual_no = card.value.card_no
    # --8<-- [start:physical]
    address = Address(
        first_name="Ada",
        last_name="Lovelace",
        phone_code="44",
        phone="2079460123",
        postal_code="SW1Y 4JH",
        country="GB",
        state="London",
        city="London",
        address_line1="12 St James's Square",
    )
    package = next(client.cards.packages(type="Physical"))
    card = client.cards.ensure_card(
        cardholder_no=cardholder_no,
        card_unique_no="customer-4711-plastic",
        card_type="Physical",
        package_no=package.package_no,
        address_info=address,
    )
    # --8<-- [end:physical]
    card_no, cvv = card.value.card_no, sandbox.card_secrets_for_tests(card.value.card_no).cvv
    # --8<-- [start:activate]
    last_four = client.cards.get(card_no).card_last_no or ""
    client.cards.activate(card_no=card_no, cardholder_no=cardholder_no, cvv=cvv, card_last_no=last_four)
    # --8<-- [end:activate]
    # --8<-- [start:pin]
    client.cards.set_pin(card_no=card_no, cardholder_no=cardholder_no, pin="739251")
    # --8<-- [end:pin]
    assert sandbox.pin_matches(card_no, "739251")
    with pytest.raises(InvalidInputError):
        client.cards.set_pin(card_no=card_no, cardholder_no=cardholder_no, pin="123456")
    # --8<-- [start:secrets]
    secrets = client.cards.private_info(virtual_no)
    print(secrets)  # masked: pan 411111******1111
    pan = secrets.expose_pan()  # only expose_... reveals
    # --8<-- [end:secrets]
    assert len(pan) == 16
    # --8<-- [start:freeze]
    client.cards.freeze(card_no)
    print(client.cards.get(card_no).status)  # Frozen
    client.cards.unfreeze(card_no)
    client.cards.delete(virtual_no)  # for good
    # --8<-- [end:freeze]
    assert [client.cards.get(number).status for number in (card_no, virtual_no)] == ["Activated", "Delete"]
