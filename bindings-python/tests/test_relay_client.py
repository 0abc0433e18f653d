"""The client of a relay: its requests, its session, and the outcomes of relays that fail."""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import json
import logging
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from datetime import date
from typing import Any

import pytest
from relay_support import CARD, TRANSFER, TRANSFERRED, Request, Response, in_turn, ok, refusal, relay

import keysecure
from keysecure import AuthenticationError, Client, ConfigError, InvalidInputError, KeySecureError, aio

ENSURED = {"value": TRANSFERRED, "created": True}
TOKEN = "session-1"


def client_of(url: str, session: Any = TOKEN, **settings: Any) -> Client:
    return Client.relay(url, session, **{"timeout": 5, **settings})


def respond(request: Request) -> Response:
    secrets = {"card_no": "c1", "pan": "4111111111111111", "cvv": "739", "exp_year": "2028", "exp_month": "12"}
    return ok(
        {
            "cards.get": CARD,
            "cards.set_pin": {"result": True},
            "cards.update_status": {"result": True},
            "cards.private_info": secrets,
            "accounts.transfer": TRANSFERRED,
        }.get(request.operation, {"list": []})
    )


def test_requests_have_the_documented_form() -> None:
    with relay(respond) as server, client_of(server.url) as client:
        client.cards.get("c1")
        client.cards.set_pin(card_no="c1", cardholder_no="1001", pin="739251")
        client.cards.freeze("c1")
        secrets = client.cards.private_info("c1")
        client.accounts.transfer(**TRANSFER)
        day = date(2026, 5, 1)
        client.cards.list_page(start=day, end=day, page=0, size=10)
    assert (secrets.expose_pan(), secrets.expose_cvv()) == ("4111111111111111", "739")
    window = {"start_time": "2026-05-01 00:00:00", "end_time": "2026-05-01 23:59:59", "page": 0, "size": 10}
    transfer = {"cardholder_no": "1001", "transfer_unique_no": "tap-1", "type": "Out", "balance": "25.00"}
    # The operation, its body, and whether the client chooses the tap.
    expected: list[tuple[str, dict[str, object], bool]] = [
        ("cards.get", {"card_no": "c1"}, False),
        ("cards.set_pin", {"card_no": "c1", "cardholder_no": "1001", "pin": "739251"}, True),
        ("cards.update_status", {"card_no": "c1", "status": "Frozen"}, True),
        ("cards.private_info", {"card_no": "c1"}, False),
        ("accounts.transfer", transfer, False),
        ("cards.list", window, False),
    ]
    found = [
        (request.target.removeprefix("/app/v1/"), json.loads(request.body), "Idempotency-Key" in request.headers)
        for request in server.requests
    ]
    assert found == expected
    assert {request.headers["Authorization"] for request in server.requests} == {"Bearer session-1"}
    assert server.requests[-1].headers["Timezone"] == "UTC+8"
    assert not any(name in request.headers for request in server.requests for name in ("Api-Key", "Access-Token"))


def test_a_tap_of_the_caller_is_sent_as_it_is() -> None:
    with relay(lambda _request: ok({"result": True})) as server, client_of(server.url) as client:
        client.cards.freeze("c1", tap="tap-1")
        client.cards.unfreeze("c1", tap="tap-1")
        client.cards.delete("c1", tap="tap-1")
        client.cards.update_status(card_no="c1", status="Frozen", tap="tap-1")
        client.cards.set_pin(card_no="c1", cardholder_no="1001", pin="739251", tap="tap-1")
        client.cards.activate(card_no="c1", cardholder_no="1001", cvv="739", card_last_no="1111", tap="tap-1")
        assert [request.headers["Idempotency-Key"] for request in server.requests] == ["tap-1"] * 6
        for tap in ("", "a b", "x" * 65):
            with pytest.raises(InvalidInputError, match="tap must be 1 to 64 characters") as caught:
                client.cards.freeze("c1", tap=tap)
            assert (caught.value.field, caught.value.outcome) == ("tap", "not_sent")
        direct = Client("key", "0123456789abcdef", base_url=server.url)
        with pytest.raises(InvalidInputError, match="tap is for a client of a relay"):
            direct.cards.freeze("c1", tap="tap-1")
        assert len(server.requests) == 6


def test_repr_shows_the_address() -> None:
    client = client_of("https://api.shop.example/keysecure")
    assert repr(client) == "<keysecure.Client of the relay at https://api.shop.example/keysecure>"


