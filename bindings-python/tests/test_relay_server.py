"""The relay: what it grants and refuses, by the client of a relay over WSGI and ASGI."""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import logging
import os
import pickle
import threading
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aio_support import stalled
from relay_server_support import ALL_GRANTS, App, Shop, kind_of, served

import keysecure
from keysecure import Client, ConfigError, aio
from keysecure.relay import Relay, RelayRequest, RelayResponse, Scope
from keysecure.sandbox import Sandbox

JSON = {"Content-Type": "application/json"}


def handle(shop: Shop, operation: str, body: object, session: str = "own", **headers: str) -> RelayResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    every = {"Authorization": f"Bearer {session}", **JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
    return shop.relay.handle("POST", f"/v1/{operation}", every, raw)


def test_an_app_makes_every_call_that_a_scope_can_grant(shop: Shop, app: App) -> None:
    sandbox, client = shop.sandbox, app()
    card_no, physical = sandbox.seed_virtual_card(shop.own), sandbox.seed_physical_card(shop.own)
    now = sandbox.clock.now
    window: dict[str, Any] = {"start": now - timedelta(days=100), "end": now}
    assert client.cardholders.get(shop.own).cardholder_no == shop.own
    assert [row.cardholder_no for row in client.cardholders.list(**window)] == [shop.own]
    assert client.cards.get(card_no).status == "Activated"
    assert {row.card_no for row in client.cards.list(**window)} == {card_no, physical}
    assert next(client.cards.packages()).package_no
    with pytest.raises(keysecure.ApiError, match="the server cannot make this call") as caught:
        # Not in this mode of the merchant, which is none of the app's business.
        client.cards.bins_page(page=0, size=10)
    assert caught.value.outcome == "rejected"
    secrets = client.cards.private_info(card_no)
    assert secrets.expose_pan() == shop.client.cards.private_info(card_no).expose_pan()
    assert client.pci.client_token(card_no).expose()
    assert client.accounts.get(shop.own) == shop.client.accounts.get(shop.own)
    transfer: dict[str, Any] = {"cardholder_no": shop.own, "type": "In"}
    assert client.accounts.transfer(**transfer, transfer_unique_no="tap-1", amount=20).transfer_unique_no == "tap-1"
    made = client.accounts.ensure_transfer(**transfer, transfer_unique_no="tap-2", amount="30.50")
    again = client.accounts.ensure_transfer(**transfer, transfer_unique_no="tap-2", amount="30.50")
    assert (made.created, again.created) == (True, False)
    assert made.value.transfer_no == again.value.transfer_no
    made_since = client.accounts.transfers(start=now, end=sandbox.clock.now)
    assert {row.transfer_unique_no for row in made_since} == {"tap-1", "tap-2"}
    client.accounts.transfer(cardholder_no=shop.own, transfer_unique_no="tap-3", type="Out", amount="0.50")
    card: dict[str, Any] = {"cardholder_no": shop.own, "card_type": "Virtual"}
    card["package_no"] = next(client.cards.packages(type="Virtual")).package_no
    applied = client.cards.ensure_card(**card, card_unique_no="card-1")
    assert client.cards.apply(**card, card_unique_no="card-1").card_no == applied.value.card_no
    for change, status in (("freeze", "Frozen"), ("unfreeze", "Activated")):
        getattr(client.cards, change)(card_no)
        assert shop.client.cards.get(card_no).status == status
    record = next(one for one in sandbox.state().cards if one.card_no == physical)
    cvv = sandbox.card_secrets_for_tests(physical).cvv
    client.cards.activate(card_no=physical, cardholder_no=shop.own, cvv=cvv, card_last_no=record.card_last_no)
    client.cards.set_pin(card_no=physical, cardholder_no=shop.own, pin="739251")
    client.cards.delete(card_no)
    assert shop.client.cards.get(card_no).status == "Delete"
    assert client.consumptions.list_page(**{**window, "start": now - timedelta(days=1)}, page=0, size=10).list == []
    names = {record.operation for record in shop.records}
    assert {record.denial for record in shop.records} == {None}
    # Each grant but the events, which are no call, and what a name of an operation has more.
    renamed = {"cards.freeze", "cards.unfreeze", "cards.delete", "accounts.transfer_in", "accounts.transfer_out"}
    assert set(ALL_GRANTS) - renamed - {"events", "consumptions.get"} <= names
    assert sum(row.amount for row in sandbox.state().transfers) == Decimal("51.00")


def test_numbers_of_others_and_unknown_ones_are_not_found_alike(shop: Shop, app: App) -> None:
    foreign = shop.sandbox.seed_virtual_card(shop.other)
    client = app()
    texts = set()
    for number in (foreign, "17"):
        for call in (client.cards.get, client.cards.private_info, client.cards.freeze, client.cards.delete):
            with pytest.raises(keysecure.NotFoundError) as caught:
                call(number)
            assert caught.value.outcome == "rejected"
            texts.add(caught.value.args[0].partition(":")[2])
    with pytest.raises(keysecure.NotFoundError):
        client.accounts.get(shop.other)
    with pytest.raises(keysecure.NotFoundError):
        client.accounts.transfer(cardholder_no=shop.other, transfer_unique_no="t", type="In", amount=1)
    assert len(texts) == 1
    assert {record.denial for record in shop.records} == {"not_owned"}
    assert shop.client.cards.get(foreign).status == "Activated"
    assert shop.sandbox.state().transfers == []


@pytest.mark.parametrize("session", ["reads", "nothing", "small"])
def test_what_a_scope_does_not_grant_is_refused(shop: Shop, app: App, session: str) -> None:
    card_no = shop.sandbox.seed_virtual_card(shop.own)
    client = app(session)
    pay: dict[str, Any] = {"cardholder_no": shop.own, "transfer_unique_no": "t", "amount": 6}
    refused: list[Callable[[], object]] = [
        lambda: client.cards.private_info(card_no),
        lambda: client.pci.client_token(card_no),
        lambda: client.cards.freeze(card_no),
        lambda: client.cards.delete(card_no),
        lambda: client.cards.set_pin(card_no=card_no, cardholder_no=shop.own, pin="739251"),
        lambda: client.accounts.transfer(**pay, type="In"),
        lambda: client.accounts.ensure_transfer(**pay, type="Out", first_attempt=True),
    ]
    if session == "nothing":
        refused.append(lambda: client.cards.get(card_no))
    for call in refused:
        with pytest.raises(keysecure.PermissionError) as caught:
            call()
        assert caught.value.outcome in ("rejected", "not_sent")
    # What is not granted now may have been before.
    with pytest.raises(keysecure.PermissionError) as caught:
        client.accounts.ensure_transfer(**pay, type="Out")
    assert caught.value.outcome == "unknown"
    assert shop.sandbox.state().transfers == []
    assert {record.denial for record in shop.records} <= {"not_granted", "limit_exceeded"}
    if session == "reads":
        assert client.cards.get(card_no).card_no == card_no


def test_an_unknown_session_is_refused_and_renewed_by_the_app(shop: Shop, app: App) -> None:
    card_no = shop.sandbox.seed_virtual_card(shop.own)
    with pytest.raises(keysecure.AuthenticationError) as caught:
        app("unknown").cards.get(card_no)
    assert caught.value.outcome == "not_sent"
    renewing = app(lambda refused: "own" if refused else "expired")
    assert renewing.cards.get(card_no).card_no == card_no


def test_what_authorize_raises_or_returns_wrongly_is_a_denial(
    shop: Shop, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Scope:
        raise LookupError("token hunter2")

    async def later() -> Scope:
        return Scope(shop.own)

    cases: list[tuple[Callable[[], Any], str | None]] = [
        (fail, "authorize raised LookupError at "),
        (lambda: "1001", "authorize returned a wrong value, of type str"),
        (lambda: True, "authorize returned a wrong value, of type bool"),
        (later, "authorize returned a wrong value, of type coroutine"),
        (lambda: Scope("1001", grants=["cards.gett"]), "authorize raised ConfigError at "),
        (lambda: Scope("1/1", read_only=True), None),
    ]
    client = app()
    for scope, text in cases:
        caplog.clear()
        shop.scopes["own"] = scope
        with pytest.raises(keysecure.AuthenticationError):
            client.cards.get("17")
        errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        ours = [error for error in errors if "authorize" in error]
        assert (text is None and not ours) or (text is not None and all(text in error for error in ours) and ours)
    assert "hunter2" not in caplog.text
    assert {record.denial for record in shop.records} == {"unauthorized"}


def test_authorize_gets_the_request_and_its_repr_shows_no_secret(shop: Shop, app: App) -> None:
    app().accounts.get(shop.own)
    [request] = shop.requests
    assert (request.method, request.path, request.bearer) == ("POST", "/v1/accounts.get", "own")
    assert request.headers["AUTHORIZATION"] == request.headers["authorization"] == "Bearer own"
    assert "content-type" in {name.lower() for name in request.headers}
    assert request.headers.get("x-absent") is None
    assert "wsgi.version" in request.context or request.context["type"] == "http"
    assert "Bearer" not in f"{request!r}{request.headers!r}"


def test_a_header_that_comes_twice_is_refused_and_none_for_authorize(shop: Shop) -> None:
    pairs = [("Authorization", "Bearer own"), ("authorization", "Bearer other"), *JSON.items()]
    assert kind_of(shop.relay.handle("POST", "/v1/accounts.get", pairs, b"{}")) == (400, "invalid_input")
    assert shop.requests == []


def test_exceptions_of_audit_change_nothing(tmp_path: Path, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    def audit(record: object) -> None:
        raise RuntimeError("hunter2")

    shop = Shop(tmp_path, sandbox)
    shop.relay = Relay(shop.client, shop.authorize, audit=audit)
    assert handle(shop, "accounts.get", {}).status == 200
    assert "audit raised RuntimeError at" in caplog.text
    assert "hunter2" not in caplog.text


def test_the_record_and_the_log_say_who_did_what(shop: Shop, app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "keysecure")
    card_no = shop.sandbox.seed_virtual_card(shop.own)
    client = app()
    client.cards.freeze(card_no)
    with pytest.raises(keysecure.NotFoundError):
        client.cards.freeze("17")
    done, denied = shop.records
    assert (done.session, done.cardholder_no, done.operation) == ("session-own", shop.own, "cards.update_status")
    assert (done.denial, done.error, done.http_status, done.subject) == (None, None, 200, card_no)
    assert done.tap
    assert 0 < done.duration < 20
    assert (denied.denial, denied.outcome, denied.http_status) == ("not_owned", "rejected", 404)
    assert isinstance(denied.error, keysecure.KeySecureError)
    logged = [record for record in caplog.records if record.getMessage().startswith("relay:")]
    assert [record.levelno for record in logged] == [logging.INFO, logging.WARNING]
    assert logged[0].__dict__["operation"] == "cards.update_status"
    assert "Bearer" not in caplog.text


def test_requests_that_break_a_rule_are_refused(shop: Shop) -> None:
    card = {"card_no": "17"}
    assert kind_of(handle(shop, "cards.get", b"")) == (400, "invalid_input")
    assert kind_of(handle(shop, "cards.get", {**card, "x": 1})) == (400, "invalid_input")
    assert kind_of(handle(shop, "cards.get", b'{"card_no":"1","card_no":"2"}')) == (400, "invalid_input")
    assert kind_of(handle(shop, "cards.get", bytes(shop.relay.max_request_bytes + 1))) == (413, "invalid_input")
    own_card = {"card_no": shop.sandbox.seed_virtual_card(shop.own), "cardholder_no": shop.own}
    assert kind_of(handle(shop, "cards.set_pin", {**own_card, "pin": "739251"})) == (400, "invalid_input")
    for operation in ("call", "simulation.auth", "cardholders.apply", "cards.get?x=1", "../v1/cards.get", "Cards.get"):
        assert kind_of(handle(shop, operation, card)) == (404, "not_found")
    response = shop.relay.handle("GET", "/v1/cards.get", {"Authorization": "Bearer own"})
    assert (response.status, dict(response.headers)["Allow"]) == (405, "POST")
    assert dict(response.headers)["Cache-Control"] == "no-store"
    with pytest.raises(TypeError, match="headers"):
        shop.relay.handle("POST", "/v1/cards.get", 3, b"{}")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="body"):
        shop.relay.handle("POST", "/v1/cards.get", {}, "{}")  # type: ignore[arg-type]


def test_a_session_has_a_rate(tmp_path: Path, sandbox: Sandbox) -> None:
    shop = Shop(tmp_path, sandbox, requests_per_second=2)
    # The rate comes first, so that these requests take no time.
    statuses = [handle(shop, "cards.nothing", {}).status for _ in range(200)]
    assert statuses[:4] == [404] * 4
    assert 429 in statuses
    assert handle(shop, "cards.packages", {"page": 0, "size": 1}, session="reads").status == 200


def test_a_session_has_a_few_requests_at_the_same_time(tmp_path: Path, sandbox: Sandbox) -> None:
    shop, page = Shop(tmp_path, sandbox, concurrent_requests=1), {"page": 0, "size": 1}
    with stalled(sandbox, "cards.packages", "stall", 600) as is_there:
        first = threading.Thread(target=handle, args=(shop, "cards.packages", page))
        first.start()
        while not is_there():
            time.sleep(0.01)
        assert kind_of(handle(shop, "cards.packages", page)) == (429, "rate_limit")
        assert handle(shop, "cards.packages", page, session="reads").status == 200
        first.join()
    assert handle(shop, "cards.packages", page).status == 200


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"mount": "relay"}, "mount"),
        ({"mount": 3}, "mount must be a str"),
        ({"authorize": 3}, "authorize must be a function"),
        ({"audit": 3}, "audit must be a function"),
        ({"max_request_bytes": 0}, "max_request_bytes"),
        ({"max_request_bytes": 2**21}, "max_request_bytes"),
        ({"requests_per_second": -1}, "requests_per_second"),
        ({"concurrent_requests": -1}, "concurrent_requests"),
        ({"concurrent_requests": "16"}, "concurrent_requests"),
        ({"stream_lasts": 0}, "stream_lasts"),
    ],
)
def test_a_setting_that_does_not_fit_is_a_config_error(shop: Shop, settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Relay(shop.client, **{"authorize": shop.authorize, **settings})


def test_async_functions_and_other_clients_are_refused_by_name(shop: Shop, sandbox: Sandbox) -> None:
    async def authorize(request: object) -> Scope | None:
        return None

    with pytest.raises(ConfigError, match=r"authorize must not be async with relay\.wsgi"):
        assert Relay(shop.client, authorize).wsgi
    with pytest.raises(ConfigError, match="audit must not be async"):
        Relay(shop.client, shop.authorize, audit=authorize)
    with pytest.raises(ConfigError, match="client must be a keysecure"):
        Relay(aio.Client.of(shop.client), shop.authorize)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="store"):
        Relay(sandbox.client(), shop.authorize)
    with pytest.raises(ConfigError, match="relay"):
        Relay(Client.relay("https://x.example", "token"), shop.authorize)


