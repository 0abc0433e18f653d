"""Arguments: money, times, text. One that does not fit is refused by name before anything is sent."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest

import keysecure
from keysecure import Client, InvalidInputError
from keysecure.sandbox import Sandbox

UTC = timezone.utc


class Whole:
    """A whole number of another library, as numpy.int64 is."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Real:
    """A number with a fraction of another library, as numpy.float32 is."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


class Text(str):
    """A text of another library, as numpy.str_ is."""


class NoTime(datetime):
    """A datetime that is none, as pandas.NaT is."""

    def utcoffset(self) -> timedelta:
        raise ValueError("NaTType does not support utcoffset")


NAT = NoTime(2026, 1, 1)


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        ("25.00", "25.00"),
        ("25", "25"),
        (25, "25"),
        (Decimal("25.5"), "25.5"),
        (Decimal("2.5E+1"), "25"),
        (Decimal("25.000"), "25.00"),
        ("0.01", "0.01"),
        (Whole(25), "25"),
        (Text("25.00"), "25.00"),
    ],
)
def test_money_is_exact(
    sandbox: Sandbox, client: Client, transfer: dict[str, object], amount: Decimal | int | str, sent: str
) -> None:
    moved = client.accounts.transfer(**{**transfer, "amount": amount})
    assert moved.after_balance == Decimal(sent)
    [request] = [request for request in sandbox.requests() if request.operation == "accounts.transfer"]
    assert f'"balance":"{sent}"' in request.body.replace(" ", "")


@pytest.mark.parametrize(
    "amount",
    [
        25.0,
        True,
        None,
        b"25",
        Fraction(1, 2),
        Real(25.0),
        "",
        "ten",
        " 5",
        "1_000",
        "1,5",
        "٣",
        "0x10",
        "NaN",
        "1e99",
        "-1",
        "0",
        0,
        -5,
        "0.001",
        10**40,
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("0.001"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused(
    sandbox: Sandbox, client: Client, transfer: dict[str, object], amount: object
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.accounts.transfer(**{**transfer, "amount": amount})
    assert caught.value.field == "amount"
    assert caught.value.outcome == "not_sent"
    assert isinstance(caught.value, ValueError)
    assert sandbox.requests() == []


def test_a_window_takes_instants_of_any_zone_and_whole_days(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    [card_no] = sandbox.seed_cards(cardholder_no, [noon])
    tokyo = timezone(timedelta(hours=9))
    for start, end in [
        (noon, noon + timedelta(seconds=1)),
        (datetime(2026, 6, 1, 21, tzinfo=tokyo), datetime(2026, 6, 1, 22, tzinfo=tokyo)),
        (date(2026, 6, 1), date(2026, 6, 1)),  # the whole day in UTC+8
        (date(2026, 1, 1), noon),
    ]:
        assert [card.card_no for card in client.cards.list(start=start, end=end)] == [card_no]
    assert list(client.cards.list(start=noon + timedelta(seconds=1), end=date(2026, 7, 1))) == []


def test_a_bare_day_is_cut_in_the_client_s_zone(sandbox: Sandbox, cardholder_no: str) -> None:
    evening = datetime(2026, 6, 1, 20, tzinfo=UTC)  # the 2nd of June in UTC+8
    sandbox.seed_cards(cardholder_no, [evening])
    for zone, first in [("UTC+8", 0), ("UTC-3", 1), ("UTC", 1)]:
        with sandbox.client(timezone=zone) as client:
            assert len(list(client.cards.list(start=date(2026, 6, 1), end=date(2026, 6, 1)))) == first


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (datetime(2026, 6, 1), "time zone"),
        ("2026-06-01", "datetime with a time zone, or a date"),
        (1_763_800_000, "datetime with a time zone, or a date"),
        (date(1, 1, 1), "1970"),
        (datetime(1969, 1, 1, tzinfo=UTC), "1970"),
        (None, "datetime"),
    ],
)
def test_a_time_that_could_mean_anything_is_refused(client: Client, start: object, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        client.cards.list(start=start, end=date(2026, 7, 1))
    assert caught.value.field == "start"


def test_the_ends_of_a_window_must_be_in_order(client: Client) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.cards.list(start=date(2026, 7, 2), end=date(2026, 7, 1))
    assert caught.value.field == "end"


@pytest.mark.parametrize("number", [17, None, b"17", "", " ", "\ud800", "a/b", "..", "a\r\nb"])
def test_a_number_is_a_text_that_fits_a_path(sandbox: Sandbox, client: Client, number: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.cards.get(number)
    assert caught.value.field == "card_no"
    assert sandbox.requests() == []


@pytest.mark.parametrize("pin", ["123456", "111111", "73925", "7392511", "73925a", 739251])
def test_a_pin_is_checked_without_being_repeated(sandbox: Sandbox, client: Client, pin: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.cards.set_pin(card_no="1", cardholder_no="2", pin=pin)
    assert caught.value.field == "pin"
    assert str(pin) not in str(caught.value)
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (17, "must be a str: an int would lose leading zeros; got int"),
        (Whole(17), "must be a str: an int would lose leading zeros; got test_values.Whole"),
        (True, "must be a str; got bool"),
        (float("nan"), "must be a str; got float"),
        (None, "must be a str; got NoneType"),
    ],
)
def test_an_identifier_that_is_no_text_is_refused_with_its_type(
    client: Client, recording: Client, transfer: dict[str, object], value: object, words: str
) -> None:
    for field, call in [
        ("card_no", lambda: client.cards.get(value)),
        ("cardholder_no", lambda: client.accounts.transfer(**{**transfer, "cardholder_no": value})),
        ("transfer_unique_no", lambda: recording.accounts.ensure_transfer(**{**transfer, "transfer_unique_no": value})),
        ("cvv", lambda: client.cards.activate(card_no="1", cardholder_no="2", cvv=value, card_last_no="0007")),
    ]:
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert (caught.value.field, str(caught.value)) == (field, f"{field} {words}")
    if value is not None:
        with pytest.raises(InvalidInputError, match=f"^card_no {words}$"):
            client.simulation.auth(card_no=value)


def test_numbers_of_other_libraries_are_taken(sandbox: Sandbox, client: Client, card_no: str) -> None:
    page = client.cards.packages_page(page=Whole(0), size=Whole(1))
    assert len(page) == 1
    assert client.cards.get(Text(card_no)).card_no == card_no
    assert client.call("POST", "/v1/card/package/list", {"page": Whole(0), "size": Whole(1)})["list"]
    with sandbox.client(timeout=Real(5.5), connect_timeout=Whole(2), max_retries=Whole(0)) as other:
        assert other.access_token()
    verifier = client.webhook_verifier(tolerance=Real(60.0), max_body=Whole(70_000))
    assert verifier


@pytest.mark.parametrize("value", [1.5, Real(1.5), [Real(1.5)], {"a": [float("nan")]}])
def test_a_float_of_any_library_is_refused_in_a_body(client: Client, value: object) -> None:
    with pytest.raises(InvalidInputError, match="must not hold a float, which is not exact") as caught:
        client.call("POST", "/v1/card/package/list", {"page": value})
    assert caught.value.field == "body"


def test_a_datetime_that_is_no_time_is_refused_by_name(
    client: Client, recording: Client, transfer: dict[str, object]
) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    verifier = client.webhook_verifier()
    for field, call in [
        ("start", lambda: client.cards.list(start=NAT, end=noon)),
        ("end", lambda: client.accounts.transfers_page(start=noon, end=NAT, page=0, size=1)),
        ("since", lambda: recording.accounts.ensure_transfer(**transfer, since=NAT)),
        ("time", lambda: client.simulation.auth(card_no="1", time=NAT)),
        ("timestamp", lambda: verifier.sign_for_tests(NAT, b"{}")),
    ]:
        with pytest.raises(InvalidInputError, match=f"^{field} must be a point in time") as caught:
            call()
        assert caught.value.field == field


@pytest.mark.parametrize(("page", "size"), [(-1, 10), (0, 0), (0, 101), (0, True), ("0", 10), (0, 1.5)])
def test_pages_are_whole_numbers_in_range(client: Client, page: object, size: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.cards.packages_page(page=page, size=size)
    assert caught.value.field in ("page", "size")


def test_an_address_with_a_field_too_many_is_refused(client: Client) -> None:
    def apply(address: object) -> None:
        client.cards.apply(
            cardholder_no="1",
            card_unique_no="2",
            card_type=keysecure.CardType.PHYSICAL,
            package_no="3",
            address_info=address,
        )

    with pytest.raises(InvalidInputError, match="unknown field address_line9") as caught:
        apply({"address_line9": "1 High Street"})
    assert caught.value.field == "address_info"
    assert "High Street" not in str(caught.value)
    with pytest.raises(InvalidInputError) as caught:
        apply({"1 High Street": "address_line1"})
    assert "High Street" not in str(caught.value)
    for address in [{"street": "x"}, 17, [("city", "x")], {"city": 17}, {}]:
        with pytest.raises(InvalidInputError):
            apply(address)


@pytest.mark.parametrize(
    "option",
    [
        {"deadline": -1},
        {"deadline": "60"},
        {"settle": float("nan")},
        {"settle": 60},
        {"since": 5},
        {"on_store_failure": 1},
    ],
)
def test_the_options_of_ensure_are_checked(
    sandbox: Sandbox, recording: Client, transfer: dict[str, object], option: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError):
        recording.accounts.ensure_transfer(**transfer, **option)
    assert sandbox.requests() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": 1.5},
        {"merchant_info": 5},
        {"merchant_info": {"city": 5.5}},
        {"fee_detail": 5},
        {"fee_detail": [{"fee_type": "Auth_fee"}]},
        {"fee_detail": [{"fee_type": "Auth_fee", "amount": 0.1}]},
        {"time": datetime(2026, 1, 1)},
        {"extra": [1]},
    ],
)
def test_what_is_simulated_is_checked(sandbox: Sandbox, client: Client, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        client.simulation.auth(**{"card_no": "1", "amount": 1, **fields})
    assert sandbox.requests() == []
