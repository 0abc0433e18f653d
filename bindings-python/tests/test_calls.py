"""Calls of every resource against the sandbox. `python -m keysecure demo` walks through the life cycle of a card."""

from __future__ import annotations

import enum
import pickle
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox

LONG_AGO = date(2026, 1, 1)


def tomorrow() -> datetime:
    return datetime.now(timezone.utc) + timedelta(days=1)


def address() -> keysecure.Address:
    return keysecure.Address(
        first_name="Ada",
        last_name="Lovelace",
        phone_code="44",
        phone="7700900123",
        postal_code="W1U 1AA",
        country="GB",
        state="England",
        city="London",
        address_line1="12 St James Square",
    )


def test_a_cardholder_is_approved_and_found_by_its_reference(sandbox: Sandbox, client: Client) -> None:
    applied = client.cardholders.apply(cardholder_unique_no="holder-1", sumsub_share_token="share-token")
    sandbox.approve_cardholder(applied.cardholder_no)
    assert client.cardholders.get(applied.cardholder_no).status == keysecure.CardholderStatus.APPROVED
    client.cardholders.apply(cardholder_unique_no="holder-2", sumsub_share_token="share-token")
    [listed] = client.cardholders.list(start=LONG_AGO, end=tomorrow(), cardholder_unique_no="holder-1")
    assert listed.cardholder_no == applied.cardholder_no


def test_a_status_is_set_and_a_card_is_deleted(client: Client, card_no: str) -> None:
    cards = client.cards
    assert cards.get(card_no).status == "Activated"
    cards.freeze(card_no)
    assert cards.get(card_no).status == keysecure.CardStatus.FROZEN
    cards.unfreeze(card_no)
    cards.update_status(card_no=card_no, status="Frozen")
    assert cards.get(card_no).status == keysecure.CardStatus.FROZEN
    cards.delete(card_no)
    assert cards.get(card_no).status == "Delete"
    assert [card.card_no for card in cards.list(start=LONG_AGO, end=tomorrow())] == [card_no]


@pytest.mark.parametrize("as_dict", [False, True])
def test_a_physical_card_takes_an_address_and_a_pin(
    sandbox: Sandbox, client: Client, cardholder_no: str, as_dict: bool
) -> None:
    package = next(iter(client.cards.packages(type="Physical")))
    applied = client.cards.apply(
        cardholder_no=cardholder_no,
        card_unique_no="card-2",
        card_type="Physical",
        package_no=package.package_no,
        address_info=address().to_dict() if as_dict else address(),
    )
    secrets = sandbox.card_secrets_for_tests(applied.card_no)
    client.cards.activate(
        card_no=applied.card_no, cardholder_no=cardholder_no, cvv=secrets.cvv, card_last_no=secrets.pan[-4:]
    )
    client.cards.set_pin(card_no=applied.card_no, cardholder_no=cardholder_no, pin="739251")
    assert sandbox.pin_matches(applied.card_no, "739251")


