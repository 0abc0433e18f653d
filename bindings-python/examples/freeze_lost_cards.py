"""Freezes cards that were reported lost, and prints the result for each.

    python freeze_lost_cards.py CARD_NO [CARD_NO ...]
    python freeze_lost_cards.py - < card_numbers.txt

Without credentials in the environment it runs on an offline sandbox, which needs no arguments.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import offline

from keysecure import Client, KeySecureError

if TYPE_CHECKING:
    from keysecure.sandbox import Sandbox


def freeze(client: Client, card_no: str) -> str:
    """Freezes one card and returns its status. Doing it twice is harmless."""
    try:
        client.cards.freeze(card_no)
    except KeySecureError:
        # It may be frozen already, or the response was lost: look at the card.
        status = client.cards.get(card_no).status
        if status not in ("Frozen", "Delete"):
            raise
        return status
    return client.cards.get(card_no).status


def freeze_all(client: Client, card_nos: Iterable[str]) -> int:
    """Freezes all that can be frozen and gives how many could not: one bad number must not save the others."""
    failed = 0
    for card_no in card_nos:
        try:
            print(f"{card_no}: {freeze(client, card_no)}")
        except KeySecureError as error:
            failed += 1
            print(f"{card_no}: NOT FROZEN ({error})")
    return failed


def lost_cards(sandbox: Sandbox) -> list[str]:
    """Two cards, and a number that somebody misread."""
    holder = sandbox.seed_approved_cardholder()
    return [sandbox.seed_virtual_card(holder), sandbox.seed_virtual_card(holder), "404"]


def main() -> int:
    with offline.platform() as sandbox, Client.from_env() as client:
        if sandbox:
            card_nos = lost_cards(sandbox)
        elif sys.argv[1:] == ["-"]:
            card_nos = sys.stdin.read().split()
        else:
            card_nos = sys.argv[1:]
        failed = freeze_all(client, card_nos)
    print(f"{len(card_nos) - failed} of {len(card_nos)} cards cannot be used any more.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
