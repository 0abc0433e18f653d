"""One tree of errors with everything a program needs to know."""

from __future__ import annotations

import builtins
import copy
import inspect
import json
import pickle
from collections.abc import Callable

import pytest

import keysecure
from keysecure import Client, KeySecureError, _errors, _native
from keysecure.sandbox import Sandbox

CLASSES = [item for _, item in inspect.getmembers(_errors, inspect.isclass) if issubclass(item, KeySecureError)]


def test_the_tree_is_the_documented_one() -> None:
    parents = {item.__name__: item.__bases__[0].__name__ for item in CLASSES}
    assert parents == {
        "KeySecureError": "Exception",
        "ConfigError": "KeySecureError",
        "InvalidInputError": "KeySecureError",
        "TransportError": "KeySecureError",
        "TimeoutError": "TransportError",
        "ApiError": "KeySecureError",
        "AuthenticationError": "ApiError",
        "PermissionError": "ApiError",
        "RateLimitError": "ApiError",
        "NotFoundError": "ApiError",
        "StateError": "ApiError",
        "ConflictError": "KeySecureError",
        "InvalidResponseError": "KeySecureError",
        "DecryptError": "KeySecureError",
        "WebhookError": "KeySecureError",
        "InternalError": "KeySecureError",
    }
    assert issubclass(keysecure.TimeoutError, builtins.TimeoutError)
    assert issubclass(keysecure.InvalidInputError, ValueError)
    assert {item.__name__ for item in CLASSES} <= set(keysecure.__all__)


def test_every_kind_of_the_core_has_its_class() -> None:
    # A panic is no error of the core.
    assert set(_errors.BY_KIND) == {*_native._NAMES["ErrorKind"], "internal"}
    assert set(_errors.BY_KIND.values()) == set(CLASSES) - {KeySecureError}


def test_a_class_of_a_user_is_not_raised_for_a_kind() -> None:
    class Mine(keysecure.ConfigError):
        pass

    assert Mine not in _errors.BY_KIND.values()
    assert _errors.BY_KIND["config"] is keysecure.ConfigError


FIELDS: dict[str, object] = {
    "outcome": "rejected", "code": 1001, "msg": "m", "field": "f", "http_status": 502, "operation": "cards.get",
    "attempts": 3, "retry_after": 1.5, "transport_fault": "interrupted", "rejection": "replayed",
}  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_pickles_and_copies_with_all_its_fields(cls: type[KeySecureError]) -> None:
    error = cls("text", **FIELDS)  # type: ignore[arg-type]
    error.note = "mine"
    for again in [pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)]:
        assert type(again) is cls
        assert str(again) == "text"
        assert vars(again) == vars(error) == {**FIELDS, "note": "mine"}


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_that_is_rebuilt_from_class_and_args_has_all_its_fields(cls: type[KeySecureError]) -> None:
    error = cls("text", **FIELDS)  # type: ignore[arg-type]
    for again in [cls(*error.args), cls(*json.loads(json.dumps(error.args)))]:
        assert str(again) == "text"
        assert vars(again) == FIELDS
        assert again.args == error.args


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_that_lost_its_fields_says_unknown(cls: type[KeySecureError]) -> None:
    error = cls("text", outcome="not_sent")
    # The last one: back ends that take texts only.
    for again in [cls(), cls("text"), cls(error.args[0]), cls("text", {}), cls("text", str(error.args[1]))]:  # type: ignore[arg-type]
        assert (again.outcome, again.attempts) == ("unknown", 0)
        assert (again.code, again.field, again.operation, again.rejection, again.transport_fault) == (None,) * 5
    assert getattr(error, "errno", None) is None  # a builtin TimeoutError reads two arguments as number and text


def test_an_unknown_payment_stays_unknown_through_a_result_back_end(
    sandbox: Sandbox, client: Client, transfer: dict[str, object]
) -> None:
    with pytest.raises(keysecure.TransportError) as caught:
        lost_response(sandbox, client, transfer)
    sent = json.dumps({"type": type(caught.value).__name__, "args": caught.value.args})
    read = json.loads(sent)
    again = getattr(keysecure, read["type"])(*read["args"])
    assert (again.outcome, again.operation, again.attempts) == ("unknown", "accounts.transfer", 1)
    assert again.transport_fault == caught.value.transport_fault == "closed"


def test_what_never_left_says_so(client: Client) -> None:
    for wrong in [lambda: Client("", ""), lambda: client.cards.get(5), lambda: Client("k", "s" * 32, timeout=0)]:
        with pytest.raises(KeySecureError) as caught:
            wrong()
        assert caught.value.outcome == "not_sent"


