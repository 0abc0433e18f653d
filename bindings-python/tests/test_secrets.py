"""The canary: secrets are planted everywhere they can be, and found nowhere they must not be."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import re
import traceback
from collections.abc import Callable, Iterator

import pytest

import keysecure
from keysecure import Client
from keysecure.sandbox import Sandbox

SECRET = "canary0apiSecret0canary0apiSecre"  # 32 bytes: an AES key as it is
PIN, SHARE_TOKEN = "739251", "canary-sumsub-share-token"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    # With the default seed a CVV is 307, which is also the HTTP status of the redirects below.
    with Sandbox(api_secret=SECRET, seed=2) as sandbox:
        yield sandbox


class Witness:
    """Collects every text form of a value."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def see(self, item: object) -> None:
        self.texts += [
            repr(item),
            str(item),
            f"{item}",
            format(item),
            ascii(item),
            f"{item!r:>10}",
            "%s" % (item,),  # noqa: UP031
        ]
        for dump in [
            vars,
            pickle.dumps,
            lambda it: pickle.dumps(it, 0),
            copy.copy,
            lambda it: json.dumps(it, default=vars),
            dir,
        ]:
            try:
                self.texts.append(str(dump(item)))
            except TypeError as refused:
                self.texts.append(str(refused))
        for method in ["to_dict", "to_json"]:
            try:
                self.texts.append(str(getattr(item, method, str)()))
            except TypeError as refused:
                self.texts.append(str(refused))

    def see_error(self, work: Callable[[], object]) -> None:
        try:
            work()
        except keysecure.KeySecureError as error:
            self.see(error)
            self.texts += traceback.format_exception(error)
            self.texts.append(
                "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
            )
        else:
            pytest.fail("an error was expected")


def test_no_secret_shows_anywhere(sandbox: Sandbox) -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    witness = Witness()
    try:
        with sandbox.client() as client:
            token = client.access_token()
            cardholder_no = sandbox.seed_approved_cardholder()
            card_no, physical = sandbox.seed_virtual_card(cardholder_no), sandbox.seed_physical_card(cardholder_no)
            known, other = sandbox.card_secrets_for_tests(card_no), sandbox.card_secrets_for_tests(physical)
            secrets = client.cards.private_info(card_no)
            client_token = client.pci.client_token(card_no)
            for item in [client, client.cards, token, secrets, client_token, client.webhook_verifier()]:
                witness.see(item)
            witness.see([secrets, {"card": secrets}, token])
            client.cardholders.apply(cardholder_unique_no="holder", sumsub_share_token=SHARE_TOKEN)
            activation = {"card_no": physical, "cardholder_no": cardholder_no, "card_last_no": other.pan[-4:]}
            client.cards.activate(**activation, cvv=other.cvv)
            pin = {"card_no": physical, "cardholder_no": cardholder_no, "pin": PIN}
            client.cards.set_pin(**pin)
            for operation, work in [
                ("cards.private_info", lambda: client.cards.private_info(card_no)),
                ("cards.activate", lambda: client.cards.activate(**activation, cvv=other.cvv)),
                ("cards.set_pin", lambda: client.cards.set_pin(**pin)),
                (
                    "cardholders.apply",
                    lambda: client.cardholders.apply(cardholder_unique_no="h", sumsub_share_token=SHARE_TOKEN),
                ),
                ("pci.client_token", lambda: client.pci.client_token(card_no)),
            ]:
                for fault in [
                    "drop_after_commit",
                    "wrong_type",
                    "wrong_field_types",
                    "html",
                    "redirect",
                    {"code": 1004},
                ]:
                    sandbox.clear_faults()
                    sandbox.fault(operation, fault, times=9)
                    witness.see_error(work)
            sandbox.clear_faults()
            witness.see_error(lambda: client.cards.set_pin(**{**pin, "pin": PIN + "1"}))
            witness.see_error(lambda: client.cards.get(known.pan + "/"))
            witness.see_error(lambda: client.call("POST", "/v1/card/pin/set", {"pin": PIN}))
            with sandbox.client(aes="sha256") as wrong:
                witness.see_error(lambda: wrong.cards.private_info(card_no))
        witness.see_error(lambda: Client("key", SECRET, aes="hex"))
        witness.see_error(lambda: Client("key", SECRET, base_url=f"https://{SECRET}@example.com"))
        witness.see_error(lambda: Client("key", SECRET, proxy=f"no proxy {SECRET}"))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    logged = log.getvalue()
    assert "operation=cards.set_pin" in logged  # the witness was awake
    everything = "\n".join([*witness.texts, logged])
    for canary in [SECRET, token.expose(), client_token.expose(), known.pan, other.pan, SHARE_TOKEN]:
        assert canary not in everything
    # Short numbers may be part of longer ones by chance.
    assert not re.search(rf"(?<!\d){PIN}(?!\d)", everything)
    for cvv in {known.cvv, other.cvv}:
        shown = [text for text in witness.texts if "CardSecrets" in text or "cvv" in text]
        assert shown
        assert not any(re.search(rf"(?<![\d*]){cvv}(?!\d)", text) for text in shown)


def test_objects_with_secrets_refuse_every_dump_with_the_reason(client: Client, card_no: str) -> None:
    for item in [client.cards.private_info(card_no), client.pci.client_token(card_no), client.access_token()]:
        for dump in [pickle.dumps, copy.copy, copy.deepcopy]:
            with pytest.raises(TypeError, match="holds a secret"):
                dump(item)
        for method in [item.to_dict, item.to_json]:
            with pytest.raises(TypeError, match="holds a secret"):
                method()
        with pytest.raises(TypeError):
            vars(item)
        with pytest.raises(TypeError):
            json.dumps(item)
        with pytest.raises(TypeError):
            hash(item)
        assert not hasattr(type(item), "from_json")


def test_secrets_compare_by_value(client: Client, card_no: str) -> None:
    assert client.cards.private_info(card_no) == client.cards.private_info(card_no)
    assert client.pci.client_token(card_no) != client.pci.client_token(card_no)


def test_masked_is_what_the_repr_shows(client: Client, card_no: str) -> None:
    secrets = client.cards.private_info(card_no)
    assert secrets.masked_pan in repr(secrets)
    assert re.fullmatch(r"\d{6}\*+\d{4}", secrets.masked_pan)
