"""The code of the guide "Operations"."""

from __future__ import annotations

import logging

import pytest

from keysecure import Client
from keysecure.sandbox import Sandbox


def test_limits_and_a_proxy_are_set(sandbox: Sandbox) -> None:
    api_key, api_secret = sandbox.api_key, sandbox.api_secret
    # --8<-- [start:limits]
    client = Client(
        api_key,
        api_secret,
        timeout=10,  # the whole call: attempts, waits and the token included
        connect_timeout=3,
        max_retries=2,  # reads, and requests that the platform refused before acting
        proxy="http://proxy.internal:3128",
    )
    # --8<-- [end:limits]
    client.close()


def test_calls_are_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    # --8<-- [start:logging]
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("keysecure").setLevel(logging.INFO)
    # --8<-- [end:logging]
    with caplog.at_level(logging.INFO, "keysecure"):
        list(client.cards.packages())
    assert "cards.packages" in caplog.text
    logging.getLogger("keysecure").setLevel(logging.NOTSET)


def test_calls_are_counted(client: Client) -> None:
    # --8<-- [start:metrics]
    seconds: dict[str, list[float]] = {}  # or a histogram of your metrics library

    class Metrics(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            operation, duration = getattr(record, "operation", None), getattr(record, "duration_ms", None)
            if operation is not None and duration is not None and record.levelno >= logging.INFO:
                seconds.setdefault(operation, []).append(duration / 1000)

    logging.getLogger("keysecure").addHandler(Metrics())
    logging.getLogger("keysecure").setLevel(logging.INFO)
    # --8<-- [end:metrics]
    list(client.cards.packages())
    logger = logging.getLogger("keysecure")
    logger.handlers = [handler for handler in logger.handlers if not isinstance(handler, Metrics)]
    logger.setLevel(logging.NOTSET)
    assert len(seconds["cards.packages"]) == 1
