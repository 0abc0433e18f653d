"""Memory: objects of one's own that refer to ours, and ours to them, are freed; ours can be referred to weakly."""

from __future__ import annotations

import gc
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from webhook_support import APP_ID, AUTH, BODY, SECRET, body_of, signed

from keysecure import Client, Pager, Responder, WebhookVerifier


class Owner:
    """An object that holds ours, passes its methods to them, and is a store."""

    held: Any

    def decide(self, event: object) -> bool:
        return True

    def now(self) -> float:
        return time.time()

    def session(self, refused: bool) -> None:
        return None

    def load(self, slot: str, within: float) -> None:
        return None

    def save(self, slot: str, line: str, within: float) -> None:
        return None

    def try_lock(self, slot: str, within: float) -> str:
        return "1"

    def unlock(self, slot: str, lock_id: str, within: float) -> None:
        return None

    def insert(self, key: str, value: str, keep: float) -> None:
        return None

    def get(self, key: str) -> None:
        return None

    def remove(self, key: str) -> None:
        return None


def client_of(owner: Owner, **settings: Any) -> Client:
    return Client("key", SECRET, **settings)


def received_by(owner: Owner) -> object:
    return WebhookVerifier(APP_ID, SECRET, store=owner).verify(signed(BODY), BODY)


def claim_by(owner: Owner) -> object:
    claim = WebhookVerifier(APP_ID, SECRET, store=owner).claim(signed(BODY), BODY)
    claim.finish()
    return claim


CYCLES: dict[str, Callable[[Owner], object]] = {
    "responder": lambda owner: Responder(owner.decide),
    "responder with on_error": lambda owner: Responder(bool, on_error=owner.decide),
    "verifier with a store": lambda owner: WebhookVerifier(APP_ID, SECRET, store=owner),
    "verifier with a clock": lambda owner: WebhookVerifier(APP_ID, SECRET, clock=owner.now),
    "verifier made from another": lambda owner: WebhookVerifier(
        APP_ID, SECRET, store=owner, clock=owner.now
    ).ignore_timestamp(),
    "received webhook": received_by,
    "claim": claim_by,
    "client with a store": lambda owner: client_of(owner, store=owner),
    "client with a clock": lambda owner: client_of(owner, clock=owner.now),
    "client of a relay": lambda owner: Client.relay("https://x.example", owner.session),
    "cards": lambda owner: client_of(owner, store=owner).cards,
    "cardholders": lambda owner: client_of(owner, store=owner).cardholders,
    "consumptions": lambda owner: client_of(owner, store=owner).consumptions,
    "accounts": lambda owner: client_of(owner, store=owner).accounts,
    "pci": lambda owner: client_of(owner, store=owner).pci,
    "simulation": lambda owner: client_of(owner, store=owner).simulation,
    "pager": lambda owner: client_of(owner, store=owner).cards.packages(),
    "verifier of a client": lambda owner: client_of(owner, store=owner).webhook_verifier(store=owner),
}


@pytest.fixture(autouse=True)
def _no_other_garbage() -> Iterator[None]:
    gc.collect()
    yield
    gc.collect()


@pytest.mark.parametrize("kind", CYCLES)
def test_an_object_that_holds_what_holds_it_is_freed(kind: str) -> None:
    owner = Owner()
    owner.held = CYCLES[kind](owner)
    gone = weakref.ref(owner)
    gc.collect()
    assert gone() is owner
    del owner
    gc.collect()
    assert gone() is None


def test_a_store_lives_as_long_as_what_uses_it() -> None:
    owner = Owner()
    received = WebhookVerifier(APP_ID, SECRET, store=owner).verify(signed(BODY), BODY)
    rows = Client("key", SECRET, store=owner).cards.packages()
    gone = weakref.ref(owner)
    owner.held = None
    del owner
    gc.collect()
    assert gone() is not None
    del received
    gc.collect()
    assert gone() is not None
    del rows
    gc.collect()
    assert gone() is None


def test_a_decision_survives_the_garbage_collector_while_it_runs(request: pytest.FixtureRequest) -> None:
    def decide(event: object) -> bool:
        gc.collect()
        return True

    # Only what is new is looked at: with all of a test run that may take longer than a decision.
    request.addfinalizer(gc.unfreeze)
    gc.freeze()
    body = body_of("Auth", AUTH)
    responder = Responder(decide, default="decline")
    assert b'"code":0' in responder.respond(WebhookVerifier(APP_ID, SECRET).verify(signed(body), body))


def test_clients_pagers_verifiers_and_responders_can_be_referred_to_weakly() -> None:
    client = Client("key", SECRET)
    for item in [client, client.cards.packages(), client.webhook_verifier(), Responder(lambda _: True)]:
        assert weakref.ref(item)() is item
    cache: weakref.WeakValueDictionary[str, Client | Pager[Any]] = weakref.WeakValueDictionary()
    cache["shop"] = client
    del client, item
    gc.collect()
    assert "shop" not in cache
