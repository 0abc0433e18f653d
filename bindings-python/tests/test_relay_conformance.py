"""The conformance suite through the relay: every operation that a scope can grant."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import conformance
import pytest
from relay_server_support import ALL_GRANTS, asgi_server, old_store, wsgi_server

from keysecure import Client
from keysecure.relay import Relay, RelayRequest, Scope
from keysecure.sandbox import Sandbox

FOLDER = Path(__file__).parents[2] / "tests" / "conformance"
FILES = sorted(file for file in FOLDER.glob("*.json") if file.stem != "faults")
"""All but the one with lost responses: the relay looks up what each left unknown, after the 10 s of `settle` that an
app cannot shorten, which would take a minute here. The Rust runner, whose clock skips waits, runs it too."""

OWNERLESS = ("cards.packages", "cards.packages_page", "cards.bins", "cards.bins_page")
NOT_RELAYED = (
    "cardholders.apply",
    "cardholders.ensure_cardholder",
    "pci.card_detail",
    "access_token",
    "call",
    "doctor",
)
SERVERS_OWN = {"settle", "since", "first_attempt", "on_store_failure"}
"""Arguments of `ensure_*` that no app has."""


class Runner(conformance.Runner):
    """Makes a call through the relay where a scope can grant it, for the cardholder that it is about."""

    def __init__(self, sandbox: Sandbox, settings: dict[str, Any]) -> None:
        super().__init__(sandbox, settings)
        self.relay: Relay | None = None
        self.of: Client | None = None
        self.direct = self.client
        self.url = ""
        self.relayed: Counter[str] = Counter()

    def serve(self) -> Relay:
        """The relay of the client that the scenario has now."""
        if self.relay is None or (self.of is not self.direct):
            self.relay, self.of = Relay(self.direct, authorize, requests_per_second=100_000), self.direct
        return self.relay

    def owner(self, name: str, arguments: dict[str, Any]) -> str | None:
        """The cardholder that a call is about, if a scope can grant it."""
        if name in NOT_RELAYED or name.startswith("simulation.") or SERVERS_OWN & arguments.keys():
            return None
        state = self.sandbox.state()
        owners = [one.cardholder_no for one in state.cardholders]
        if "cardholder_no" in arguments:
            return next((owner for owner in owners if owner == arguments["cardholder_no"]), None)
        cards = {card.card_no: card.cardholder_no for card in state.cards}
        of_numbers = {**cards, **{one.consume_no: cards[one.card_no] for one in state.consumptions}}
        for card in state.cards:
            of_numbers[card.card_unique_no.removeprefix(f"app.{card.cardholder_no}.")] = card.cardholder_no
        for transfer in state.transfers:
            own = transfer.transfer_unique_no.removeprefix(f"app.{transfer.cardholder_no}.")
            of_numbers[own] = of_numbers[transfer.transfer_no] = transfer.cardholder_no
        for argument, value in arguments.items():
            if argument.endswith("_no") and value in of_numbers:
                return of_numbers[value]
        return owners[0] if name in OWNERLESS and owners else None

    def run(self, steps: list[dict[str, Any]]) -> None:
        for step in steps:
            name = step.get("call", "")
            is_relayed = name and self.owner(name, self.fill(step.get("with", {}))) is not None
            super().run(
                [{**step, "error": as_app_sees(name, step["error"])} if is_relayed and "error" in step else step]
            )

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        direct, owner = self.client, self.owner(name, arguments)
        if owner is None:
            return super().call(name, arguments)
        self.relayed[name] += 1
        self.direct = direct
        with Client.relay(self.url, f"session.{owner}") as client:
            self.client = client
            try:
                return super().call(name, arguments)
            finally:
                self.client = direct


def as_app_sees(name: str, error: dict[str, Any]) -> dict[str, Any]:
    """The error of the platform as an app gets it: nothing about the merchant's own affairs, and its own attempts."""
    seen = {name: value for name, value in error.items() if name not in ("attempts", "http_status")}
    if error.get("kind") in ("permission", "authentication", "config"):
        seen |= {"kind": "api", "code": None}
        if name in ("accounts.transfer", "cards.apply"):
            # It is looked up first, and that was refused.
            seen["outcome"] = "not_sent"
    if name == "cards.unfreeze":
        # The relay reads the status first: an app may unfreeze what was frozen, and activate nothing.
        seen |= {"code": None, "outcome": "not_sent"}
    return seen


def authorize(request: RelayRequest) -> Scope | None:
    _, _, owner = (request.bearer or "").partition(".")
    return Scope(owner, grants=ALL_GRANTS, max_transfer=10**9, max_per_day=10**9)


RELAYED: Counter[str] = Counter()


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_relay_passes_the_conformance_suite(
    file: Path, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = json.loads(file.read_text(encoding="utf-8"))
    stores = (old_store(tmp_path / f"{number}") for number in count())
    monkeypatch.setattr(conformance, "MemoryStore", lambda: next(stores))
    with Sandbox(**scenario["sandbox"]) as sandbox:
        runner = Runner(sandbox, scenario["client"])
        server = {
            "wsgi": lambda: wsgi_server(lambda *asked: runner.serve().wsgi(*asked)),
            "asgi": lambda: asgi_server(lambda *asked: runner.serve().asgi(*asked)),
        }[kind]()
        with server as runner.url:
            runner.run(scenario["steps"])
    RELAYED.update(runner.relayed)


def test_most_operations_were_relayed() -> None:
    if not RELAYED:
        pytest.skip("the scenarios did not run")
    assert sum(RELAYED.values()) > 100
    assert {"accounts.transfer", "cards.private_info", "cards.set_pin", "cards.freeze", "consumptions.get"} <= set(
        RELAYED
    )
