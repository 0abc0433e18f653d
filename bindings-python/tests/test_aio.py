"""The client for asyncio makes the calls of the blocking one."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import gc
import inspect
import json
import os
import re
import subprocess
import sys
import time
import traceback
import weakref
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import conformance
import pytest
from aio_support import client_of

import keysecure
from keysecure import aio
from keysecure.aio import _calls
from keysecure.sandbox import Sandbox

RESOURCES = ["Accounts", "Cardholders", "Cards", "Consumptions", "Pci", "Simulation"]
METHODS = [(name, method) for name in RESOURCES for method in vars(getattr(keysecure, name)) if method[0] != "_"]
CLIENT_METHODS = ["access_token", "call", "doctor"]
FILES = sorted((Path(__file__).parents[2] / "tests" / "conformance").glob("*.json"))
OPERATIONS = Path(__file__).parents[2] / "core" / "src" / "engine" / "operation.rs"


class Runner(conformance.Runner):
    """Takes the steps of a scenario with awaited calls."""

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        now = self.now()
        given = {
            key: conformance.instant(value, now) if key in conformance.TIMES else value
            for key, value in arguments.items()
        }

        async def made() -> Any:
            client = aio.Client.of(self.client)
            resource, _, method = name.rpartition(".")
            target = getattr(client, resource) if resource else client
            result = getattr(target, method)(**given)
            return [row async for row in result] if isinstance(result, aio.Pager) else await result

        response = asyncio.run(made())
        return (
            [conformance.plain(row) for row in response] if isinstance(response, list) else conformance.plain(response)
        )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_asyncio_passes_the_conformance_suite(file: Path) -> None:
    scenario = json.loads(file.read_text(encoding="utf-8"))
    with Sandbox(**scenario["sandbox"]) as sandbox:
        Runner(sandbox, scenario["client"]).run(scenario["steps"])


def test_the_client_has_the_members_of_the_blocking_one() -> None:
    def public(of: type) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")}

    assert public(aio.Client) - {"of"} == public(keysecure.Client)
    for name in RESOURCES:
        assert public(getattr(aio, name)) == public(getattr(keysecure, name))


@pytest.mark.parametrize(("resource", "name"), METHODS)
def test_every_call_has_the_parameters_and_docs_of_the_blocking_one(resource: str, name: str) -> None:
    awaited, blocking = getattr(getattr(aio, resource), name), getattr(getattr(keysecure, resource), name)
    assert inspect.signature(awaited) == inspect.signature(blocking)
    assert awaited.__doc__ == blocking.__doc__
    assert inspect.iscoroutinefunction(awaited) == (not hasattr(getattr(keysecure, resource), f"{name}_page"))


@pytest.mark.parametrize(("resource", "name"), METHODS)
def test_every_call_passes_its_arguments_and_returns_the_result(resource: str, name: str) -> None:
    fake = mock.create_autospec(keysecure.Client, instance=True)
    blocking = getattr(getattr(fake, resource.lower()), name)
    parameters = list(inspect.signature(getattr(getattr(keysecure, resource), name)).parameters.values())[1:]
    keywords = {one.name: object() for one in parameters if one.kind is one.KEYWORD_ONLY}
    positional = [object() for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]

    async def made() -> None:
        call = getattr(getattr(aio.Client.of(fake), resource.lower()), name)
        result = call(*positional, **keywords)
        if isinstance(result, aio.Pager):
            blocking.return_value._next_page.side_effect = [[1, 2], [3], []]
            assert [row async for row in result] == [1, 2, 3]
        else:
            assert await result is blocking.return_value

    asyncio.run(made())
    blocking.assert_called_once_with(*positional, **keywords)


@pytest.mark.parametrize("name", CLIENT_METHODS)
def test_every_call_of_the_client_itself_returns_the_result(name: str) -> None:
    fake = mock.create_autospec(keysecure.Client, instance=True)
    given = ["POST", "/v1/x", {}] if name == "call" else []
    assert asyncio.run(getattr(aio.Client.of(fake), name)(*given)) is getattr(fake, name).return_value
    getattr(fake, name).assert_called_once_with(*given)
    assert inspect.signature(getattr(aio.Client, name)) == inspect.signature(getattr(keysecure.Client, name))


def test_reads_are_those_of_the_core() -> None:
    table = re.findall(r"^    \w+: \d+ (\w+)\.(\w+) \w+ \"\S+\" (\w+)", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    assert len(table) == 25
    effects = {(resource.capitalize(), name): effect for resource, name, effect in table}
    for resource, name in METHODS:
        # Calls under another name, such as `freeze` and `ensure_card`, make a change.
        effect = effects.get((resource, name.removesuffix("_page")), "Mutation")
        is_list = (resource, f"{name}_page") in METHODS
        assert (name in _calls._READS or is_list) == (effect == "Read"), f"{resource}.{name}"
    assert _calls._is_kept("call", ("POST", "/v1/x"), {})
    assert not _calls._is_kept("call", ("GET", "/v1/x"), {})
    assert not _calls._is_kept("call", (), {"method": "GET", "path": "/v1/x"})


def test_settings_are_those_of_the_blocking_client(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYSECURE_API_KEY", sandbox.api_key)
    monkeypatch.setenv("KEYSECURE_API_SECRET", sandbox.api_secret)
    monkeypatch.setenv("KEYSECURE_BASE_URL", sandbox.base_url)

    async def scenario() -> None:
        async with aio.Client.from_env(timeout=7, max_threads=2) as client:
            assert len((await client.cards.packages_page(page=0, size=2)).list) == 2
            assert isinstance(client.webhook_verifier(), keysecure.WebhookVerifier)
            assert repr(client) == f"<keysecure.aio.Client of the sandbox at {sandbox.base_url}>"
        with pytest.raises(keysecure.ConfigError, match="base_url"):
            aio.Client("key", "s" * 32, base_url="http://example.com")
        for number in (0, -1, True, "2", 1.5):
            with pytest.raises(keysecure.ConfigError, match="max_threads"):
                aio.Client.from_env(max_threads=number)  # type: ignore[arg-type]

        async def later(_: aio.CancelledCall) -> None: ...

        for wrong in (later, 7):
            with pytest.raises(keysecure.ConfigError, match="on_cancelled"):
                aio.Client.from_env(on_cancelled=wrong)  # type: ignore[arg-type]
        with pytest.raises(keysecure.ConfigError, match=r"keysecure\.Client"):
            aio.Client.of("client")  # type: ignore[arg-type]

    asyncio.run(scenario())


def test_errors_keep_their_type_fields_and_traceback(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with client_of(sandbox) as client:
            with pytest.raises(keysecure.ApiError) as caught:
                await client.cards.get("none")
            assert (caught.value.code, caught.value.outcome, caught.value.operation) == (1004, "rejected", "cards.get")
            frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
            assert frames[0] == "scenario"
            with pytest.raises(keysecure.InvalidInputError) as refused:
                await client.accounts.transfer(
                    cardholder_no="1",
                    transfer_unique_no="2",
                    type="In",
                    amount=1.5,  # type: ignore[arg-type]
                )
            assert refused.value.field == "amount"
            with pytest.raises(TypeError, match="foo"):
                await client.cards.get(foo="1")  # type: ignore[call-arg]
            with pytest.raises(keysecure.InvalidInputError):
                client.cards.list(start=date(2026, 2, 1), end=date(2026, 1, 1))

    asyncio.run(scenario())


def test_no_frame_of_an_error_holds_the_arguments(sandbox: Sandbox) -> None:
    async def scenario() -> None:
        async with client_of(sandbox) as client:
            with pytest.raises(keysecure.KeySecureError) as caught:
                await client.cards.set_pin(card_no="none", cardholder_no="none", pin="284619")
        # The first frame is the test's own.
        frames = list(traceback.walk_tb(caught.value.__traceback__))[1:]
        assert len(frames) >= 3
        for frame, _ in frames:
            assert "284619" not in repr(frame.f_locals), frame

    asyncio.run(scenario())


def test_an_error_leaves_no_reference_cycle(sandbox: Sandbox) -> None:
    async def scenario() -> Any:
        async with client_of(sandbox) as client:
            await client.access_token()
            try:
                await client.cards.get("none")
            except keysecure.ApiError as error:
                return weakref.ref(error)

    gc.disable()
    try:
        error = asyncio.run(scenario())
        # The thread of the call holds it a moment longer.
        end = time.monotonic() + 10
        while error() is not None and time.monotonic() < end:
            time.sleep(0.01)
        assert error() is None
    finally:
        gc.enable()


def test_a_call_runs_in_the_context_of_its_task() -> None:
    user = contextvars.ContextVar[str]("user")
    seen: list[str] = []

    async def scenario() -> None:
        user.set("ada")
        await aio.Client.of(fake).cards.get("1")

    fake = mock.create_autospec(keysecure.Client, instance=True)
    fake.cards.get.side_effect = lambda _: seen.append(user.get())
    asyncio.run(scenario())
    assert seen == ["ada"]


def test_a_blocking_client_is_shared_and_stays_open(sandbox: Sandbox, client: keysecure.Client) -> None:
    async def scenario() -> None:
        async with aio.Client.of(client) as awaited:
            await awaited.access_token()
        with pytest.raises(keysecure.ConfigError, match="closed"):
            await awaited.access_token()

    asyncio.run(scenario())
    client.access_token()
    assert sandbox.count("token") == 1


def test_an_exactly_once_call_is_made_once_by_many_tasks(sandbox: Sandbox, transfer: dict[str, Any]) -> None:
    async def scenario() -> None:
        async with client_of(sandbox) as client:
            paid = await asyncio.gather(
                *(client.accounts.ensure_transfer(**transfer, first_attempt=True) for _ in range(8))
            )
        assert sum(one.created for one in paid) == 1

    asyncio.run(scenario())
    assert sandbox.count("accounts.transfer") == 1


def test_without_asyncio_the_error_says_what_to_do(client: keysecure.Client) -> None:
    call = aio.Client.of(client).access_token()
    with pytest.raises(keysecure.ConfigError, match=r"needs asyncio: under trio") as caught:
        call.send(None)
    assert caught.value.outcome == "not_sent"


def test_asyncio_is_imported_only_when_it_is_used() -> None:
    # From Python 3.14, `logging` imports `inspect`.
    program = "import logging, sys; known = {*sys.modules}; import keysecure, keysecure.webhooks"
    program += "; print({*sys.modules} - known)"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True)
    imported = ast.literal_eval(done.stdout)
    assert "keysecure.webhooks" in imported
    assert not imported & {"asyncio", "inspect"}