def test_a_refusal_says_everything(client: Client) -> None:
    with pytest.raises(keysecure.ApiError) as caught:
        client.cards.get("17")
    error = caught.value
    assert error.outcome == "rejected"
    assert error.code == 1004
    assert error.field == "card_no"
    assert error.operation == "cards.get"
    assert (error.attempts, error.http_status, error.retry_after) == (1, 200, None)
    assert error.msg is not None
    assert str(error).startswith("cards.get: the platform refused with code 1004")
    assert pickle.loads(pickle.dumps(error)).msg == error.msg


@pytest.mark.parametrize(
    ("code", "cls"),
    [
        (1002, keysecure.AuthenticationError),
        (1003, keysecure.PermissionError),
        (1008, keysecure.AuthenticationError),
        (1012, keysecure.PermissionError),
        (1022, keysecure.PermissionError),
        (2002, keysecure.NotFoundError),
        (2005, keysecure.StateError),
        (4005, keysecure.StateError),
        (4010, keysecure.ApiError),
        (9999, keysecure.ApiError),
    ],
)
def test_a_code_has_its_class(sandbox: Sandbox, client: Client, code: int, cls: type[KeySecureError]) -> None:
    sandbox.fault("cards.get", {"code": code})
    with pytest.raises(cls) as caught:
        client.cards.get("17")
    assert type(caught.value) is cls
    assert caught.value.code == code


def test_too_frequent_is_tried_again_and_then_said(sandbox: Sandbox) -> None:
    sandbox.fault("cards.packages", {"code": 1009}, times=5)
    with sandbox.client(max_retries=1) as client, pytest.raises(keysecure.RateLimitError) as caught:
        client.cards.packages_page(page=0, size=1)
    assert caught.value.attempts == 2


def test_the_platform_s_retry_after_is_in_the_error(sandbox: Sandbox) -> None:
    sandbox.fault("cards.packages", {"http_status": [503, 60]})
    with sandbox.client(timeout=5) as client, pytest.raises(keysecure.InvalidResponseError) as caught:
        client.cards.packages_page(page=0, size=1)
    assert (caught.value.http_status, caught.value.retry_after) == (503, 60.0)


def lost_response(sandbox: Sandbox, client: Client, transfer: dict[str, object]) -> None:
    sandbox.fault("accounts.transfer", "drop_after_commit")
    client.accounts.transfer(**transfer)


def stalled(sandbox: Sandbox, client: Client, transfer: dict[str, object]) -> None:
    sandbox.fault("accounts.transfer", {"stall": 30_000})
    with sandbox.client(timeout=0.3) as hasty:
        hasty.accounts.transfer(**transfer)


def nobody_there(sandbox: Sandbox, client: Client, transfer: dict[str, object]) -> None:
    client.access_token()
    sandbox.close()
    client.accounts.transfer(**transfer)


def nonsense(sandbox: Sandbox, client: Client, transfer: dict[str, object]) -> None:
    sandbox.fault("accounts.transfer", "html")
    client.accounts.transfer(**transfer)


def wrong_key(sandbox: Sandbox, client: Client, transfer: dict[str, object]) -> None:
    card_no = sandbox.seed_virtual_card(str(transfer["cardholder_no"]))
    with sandbox.client(aes="md5") as other:
        other.cards.private_info(card_no)


@pytest.mark.parametrize(
    ("fails", "cls", "outcome"),
    [
        (lost_response, keysecure.TransportError, "unknown"),
        (stalled, keysecure.TimeoutError, "unknown"),
        (nobody_there, keysecure.TransportError, "not_sent"),
        (nonsense, keysecure.InvalidResponseError, "unknown"),
        (wrong_key, keysecure.DecryptError, "unknown"),
    ],
)
def test_what_goes_wrong_on_the_way_says_whether_it_was_done(
    sandbox: Sandbox,
    client: Client,
    transfer: dict[str, object],
    fails: Callable[[Sandbox, Client, dict[str, object]], None],
    cls: type[KeySecureError],
    outcome: str,
) -> None:
    with pytest.raises(cls) as caught:
        fails(sandbox, client, transfer)
    assert caught.value.outcome == outcome


def test_a_time_out_is_caught_as_python_s_own(sandbox: Sandbox) -> None:
    sandbox.fault(None, {"stall": 30_000}, times=9)
    with sandbox.client(timeout=0.2) as client, pytest.raises(builtins.TimeoutError):
        client.cards.get("1")


def test_every_call_on_a_closed_client_is_a_clear_error(sandbox: Sandbox) -> None:
    with sandbox.client() as client:
        rows = client.cards.packages()
    for call in [lambda: client.cards.get("1"), lambda: next(rows), client.access_token]:
        with pytest.raises(keysecure.ConfigError, match="closed"):
            call()
    client.close()  # twice is fine
