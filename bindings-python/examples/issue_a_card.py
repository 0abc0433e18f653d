"""Issues a virtual card to a cardholder and waits until it can be used.

    KEYSECURE_STORE=file:/var/lib/shop python issue_a_card.py CARDHOLDER_NO OWN_NUMBER

Without credentials in the environment it runs on an offline sandbox, which needs no arguments.
"""

import sys
import time

import offline

from keysecure import Card, Client, KeySecureError


def issue(client: Client, cardholder_no: str, own_number: str, *, settle: float = 10.0) -> Card:
    """A card under a number of your own: running it again gives the same card, whatever went wrong the first time.

    `settle` is how long the platform may take to commit what an earlier run sent, in seconds.
    """
    package = next(one for one in client.cards.packages(type="Virtual"))
    ensured = client.cards.ensure_card(
        cardholder_no=cardholder_no,
        card_unique_no=own_number,
        card_type="Virtual",
        package_no=package.package_no,
        settle=settle,
    )
    print(f"{'Applied for' if ensured.created else 'Found'} {own_number}.")
    return ready(client, ensured.value.card_no)


def ready(client: Client, card_no: str) -> Card:
    """The card once it has left Pending, in two minutes at most."""
    end = time.monotonic() + 120
    while (card := client.cards.get(card_no)).status == "Pending" and time.monotonic() < end:
        time.sleep(2)
    return card


def main() -> int:
    with offline.platform() as sandbox, Client.from_env() as client:
        try:
            if sandbox:
                # It commits at once.
                card = issue(client, sandbox.seed_approved_cardholder(), "customer-4711-online", settle=0.5)
            elif len(sys.argv) == 3:
                card = issue(client, sys.argv[1], sys.argv[2])
            else:
                print("usage: python issue_a_card.py CARDHOLDER_NO OWN_NUMBER", file=sys.stderr)
                return 2
            print(f"Card {card.card_no} (**** {card.card_last_no}) is {card.status}.")
            if card.status == "Activated":
                # It prints masked; `expose_pan()` and `expose_cvv()` reveal it to who may see it.
                print(client.cards.private_info(card.card_no))
        except KeySecureError as error:
            print(f"No card: {error}", file=sys.stderr)
            return 1
    return 0 if card.status == "Activated" else 1


if __name__ == "__main__":
    sys.exit(main())