@pytest.mark.parametrize(
    ("url", "session", "text"),
    [
        ("http://api.shop.example", TOKEN, "^url must be https"),
        (3, TOKEN, "url must be a str"),
        ("https://x.example", None, "session must be a function"),
        ("https://x.example", 3, "session must be a function"),
        ("https://x.example", lambda: TOKEN, "session must take one argument"),
        ("https://x.example", lambda _a, _b: TOKEN, "session must take one argument"),
    ],
)
def test_a_url_or_session_that_does_not_fit_is_a_config_error(url: Any, session: Any, text: str) -> None:
    for make in (Client.relay, aio.Client.relay):
        with pytest.raises(ConfigError, match=text) as caught:
            make(url, session)
        assert caught.value.outcome == "not_sent"


def test_an_async_session_is_refused_by_name() -> None:
    async def session(refused: bool) -> str:
        return TOKEN

    class Session:
        async def __call__(self, refused: bool) -> str:
            return TOKEN

    for one in (session, Session(), functools.partial(session), Session().__call__):
        with pytest.raises(ConfigError, match="session must not be async"):
            Client.relay("https://x.example", one)  # type: ignore[arg-type]


def test_settings_of_the_server_are_no_arguments() -> None:
    for name in ("store", "environment", "aes", "app_id", "api_key"):
        with pytest.raises(TypeError, match=name):
            Client.relay("https://x.example", TOKEN, **{name: None})  # type: ignore[arg-type]


def test_a_refused_session_is_asked_for_again_once() -> None:
    asked: list[bool] = []

    def session(refused: bool) -> str:
        asked.append(refused)
        return "second" if refused else "first"

    def only_second(request: Request) -> Response:
        return ok(CARD) if request.session == "second" else refusal(401, "authentication", "rejected")

    with relay(only_second) as server, client_of(server.url, session) as client:
        assert client.cards.get("c1").card_no == "c1"
    assert asked == [False, True]
    for response in (refusal(401, "authentication", "rejected"), (401, b"")):
        with relay(in_turn(response)) as server, client_of(server.url, session) as client:
            with pytest.raises(AuthenticationError) as caught:
                client.accounts.transfer(**TRANSFER)
            assert (caught.value.outcome, len(server.requests)) == ("rejected", 2)


def test_the_session_is_asked_before_each_request_on_the_thread_of_the_call() -> None:
    threads: list[int] = []

    def session(refused: bool) -> str:
        threads.append(threading.get_ident())
        return f"session-{len(threads)}"

    with relay(respond) as server, client_of(server.url, session) as client:
        client.cards.get("c1")
        client.cards.get("c1")
    assert threads == [threading.get_ident()] * 2
    assert [request.session for request in server.requests] == ["session-1", "session-2"]


@pytest.mark.parametrize("token", [None, "", "a b", "a\r\nX: y", "ü", "\ud800", 3, b"bytes"])
def test_without_a_session_nothing_is_sent(token: Any, caplog: pytest.LogCaptureFixture) -> None:
    with relay(respond) as server, client_of(server.url, lambda _: token) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.accounts.transfer(**TRANSFER)
        assert (caught.value.outcome, caught.value.operation) == ("not_sent", "accounts.transfer")
        assert caught.value.__cause__ is None
        assert server.requests == []
    wrong = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    expected = f"session returned a wrong value, of type {type(token).__name__}"
    assert wrong == ([] if token is None or (isinstance(token, str) and token != "\ud800") else [expected])


@pytest.mark.filterwarnings("error")
def test_a_session_that_returns_a_coroutine_is_logged_and_leaves_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def later() -> str:
        return TOKEN

    with relay(respond) as server, client_of(server.url, lambda _: later()) as client:
        with pytest.raises(AuthenticationError):
            client.cards.get("c1")
        gc.collect()
    assert "session returned a wrong value, of type coroutine" in caplog.text


def test_an_exception_of_the_session_is_the_cause_and_its_text_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    raised = RuntimeError("the token is hunter2")

    def session(refused: bool) -> str:
        raise raised

    with relay(respond) as server, client_of(server.url, session) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.accounts.transfer(**TRANSFER)
        assert (caught.value.outcome, caught.value.__cause__) == ("not_sent", raised)
        assert server.requests == []
        # The next error has no cause of another call.
        with pytest.raises(ConfigError) as other:
            client.access_token()
        assert other.value.__cause__ is None
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "session raised RuntimeError at" in record.getMessage()
    assert record.__dict__["exception_file"] == __file__
    assert "hunter2" not in caplog.text


