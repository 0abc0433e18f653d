"""The faults of the sandbox from Python: their names, values and errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from keysecure import Client, KeySecureError
from keysecure.sandbox import Fault, Sandbox, SandboxError, WebhookFault

Kinds = type[Fault] | type[WebhookFault]
CALLS: dict[Kinds, str] = {Fault: "/faults", WebhookFault: "/callbacks/faults"}


def names(kinds: Kinds) -> set[str]:
    with_value = {name for name, member in vars(kinds).items() if isinstance(member, staticmethod) and name[0] != "_"}
    return {kind.value for kind in kinds} | with_value


@pytest.mark.parametrize("kinds", CALLS, ids=lambda kinds: kinds.__name__)
def test_the_names_are_those_that_the_sandbox_knows(sandbox: Sandbox, kinds: Kinds) -> None:
    with pytest.raises(SandboxError) as raised:
        sandbox.control("POST", CALLS[kinds], {"kind": "none"})
    _, _, expected = str(raised.value).partition("expected one of")
    assert set(re.findall(r"`(\w+)`", expected)) == names(kinds)


@pytest.mark.parametrize("kind", [*Fault, *(kind.value for kind in Fault)], ids=repr)
def test_a_fault_is_a_member_or_its_name(sandbox: Sandbox, kind: Fault | str) -> None:
    sandbox.fault(None, kind)


@pytest.mark.parametrize(
    "kind",
    [
        Fault.code(1009),
        Fault.code_after_commit(1001),
        Fault.http_status(503),
        Fault.http_status(503, 2),
        Fault.stall(1),
        Fault.stall_after_commit(1),
        Fault.late_commit(1),
        Fault.oversize(10_000),
        Fault.skew_clock(-1000),
        {"http_status": 503},
        {"http_status": (503, None)},
    ],
    ids=str,
)
def test_a_fault_with_a_value_is_made_by_a_method_or_a_dict(
    sandbox: Sandbox, client: Client, kind: Mapping[str, object]
) -> None:
    sandbox.fault("cards.packages", kind)
    with suppress(KeySecureError):
        list(client.cards.packages())
    assert [fault.operation for fault in sandbox.faults_fired()] == ["cards.packages"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("drop_after", "there is no fault 'drop_after'; did you mean 'drop_after_commit'?"),
        ("code", "the fault 'code' needs a value: Fault.code"),
        ({"truncate": 1}, "the fault 'truncate' has no value"),
        ({"code": "1009"}, "must be an int"),
        ({"code": True}, "must be an int"),
        ({"http_status": [503, 1, 2]}, "does not take 3 values"),
        ({"a": 1, "b": 2}, "a fault is a Fault, its name, or a dict"),
        (7, "a fault is a Fault, its name, or a dict"),
        (WebhookFault.DROP, "there is no fault 'drop'"),
    ],
    ids=str,
)
def test_a_wrong_fault_is_a_value_error_in_the_words_of_python(sandbox: Sandbox, kind: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        sandbox.fault("accounts.transfer", kind)


def test_an_operation_that_does_not_exist_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"accounts\.no_such"):
        sandbox.fault("accounts.no_such", Fault.HTML)


@pytest.mark.parametrize("kind", [*WebhookFault, WebhookFault.delay(5), WebhookFault.stale_timestamp(-5)], ids=str)
def test_webhook_faults_are_named_in_the_same_way(sandbox: Sandbox, kind: WebhookFault) -> None:
    sandbox.webhooks_to("http://127.0.0.1:9/", rotated_secret="another-secret-16")
    sandbox.webhook_fault(kind)


def test_a_misspelt_webhook_fault_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="did you mean 'reorder'"):
        sandbox.webhook_fault("reorders")
