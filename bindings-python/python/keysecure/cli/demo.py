"""The demo: walks through the life cycle of a card, from the cardholder to a refund, with every call on the way."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

from .. import Client, InvalidInputError, Package

if TYPE_CHECKING:
    from ..sandbox import Sandbox

ADDRESS = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phone_code": "44",
    "phone": "2079460123",
    "postal_code": "SW1Y 4JH",
    "country": "GB",
    "state": "London",
    "city": "London",
    "address_line1": "12 St James's Square",
}


def walk_through(client: Client, sandbox: Sandbox) -> None:
    """Makes the calls and prints what they return."""
    now = datetime.now(timezone.utc)
    start, end = now - timedelta(days=1), now + timedelta(days=1)

    heading("Authentication")
    left = client.access_token().expires_at - now
    print(f"The platform gave an access token, good for {round(left / timedelta(hours=1))} h.")

    heading("A cardholder")
    checked = "share-token-of-the-identity-check"
    holder = client.cardholders.apply(cardholder_unique_no="customer-4711", sumsub_share_token=checked).cardholder_no
    print(f"Applied for customer-4711; the platform calls them {holder}.")
    print(f"Verification status: {client.cardholders.get(holder).status}.")
    sandbox.approve_cardholder(holder)
    print(f"The platform checked the identity: {client.cardholders.get(holder).status}.")

    heading("Two cards")
    packages = list(client.cards.packages())
    for package in packages:
        print(f"Package {package.package_no}: {package.package_en_name}, {package.package_type}")
    online = apply(client, packages, holder, "Virtual", "customer-4711-online")
    plastic = apply(client, packages, holder, "Physical", "customer-4711-plastic")
    for card in map(client.cards.get, (online, plastic)):
        print(f"Card {card.card_no} ({card.card_type}, **** {card.card_last_no}) is {card.status}.")

    heading("The plastic card arrives by mail")
    # The cardholder reads the CVV off the back of the card; here the sandbox does.
    cvv = sandbox.card_secrets_for_tests(plastic).cvv
    last = client.cards.get(plastic).card_last_no or ""
    client.cards.activate(card_no=plastic, cardholder_no=holder, cvv=cvv, card_last_no=last)
    print("Activated with its CVV, which is encrypted before it is sent.")
    client.cards.set_pin(card_no=plastic, cardholder_no=holder, pin="739251")
    try:
        client.cards.set_pin(card_no=plastic, cardholder_no=holder, pin="123456")
    except InvalidInputError as error:
        print(f"Set its PIN. A weak one is refused before it is sent: {error}")
    print(f"Its secrets, masked unless exposed on purpose: {client.cards.private_info(plastic)}")

    heading("Freezing the card")
    client.cards.freeze(plastic)
    print(f"Frozen: the card is {client.cards.get(plastic).status}.")
    client.cards.unfreeze(plastic)
    print(f"Unfrozen: the card is {client.cards.get(plastic).status}.")

    heading("Money")
    moved = client.accounts.transfer(
        cardholder_no=holder, transfer_unique_no="topup-2026-0001", type="In", amount="250.00"
    )
    print(f"Moved 250.00 TUSDT in: balance {moved.before_balance} -> {moved.after_balance}.")
    shop(client, plastic, holder)
    for account in client.accounts.get(holder).list:
        print(f"Balance now: {account.balance} {account.symbol}.")

    heading("Reports")
    consumptions = [client.consumptions.get(one.consume_no) for one in client.consumptions.list(start=start, end=end)]
    for one in consumptions:
        print(f"{one.type:>12}  {one.amount:>8}  {one.status}")
    # A reversal releases an authorization that was never settled.
    sign = {"Refund": -1, "Reversal": 0}
    settled = [one for one in consumptions if one.status == "Success"]
    spent = sum((sign.get(str(one.type), 1) * (one.amount or 0) for one in settled), Decimal(0))
    print(f"{len(consumptions)} consumptions; spent and settled: {spent}.")
    transfers = list(client.accounts.transfers(start=start, end=end))
    print(f"{len(transfers)} transfer; moved in all: {sum(one.amount or 0 for one in transfers)}.")
    print(f"{len(list(client.cards.list(start=start, end=end)))} cards were issued.")
    print(f"\nThat was {len(sandbox.requests())} requests to the sandbox; not one left this machine.")


def apply(client: Client, packages: list[Package], holder: str, card_type: str, unique_no: str) -> str:
    """Applies for a card of the first package of its type and returns its number."""
    package = next(package for package in packages if package.package_type == card_type)
    applied = client.cards.apply(
        cardholder_no=holder,
        card_unique_no=unique_no,
        card_type=card_type,
        package_no=package.package_no,
        address_info=ADDRESS if card_type == "Physical" else None,
    )
    print(f"Applied for {unique_no}: the platform calls it {applied.card_no}.")
    return applied.card_no


def shop(client: Client, card_no: str, holder: str) -> None:
    """Makes a purchase that is cleared, one that is reversed before clearing, a refund, and a purchase that fails."""

    def buy(amount: str) -> str:
        purchase = client.simulation.auth(
            card_no=card_no,
            cardholder_no=holder,
            type="Consumption",
            amount=amount,
            local_amount=amount,
            local_currency="USD",
            merchant_info={"merchant_name": "Corner Books", "merchant_mcc": "5942"},
        )
        return purchase.consume_no or ""

    books = buy("40.00")
    print("Bought books for 40.00.")
    client.simulation.consumption_clear(consume_no=books)
    print("The merchant cleared it.")
    client.simulation.reversal(consume_relate_no=buy("15.50"))
    print("Another purchase of 15.50 was reversed before clearing.")
    client.simulation.refund(consume_relate_no=books, amount="10.00")
    print("One book was returned: 10.00 refunded.")
    client.simulation.consumption_fail(consume_no=buy("5.00"))
    print("A third purchase of 5.00 failed.")


def heading(title: str) -> None:
    """Prints the heading of a part."""
    print(f"\n== {title} ==")