def test_an_exception_after_a_refusal_leaves_the_refusal() -> None:
    def session(refused: bool) -> str:
        if refused:
            raise LookupError
        return TOKEN

    with relay(in_turn(refusal(401, "authentication", "rejected"))) as server, client_of(server.url, session) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.accounts.transfer(**TRANSFER)
        assert caught.value.outcome == "rejected"
        assert isinstance(caught.value.__cause__, LookupError)
    # After an attempt whose outcome is unknown, the outcome stays unknown.
    lost = in_turn(None, refusal(401, "authentication", "rejected"))
    with relay(lost) as server, client_of(server.url, session) as client:
        with pytest.raises(AuthenticationError) as caught:
            client.accounts.ensure_transfer(**TRANSFER)
        assert caught.value.outcome == "unknown"


def test_an_exit_of_the_session_ends_the_call() -> None:
    for leaves in (KeyboardInterrupt, SystemExit):

        def session(refused: bool, leaves: type[BaseException] = leaves) -> str:
            raise leaves

        with relay(respond) as server, client_of(server.url, session) as client:
            with pytest.raises(leaves):
                client.cards.get("c1")
            assert server.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
def test_ctrl_c_ends_a_call_that_waits_for_the_relay() -> None:
    program = """
        import os, signal, threading, time
        from relay_support import relay
        from keysecure import Client

        asked = threading.Event()

        def respond(request):
            asked.set()
            time.sleep(20)

        with relay(respond) as server:
            client = Client.relay(server.url, lambda refused: "session-1")
            def interrupt():
                asked.wait()
                time.sleep(0.2)
                os.kill(os.getpid(), signal.SIGINT)
            threading.Thread(target=interrupt, daemon=True).start()
            begun = time.monotonic()
            try:
                client.cards.get("c1")
            except KeyboardInterrupt:
                print(time.monotonic() - begun < 10, flush=True)
                os._exit(0)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=os.path.dirname(__file__),
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


OUTCOMES: list[tuple[Response, type[KeySecureError], str]] = [
    (refusal(403, "permission", "rejected"), keysecure.PermissionError, "rejected"),
    (refusal(404, "not_found", "rejected"), keysecure.NotFoundError, "rejected"),
    (refusal(409, "conflict", "not_sent"), keysecure.ConflictError, "not_sent"),
    (refusal(409, "state", "rejected"), keysecure.StateError, "rejected"),
    (refusal(502, "timeout", "unknown", transport_fault="timeout"), keysecure.TimeoutError, "unknown"),
    (refusal(400, "invalid_input", "not_sent", field="amount"), keysecure.InvalidInputError, "not_sent"),
    # Pages and JSON of gateways: no relay says what happened.
    ((200, b'{"code":2002,"msg":"no cardholder"}'), keysecure.InvalidResponseError, "unknown"),
    ((404, b'{"code":404,"error":"not found"}'), keysecure.InvalidResponseError, "unknown"),
    ((403, b"<html>"), keysecure.PermissionError, "unknown"),
    ((502, b"<html>"), keysecure.InvalidResponseError, "unknown"),
    (None, keysecure.TransportError, "unknown"),
]


@pytest.mark.parametrize(("response", "kind", "outcome"), OUTCOMES)
def test_the_outcome_is_the_relays_only_if_a_relay_wrote_it(
    response: Response, kind: type[KeySecureError], outcome: str
) -> None:
    with relay(in_turn(response)) as server, client_of(server.url) as client:
        with pytest.raises(KeySecureError) as caught:
            client.accounts.transfer(**TRANSFER)
        assert (type(caught.value), caught.value.outcome) == (kind, outcome)
        assert (caught.value.operation, caught.value.attempts) == ("accounts.transfer", 1)
        assert len(server.requests) == 1  # a transfer is sent once


def test_fields_of_the_relays_error_arrive() -> None:
    error = {"code": 4005, "msg": "frozen", "field": "card_no", "retry_after_ms": 1500, "transport_fault": "timeout"}
    response = refusal(409, "state", "rejected", **error)
    with (
        relay(in_turn(response)) as server,
        client_of(server.url) as client,
        pytest.raises(keysecure.StateError) as caught,
    ):
        client.cards.freeze("c1")
    found = caught.value
    assert (found.code, found.msg, found.field, found.retry_after) == (4005, "frozen", "card_no", 1.5)
    assert (found.transport_fault, found.http_status) == ("timeout", 409)


def test_a_rate_limit_is_waited_for() -> None:
    too_many = refusal(429, "rate_limit", "rejected", retry_after_ms=50)
    with relay(in_turn(too_many, ok(TRANSFERRED))) as server, client_of(server.url) as client:
        client.accounts.transfer(**TRANSFER)
    assert len(server.requests) == 2


@pytest.mark.parametrize("lost", [None, (502, b"<html>"), (504, b"")])
def test_an_exactly_once_call_is_sent_again_until_the_relay_says_what_happened(lost: Response) -> None:
    with relay(in_turn(lost, ok(ENSURED))) as server, client_of(server.url) as client:
        ensured = client.accounts.ensure_transfer(**TRANSFER)
    assert (ensured.created, ensured.value.transfer_no) == (True, "t1")
    assert [request.target for request in server.requests] == ["/app/v1/accounts.ensure_transfer"] * 2
    assert server.requests[0].body == server.requests[1].body
    assert json.loads(server.requests[0].body)["transfer_unique_no"] == "tap-1"


def test_what_no_relay_serves_is_a_config_error_and_nothing_is_sent() -> None:
    application: dict[str, str] = {"cardholder_unique_no": "u", "sumsub_share_token": "s"}
    with relay(respond) as server, client_of(server.url) as client:
        refused = [
            client.access_token,
            client.webhook_verifier,
            lambda: client.webhook_verifier(app_id="a", secrets="s"),
            lambda: client.call("POST", "/v1/card/list"),
            lambda: client.cardholders.apply(**application),
            lambda: client.cardholders.ensure_cardholder(**application),
            lambda: client.simulation.auth(card_no="c1", amount=1),
        ]
        for call in refused:
            with pytest.raises(ConfigError, match="relay") as caught:
                call()
            assert caught.value.outcome == "not_sent"
        assert "relay" in str(client.doctor())
        assert server.requests == []


def test_neither_session_nor_secrets_are_printed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "keysecure")
    # A traceback shows the line of the call.
    pin = "739251"
    with relay(in_turn(refusal(403, "permission", "rejected"))) as server, client_of(server.url) as client:
        with pytest.raises(keysecure.PermissionError) as caught:
            client.cards.set_pin(card_no="c1", cardholder_no="1001", pin=pin)
        shown = [repr(client), str(caught.value), repr(caught.value), caplog.text]
        shown.append("".join(traceback.format_exception(caught.value)))
        for carry in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle"):
                carry(client)
    assert not any(secret in text for secret in (TOKEN, pin) for text in shown)
    assert server.requests[0].session == TOKEN


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is Unix")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_calls_over_its_own_connection_with_its_own_session() -> None:
    with relay(respond) as server, client_of(server.url, lambda _: f"session-{os.getpid()}") as client:
        client.cards.get("c1")
        child = os.fork()
        if child == 0:
            status = 1
            try:
                client.cards.get("c1")
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.cards.get("c1")
    assert [request.session for request in server.requests] == [
        f"session-{pid}" for pid in (os.getpid(), child, os.getpid())
    ]
    first, of_child, last = (request.connection for request in server.requests)
    assert first == last != of_child


def test_tasks_call_through_a_relay_too() -> None:
    asked: list[str] = []

    def session(refused: bool) -> str:
        asked.append(threading.current_thread().name)
        return TOKEN

    async def main(url: str) -> None:
        async with aio.Client.relay(url, session, timeout=5, max_threads=2) as client:
            assert repr(client) == f"<keysecure.aio.Client of the relay at {url}>"
            cards = await asyncio.gather(*(client.cards.get("c1") for _ in range(5)))
            assert {card.card_no for card in cards} == {"c1"}
            with pytest.raises(ConfigError):
                client.webhook_verifier()

    with relay(respond) as server:
        asyncio.run(main(server.url))
    assert asked == ["keysecure.aio"] * 5


def test_a_session_may_make_calls_itself() -> None:
    # Of the server of the shop, by the same kind of client.
    with relay(respond) as server:
        inner = client_of(server.url)

        def session(refused: bool) -> str:
            return inner.cards.get("c1").card_no or ""

        with client_of(server.url, session) as client:
            client.accounts.transfer(**TRANSFER)
    assert [request.session for request in server.requests] == [TOKEN, "c1"]


def test_the_time_of_the_session_counts_for_the_call() -> None:
    def session(refused: bool) -> str:
        time.sleep(0.3)
        return TOKEN

    with relay(respond) as server, client_of(server.url, session, timeout=0.2) as client:
        with pytest.raises(keysecure.TimeoutError) as caught:
            client.accounts.transfer(**TRANSFER)
        assert (caught.value.outcome, server.requests) == ("not_sent", [])
