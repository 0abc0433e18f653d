"""Fixtures for pytest, which `keysecure[sandbox]` registers: they test your own code offline.

.. code-block:: python

    def test_a_refund_is_booked(keysecure_sandbox, keysecure_client):
        cardholder_no = keysecure_sandbox.seed_approved_cardholder()
        ...

    @pytest.mark.keysecure(mode="authorization", manual_cards=True)
    @pytest.mark.keysecure_client(timeout=5)
    def test_a_card_waits(keysecure_client): ...

===============================  ============================================================================
fixture                          what it is
===============================  ============================================================================
``keysecure_sandbox``            a fresh :class:`~keysecure.sandbox.Sandbox` for each test
``keysecure_client``             a client of it, with a store for the ``ensure_*`` calls
``keysecure_env``                the sandbox, with its settings in the environment for ``Client.from_env()``
``keysecure_sandbox_module``     one sandbox for all tests of a module
``keysecure_client_module``      a client of it
``keysecure_sandbox_session``    one sandbox for the whole run
``keysecure_client_session``     a client of it
===============================  ============================================================================

The marker ``keysecure`` takes the options of :class:`keysecure.sandbox.Sandbox`, the marker ``keysecure_client`` the
settings of :class:`keysecure.Client`; those of a test override those of its class and module. The fixtures of a module
take the markers of the module (``pytestmark``), those of the session take none.

The stores belong to the sandbox and are taken to be old enough to show that a reference is new, so that ``ensure_*``
calls do not wait before they send. After a lost response they do wait: pass ``settle=0.3``, because the sandbox commits
at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Client
    from .sandbox import Sandbox

_MARKERS = {
    "keysecure": "the options of the sandbox, such as mode='authorization'",
    "keysecure_client": "the settings of the client, such as timeout=5",
}


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers."""
    for marker, what in _MARKERS.items():
        config.addinivalue_line("markers", f"{marker}(**options): {what}")


@pytest.fixture
def keysecure_sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A fresh offline sandbox of the KeySecure platform."""
    with _sandbox(request) as sandbox:
        yield sandbox


@pytest.fixture
def keysecure_client(
    request: pytest.FixtureRequest, keysecure_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A client of the test's sandbox, with a store."""
    with _client(request, keysecure_sandbox, tmp_path_factory) as client:
        yield client


@pytest.fixture(scope="module")
def keysecure_sandbox_module(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox that all tests of the module share."""
    with _sandbox(request) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def keysecure_client_module(
    request: pytest.FixtureRequest, keysecure_sandbox_module: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A client of the module's sandbox, with a store."""
    with _client(request, keysecure_sandbox_module, tmp_path_factory) as client:
        yield client


@pytest.fixture(scope="session")
def keysecure_sandbox_session(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox that all tests of the run share."""
    with _sandbox(request) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def keysecure_client_session(
    request: pytest.FixtureRequest, keysecure_sandbox_session: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A client of the session's sandbox, with a store."""
    with _client(request, keysecure_sandbox_session, tmp_path_factory) as client:
        yield client


@pytest.fixture
def keysecure_env(
    keysecure_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Sandbox:
    """The test's sandbox, whose settings are in the environment: ``Client.from_env()`` in your own code uses it."""
    for name in [name for name in os.environ if name.startswith("KEYSECURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KEYSECURE_BASE_URL", keysecure_sandbox.base_url)
    monkeypatch.setenv("KEYSECURE_API_KEY", keysecure_sandbox.api_key)
    monkeypatch.setenv("KEYSECURE_API_SECRET", keysecure_sandbox.api_secret)
    # Each sandbox is another platform: nothing of an earlier test is in it.
    monkeypatch.setenv("KEYSECURE_STORE", _store(tmp_path_factory))
    return keysecure_sandbox


def _options(request: pytest.FixtureRequest, marker: str) -> dict[str, Any]:
    """The options of the markers of that name, those nearest to the test last."""
    options: dict[str, Any] = {}
    for one in reversed(list(request.node.iter_markers(marker))):
        if one.args:
            raise pytest.UsageError(f"the marker {marker} takes options by name: {_MARKERS[marker]}")
        options.update(one.kwargs)
    return options


@contextmanager
def _sandbox(request: pytest.FixtureRequest) -> Generator[Sandbox, None, None]:
    # Imported here, because pytest loads the plugin also where the sandbox is not installed.
    from .sandbox import Sandbox

    with Sandbox(**_options(request, "keysecure")) as sandbox:
        yield sandbox


@contextmanager
def _client(
    request: pytest.FixtureRequest, sandbox: Sandbox, directories: pytest.TempPathFactory
) -> Generator[Client, None, None]:
    settings = _options(request, "keysecure_client")
    if "store" not in settings and "token_store" not in settings:
        settings["store"] = _store(directories)
    with sandbox.client(**settings) as client:
        yield client


def _store(directories: pytest.TempPathFactory) -> str:
    """A store for a new sandbox. It says that it has recorded for an hour: nobody has sent anything to that sandbox, so
    the `ensure_*` calls need not wait."""
    from . import FileStore

    directory = directories.mktemp("keysecure-store")
    FileStore(directory)
    hour_ago = int(time.time() - 3600) * 1000
    # As the store writes it: the wall clock, and no uptime.
    (directory / "attempts" / "created").write_text(f"{hour_ago} - 0", "ascii")
    return f"file:{directory}"
