"""Fixtures: a sandbox for each test and a client of it."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_support import variables_of
from relay_server_support import App, Shop, served
from webhook_logging_support import Records, Respond, by_receiver, by_responder, wait_for
from webhook_support import Asgi, Kind, Wsgi

from keysecure import Client, MemoryStore
from keysecure.sandbox import Sandbox

# A shell in the background ignores Ctrl-C, and so would every program that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Short names for tests of long texts: pytest puts a name into a variable, whose length Windows limits."""
    return f"{argname}-of-{len(val)}" if isinstance(val, (str, bytes)) and len(val) > 100 else None


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def variables(sandbox: Sandbox) -> dict[str, str]:
    """The settings of the sandbox as environment variables."""
    return variables_of(sandbox)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client() as client:
        yield client


@pytest.fixture
def recording(sandbox: Sandbox) -> Iterator[Client]:
    """A client with a store, which `ensure_*` need."""
    with sandbox.client(store=MemoryStore()) as client:
        yield client


@pytest.fixture
def cardholder_no(sandbox: Sandbox) -> str:
    return sandbox.seed_approved_cardholder()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of this test."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def card_no(sandbox: Sandbox, cardholder_no: str) -> str:
    return sandbox.seed_virtual_card(cardholder_no)


@pytest.fixture
def shop(tmp_path: Path, sandbox: Sandbox) -> Shop:
    """A shop with a relay."""
    return Shop(tmp_path, sandbox)


@pytest.fixture(params=["wsgi", "asgi"])
def app(request: pytest.FixtureRequest, shop: Shop) -> Iterator[App]:
    """What creates clients of the relay of the shop, over both kinds of servers."""
    with served(shop, request.param) as app:
        yield app


@pytest.fixture
def transfer(cardholder_no: str) -> dict[str, object]:
    """The arguments of a transfer that works."""
    return {"cardholder_no": cardholder_no, "transfer_unique_no": "order-7", "type": "In", "amount": "25.00"}


@pytest.fixture(params=[Wsgi, Asgi], ids=["wsgi", "asgi"])
def kind(request: pytest.FixtureRequest) -> Kind:
    """A kind of application that receives webhooks."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["wsgi", "asgi", "responder"])
def respond(request: pytest.FixtureRequest) -> Respond:
    """Responds to a purchase with a decision, in a receiver or without one."""
    if request.param == "responder":
        return by_responder
    kind: Any = Wsgi if request.param == "wsgi" else Asgi
    return by_receiver(kind, kind.make)


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """The records of the logger so far, from INFO."""
    logger, kept = logging.getLogger("keysecure"), Records(logging.INFO)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(kept)
    yield kept.records
    logger.removeHandler(kept)
    logger.setLevel(level)


@pytest.fixture
def decisions_end() -> Iterator[None]:
    """What a decision logs after its reply belongs to its own test."""
    yield
    wait_for(lambda: not any(thread.name == "keysecure-decision" for thread in threading.enumerate()))