def test_a_physical_card_needs_more_address_fields_than_a_virtual_one(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    five = {name: getattr(address(), name) for name in ("postal_code", "country", "state", "city", "address_line1")}
    short = keysecure.Address(**five)
    assert (short.first_name, short.phone_code, short.phone) == (None, None, None)
    assert short == keysecure.Address(**five, first_name=None)
    assert {short: 1}[pickle.loads(pickle.dumps(short))] == 1
    virtual, physical = (next(iter(client.cards.packages(type=kind))).package_no for kind in ("Virtual", "Physical"))
    for number, given in enumerate([short, five]):
        assert client.cards.apply(
            cardholder_no=cardholder_no,
            card_unique_no=f"virtual-{number}",
            card_type="Virtual",
            package_no=virtual,
            address_info=given,
        ).card_no
    with pytest.raises(keysecure.InvalidInputError) as caught:
        client.cards.apply(
            cardholder_no=cardholder_no,
            card_unique_no="physical",
            card_type="Physical",
            package_no=physical,
            address_info=short,
        )
    assert caught.value.field == "address_info.first_name"
    with pytest.raises(TypeError, match="city"):
        keysecure.Address(**{name: value for name, value in five.items() if name != "city"})


def test_card_secrets_are_decrypted(sandbox: Sandbox, client: Client, card_no: str) -> None:
    secrets = client.cards.private_info(card_no)
    known = sandbox.card_secrets_for_tests(card_no)
    assert (secrets.expose_pan(), secrets.expose_cvv()) == (known.pan, known.cvv)
    assert secrets.masked_pan.endswith(known.pan[-4:])
    assert secrets.card_no == card_no
    assert len(secrets.exp_year) == 4


@pytest.mark.parametrize("aes", ["md5", "md5hex/cbc", "sha256", "sha1prng"])
def test_every_aes_setting_reaches_the_core(aes: str) -> None:
    with Sandbox(aes=aes) as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        assert client.cards.private_info(card_no).expose_pan() == sandbox.card_secrets_for_tests(card_no).pan


def test_money_moves_and_is_found_again(
    sandbox: Sandbox, client: Client, cardholder_no: str, transfer: dict[str, object]
) -> None:
    moved = client.accounts.transfer(**transfer)
    assert moved.after_balance == Decimal("25.00")
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("25.00")
    [account] = client.accounts.get(cardholder_no).list
    assert account.balance == Decimal("25.00")
    [row] = client.accounts.transfers(start=LONG_AGO, end=tomorrow(), transfer_unique_no="order-7")
    assert (row.transfer_no, row.amount, row.type) == (moved.transfer_no, Decimal("25.00"), "In")


def test_a_transfer_is_made_exactly_once_through_a_lost_response(
    sandbox: Sandbox, recording: Client, cardholder_no: str, transfer: dict[str, object]
) -> None:
    sandbox.fault("accounts.transfer", "drop_after_commit")
    ensured = recording.accounts.ensure_transfer(**transfer, settle=0.5, first_attempt=True)
    assert ensured.created, "the response was lost, but this very call made it"
    assert sandbox.count("accounts.transfer") == 1
    again = recording.accounts.ensure_transfer(**transfer, settle=0.5)
    assert not again.created
    assert again.value.transfer_no == ensured.value.transfer_no
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("25.00")


def test_cards_and_cardholders_are_made_sure_of_too(recording: Client, cardholder_no: str) -> None:
    package = next(iter(recording.cards.packages(type="Virtual")))
    card = recording.cards.ensure_card(
        cardholder_no=cardholder_no,
        card_unique_no="card-9",
        card_type="Virtual",
        package_no=package.package_no,
        first_attempt=True,
    )
    assert card.created
    assert card.value.card_unique_no == "card-9"
    holder = recording.cardholders.ensure_cardholder(
        cardholder_unique_no="holder-9", sumsub_share_token="share-token", first_attempt=True
    )
    assert holder.created
    assert holder.value.cardholder_unique_no == "holder-9"


def test_another_transfer_with_the_same_reference_is_a_conflict(recording: Client, transfer: dict[str, object]) -> None:
    recording.accounts.transfer(**transfer)
    with pytest.raises(keysecure.ConflictError) as caught:
        recording.accounts.ensure_transfer(**{**transfer, "amount": 26}, settle=0.5)
    assert "amount" in str(caught.value) or "balance" in str(caught.value)
    assert (caught.value.outcome, caught.value.attempts) == ("not_sent", 0)


def test_a_purchase_has_its_merchant_and_its_fees(client: Client, card_no: str, transfer: dict[str, object]) -> None:
    client.accounts.transfer(**transfer)
    shop = {"merchant_name": "Shop", "merchant_mcc": "5411", "city": "London", "country": "GB"}
    fees = [{"fee_type": keysecure.FeeType.AUTH_FEE, "amount": "0.10"}]
    bought = client.simulation.auth(card_no=card_no, amount=Decimal("10.00"), merchant_info=shop, fee_detail=fees)
    assert bought.consume_no is not None
    client.simulation.consumption_clear(consume_no=bought.consume_no)
    consumption = client.consumptions.get(bought.consume_no)
    assert (consumption.status, consumption.amount) == ("Success", Decimal("10.00"))
    assert consumption.merchant_info == keysecure.MerchantInfo.from_json(
        '{"merchant_name":"Shop","merchant_mcc":"5411","city":"London","country":"GB"}'
    )
    client.simulation.refund(consume_relate_no=bought.consume_no, amount=4)
    again = client.simulation.auth(card_no=card_no, amount=1, merchant_info=consumption.merchant_info)
    client.simulation.consumption_fail(consume_no=again.consume_no)
    reversible = client.simulation.auth(card_no=card_no, amount=1)
    client.simulation.reversal(consume_relate_no=reversible.consume_no)
    listed = list(client.consumptions.list(start=LONG_AGO, end=tomorrow(), card_no=card_no))
    assert {row.type for row in listed} >= {"Consumption", "Refund"}


def test_simulation_is_refused_in_production(sandbox: Sandbox) -> None:
    with sandbox.client(environment="production") as client:
        with pytest.raises(keysecure.ConfigError, match="production"):
            client.simulation.auth(card_no="1", amount=1)
        assert sandbox.count("simulation.auth") == 0


def test_bins_are_listed_in_authorization_mode() -> None:
    with Sandbox("authorization") as sandbox, sandbox.client() as client:
        bins = list(client.cards.bins())
        assert bins
        assert client.cards.bins_page(page=0, size=1).list == bins[:1]
        assert list(client.cards.bins(bins[0].card_bin_no)) == bins[:1]


def test_the_hosted_page_shows_a_card_once(sandbox: Sandbox, client: Client, card_no: str) -> None:
    info = sandbox.control("GET", "/info")
    token = client.pci.client_token(card_no)
    assert token.expires_in > 0

    def show(nonce: str) -> keysecure.CardSecrets:
        return client.pci.card_detail(
            client_access_token=token.expose(),
            origin=info["hosted_origin"],
            nonce=nonce,
            parent_origin=info["parent_origin"],
        )

    assert show("nonce-1").expose_pan() == sandbox.card_secrets_for_tests(card_no).pan
    with pytest.raises(keysecure.ApiError) as caught:
        show("nonce-2")
    assert caught.value.code == 1014


def test_a_raw_call_takes_and_gives_plain_values(client: Client, cardholder_no: str) -> None:
    body = {"cardholder_no": cardholder_no, "transfer_unique_no": "raw-1", "type": "In", "balance": Decimal("1.50")}
    moved = client.call("POST", "/v1/account/transfer", body)
    assert moved["after_balance"] == "1.50"
    info = client.call("GET", f"/v1/account/{cardholder_no}/info")
    assert isinstance(info["list"], list)
    for method, path in [("PUT", "/v1/card/list"), ("GET", "v1/card/list"), ("GET", "/v1/../x")]:
        with pytest.raises(keysecure.InvalidInputError):
            client.call(method, path)
    itself: list[object] = []
    itself.append(itself)
    wrong = [
        object(),
        {2},
        float("nan"),
        float("inf"),
        25.1,
        10**5000,
        "\ud83d",
        Decimal("NaN"),
        itself,
        Decimal(10) ** 40,
    ]
    for value in wrong:
        for body in [{"x": value}, [{"x": [value]}]]:
            with pytest.raises(keysecure.InvalidInputError) as caught:
                client.call("POST", "/v1/card/list", body)
            assert caught.value.field == "body"
            assert caught.value.outcome == "not_sent"
    with pytest.raises(keysecure.InvalidInputError, match="names that are str"):
        client.call("POST", "/v1/card/list", {1: 2})


class Platform(BaseHTTPRequestHandler):
    """Takes everything and says yes."""

    bodies: list[bytes]

    def do_GET(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        response = b'{"code":0,"msg":"","data":{"access_token":"t","expired_time":4102444800000}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(response)))
        self.end_headers()
        self.wfile.write(response)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def wire() -> Iterator[tuple[Client, list[bytes]]]:
    """A client, and the bodies as they arrive: the sandbox keeps a reading of them only."""
    bodies: list[bytes] = []
    handler = type("Handler", (Platform,), {"bodies": bodies})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        with Client("key", "s" * 32, base_url=f"http://127.0.0.1:{server.server_port}") as client:
            yield client, bodies
        server.shutdown()


class Kind(enum.IntEnum):
    FIRST = 1


class Number:
    """As those of other libraries."""

    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (Decimal("100.00").normalize(), '"100"'),
        (Decimal("1E+2"), '"100"'),
        (Decimal("1E-8"), '"0.00000001"'),
        (Decimal("25.50"), '"25.50"'),
        (Decimal("-0.10"), '"-0.10"'),
        (2**64 + 1, "18446744073709551617"),
        (-(10**40), "-1" + "0" * 40),
        (Kind.FIRST, "1"),
        (Number(), "7"),
        (True, "true"),
        (None, "null"),
        ('Söhne "&" \n', '"Söhne \\"&\\" \\n"'),
        ((1, [2, {}]), "[1,[2,{}]]"),
    ],
)
def test_a_raw_call_sends_numbers_exactly(wire: tuple[Client, list[bytes]], value: object, sent: str) -> None:
    client, bodies = wire
    client.call("POST", "/v1/account/transfer", {"x": value})
    assert bodies[-1].decode() == f'{{"x":{sent}}}'


