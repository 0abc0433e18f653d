"""What the tests share: a sandbox of their own and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from keysecure import Client
from keysecure.sandbox import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client() as client:
        yield client


@pytest.fixture
def cardholder_no(sandbox: Sandbox) -> str:
    return sandbox.seed_approved_cardholder()


@pytest.fixture
def card_no(sandbox: Sandbox, cardholder_no: str) -> str:
    return sandbox.seed_virtual_card(cardholder_no)


@pytest.fixture
def transfer(cardholder_no: str) -> dict[str, object]:
    """The arguments of a transfer that works."""
    return {"cardholder_no": cardholder_no, "transfer_unique_no": "order-7", "type": "In", "amount": "25.00"}
