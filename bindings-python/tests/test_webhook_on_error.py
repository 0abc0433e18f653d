"""The function `on_error` of receivers and responders, and the place of an exception that is logged."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import traceback
from typing import Any

import pytest
from webhook_logging_support import HERE, PAN, Respond, by_receiver, fail, fail_async, of_level, wait_for
from webhook_support import BODY, FAILED, SECRET, UNDECIDED, Asgi, Kind, Wsgi, purchase, signed, verifier

from keysecure import ConfigError, InvalidInputError, Responder, aio
from keysecure.webhooks import asgi

pytestmark = pytest.mark.usefixtures("decisions_end")


@pytest.mark.parametrize(
    ("handler", "decide"),
    [(fail, fail), (fail_async, fail_async)],
)
def test_on_error_gets_the_exceptions_of_handlers_and_decisions(handler: Any, decide: Any, kind: Kind) -> None:
    if handler is fail_async and kind is Wsgi:
        pytest.skip("WSGI runs no coroutines")
    raised: list[tuple[Exception, bool]] = []

    def on_error(error: Exception) -> None:
        raised.append((error, sys.exc_info()[1] is error))

    app = kind(kind.make(verifier(), handler, decide=decide, on_error=on_error))
    assert app.post(signed(BODY), BODY) == FAILED
    assert app.post(*purchase()) == UNDECIDED
    wait_for(lambda: len(raised) == 2)
    for error, is_current in raised:
        assert isinstance(error, LookupError)
        assert str(error) == f"card {PAN}"
        assert is_current, "logging.exception works in it"
        step = error.__traceback__
        while step is not None and step.tb_next is not None:
            step = step.tb_next
        assert step is not None
        assert step.tb_frame.f_code.co_filename == HERE


def test_on_error_gets_what_is_no_decision(respond: Respond) -> None:
    raised: list[Exception] = []
    respond(lambda _: None, on_error=raised.append)
    wait_for(lambda: bool(raised))
    [error] = raised
    assert isinstance(error, InvalidInputError)
    assert error.field == "decision"


def test_a_rejected_webhook_is_no_error(kind: Kind) -> None:
    raised: list[Exception] = []
    app = kind(kind.make(verifier(), print, on_error=raised.append))
    assert app.post(signed(BODY, secret="x" * 32), BODY)[0] == 400
    assert raised == []


def test_an_on_error_that_raises_changes_no_response(kind: Kind, records: list[logging.LogRecord]) -> None:
    def on_error(_: Exception) -> None:
        raise RuntimeError(SECRET)

    app = kind(kind.make(verifier(), fail, decide=fail, on_error=on_error))
    assert app.post(signed(BODY), BODY) == FAILED
    assert app.post(*purchase()) == UNDECIDED
    wait_for(lambda: len(of_level(records, logging.ERROR)) == 4)
    second = [record for record in records if record.getMessage().startswith("on_error raised RuntimeError at ")]
    assert len(second) == 2
    assert all(SECRET not in record.getMessage() for record in records)


def test_a_slow_on_error_does_not_delay_a_reply(respond: Respond) -> None:
    free = threading.Event()
    assert respond(fail, on_error=lambda _: free.wait(30)) == UNDECIDED, "a late reply would have another message"
    free.set()


def test_an_on_error_that_cannot_be_called_is_refused(kind: Kind) -> None:
    async def on_error(_: Exception) -> None: ...

    for wrong in ("sentry", on_error):
        with pytest.raises(ConfigError, match="on_error"):
            kind.make(verifier(), print, on_error=wrong)
    with pytest.raises(ConfigError, match="on_error must be callable"):
        Responder(print, on_error="sentry")  # type: ignore[arg-type]


async def times_out(_: object) -> bool:
    return await asyncio.wait_for(asyncio.sleep(60, True), 0.01)


def by_aio(decide: Any, **settings: Any) -> tuple[int, bytes]:
    received = verifier().verify(*purchase())
    return 200, asyncio.run(aio.Responder(decide, **settings).respond(received))


@pytest.mark.parametrize("respond", [by_receiver(Asgi, asgi), by_aio])
def test_a_timeout_inside_an_async_decision_has_its_place(respond: Respond, caplog: pytest.LogCaptureFixture) -> None:
    files: list[list[str]] = []

    def on_error(error: Exception) -> None:
        assert isinstance(error, (TimeoutError, asyncio.TimeoutError))
        files.append([frame.filename for frame in traceback.extract_tb(error.__traceback__)])

    respond(times_out, on_error=on_error)
    deadline = time.monotonic() + 30
    while not (failures := [record for record in caplog.records if hasattr(record, "exception_type")]):
        assert time.monotonic() < deadline, "it is logged"
        time.sleep(0.01)
    assert (vars(failures[0])["exception_type"], vars(failures[0])["exception_file"]) == ("TimeoutError", __file__)
    assert len(files) == 1
    assert __file__ in files[0]
