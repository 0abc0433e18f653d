"""Fakes of the client in a user's tests: `unittest.mock`, and an object of their own behind a protocol."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol, runtime_checkable
from unittest.mock import MagicMock, create_autospec, patch

import pytest

import keysecure
from keysecure import Card, Client, Ensured, TransferRecord

CARD = Card.from_json('{"card_no":"17","status":"Frozen"}')
PAID = TransferRecord.from_json('{"transfer_no":"1","transfer_unique_no":"order-7","type":"In","balance":"25.00"}')


def is_frozen(client: Client, card_no: str) -> bool:
    return client.cards.get(card_no).status == "Frozen"


@runtime_checkable
class Transfers(Protocol):
    """What a shop uses of `client.accounts`."""

    def ensure_transfer(
        self, *, cardholder_no: str, transfer_unique_no: str, type: str, amount: Decimal
    ) -> Ensured[TransferRecord]: ...


def pay(transfers: Transfers, order: str) -> bool:
    paid = transfers.ensure_transfer(cardholder_no="1001", transfer_unique_no=order, type="In", amount=Decimal("25.00"))
    return paid.created


def test_a_call_can_be_patched_for_all_clients(client: Client) -> None:
    with patch("keysecure.Cards.get", return_value=CARD) as get:
        assert is_frozen(client, "17")
    get.assert_called_once_with("17")
    with pytest.raises(keysecure.ApiError):
        client.cards.get("17")


def test_pytest_can_replace_a_call(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(_: object, card_no: str) -> Card:
        return CARD

    monkeypatch.setattr(keysecure.Cards, "get", get)
    assert is_frozen(client, "17")


def test_a_client_can_be_replaced_by_a_mock_with_its_names() -> None:
    fake = create_autospec(Client, instance=True)
    fake.cards.get.return_value = CARD
    assert is_frozen(fake, "17")
    fake.cards.get.assert_called_once_with("17")
    with pytest.raises(AttributeError):
        _ = fake.card
    assert isinstance(fake, Client)
    mock = MagicMock(spec=Client)
    mock.cards.get.side_effect = keysecure.NotFoundError("no such card", code=2002, outcome="rejected")
    with pytest.raises(keysecure.NotFoundError) as caught:
        is_frozen(mock, "17")
    assert (caught.value.code, caught.value.outcome) == (2002, "rejected")


class FakeTransfers:
    def __init__(self) -> None:
        self.orders: set[str] = set()

    def ensure_transfer(
        self, *, cardholder_no: str, transfer_unique_no: str, type: str, amount: Decimal
    ) -> Ensured[TransferRecord]:
        fake: Any = create_autospec(Ensured, instance=True)
        fake.value, fake.created = PAID, transfer_unique_no not in self.orders
        self.orders.add(transfer_unique_no)
        return fake  # type: ignore[no-any-return]


def test_a_fake_of_one_s_own_fits_the_protocol_that_the_real_calls_fit(client: Client) -> None:
    fake = FakeTransfers()
    assert [pay(fake, "order-7"), pay(fake, "order-7")] == [True, False]
    transfers: Transfers = client.accounts
    assert isinstance(transfers, Transfers)
    assert not isinstance(client.cards, Transfers)


def test_an_object_of_the_package_is_no_base_class() -> None:
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Mine", (Client,), {})
