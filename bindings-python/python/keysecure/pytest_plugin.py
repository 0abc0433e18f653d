"""Fixtures for pytest, which `keysecure[sandbox]` registers: they test your own code offline.

.. code-block:: python

    def test_a_refund_is_booked(keysecure_sandbox, keysecure_client):
        cardholder_no = keysecure_sandbox.seed_approved_cardholder()
        ...

    @pytest.mark.keysecure(mode="authorization", manual_cards=True)
    def test_a_card_waits(keysecure_client): ...

Every test has a fresh sandbox. The marker takes the options of :class:`keysecure.sandbox.Sandbox`; those of a test
override those of its class and module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Client
    from .sandbox import Sandbox


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", "keysecure(**options): the options of the sandbox, such as mode='authorization'")


@pytest.fixture
def keysecure_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh offline sandbox of the KeySecure platform."""
    options: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers("keysecure"))):
        if marker.args:
            raise pytest.UsageError("the marker keysecure takes options by name, such as mode='authorization'")
        options.update(marker.kwargs)
    # Imported here, because pytest loads the plugin also where the sandbox is not installed.
    from .sandbox import Sandbox

    with Sandbox(**options) as sandbox:
        yield sandbox


@pytest.fixture
def keysecure_client(keysecure_sandbox: Sandbox) -> Iterator[Client]:
    """A client of the test's sandbox."""
    with keysecure_sandbox.client() as client:
        yield client


@pytest.fixture
def keysecure_env(keysecure_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The test's sandbox, whose settings are in the environment: ``Client.from_env()`` in your own code uses it."""
    monkeypatch.setenv("KEYSECURE_BASE_URL", keysecure_sandbox.base_url)
    monkeypatch.setenv("KEYSECURE_API_KEY", keysecure_sandbox.api_key)
    monkeypatch.setenv("KEYSECURE_API_SECRET", keysecure_sandbox.api_secret)
    for name in ("ENVIRONMENT", "APP_ID", "PROXY", "CA_PEM", "TIMEZONE"):
        monkeypatch.delenv(f"KEYSECURE_{name}", raising=False)
    # Each sandbox is another platform: nothing of an earlier test is in it.
    monkeypatch.setenv("KEYSECURE_STORE", "memory")
    return keysecure_sandbox
