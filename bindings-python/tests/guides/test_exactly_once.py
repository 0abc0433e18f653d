"""The code of the guide "Pay exactly once"."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from keysecure import Client, ConflictError, FileStore, KeySecureError, MemoryStore
from keysecure.sandbox import Fault, Sandbox


# --8<-- [start:pay]
def pay(client: Client, order: str, cardholder_no: str) -> str:
    try:
        done = client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no=f"{order}-topup", type="In", amount="25.00"
        )
    except ConflictError:
        raise  # the reference belongs to another payment: a bug to investigate, never to repeat
    except KeySecureError as error:
        if error.outcome == "unknown":
            return "later"  # put the order back into the queue: the same call settles it
        return "failed"  # nothing was moved
    return f"paid: {done.value.transfer_no}"
    # --8<-- [end:pay]


def test_a_payment_is_made_once_although_its_response_is_lost(
    sandbox: Sandbox, shop: Client, cardholder_no: str
) -> None:
    sandbox.fault("accounts.transfer", "drop_after_commit")
    assert pay(shop, "order-7", cardholder_no).startswith("paid: ")
    assert pay(shop, "order-7", cardholder_no).startswith("paid: ")
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("25.00")
    sandbox.fault("accounts.transfer", Fault.code(2002))
    assert pay(shop, "order-8", cardholder_no) == "failed"


def test_a_client_has_a_store(keysecure_env: Sandbox, tmp_path: Path) -> None:
    directory = tmp_path / "store"
    # --8<-- [start:store]
    client = Client.from_env(store=FileStore(directory))
    # --8<-- [end:store]
    client.close()


def test_another_payment_with_the_same_reference_is_a_conflict(shop: Client, cardholder_no: str) -> None:
    client = shop
    pay(client, "order-9", cardholder_no)
    with pytest.raises(ConflictError):
        # --8<-- [start:conflict]
        client.accounts.ensure_transfer(
            cardholder_no=cardholder_no, transfer_unique_no="order-9-topup", type="In", amount="30.00"
        )  # ConflictError: order-9-topup is a transfer of 25.00
        # --8<-- [end:conflict]


def test_a_new_reference_does_not_wait(sandbox: Sandbox, cardholder_no: str) -> None:
    with sandbox.client(store=MemoryStore()) as client:
        # --8<-- [start:first-attempt]
        done = client.accounts.ensure_transfer(
            cardholder_no=cardholder_no,
            transfer_unique_no="order-10-topup",
            type="In",
            amount="25.00",
            first_attempt=True,  # this program has just created the reference
        )
        # --8<-- [end:first-attempt]
        assert done.created
