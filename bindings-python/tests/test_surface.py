"""The names and signatures that all languages have in common, and docstrings for everything public."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest

import keysecure
from keysecure import Client, WebhookVerifier, _native, _settings, literals
from keysecure.sandbox import ClientSettings, Sandbox

METHODS = {
    "client": {
        "access_token": "()",
        "call": "(method, path, body=None)",
        "doctor": "(card_no=None)",
        "probe": "(card_no=None, *, webhook=None, simulate=False)",
        "close": "()",
    },
    "cardholders": {
        "apply": "(*, cardholder_unique_no, sumsub_share_token, cardholder_no=None)",
        "ensure_cardholder": (
            "(*, cardholder_unique_no, sumsub_share_token, deadline=None, settle=None, since=None, first_attempt=False,"
            " on_store_failure='reject')"
        ),
        "list": "(*, start, end, cardholder_no=None, cardholder_unique_no=None)",
        "list_page": "(*, start, end, page, size, cardholder_no=None, cardholder_unique_no=None)",
        "get": "(cardholder_no)",
    },
    "cards": {
        "apply": "(*, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None)",
        "ensure_card": (
            "(*, cardholder_no, card_unique_no, card_type, package_no=None, card_bin_no=None, address_info=None,"
            " deadline=None, settle=None, since=None, first_attempt=False, on_store_failure='reject')"
        ),
        "list": "(*, start, end, cardholder_no=None, card_unique_no=None, card_no=None)",
        "list_page": "(*, start, end, page, size, cardholder_no=None, card_unique_no=None, card_no=None)",
        "get": "(card_no)",
        "private_info": "(card_no)",
        "activate": "(*, card_no, cardholder_no, cvv, card_last_no, tap=None)",
        "update_status": "(*, card_no, status, tap=None)",
        "freeze": "(card_no, *, tap=None)",
        "unfreeze": "(card_no, *, tap=None)",
        "delete": "(card_no, *, tap=None)",
        "set_pin": "(*, card_no, cardholder_no, pin, tap=None)",
        "packages": "(*, type=None, package_no=None)",
        "packages_page": "(*, page, size, type=None, package_no=None)",
        "bins": "(card_bin_no=None)",
        "bins_page": "(*, page, size, card_bin_no=None)",
    },
    "consumptions": {
        "get": "(consume_no)",
        "list": "(*, start, end, cardholder_no=None, card_no=None, consume_no=None)",
        "list_page": "(*, start, end, page, size, cardholder_no=None, card_no=None, consume_no=None)",
    },
    "accounts": {
        "transfer": "(*, cardholder_no, transfer_unique_no, type, amount)",
        "ensure_transfer": (
            "(*, cardholder_no, transfer_unique_no, type, amount, deadline=None, settle=None, since=None,"
            " first_attempt=False, on_store_failure='reject')"
        ),
        "get": "(cardholder_no)",
        "transfers": "(*, start, end, cardholder_no=None, transfer_no=None, transfer_unique_no=None)",
        "transfers_page": (
            "(*, start, end, page, size, cardholder_no=None, transfer_no=None, transfer_unique_no=None)"
        ),
    },
    "pci": {
        "client_token": "(card_no)",
        "card_detail": "(*, client_access_token, origin, nonce, parent_origin=None, extra=None)",
    },
    "simulation": dict.fromkeys(
        ("auth", "consumption_clear", "consumption_fail", "reversal", "refund"),
        "(*, consume_no=None, consume_relate_no=None, card_no=None, cardholder_no=None, type=None, amount=None,"
        " local_amount=None, local_currency=None, merchant_info=None, fee_detail=(), remark=None, detail=None,"
        " time=None, extra=None)",
    ),
}


@pytest.mark.parametrize("resource", METHODS)
def test_every_call_has_its_name_and_signature(client: Client, resource: str) -> None:
    owner = client if resource == "client" else getattr(client, resource)
    # The client has more than calls.
    names = METHODS[resource] if resource == "client" else [name for name in vars(type(owner)) if name[0] != "_"]
    found = {name: str(inspect.signature(getattr(owner, name))) for name in names}
    assert found == METHODS[resource]


def test_the_client_is_made_as_documented() -> None:
    assert str(inspect.signature(Client)) == (
        "(api_key, api_secret, *, environment='sandbox', base_url=None, app_id=None, aes='utf8', timeout=30.0,"
        " connect_timeout=5.0, max_retries=2, language='en_US', timezone='UTC+8', proxy=None, ca_pem=None,"
        " allow_plain_http=(), store=None, token_store=None, clock=None)"
    )


def test_the_client_of_a_relay_is_made_as_documented() -> None:
    settings = (
        "timeout=30.0, connect_timeout=5.0, max_retries=2, language='en_US', timezone='UTC+8', proxy=None, ca_pem=None,"
        " allow_plain_http=(), clock=None)"
    )
    assert str(inspect.signature(Client.relay)) == f"(url, session, *, {settings}"


def keywords(made: type) -> list[str]:
    return list(inspect.signature(made).parameters)


def test_the_typed_keywords_of_from_env_are_those_of_the_class() -> None:
    assert {"api_key", "api_secret"} | set(ClientSettings.__annotations__) == set(keywords(Client))
    assert set(_settings.ClientFromEnv.__annotations__) == set(keywords(Client))
    assert list(_settings.VerifierFromEnv.__annotations__) == keywords(WebhookVerifier)


def test_a_setting_of_a_sandbox_s_client_that_is_none_is_left_out(sandbox: Sandbox) -> None:
    with sandbox.client(base_url=None, aes=None, timeout=None) as client:
        assert sandbox.base_url in repr(client)


def test_dir_shows_no_helper_of_the_module() -> None:
    public_names = [
        name for name in dir(keysecure) if name[0] != "_" and not inspect.ismodule(getattr(keysecure, name))
    ]
    assert set(public_names) == {name for name in keysecure.__all__ if name[0] != "_"}


def public() -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name in keysecure.__all__:
        item = getattr(keysecure, name)
        found.append((name, item))
        if inspect.isclass(item):
            found += [
                (f"{name}.{member}", value)
                for member, value in vars(item).items()
                if not member.startswith("_") and not isinstance(value, str | tuple)
            ]
    return found


def test_everything_public_has_a_docstring() -> None:
    found = public()
    assert len(found) > 300
    assert [name for name, item in found if not (getattr(item, "__doc__", None) or "").strip()] == []


def test_classes_say_that_they_are_of_keysecure() -> None:
    for name in keysecure.__all__:
        item = getattr(keysecure, name)
        if inspect.isclass(item):
            assert item.__module__ in ("keysecure", "keysecure._errors"), name


def test_wrong_keywords_are_python_s_own_type_errors(client: Client) -> None:
    with pytest.raises(TypeError):
        client.cards.get()
    with pytest.raises(TypeError):
        client.cards.list("2026-01-01", "2026-01-02")
    with pytest.raises(TypeError):
        client.simulation.auth(card_number="1")


@pytest.mark.parametrize("name", literals.__all__)
def test_a_literal_type_has_the_names_of_the_core(name: str) -> None:
    hint = getattr(literals, name)
    texts = [get_args(part) for part in get_args(hint) if get_args(part)] or [get_args(hint)]
    assert list(texts[0]) == _native._NAMES[name]


def test_constants_are_plain_strings() -> None:
    assert keysecure.CardStatus.TO_ACTIVATE == "ToActivate"
    assert keysecure.ConsumptionType.OPEN_CARD == "Open_card"
    assert type(keysecure.TransferType.IN) is str
    assert keysecure.TransferType.KNOWN == ("In", "Out")


def test_what_is_generic_for_type_checkers_is_so_at_run_time() -> None:
    for item in [keysecure.Pager, keysecure.Page, keysecure.Ensured]:
        assert item[keysecure.Card].__origin__ is item
