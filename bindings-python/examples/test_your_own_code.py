"""Tests of your own code, offline: no account, no network, no mocks.

    pytest test_your_own_code.py

The fixtures come with the package. `keysecure_env` starts a fresh sandbox for the test and names it in the environment,
where your code finds it by `Client.from_env()`; `keysecure_sandbox` and `keysecure_client` are there as well.
"""

from decimal import Decimal

import pytest

import keysecure
from keysecure import Client, KeySecureError
from keysecure.sandbox import Fault, FaultWithValue, Sandbox

# --- your code ---


def refund_customer(cardholder_no: str, order: str, amount: Decimal) -> str:
    """Pays an order back. Gives `done`, `again` (try later, nothing was paid) or `look` (a person has to look)."""
    with Client.from_env(timeout=5) as client:
        try:
            client.accounts.transfer(
                cardholder_no=cardholder_no, transfer_unique_no=f"refund-{order}", type="In", amount=amount
            )
        except KeySecureError as error:
            return "look" if error.outcome == "unknown" else "again"
    return "done"


# --- its tests ---


def test_a_refund_is_paid(keysecure_env: Sandbox) -> None:
    customer = keysecure_env.seed_approved_cardholder()
    assert refund_customer(customer, "order-7", Decimal("12.50")) == "done"
    assert keysecure_env.ledger().cardholder(customer) == Decimal("12.50")


@pytest.mark.usefixtures("keysecure_env")
def test_a_refund_to_nobody_can_be_tried_again() -> None:
    assert refund_customer("404", "order-7", Decimal("12.50")) == "again"


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER_COMMIT, Fault.MALFORMED, Fault.code_after_commit(1001)], ids=str)
def test_a_refund_that_may_have_been_paid_is_looked_at_and_not_paid_twice(
    keysecure_env: Sandbox, fault: Fault | FaultWithValue
) -> None:
    customer = keysecure_env.seed_approved_cardholder()
    keysecure_env.fault("accounts.transfer", fault)
    assert refund_customer(customer, "order-7", Decimal("12.50")) == "look"
    assert keysecure_env.ledger().cardholder(customer) == Decimal("12.50")
    assert keysecure_env.count("accounts.transfer") == 1


@pytest.mark.keysecure(mode="authorization")
def test_transfers_need_credit_mode(keysecure_sandbox: Sandbox, keysecure_client: Client) -> None:
    customer = keysecure_sandbox.seed_approved_cardholder()
    with pytest.raises(keysecure.PermissionError):
        keysecure_client.accounts.get(customer)
