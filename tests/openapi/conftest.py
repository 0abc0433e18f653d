"""The sandboxes that the document runs against, and what is in them."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

PROGRAM = os.environ.get("KEYSECURE_SANDBOX_PROGRAM", "target/debug/keysecure-sandbox")


ADDRESS = {
    "first_name": "Ann",
    "last_name": "Lee",
    "phone_code": "1",
    "phone": "5550100",
    "postal_code": "10001",
    "country": "US",
    "state": "NY",
    "city": "New York",
    "address_line1": "1 Main St",
}


@dataclass
class Platform:
    """A sandbox with one cardholder, two cards, a purchase and a transfer."""

    base_url: str
    control_url: str
    api_key: str
    known: dict[str, list[Any]] = field(default_factory=dict)
    """Values that the sandbox accepts, by the name of their field."""
    token: str = ""

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Makes a control call: a GET without a body."""
        return exchange(self.control_url + path, body, {})

    def headers(self) -> dict[str, str]:
        """The headers of a call with a token."""
        # One second old: a timestamp in the future is refused.
        now = str(int(time.time() * 1000) - 1000)
        return {"Api-Key": self.api_key, "Timestamp": now, "Access-Token": self.token}

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Makes a call of the platform and returns its data."""
        envelope = exchange(f"{self.base_url}/open-api{path}", body, self.headers())
        assert envelope["code"] == 0, envelope
        return envelope["data"]

    def restore(self) -> None:
        """Undoes what tests have done."""
        self.control("/restore", {"snapshot": 1})

    def seed(self) -> None:
        """Fetches a token and makes one of everything."""
        self.token = self.call("/v1/merchant/token")["access_token"]
        applied = {"cardholder_unique_no": "holder-1", "sumsub_share_token": "auto-approve"}
        cardholder = self.call("/v1/cardholder/apply", applied)["cardholder_no"]
        self.call("/v1/cardholder/apply", {"cardholder_unique_no": "holder-2", "sumsub_share_token": "auto-reject"})
        virtual = self.control("/seed/virtual_card", {"cardholder_no": cardholder})["card_no"]
        physical = self.control("/seed/physical_card", {"cardholder_no": cardholder})["card_no"]
        info = self.control("/info")
        if info["mode"] == "credit":
            transfer = {"cardholder_no": cardholder, "transfer_unique_no": "top-up-1", "type": "In", "balance": "5000"}
            self.call("/v1/account/transfer", transfer)
        consumed = self.call("/v1/simulate/auth", {"card_no": virtual, "amount": 10})["consume_no"]
        fees = [{"fee_type": "Consume_fee", "amount": 0.5}]
        pending = self.call("/v1/simulate/auth", {"card_no": virtual, "amount": 10})["consume_no"]
        self.call("/v1/simulate/consumption_clear", {"consume_no": consumed, "fee_detail": fees})
        catalog, number = {"credit": ("package/list", "package_no"), "authorization": ("support/bins", "card_bin_no")}[
            info["mode"]
        ]
        self.known = {
            number: [row[number] for row in self.call(f"/v1/card/{catalog}", {})["list"]],
            "address_info": [ADDRESS],
            "cardholder_no": [cardholder],
            "card_no": [virtual, physical],
            "consume_no": [consumed, pending],
            "consume_relate_no": [consumed],
            "amount": [1, 2.5],
            "local_amount": [1],
            "card_last_no": [card["card_last_no"] for card in self.control("/state")["cards"]],
        }


def exchange(url: str, body: dict[str, Any] | None, headers: dict[str, str]) -> Any:
    """Sends JSON and reads JSON."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def started(*options: str) -> Iterator[Platform]:
    """A sandbox that ends with the tests."""
    arguments = [PROGRAM, "serve", "--exit-with-stdin", *options]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            info = json.loads(process.stdout.readline())
            platform = Platform(info["base_url"], info["control_url"], info["api_key"])
            platform.seed()
            assert platform.control("/snapshot", {}) == {"snapshot": 1}
            yield platform
        finally:
            process.stdin.close()


@pytest.fixture(scope="session")
def credit() -> Iterator[Platform]:
    """A sandbox in credit mode."""
    yield from started("--seed", "5")


@pytest.fixture(scope="session")
def authorization() -> Iterator[Platform]:
    """A sandbox in authorization mode."""
    yield from started("--seed", "6", "--mode", "authorization")


@pytest.fixture(scope="session")
def strict() -> Iterator[Platform]:
    """A sandbox in credit mode whose refusals have other HTTP statuses than 200."""
    yield from started("--seed", "7", "--http-status", "strict")
