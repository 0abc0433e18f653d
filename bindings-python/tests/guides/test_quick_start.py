"""The code of the guide "Quick start"."""

from __future__ import annotations

import pytest

from keysecure.sandbox import Sandbox


def test_the_first_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    # --8<-- [start:first]
    from keysecure.sandbox import Sandbox

    with Sandbox() as sandbox, sandbox.client(store="memory") as client:
        customer = sandbox.seed_approved_cardholder()
        package = next(client.cards.packages(type="Virtual"))
        card = client.cards.ensure_card(
            cardholder_no=customer,
            card_unique_no="customer-7-card",  # your reference
            card_type="Virtual",
            package_no=package.package_no,
            first_attempt=True,
        )
        print("card", card.value.card_no)

        paid = client.accounts.ensure_transfer(
            cardholder_no=customer, transfer_unique_no="order-7", type="In", amount="25.00", first_attempt=True
        )
        print("paid", paid.value.transfer_no)
        print("balance", client.accounts.get(customer).list[0].balance)
    # --8<-- [end:first]
    assert capsys.readouterr().out.splitlines()[2] == "balance 25.00"


def test_a_program_with_an_account_runs(keysecure_env: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    # --8<-- [start:account]
    from keysecure import Client

    with Client.from_env() as client:
        for package in client.cards.packages():
            print(package.package_no, package.package_en_name)
    # --8<-- [end:account]
    assert capsys.readouterr().out
