"""The code of the guide "Migrate from HTTP calls": each call of the platform."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_each_call_of_the_platform_is_made(sandbox: Sandbox, client: Client) -> None:
    start, end = sandbox.clock.now - timedelta(days=1), sandbox.clock.now + timedelta(days=1)
    # --8<-- [start:token]
    token = client.access_token()  # the SDK fetches and renews it; you need no call
    # --8<-- [end:token]
    # --8<-- [start:cardholder-apply]
    applied = client.cardholders.apply(cardholder_unique_no="customer-4711", sumsub_share_token="auto-approve-4711")
    # --8<-- [end:cardholder-apply]
    cardholder_no = applied.cardholder_no
    # --8<-- [start:cardholder-list]
    cardholders = list(client.cardholders.list(start=start, end=end))  # all pages and windows
    # --8<-- [end:cardholder-list]
    # --8<-- [start:cardholder-info]
    cardholder = client.cardholders.get(cardholder_no)
    # --8<-- [end:cardholder-info]
    # --8<-- [start:package-list]
    packages = list(client.cards.packages(type="Virtual"))
    # --8<-- [end:package-list]
    package_no = packages[0].package_no
    # --8<-- [start:card-apply]
    card = client.cards.apply(
        cardholder_no=cardholder_no, card_unique_no="order-7-card", card_type="Virtual", package_no=package_no
    )
    # --8<-- [end:card-apply]
    card_no = card.card_no
    # --8<-- [start:card-list]
    cards = list(client.cards.list(start=start, end=end, cardholder_no=cardholder_no))
    # --8<-- [end:card-list]
    # --8<-- [start:card-detail]
    detail = client.cards.get(card_no)
    # --8<-- [end:card-detail]
    # --8<-- [start:private-info]
    secrets = client.cards.private_info(card_no)  # decrypted; secrets.expose_pan()
    # --8<-- [end:private-info]
    physical_no = sandbox.seed_physical_card(cardholder_no)
    cvv, last_four = sandbox.card_secrets_for_tests(physical_no).cvv, client.cards.get(physical_no).card_last_no or ""
    # --8<-- [start:active]
    client.cards.activate(  # the CVV in plain text: the SDK encrypts it
        card_no=physical_no, cardholder_no=cardholder_no, cvv=cvv, card_last_no=last_four
    )
    # --8<-- [end:active]
    # --8<-- [start:pin-set]
    client.cards.set_pin(card_no=physical_no, cardholder_no=cardholder_no, pin="739251")
    # --8<-- [end:pin-set]
    # --8<-- [start:status-update]
    client.cards.freeze(card_no)  # or unfreeze, delete, update_status(card_no=card_no, status="Frozen")
    # --8<-- [end:status-update]
    client.cards.unfreeze(card_no)
    # --8<-- [start:transfer]
    done = client.accounts.transfer(
        cardholder_no=cardholder_no, transfer_unique_no="order-7-topup", type="In", amount="250.00"
    )  # better: ensure_transfer, which is safe to repeat
    # --8<-- [end:transfer]
    # --8<-- [start:account-info]
    account = client.accounts.get(cardholder_no).list[0]
    # --8<-- [end:account-info]
    # --8<-- [start:transfer-list]
    transfers = list(client.accounts.transfers(start=start, end=end, transfer_unique_no="order-7-topup"))
    # --8<-- [end:transfer-list]
    # --8<-- [start:sim-auth]
    bought = client.simulation.auth(card_no=card_no, type="Consumption", amount="40.00")
    # --8<-- [end:sim-auth]
    # --8<-- [start:sim-clear]
    client.simulation.consumption_clear(consume_no=bought.consume_no)
    # --8<-- [end:sim-clear]
    # --8<-- [start:sim-refund]
    client.simulation.refund(consume_relate_no=bought.consume_no, amount="10.00")
    # --8<-- [end:sim-refund]
    second = client.simulation.auth(card_no=card_no, type="Consumption", amount="5.00")
    third = client.simulation.auth(card_no=card_no, type="Consumption", amount="5.00")
    # --8<-- [start:sim-reversal]
    client.simulation.reversal(consume_relate_no=second.consume_no)
    # --8<-- [end:sim-reversal]
    # --8<-- [start:sim-fail]
    client.simulation.consumption_fail(consume_no=third.consume_no)
    # --8<-- [end:sim-fail]
    # --8<-- [start:consume-list]
    consumptions = list(client.consumptions.list(start=start, end=end, card_no=card_no))
    # --8<-- [end:consume-list]
    consume_no = consumptions[0].consume_no
    # --8<-- [start:consume-info]
    consumption = client.consumptions.get(consume_no)
    # --8<-- [end:consume-info]
    # --8<-- [start:client-token]
    page_token = client.pci.client_token(card_no)  # page_token.expose() for the hosted card page
    # --8<-- [end:client-token]
    info = sandbox.control("GET", "/info")
    origin, parent_origin = info["hosted_origin"], info["parent_origin"]
    # --8<-- [start:pci-detail]
    shown = client.pci.card_detail(  # the hosted card page makes this call, a server does not need it
        client_access_token=page_token.expose(), origin=origin, parent_origin=parent_origin, nonce="nonce-1"
    )
    # --8<-- [end:pci-detail]
    assert (token.expires_at > start, cardholder.status, detail.card_no) == (True, "Approved", card_no)
    assert (len(cardholders), len(cards), len(transfers)) == (1, 1, 1)
    assert (done.after_balance, account.symbol, consumption.consume_no) == (Decimal("250.00"), "TUSDT", consume_no)
    assert shown == secrets


def test_bins_are_listed_in_authorization_mode() -> None:
    with Sandbox("authorization") as sandbox, sandbox.client() as client:
        # --8<-- [start:bins]
        bins = list(client.cards.bins())
        # --8<-- [end:bins]
        assert bins