def test_the_access_token_is_the_one_in_use(sandbox: Sandbox, client: Client) -> None:
    client.cards.packages_page(page=0, size=1)
    token = client.access_token()
    assert sandbox.count("token") == 1
    assert token.expires_at > datetime.now(timezone.utc)
    assert len(token.expose()) > 8


def test_the_doctor_says_what_is_wrong(sandbox: Sandbox, client: Client, card_no: str) -> None:
    report = client.doctor(card_no)
    assert report.is_healthy
    assert str(report).endswith("All is well.")
    assert (report.environment, report.base_url) == ("sandbox", sandbox.base_url)
    assert "***" in report.api_key
    assert sandbox.api_key not in repr(report) + str(report) + report.to_json()
    without_a_card = client.doctor()
    assert without_a_card.is_healthy
    assert "Not asked for: pci, aes." in without_a_card.summary
    sandbox.settings(pci_enabled=False)
    report = client.doctor(card_no)
    assert not report.is_healthy
    finding = report.of("pci")
    assert finding is not None
    assert (finding.status, finding.code) == ("fail", 1013)
    assert finding.advice
    assert report.of("no such check") is None
    assert [row["check"] for row in report.to_dict()["findings"]] == [finding.check for finding in report.findings]


def test_a_raw_response_that_python_cannot_hold_is_an_invalid_response(
    sandbox: Sandbox, client: Client, cardholder_no: str
) -> None:
    sandbox.fault("accounts.transfer", "deep_nesting")
    body = {"cardholder_no": cardholder_no, "transfer_unique_no": "x", "type": "In", "balance": "1"}
    with pytest.raises(keysecure.InvalidResponseError) as caught:
        client.call("POST", "/v1/account/transfer", body)
    assert caught.value.outcome == "unknown"
