"""The sandbox from Python: options, clock, faults, ledger, seed data."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.request import urlopen

import pytest

import keysecure
import keysecure.sandbox
from keysecure import Client
from keysecure.sandbox import Fault, Sandbox, SandboxError

DAY = timedelta(days=1)


def test_the_same_seed_gives_the_same_numbers() -> None:
    def numbers(seed: int) -> tuple[str, str]:
        with Sandbox(seed=seed) as sandbox:
            # The numbers hold the time as well.
            return sandbox.api_secret, sandbox.seed_approved_cardholder()[-6:]

    assert numbers(4) == numbers(4)
    assert numbers(4)[0] != numbers(5)[0]


def test_a_sandbox_on_the_port_of_an_earlier_one_inherits_no_token() -> None:
    with Sandbox() as sandbox, sandbox.client(store="memory") as client:
        client.access_token()
        port = int(sandbox.base_url.rpartition(":")[2])
    with Sandbox(port=port) as sandbox, sandbox.client(store="memory") as client:
        with pytest.raises(keysecure.NotFoundError) as caught:
            client.cardholders.get("nobody")
        assert caught.value.attempts == 1
    with Sandbox(api_key="key-of-the-team") as sandbox:
        assert sandbox.api_key == "key-of-the-team"


def test_it_listens_on_loopback_and_its_repr_has_no_secret(sandbox: Sandbox) -> None:
    assert sandbox.base_url.startswith("http://127.0.0.1:")
    assert sandbox.control_url.startswith("http://127.0.0.1:")
    assert sandbox.console_url == f"{sandbox.control_url}/console/"
    assert sandbox.api_secret not in repr(sandbox)
    assert repr(sandbox) == f"<Sandbox credit {sandbox.base_url}>"


def test_the_console_is_served_at_its_url(sandbox: Sandbox) -> None:
    with urlopen(sandbox.console_url, timeout=10) as response:
        assert response.headers.get_content_type() == "text/html"
        assert b"console.js" in response.read()


def test_closing_stops_it_and_may_be_done_twice() -> None:
    sandbox = Sandbox()
    client = sandbox.client(max_retries=0, timeout=5)
    client.access_token()
    sandbox.close()
    sandbox.close()
    assert sandbox.closed
    assert repr(sandbox) == "<Sandbox credit closed>"
    with pytest.raises(SandboxError, match="closed"):
        sandbox.ledger()
    with pytest.raises(keysecure.TransportError):
        list(client.cards.packages())


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "loan"},
        {"seed": -1},
        {"port": 70_000},
        {"aes": "rot13"},
        {"api_secret": "short"},
        {"ip_whitelist": ["localhost"]},
        {"merchant_reserve": "much"},
        {"webhook_url": "http://example.com/"},
        {"sign_style": "nicely"},
    ],
    ids=str,
)
def test_a_wrong_option_is_refused_before_anything_listens(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w+ cannot be|gives no AES key|leads away"):
        Sandbox(**options)


def test_a_wrong_secret_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="AES key") as raised:
        Sandbox(api_secret="hush-hush")
    assert "hush" not in str(raised.value)


def test_a_port_that_is_taken_is_an_os_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="listen"):
        Sandbox(port=int(sandbox.base_url.rpartition(":")[2]))


def test_the_client_speaks_the_sandboxes_aes() -> None:
    with Sandbox(aes="md5hex/cbc") as sandbox, sandbox.client() as client:
        card_no = sandbox.seed_virtual_card(sandbox.seed_approved_cardholder())
        pan = client.cards.private_info(card_no).expose_pan()
        assert pan == sandbox.card_secrets_for_tests(card_no).pan


def test_settings_of_the_client_are_passed_on(sandbox: Sandbox) -> None:
    with sandbox.client(timeout=1, max_retries=0) as client:
        sandbox.fault("cards.packages", {"stall": 3000})
        with pytest.raises(keysecure.TimeoutError):
            client.cards.packages_page(page=0, size=10)


def test_cardholders_are_decided(sandbox: Sandbox, client: Client) -> None:
    applied = client.cardholders.apply(cardholder_unique_no="c-1", sumsub_share_token="token")
    holder = applied.cardholder_no
    sandbox.start_review(holder)
    assert client.cardholders.get(holder).status == "In_progress"
    sandbox.reject_cardholder(holder, "blurred photo")
    [row] = sandbox.state().cardholders
    assert (row.status, row.fail_reason) == ("Rejected", "blurred photo")
    sandbox.approve_cardholder(holder)
    assert client.cardholders.get(holder).status == "Approved"
    with pytest.raises(SandboxError, match="Approved"):
        sandbox.approve_cardholder(holder)
    with pytest.raises(SandboxError, match="there is no cardholder 404"):
        sandbox.approve_cardholder("404")


def test_cards_wait_for_the_staff_when_asked_to() -> None:
    with Sandbox(manual_cards=True) as sandbox, sandbox.client() as client:
        holder = sandbox.seed_approved_cardholder()
        package = next(one for one in client.cards.packages() if one.package_type == "Virtual").package_no

        def apply(number: str) -> str:
            return client.cards.apply(
                cardholder_no=holder, card_unique_no=number, card_type="Virtual", package_no=package
            ).card_no

        issued, failed = apply("one"), apply("two")
        assert client.cards.get(issued).status == "Pending"
        sandbox.issue_card(issued)
        sandbox.fail_card(failed, "no more plastic")
        cards = sandbox.state().cards
        assert [(card.card_no, card.status, card.reason) for card in cards] == [
            (issued, "Activated", ""),
            (failed, "Fail", "no more plastic"),
        ]


def test_a_plastic_card_is_activated_with_its_test_cvv(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    card_no = sandbox.seed_physical_card(cardholder_no)
    secrets = sandbox.card_secrets_for_tests(card_no)
    assert secrets.cvv not in repr(secrets)
    assert secrets.pan not in repr(secrets)
    last = client.cards.get(card_no).card_last_no or ""
    client.cards.activate(card_no=card_no, cardholder_no=cardholder_no, cvv=secrets.cvv, card_last_no=last)
    client.cards.set_pin(card_no=card_no, cardholder_no=cardholder_no, pin="739251")
    assert sandbox.pin_matches(card_no, "739251")
    assert not sandbox.pin_matches(card_no, "739252")


def test_the_clock_moves_both_ways_and_freezes(sandbox: Sandbox) -> None:
    clock = sandbox.clock
    clock.freeze()
    start = clock.now
    assert start.tzinfo is timezone.utc
    clock.advance(hours=2, minutes=30)
    assert clock.now - start == timedelta(hours=2, minutes=30)
    clock.rewind(timedelta(hours=5))
    assert clock.now - start == timedelta(hours=-2, minutes=-30)
    with pytest.raises(ValueError, match="positive"):
        clock.advance(hours=-1)
    clock.unfreeze()
    while clock.now == start - timedelta(hours=2, minutes=30):
        pass


def test_a_token_ends_with_the_clock_and_when_revoked(sandbox: Sandbox, client: Client) -> None:
    list(client.cards.packages())
    sandbox.clock.advance(days=2)
    list(client.cards.packages())
    sandbox.revoke_tokens()
    list(client.cards.packages())
    assert sandbox.count("token") == 3


def test_a_fault_hits_the_request_it_is_planned_for(
    sandbox: Sandbox, client: Client, transfer: dict[str, Any], cardholder_no: str
) -> None:
    sandbox.fault("accounts.transfer", "drop_after_commit", nth=2)
    client.accounts.transfer(**transfer)
    with pytest.raises(keysecure.TransportError) as raised:
        client.accounts.transfer(**{**transfer, "transfer_unique_no": "order-8"})
    assert raised.value.outcome == "unknown"
    [fired] = sandbox.faults_fired()
    assert (fired.operation, fired.kind) == ("accounts.transfer", "drop_after_commit")
    assert sandbox.ledger().cardholder(cardholder_no) == Decimal("50.00")


def test_faults_can_be_forgotten_and_have_values(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    sandbox.fault(None, {"code": 1022}, times=9)
    with pytest.raises(keysecure.PermissionError):
        client.accounts.get(cardholder_no)
    sandbox.clear_faults()
    client.accounts.get(cardholder_no)
    assert sandbox.faults_fired()[0].kind == {"code": 1022}
    assert sandbox.redirect_calls() == 0


def test_the_ledger_is_in_balance(
    sandbox: Sandbox, client: Client, transfer: dict[str, Any], cardholder_no: str
) -> None:
    client.accounts.transfer(**transfer)
    ledger = sandbox.ledger()
    assert sum(ledger.balances.values()) == 0
    assert ledger.cardholder(cardholder_no) == Decimal("25.00")
    assert ledger.balance("merchant_reserve") == Decimal("999975.00")
    assert ledger.balance("nobody") == 0
    last = ledger.postings[-1]
    assert (last.from_, last.to) == ("merchant_reserve", f"cardholder:{cardholder_no}")


def test_requests_are_on_record_without_secrets(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    card_no = sandbox.seed_physical_card(cardholder_no)
    with pytest.raises(keysecure.ApiError):
        client.cards.activate(card_no=card_no, cardholder_no=cardholder_no, cvv="000", card_last_no="0000")
    request = sandbox.requests()[-1]
    assert (request.operation, request.committed) == ("cards.activate", False)
    assert '"cvv":"***"' in request.body
    assert request.time.tzinfo is timezone.utc


def test_settings_of_the_merchant_change(sandbox: Sandbox, client: Client, card_no: str) -> None:
    sandbox.settings(pci_enabled=False)
    with pytest.raises(keysecure.PermissionError):
        client.cards.private_info(card_no)
    sandbox.settings(pci_enabled=True, key_state="expired")
    with pytest.raises(keysecure.AuthenticationError):
        client.cards.private_info(card_no)
    sandbox.settings(key_state="active", ip_whitelist=["10.0.0.1"])
    with pytest.raises(keysecure.PermissionError):
        client.cards.private_info(card_no)
    sandbox.settings(ip_whitelist=[])
    client.cards.private_info(card_no)
    with pytest.raises(ValueError, match="sleepy"):
        sandbox.settings(key_state="sleepy")


def test_seeded_rows_stand_at_their_times(sandbox: Sandbox, client: Client, cardholder_no: str, card_no: str) -> None:
    now = sandbox.clock.now.replace(microsecond=0)
    times = [now - DAY * days for days in (200, 100, 1)]
    transfers = sandbox.seed_transfers(cardholder_no, times)
    consumptions = sandbox.seed_consumptions(card_no, times)
    sandbox.seed_cards(cardholder_no, times)
    sandbox.seed_cardholders(times)
    span: dict[str, Any] = {"start": now - 300 * DAY, "end": now - DAY / 24}
    listed = list(client.accounts.transfers(**span))
    assert [row.transfer_no for row in listed] == transfers[::-1]
    assert [row.time for row in listed] == times[::-1]
    assert [row.consume_no for row in client.consumptions.list(**span)] == consumptions[::-1]
    assert len(list(client.cards.list(**span))) == 3
    assert len(list(client.cardholders.list(**span))) == 3


def test_a_time_without_a_zone_is_refused(sandbox: Sandbox, cardholder_no: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        sandbox.seed_transfers(cardholder_no, [datetime(2026, 1, 1)])


def test_a_snapshot_brings_everything_back(sandbox: Sandbox, client: Client, transfer: dict[str, Any]) -> None:
    before = sandbox.snapshot()
    client.accounts.transfer(**transfer)
    assert len(sandbox.state().transfers) == 1
    sandbox.restore(before)
    assert sandbox.state().transfers == []
    with pytest.raises(SandboxError, match="no snapshot 99"):
        sandbox.restore(99)


def test_fees_are_completed_late(sandbox: Sandbox, card_no: str) -> None:
    [consume_no] = sandbox.seed_consumptions(card_no, [sandbox.clock.now])
    sandbox.complete_fees(consume_no, {"Atm_fee": Decimal("1.50"), "Consume_fee": "0.10"})
    [row] = sandbox.state().consumptions
    assert row.fees == [{"fee_type": "Atm_fee", "amount": "1.50"}, {"fee_type": "Consume_fee", "amount": "0.10"}]


def test_control_calls_without_a_method_of_their_own_can_be_made(sandbox: Sandbox) -> None:
    assert sandbox.control("GET", "/info")["base_url"] == sandbox.base_url
    with pytest.raises(SandboxError, match="no control call /weather"):
        sandbox.control("GET", "/weather")
    with pytest.raises(SandboxError, match="unknown field"):
        sandbox.control("POST", "/clock/advance", {"ms": 1, "hours": 1})


def test_many_threads_may_steer_it(sandbox: Sandbox) -> None:
    threads = [threading.Thread(target=sandbox.seed_approved_cardholder) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.state().cardholders) == 16


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_uses_it_over_sockets_only_and_ends(sandbox: Sandbox) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with sandbox.client() as client:
                client.access_token()
            try:
                sandbox.ledger()
            except SandboxError as error:
                code = 0 if "process" in str(error) else 2
            # Neither stops the parent's servers nor waits for threads that are not there.
            sandbox.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sandbox.count("token") == 1


def test_help_describes_everything_public() -> None:
    for name in keysecure.sandbox.__all__:
        item = getattr(keysecure.sandbox, name)
        if isinstance(item, type):
            public = {key: member for key, member in vars(item).items() if not key.startswith("_")}
            documented = [item, *(one for one in public.values() if callable(one) or isinstance(one, property))]
            assert all(one.__doc__ for one in documented), name


def test_lists_differ_from_the_documentation_as_set(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    for number in (" Order-1 ", "order-2"):
        client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no=number.strip(), type="In", amount=1)
    span: dict[str, Any] = {"start": sandbox.clock.now - DAY, "end": sandbox.clock.now, "page": 0, "size": 10}

    def references(**filters: str) -> list[str | None]:
        return [row.transfer_unique_no for row in client.accounts.transfers_page(**span, **filters)]

    assert references() == ["order-2", "Order-1"]
    sandbox.lists(reference="upper_case")
    assert references() == ["ORDER-2", "ORDER-1"]
    sandbox.lists(reference="left_out")
    assert references(transfer_unique_no="order-2") == [None]
    sandbox.lists(reference="kept", ignore_filters=True)
    assert references(transfer_unique_no="order-2") == ["order-2", "Order-1"]
    sandbox.lists(ignore_filters=False, page_cap=1, total=True)
    page = client.accounts.transfers_page(**span)
    assert (len(page), page.extra) == (1, {"total": 2})
    sandbox.lists(page_cap=0, total=False, left_out=["time"])
    assert [row.time for row in client.accounts.transfers_page(**span)] == [None, None]
    with pytest.raises(ValueError, match="reference must be one of kept, "):
        sandbox.lists(reference="lost")


def test_http_statuses_are_strict_when_set(sandbox: Sandbox, client: Client) -> None:
    for statuses, code, status in [("strict", 1004, 400), ("strict_bare", None, 400), ("ok", 1004, 200)]:
        sandbox.settings(http_statuses=statuses)
        with pytest.raises(keysecure.KeySecureError) as caught:
            client.cards.get("17")
        assert (caught.value.code, caught.value.http_status) == (code, status)
    with pytest.raises(ValueError, match="http_statuses must be one of ok, "):
        sandbox.settings(http_statuses="loose")


def test_tariffs_and_management_fees(sandbox: Sandbox, client: Client, cardholder_no: str, card_no: str) -> None:
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="1", type="In", amount=100)
    sandbox.settings(tariffs=True)
    bought = client.simulation.auth(card_no=card_no, amount="50.00").consume_no or ""
    client.simulation.consumption_clear(consume_no=bought)
    assert client.consumptions.get(bought).fee_list
    with pytest.raises(SandboxError, match="this card's fee schedule has no management fee: pass an amount"):
        sandbox.charge_manage_fee(card_no)
    number = sandbox.charge_manage_fee(card_no, "2.50")
    fee = next(one for one in sandbox.state().consumptions if one.consume_no == number)
    assert fee.amount == Decimal("2.50")


def test_a_consumption_says_when_it_changed_last(
    sandbox: Sandbox, client: Client, card_no: str, cardholder_no: str
) -> None:
    client.accounts.transfer(cardholder_no=cardholder_no, transfer_unique_no="1", type="In", amount=100)
    sandbox.clock.freeze()
    number = client.simulation.auth(card_no=card_no, amount="5.00").consume_no or ""
    [first] = sandbox.state().consumptions
    client.simulation.consumption_clear(consume_no=number)
    [second] = sandbox.state().consumptions
    assert first.time == second.time
    assert first.updated < second.updated


def test_options_are_given_from_the_start() -> None:
    with Sandbox(http_statuses="strict", tariffs=True, lists={"page_cap": 1}) as sandbox, sandbox.client() as client:
        assert len(client.cards.packages_page(page=0, size=5)) == 1
    for wrong in [{"http_statuses": "loose"}, {"lists": {"reference": "lost"}}, {"lists": {"pages": 1}}]:
        with pytest.raises(ValueError, match=r"\w"):
            Sandbox(**wrong)  # type: ignore[arg-type]


def test_rows_are_seeded_by_number_or_by_time(sandbox: Sandbox, client: Client, cardholder_no: str) -> None:
    sandbox.clock.freeze()
    now = sandbox.clock.now
    numbers = sandbox.seed_transfers(cardholder_no, 3)
    rows = list(client.accounts.transfers(start=now - DAY, end=now))
    assert [row.transfer_no for row in rows] == numbers[::-1]
    assert [round((now - row.time).total_seconds()) for row in rows if row.time] == [0, 1, 2]
    card_no = sandbox.seed_cards(cardholder_no, 1)[0]
    assert (len(sandbox.seed_consumptions(card_no, 2)), len(sandbox.seed_cardholders(2))) == (2, 2)


@pytest.mark.parametrize(
    ("error", "words", "call"),
    [
        (TypeError, "nth must be an int, not str", lambda sandbox: sandbox.fault(None, "html", nth="x")),
        (ValueError, "nth must be 1 or more", lambda sandbox: sandbox.fault(None, "html", nth=0)),
        (ValueError, "times must be 1 or more", lambda sandbox: sandbox.fault(None, "html", times=0)),
        (TypeError, "operation must be a str, not int", lambda sandbox: sandbox.fault(5, "html")),
        (ValueError, "fault 'http_status' is out of range", lambda s: s.fault(None, Fault.http_status(9999))),
        (ValueError, "fault 'http_status' is out of range", lambda s: s.fault(None, Fault.http_status(503, -1))),
        (ValueError, "fault 'stall' is out of range", lambda sandbox: sandbox.fault(None, Fault.stall(-1))),
        (TypeError, "pci_enabled must be a bool, not str", lambda sandbox: sandbox.settings(pci_enabled="no")),
        (ValueError, "key_state must be one of active, ", lambda sandbox: sandbox.settings(key_state="no")),
        (TypeError, "ip_whitelist must be a list", lambda sandbox: sandbox.settings(ip_whitelist="127.0.0.1")),
        (TypeError, "page_cap must be an int, not str", lambda sandbox: sandbox.lists(page_cap="x")),
        (ValueError, "page_cap must be 0 or more", lambda sandbox: sandbox.lists(page_cap=-1)),
        (TypeError, "left_out must be a list", lambda sandbox: sandbox.lists(left_out="time")),
        (TypeError, "snapshot must be an int, not str", lambda sandbox: sandbox.restore("x")),
        (TypeError, "url must be a str, not int", lambda sandbox: sandbox.webhooks_to(5)),
        (ValueError, "sign_style must be one of", lambda sandbox: sandbox.webhooks_to(None, sign_style="x")),
        (ValueError, "action must be one of Auth, ", lambda sandbox: sandbox.webhook_fault("drop", action="auth")),
        (TypeError, "webhook_id must be a str, not int", lambda sandbox: sandbox.redeliver(5)),
        (TypeError, "cardholder_no must be a str, not int", lambda sandbox: sandbox.approve_cardholder(5)),
        (TypeError, "times must be a number of rows", lambda sandbox: sandbox.seed_transfers("1", "3")),
        (TypeError, "times must be a number of rows", lambda sandbox: sandbox.seed_transfers("1", [1])),
        (TypeError, "operation must be a str, not NoneType", lambda sandbox: sandbox.count(None)),
        (SandboxError, "there is no operation accounts.transfr", lambda s: s.count("accounts.transfr")),
        (ValueError, "^aes cannot be 'x'", lambda _: Sandbox(aes="x")),
        (ValueError, "^aes cannot be 'utf8/x'", lambda _: Sandbox(aes="utf8/x")),
        (TypeError, "aes must be a str, not NoneType", lambda _: Sandbox(aes=None)),  # type: ignore[arg-type]
        (TypeError, "token_lifetime must be a timedelta", lambda _: Sandbox(token_lifetime=5)),  # type: ignore[arg-type]
        (ValueError, "page_cap must be an int", lambda _: Sandbox(lists={"page_cap": "x"})),  # type: ignore[typeddict-item]
    ],
)
def test_a_wrong_argument_is_an_error_that_names_it(
    sandbox: Sandbox, error: type[Exception], words: str, call: Callable[[Any], object]
) -> None:
    with pytest.raises(error, match=words) as raised:
        call(sandbox)
    assert "column" not in str(raised.value)


def test_requests_to_unknown_paths_are_counted(sandbox: Sandbox) -> None:
    assert sandbox.count("unknown") == 0


@pytest.mark.parametrize("count", [0, -1, True])
def test_a_number_of_rows_is_one_or_more(sandbox: Sandbox, cardholder_no: str, count: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        sandbox.seed_transfers(cardholder_no, count)


def test_a_sandbox_that_did_not_start_has_a_repr() -> None:
    shown = []

    class Shown(Sandbox):
        def __init__(self) -> None:
            try:
                super().__init__("loan")
            except ValueError:
                shown.append(repr(self))
                raise

    with pytest.raises(ValueError, match="loan"):
        Shown()
    assert shown == ["<Sandbox that did not start>"]
