"""Lists are lazy, complete and typed."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def seeded(sandbox: Sandbox, cardholder_no: str) -> list[str]:
    """250 cards over 200 days: three windows, two of them with more than a page."""
    days = [1] * 120 + [100] * 120 + [199] * 10
    return sandbox.seed_cards(
        cardholder_no, [START + timedelta(days=day, seconds=place) for place, day in enumerate(days)]
    )


def test_all_rows_come_once_whatever_the_span(client: Client, seeded: list[str]) -> None:
    rows = [card.card_no for card in client.cards.list(start=START, end=START + timedelta(days=300))]
    assert sorted(rows) == sorted(seeded)


def test_nothing_is_fetched_before_it_is_needed(sandbox: Sandbox, client: Client, seeded: list[str]) -> None:
    rows = client.cards.list(start=START, end=START + timedelta(days=105))
    assert sandbox.count("cards.list") == 0
    first = next(rows)
    assert isinstance(first, keysecure.Card)
    assert sandbox.count("cards.list") == 1
    for _ in range(99):
        next(rows)
    assert sandbox.count("cards.list") == 1
    next(rows)
    assert sandbox.count("cards.list") == 2


def test_an_iterator_ends_and_stays_ended(client: Client) -> None:
    rows = client.cards.packages()
    assert iter(rows) is rows
    assert len(list(rows)) > 0
    assert list(rows) == []
    with pytest.raises(StopIteration):
        next(rows)


def test_a_page_is_a_page(client: Client, seeded: list[str]) -> None:
    page = client.cards.list_page(start=START, end=START + timedelta(days=90), page=1, size=100)
    assert len(page) == len(page.list) == 20
    assert list(page) == page.list
    assert page.extra == {}
    with pytest.raises(keysecure.InvalidInputError, match="90 days"):
        client.cards.list_page(start=START, end=START + timedelta(days=91), page=0, size=100)


def test_an_error_in_the_middle_comes_after_the_rows_before_it(
    sandbox: Sandbox, client: Client, seeded: list[str]
) -> None:
    sandbox.fault("cards.list", {"code": 4010}, nth=2)
    rows = client.cards.list(start=START, end=START + timedelta(days=105))
    assert not rows.failed
    got = []
    with pytest.raises(keysecure.ApiError):
        got.extend(card.card_no for card in rows)
    # list.extend keeps what it had taken
    assert len(got) == 100
    assert rows.failed
    for _ in range(2):
        with pytest.raises(keysecure.InvalidInputError, match="ended by an error"):
            next(rows)


def test_rows_come_newest_first(client: Client, seeded: list[str]) -> None:
    rows = [card.card_no for card in client.cards.list(start=START, end=START + timedelta(days=300))]
    assert rows == seeded[::-1]


def test_a_row_without_its_number_raises_and_the_list_continues(
    sandbox: Sandbox, client: Client, seeded: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    span = {"start": START, "end": START + timedelta(days=105)}
    sandbox.lists(left_out=["card_no"])
    rows = client.cards.list(**span)
    for _ in range(2):
        with pytest.raises(keysecure.InvalidResponseError, match=r"list\[\d\] on page 0: card_no is missing") as caught:
            next(rows)
        assert caught.value.outcome == "unknown"
        assert not rows.failed
    sandbox.lists(left_out=[])
    rest, errors = [], 0
    while True:
        try:
            row = next(rows, None)
        except keysecure.InvalidResponseError:
            assert not rows.failed
            errors += 1
            continue
        if row is None:
            break
        rest.append(row)
    assert errors == 98, "of the page that was there"
    assert len(rest) == 140
    sandbox.lists(left_out=["card_no"])
    with pytest.raises(keysecure.InvalidResponseError, match="card_no"):
        client.cards.list_page(start=START, end=START + timedelta(days=10), page=0, size=10)


def test_a_field_of_another_type_loses_no_row(sandbox: Sandbox, client: Client, seeded: list[str]) -> None:
    card = keysecure.Card.from_json('{"card_no":"1","status":7,"time":"yesterday","card_last_no":["x"]}')
    assert (card.card_no, card.time, card.card_last_no) == ("1", None, None)
    assert card.extra == {"status": 7, "time": "yesterday", "card_last_no": ["x"]}


def test_a_server_that_caps_pages_loses_no_row(sandbox: Sandbox, client: Client, seeded: list[str]) -> None:
    sandbox.lists(page_cap=50, total=True)
    rows = [card.card_no for card in client.cards.list(start=START, end=START + timedelta(days=300))]
    assert rows == seeded[::-1]
    page = client.cards.list_page(start=START, end=START + timedelta(days=10), page=0, size=100)
    assert (len(page), page.extra) == (50, {"total": 120})


def test_an_iterator_is_shared_by_threads_without_a_row_lost_or_doubled(client: Client, seeded: list[str]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    rows = client.cards.list(start=START, end=START + timedelta(days=300))
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda _: [card.card_no for card in rows], range(8)))
    assert sorted(number for part in parts for number in part) == sorted(seeded)


def test_the_other_lists_are_lists_too(sandbox: Sandbox, client: Client, cardholder_no: str, card_no: str) -> None:
    times = [START + timedelta(days=day) for day in range(3)]
    window = {"start": date(2025, 12, 1), "end": date(2026, 2, 1)}
    holders = sandbox.seed_cardholders(times)
    moved = sandbox.seed_transfers(cardholder_no, times)
    bought = sandbox.seed_consumptions(card_no, times)
    assert {row.cardholder_no for row in client.cardholders.list(**window)} == set(holders)
    assert {row.transfer_no for row in client.accounts.transfers(**window)} == set(moved)
    assert {row.consume_no for row in client.consumptions.list(**window)} == set(bought)
    assert len(client.cardholders.list_page(**window, page=0, size=2)) == 2
    assert len(client.accounts.transfers_page(**window, page=1, size=2)) == 1
    assert len(client.consumptions.list_page(**window, page=0, size=100)) == 3
