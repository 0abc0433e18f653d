"""The code of the guide "Test with the sandbox"."""

from __future__ import annotations

from decimal import Decimal

import pytest

from keysecure import Client, KeySecureError
from keysecure.sandbox import Fault, Sandbox


# --8<-- [start:first]
def test_a_lost_response_is_not_a_failure(
    keysecure_sandbox: Sandbox, keysecure_client: Client
) -> None:  # fixtures of the package
    customer = keysecure_sandbox.seed_approved_cardholder()
    keysecure_sandbox.fault("accounts.transfer", Fault.DROP_AFTER_COMMIT)
    with pytest.raises(KeySecureError) as caught:
        keysecure_client.accounts.transfer(
            cardholder_no=customer, transfer_unique_no="order-7", type="In", amount="25.00"
        )
    assert caught.value.outcome == "unknown"
    assert keysecure_sandbox.ledger().cardholder(customer) == Decimal("25.00")
    # --8<-- [end:first]


def test_time_moves(keysecure_sandbox: Sandbox, keysecure_client: Client) -> None:
    sandbox, client = keysecure_sandbox, keysecure_client
    # --8<-- [start:clock]
    client.access_token()
    sandbox.clock.advance(hours=25)  # the token has expired
    list(client.cards.packages())  # the client fetches another one
    assert sandbox.count("token") == 2
    # --8<-- [end:clock]


def test_purchases_are_simulated(keysecure_sandbox: Sandbox, keysecure_client: Client) -> None:
    sandbox, client = keysecure_sandbox, keysecure_client
    # --8<-- [start:purchase]
    customer = sandbox.seed_approved_cardholder()
    card_no = sandbox.seed_virtual_card(customer)
    client.accounts.transfer(cardholder_no=customer, transfer_unique_no="t-1", type="In", amount="100.00")
    bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="40.00")
    client.simulation.consumption_clear(consume_no=bought.consume_no)
    assert client.consumptions.get(bought.consume_no or "").status == "Success"
    # --8<-- [end:purchase]
