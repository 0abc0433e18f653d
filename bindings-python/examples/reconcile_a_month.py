"""Writes a month's consumptions into a CSV file, with their fees, and adds them up by card.

    python reconcile_a_month.py 2026-03 consumptions.csv

Without credentials in the environment it runs on an offline sandbox; both arguments may be left out then.
For everything in a file of any length, without the sums: `python -m keysecure export consumptions`.
"""

from __future__ import annotations

import csv
import re
import sys
from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import offline

from keysecure import Client, Consumption

if TYPE_CHECKING:
    from keysecure.sandbox import Sandbox

COLUMNS = ["consume_no", "time", "card_no", "type", "status", "amount", "fee"]
# The sign of a consumption for the money of its card; a reversed authorization was never settled.
SIGNS = {"Refund": 1, "Reversal": 0}


def settled(one: Consumption) -> Decimal:
    """What it adds to the card's balance, fees included."""
    if one.status != "Success":
        return Decimal(0)
    return SIGNS.get(one.type or "", -1) * (one.amount or Decimal(0)) - (one.fee or Decimal(0))


def reconcile(client: Client, year: int, month: int, out: Path) -> dict[str, Decimal]:
    """Writes the file and gives the sum for each card."""
    start, end = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    sums: dict[str, Decimal] = defaultdict(Decimal)
    with out.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        # Days begin and end in the client's timezone (UTC+8 by default), and the last one is whole.
        for listed in client.consumptions.list(start=start, end=end):
            # The list has the first few fields only; the fees are in the consumption itself.
            one = client.consumptions.get(listed.consume_no)
            time = listed.time.isoformat() if listed.time else ""
            table.writerow([one.consume_no, time, one.card_no, one.type, one.status, one.amount, one.fee])
            sums[one.card_no or ""] += settled(one)
    return dict(sums)


def shop(sandbox: Sandbox, client: Client) -> tuple[int, int]:
    """Seeds a card that was used this month: a purchase of 40.00, a refund of 10.00, and three small ones earlier."""
    today = sandbox.clock.now + timedelta(hours=8)
    holder = sandbox.seed_approved_cardholder()
    card_no = sandbox.seed_virtual_card(holder)
    client.accounts.transfer(cardholder_no=holder, transfer_unique_no="topup", type="In", amount=250)
    bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="40.00").consume_no
    client.simulation.consumption_clear(consume_no=bought, fee_detail=[{"fee_type": "Consume_fee", "amount": "0.40"}])
    client.simulation.refund(consume_relate_no=bought, amount="10.00")
    sandbox.seed_consumptions(card_no, [sandbox.clock.now] * 3)
    return today.year, today.month


def main() -> int:
    with offline.platform() as sandbox, Client.from_env() as client:
        if sandbox:
            year, month = shop(sandbox, client)
            out = Path(sys.argv[2] if len(sys.argv) > 2 else "consumptions.csv")
        elif len(sys.argv) == 3 and re.fullmatch("20[0-9]{2}-(0[1-9]|1[0-2])", sys.argv[1]):
            year, month = map(int, sys.argv[1].split("-"))
            out = Path(sys.argv[2])
        else:
            print("usage: python reconcile_a_month.py 2026-03 consumptions.csv", file=sys.stderr)
            return 2
        sums = reconcile(client, year, month, out)
    for card_no, total in sorted(sums.items()):
        print(f"{card_no}  {total:>12}")
    print(f"All cards: {sum(sums.values(), Decimal(0))}. The consumptions are in {out.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
