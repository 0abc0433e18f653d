"""What receivers and responders log: each decline, rejection, failure and success, with fields and without secrets."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from webhook_logging_support import (
    HERE,
    PAN,
    Respond,
    by_receiver,
    fail,
    fail_async,
    of_level,
    slow,
    slow_async,
    wait_for,
    wait_for_late_decision,
)
from webhook_support import (
    ACCEPTED,
    AUTH,
    BODY,
    FAILED,
    LATE,
    UNDECIDED,
    Asgi,
    DictStore,
    Kind,
    Wsgi,
    body_of,
    purchase,
    signed,
    verifier,
)

import keysecure
from keysecure import Responder
from keysecure.webhooks import asgi, reply_accept, reply_decline

pytestmark = pytest.mark.usefixtures("decisions_end")


# Purchases.


@pytest.mark.parametrize(
    ("decide", "reason", "response"),
    [
        (lambda _: "over the limit", "by decision", (200, reply_decline("over the limit"))),
        (slow, "there is no decision in time", LATE),
        (fail, "the decision failed", UNDECIDED),
        (lambda _: None, "the decision function returned no decision", UNDECIDED),
    ],
)
def test_every_declined_purchase_is_a_warning_with_its_reason(
    decide: Any, reason: str, response: tuple[int, bytes], respond: Respond, records: list[logging.LogRecord]
) -> None:
    assert respond(decide, budget=0.4 if decide is slow else 0.8) == response
    if decide is slow:
        wait_for_late_decision(records)
    [record] = of_level(records, logging.WARNING)
    assert record.getMessage().startswith('a purchase is declined: consume_no="c-42.0", after ')
    assert record.getMessage().endswith(f" ms ({reason})")
    assert (record.reason, record.action, record.consume_no) == (reason, "Auth", "c-42.0")
    assert record.duration_ms >= (400 if decide is slow else 0)


@pytest.mark.parametrize("decide", [slow_async, fail_async])
def test_async_decisions_are_declined_with_their_reason(decide: Any, records: list[logging.LogRecord]) -> None:
    late = decide is slow_async
    response = by_receiver(Asgi, asgi)(decide, budget=0.4 if decide is slow_async else 0.8)
    assert response == (LATE if late else UNDECIDED)
    if late:
        wait_for_late_decision(records)
    [record] = of_level(records, logging.WARNING)
    assert record.reason == ("there is no decision in time" if late else "the decision failed")


def test_a_purchase_without_a_decision_function_says_so(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(), print))
    assert app.post(*purchase()) == (200, reply_decline("purchases are not accepted"))
    [record] = records
    assert (record.levelname, record.reason) == ("WARNING", "there is no decision function")
    assert record.consume_no == "c-42.0"


def test_an_approval_by_default_is_a_warning(respond: Respond, records: list[logging.LogRecord]) -> None:
    assert respond(slow, budget=0.4, default="accept") == (200, reply_accept())
    wait_for_late_decision(records)
    [record] = records
    assert (record.levelname, record.reason) == ("WARNING", "there is no decision in time")
    assert record.getMessage().startswith("a purchase is approved without a decision: ")


def test_an_approved_purchase_is_logged_at_info(respond: Respond, records: list[logging.LogRecord]) -> None:
    assert respond(lambda _: True) == (200, reply_accept())
    [record] = records
    assert record.getMessage().startswith('a purchase is approved: consume_no="c-42.0", after ')
    assert (record.levelname, record.action, record.consume_no) == ("INFO", "Auth", "c-42.0")
    assert record.duration_ms > 0


def test_a_decision_that_raises_is_an_error_with_its_place(respond: Respond, records: list[logging.LogRecord]) -> None:
    respond(fail)
    wait_for(lambda: bool(of_level(records, logging.ERROR)))
    [record] = of_level(records, logging.ERROR)
    line = fail.__code__.co_firstlineno + 1
    assert record.getMessage().startswith(f"the decision on a purchase raised LookupError at {HERE}:{line}, ")
    assert (record.exception_type, record.exception_file, record.exception_line) == ("LookupError", HERE, line)
    assert (record.action, record.consume_no) == ("Auth", "c-42.0")
    assert record.duration_ms > 0
    assert record.exc_info is None
    assert PAN not in str(vars(record))


# Handlers.


def test_a_handled_webhook_is_logged_at_info(kind: Kind, records: list[logging.LogRecord]) -> None:
    for guard in (None, DictStore()):
        records.clear()
        assert kind(kind.make(verifier(store=guard), lambda _: None)).post(signed(BODY), BODY) == ACCEPTED
        [record] = records
        assert record.getMessage().startswith('a webhook is handled: consume_no="c-1", after ')
        assert (record.levelname, record.action, record.consume_no) == ("INFO", "Consumption", "c-1")
        assert record.duration_ms > 0


def test_a_claim_of_ones_own_framework_logs_success_too(records: list[logging.LogRecord]) -> None:
    with verifier().claim(signed(BODY), BODY):
        assert records == []
    assert [record.action for record in records] == ["Consumption"]


@pytest.mark.parametrize("handler", [fail, fail_async])
def test_a_failed_handler_is_an_error_with_its_place(
    handler: Any, kind: Kind, records: list[logging.LogRecord]
) -> None:
    if handler is fail_async and kind is Wsgi:
        pytest.skip("WSGI runs no coroutines")
    app = kind(kind.make(verifier(store=DictStore()), handler))
    assert app.post(signed(BODY), BODY) == FAILED
    [record] = records
    line = handler.__code__.co_firstlineno + 1
    assert record.getMessage().startswith(f"the handler of a webhook raised LookupError at {HERE}:{line}, ")
    assert 'consume_no="c-1", after ' in record.getMessage()
    assert (record.levelname, record.action, record.consume_no) == ("ERROR", "Consumption", "c-1")
    assert (record.exception_type, record.exception_file, record.exception_line) == ("LookupError", HERE, line)
    assert record.duration_ms > 0


def test_the_place_is_in_the_users_code_not_in_a_library(kind: Kind, records: list[logging.LogRecord]) -> None:
    def handle(_: object) -> None:
        import json

        json.loads("{")

    kind(kind.make(verifier(), handle)).post(signed(BODY), BODY)
    [record] = records
    assert (record.exception_type, record.exception_file) == ("JSONDecodeError", __file__)
    assert record.exception_line == handle.__code__.co_firstlineno + 3


def test_a_webhook_that_comes_again_is_logged_as_accepted_before(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(store=DictStore()), lambda _: None))
    headers = signed(BODY)
    assert [app.post(headers, BODY) for _ in range(2)] == [ACCEPTED, ACCEPTED]
    _, record = records
    assert record.getMessage().startswith('a webhook was accepted before (replayed): consume_no="c-1", after ')
    assert (record.levelname, record.rejection, record.action) == ("WARNING", "replayed", "Consumption")
    records.clear()
    app = kind(kind.make(verifier(store=DictStore()), print, decide=lambda _: True))
    asked = purchase()
    assert app.post(*asked) == app.post(*asked) == (200, reply_accept())
    assert [record.levelname for record in records] == ["INFO", "WARNING", "INFO"]
    assert [getattr(record, "reason", None) for record in records] == [
        "by decision",
        None,
        "the purchase was requested before",
    ]


# Rejections.


def test_a_wrong_secret_is_a_warning(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(), print))
    assert app.post(signed(BODY, secret="x" * 32), BODY)[0] == 400
    [record] = records
    assert (record.levelname, record.rejection) == ("WARNING", "wrong_signature")
    assert record.getMessage().startswith("a webhook is rejected (wrong_signature): after ")
    assert not hasattr(record, "consume_no"), "the body is not verified"


def test_a_rejection_of_any_method_of_a_verifier_is_a_warning(records: list[logging.LogRecord]) -> None:
    headers = signed(BODY, secret="x" * 32)
    for method in (verifier().verify, verifier().claim, verifier().verify_signature):
        records.clear()
        with pytest.raises(Exception, match="signature"):
            method(headers, BODY)
        assert [(record.levelname, record.rejection) for record in records] == [("WARNING", "wrong_signature")]


def test_requests_that_are_no_webhooks_are_warnings(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(), print, path="/webhooks"))
    assert app.get()[0] == 405
    assert app.post_to("/a/elsewhere", signed(BODY), BODY)[0] == 404
    assert app.claim_length(signed(BODY), "1000000")[0][0] == 413
    logged = [(record.levelname, record.http_status, record.http_method) for record in records]
    assert logged == [("WARNING", 405, "GET"), ("WARNING", 404, "POST"), ("WARNING", 413, "POST")]
    assert [getattr(record, "http_path", None) for record in records] == ["/webhooks", "/a/elsewhere", None]
    assert all(record.getMessage().startswith("a webhook is rejected (") for record in records)
    assert '"POST" "/a/elsewhere"' in records[1].getMessage()


def test_a_path_is_logged_without_numbers_of_cards(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(), print, path="/webhooks"))
    # The second one ends where a long path is cut.
    for path in (f"/x/{PAN}", "/x/" + "y" * 182 + PAN, "/x/4111-1111-1111-1111/y"):
        assert app.post_to(path, signed(BODY), BODY)[0] == 404
    masked = "411111******1111"
    logged = [vars(record)["http_path"] for record in records]
    assert logged == [f"/x/{masked}", f"/x/{'y' * 182}{masked}"[:200], f"/x/{masked}/y"]
    assert f'"POST" "/x/{masked}"' in records[0].getMessage()
    assert not any("4111111" in record.getMessage().replace("-", "") for record in records)


def test_a_chunked_body_that_the_server_cannot_end_is_a_warning(records: list[logging.LogRecord]) -> None:
    app = Wsgi(Wsgi.make(verifier(), print))
    environ = app.environ(signed(BODY), BODY, CONTENT_LENGTH=None)
    assert app.run(environ, valid=False)[0] == 411
    assert [(record.levelname, record.http_status) for record in records] == [("WARNING", 411)]


def test_a_path_in_the_log_cannot_forge_a_line(kind: Kind, records: list[logging.LogRecord]) -> None:
    app = kind(kind.make(verifier(), print, path="/webhooks"))
    assert app.post_to("/a/x\nERROR forged" + "y" * 10_000, signed(BODY), BODY)[0] == 404
    [record] = records
    assert "\n" not in record.getMessage()
    assert len(record.getMessage()) < 400


# Frames.


def test_no_frame_of_ours_that_logs_holds_body_headers_or_exception(kind: Kind) -> None:
    """Tools that report errors send the local variables of the frames from which something is logged."""
    found: list[str] = []
    count = 0
    marker = "Corner Shop of Bath"
    ours = str(Path(keysecure.__file__).parent)

    class Reporter(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            nonlocal count
            count += 1
            frame = sys._getframe()
            while frame.f_back is not None:
                frame = frame.f_back
                if frame.f_code.co_filename.startswith(ours):
                    held = {name: repr(value) for name, value in frame.f_locals.items()}
                    found.extend(
                        f"{record.getMessage()}: {frame.f_code.co_name}.{name}"
                        for name, text in held.items()
                        for secret in (marker, signature, PAN)
                        if secret in text
                    )

    broken = DictStore()
    broken.remove = fail  # type: ignore[assignment]
    reporter, logger = Reporter(level=logging.INFO), logging.getLogger("keysecure")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(reporter)
    try:
        for action in ("Consumption", "Auth", "Tomorrow"):
            data = {**AUTH, "merchant_info": {"merchant_name": marker}}
            body = body_of(action, data)
            headers = signed(body)
            signature = headers["Signature"]
            for store in (None, broken):
                for function in (fail, lambda _: True, lambda _: [marker, PAN]):
                    app = kind(kind.make(verifier(store=store), function, decide=function, path="/webhooks"))
                    app.post(headers, body)
                    app.post(headers, body)
                    app.post({**headers, "Timestamp": "1"}, body)
                    app.post_to("/a/elsewhere", headers, body)
                    app.claim_length(headers, str(10**9))
                    time.sleep(0.01)
    finally:
        logger.removeHandler(reporter)
        logger.setLevel(level)
    assert count > 80
    assert found == []


def test_asgi_logs_in_the_context_of_the_request(records: list[logging.LogRecord]) -> None:
    """Trackers of errors and of traces find the request of a record by it."""
    request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")
    seen: list[str] = []

    class Context(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(request.get())

    async def scenario() -> None:
        request.set("r-1")
        app = Asgi(asgi(verifier(store=DictStore()), lambda _: None, decide=lambda _: False))
        await app.posted(*purchase())
        await app.posted(signed(BODY), BODY)
        await app.posted(signed(BODY, secret="x" * 32), BODY)

    handler = Context(logging.INFO)
    logging.getLogger("keysecure").addHandler(handler)
    try:
        asyncio.run(scenario())
    finally:
        logging.getLogger("keysecure").removeHandler(handler)
    assert seen == ["r-1"] * len(records) == ["r-1"] * 3


def test_the_number_of_a_consumption_is_logged_whole(records: list[logging.LogRecord]) -> None:
    number = "1728629430000055181"  # passes the check of card numbers, as one in ten does
    for data in ({**AUTH, "consume_no": number}, {"consume_no": number, "amount": None}):
        body = body_of("Auth", data)
        received = verifier().verify(signed(body), body)
        Responder(lambda _: True).respond(received)
        record = records.pop()
        assert getattr(record, "consume_no", None) == number
        assert f'consume_no="{number}"' in record.getMessage()