def test_authorize_may_be_async_where_a_loop_runs(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    threads: list[int] = []

    async def authorize(request: RelayRequest) -> Scope | None:
        await asyncio.sleep(0.01)
        threads.append(threading.get_ident())
        if request.bearer == "broken":
            raise LookupError("hunter2")
        return shop.authorize(request)

    shop.relay = Relay(shop.client, authorize)
    with served(shop, "asgi") as app:
        assert app().accounts.get(shop.own) == shop.client.accounts.get(shop.own)
        for session in ("unknown", "broken"):
            with pytest.raises(keysecure.AuthenticationError):
                app(session).accounts.get(shop.own)
    assert len(set(threads)) == 1
    assert "authorize raised LookupError at" in caplog.text
    assert f"{__file__}:" in caplog.text
    assert "hunter2" not in caplog.text
    assert handle(shop, "accounts.get", {}).status == 401
    assert "authorize raised ConfigError" in caplog.text


def test_a_scope_has_its_rules() -> None:
    scope = Scope("1001", grants=["cards.get"], max_transfer=Decimal("1.50"), session="s")
    assert scope == Scope("1001", grants=("cards.get",), max_transfer="1.5", session="s") != Scope("1001")
    assert (scope.cardholder_no, repr(scope)) == ("1001", 'Scope("1001", grants=["cards.get"])')
    assert Scope("1001", max_cards_per_day=10) == Scope("1001") != Scope("1001", max_cards_per_day=9)
    for wrong in (
        {"grants": "cards.get"},
        {"grants": ["*"]},
        {"grants": [1]},
        {"max_transfer": 1.5},
        {"max_cards_per_day": -1},
        {"max_cards_per_day": "1"},
    ):
        with pytest.raises(ConfigError):
            Scope("1001", **wrong)  # type: ignore[arg-type]
    with pytest.raises(keysecure.InvalidInputError):
        Scope(1001)  # type: ignore[arg-type]


def test_a_scope_limits_the_cards_of_a_day(shop: Shop) -> None:
    shop.scopes["one card"] = lambda: Scope(shop.own, grants=["cards.apply"], max_cards_per_day=1)
    package = next(iter(shop.client.cards.packages(type="Virtual"))).package_no

    def apply(tap: str) -> RelayResponse:
        body = {"card_unique_no": tap, "card_type": "Virtual", "package_no": package}
        return handle(shop, "cards.apply", body, "one card")

    assert [apply(tap).status for tap in ("a", "b", "a")] == [200, 403, 200]
    assert [record.denial for record in shop.records] == [None, "limit_exceeded", None]
    assert shop.sandbox.count("cards.apply") == 1


def test_a_relay_and_what_refers_to_it_are_freed(sandbox: Sandbox) -> None:
    class Owner:
        def __init__(self) -> None:
            self.relay = Relay(sandbox.client(store="memory"), self.authorize, audit=self.audit)

        def authorize(self, request: object) -> None:
            return None

        def audit(self, record: object) -> None:
            return None

    owner = Owner()
    owner.relay.handle("POST", "/v1/cards.get", {}, b"{}")
    gone = weakref.ref(owner)
    gc.collect()
    assert gone() is owner
    for carry in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            carry(owner.relay)
    del owner
    gc.collect()
    assert gone() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is Unix")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_worker_serves_too(shop: Shop) -> None:
    assert handle(shop, "accounts.get", {}).status == 200
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if handle(shop, "accounts.get", {}).status == 200 else 1
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
