"""The code of the guide "Lists and time zones"."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_rows_are_listed_by_days_and_by_times(sandbox: Sandbox, client: Client, card_no: str) -> None:
    sandbox.seed_consumptions(card_no, 3)
    # --8<-- [start:days]
    total = Decimal(0)
    for row in client.consumptions.list(start=date(2026, 1, 1), end=date(2026, 12, 31), card_no=card_no):
        print(row.time, row.type, row.amount)
        total += row.amount or 0
    # --8<-- [end:days]
    now = sandbox.clock.now
    # --8<-- [start:times]
    recent = list(client.consumptions.list(start=now - timedelta(hours=24), end=now))
    # --8<-- [end:times]
    assert [row.card_no for row in recent] == [card_no] * 3
    # --8<-- [start:page]
    page = client.consumptions.list_page(start=now - timedelta(days=1), end=now, page=0, size=2)
    print(len(page.list))
    # --8<-- [end:page]
    assert len(page.list) == 2


def test_a_client_has_a_time_zone(sandbox: Sandbox) -> None:
    api_key, api_secret = sandbox.api_key, sandbox.api_secret
    # --8<-- [start:timezone]
    client = Client(api_key, api_secret, timezone="UTC")  # a date is a day in UTC
    # --8<-- [end:timezone]
    client.close()
    assert datetime.now(timezone.utc).tzinfo is not None
