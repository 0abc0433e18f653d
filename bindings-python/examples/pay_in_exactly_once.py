"""Pays money to cardholders, each payment exactly once, however often it is run and whatever goes wrong.

    KEYSECURE_STORE=file:/var/lib/shop python pay_in_exactly_once.py payments.csv

where `payments.csv` has the columns number, cardholder_no, amount; `number` is the merchant reference, never used
twice. The store records what is sent, so that no two runs, and no two processes, make the same payment.
Without credentials in the environment it runs on an offline sandbox that loses a response.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import offline

from keysecure import Client, ConflictError, KeySecureError

if TYPE_CHECKING:
    from keysecure.sandbox import Sandbox

Payment = dict[str, str]


def pay(client: Client, payment: Payment, *, settle: float = 10.0) -> bool:
    """Makes one payment and returns whether it is made."""
    try:
        done = client.accounts.ensure_transfer(
            cardholder_no=payment["cardholder_no"],
            transfer_unique_no=payment["number"],
            type="In",
            amount=payment["amount"],
            # A run before this one may have sent it: it is looked up, and sent only when it is provably absent.
            settle=settle,
        )
    except ConflictError as error:
        print(f"{payment['number']}: ANOTHER payment has this number, look into it: {error}")
    except KeySecureError as error:
        # The outcome may be unknown. Running this program again is safe and continues from there.
        print(f"{payment['number']}: not settled, run this again: {error}")
    else:
        print(f"{payment['number']}: {'paid now' if done.created else 'was paid'} ({done.value.transfer_no})")
        return True
    return False


def pay_all(client: Client, payments: Iterable[Payment], *, settle: float = 10.0) -> bool:
    """Makes all payments and returns whether all of them are made."""
    # A list: the payments after one that failed are made all the same.
    made = [pay(client, payment, settle=settle) for payment in payments]
    return all(made)


def demonstrate(client: Client, sandbox: Sandbox) -> bool:
    """Makes two payments, of which the response to the second is lost. Then everything is run again."""
    holder = sandbox.seed_approved_cardholder()
    payments = [
        {"number": "salary-2026-03-ada", "cardholder_no": holder, "amount": "1200.00"},
        {"number": "bonus-2026-03-ada", "cardholder_no": holder, "amount": "100.00"},
    ]
    sandbox.fault("accounts.transfer", "drop_after_commit", nth=2)
    # The real platform may commit late; this one is waited for 10 s by default.
    first = pay_all(client, payments, settle=0.5)
    again = pay_all(client, payments, settle=0.5)
    balance, requests = sandbox.ledger().cardholder(holder), sandbox.count("accounts.transfer")
    print(f"The ledger says {balance}, by {requests} requests to pay.")
    return first and again


def main() -> int:
    with offline.platform() as sandbox, Client.from_env() as client:
        if sandbox:
            good = demonstrate(client, sandbox)
        else:
            with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
                good = pay_all(client, csv.DictReader(file))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
