"""Rows that are created without calls of the platform."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from ._control import ControlCalls
from ._records import unix_ms


class SeedCalls(ControlCalls):
    """Rows that are created without calls of the platform. No webhooks are sent for them."""

    def seed_approved_cardholder(self) -> str:
        """Creates an approved cardholder and returns the ``cardholder_no``."""
        return cast(str, self.control("POST", "/seed/approved_cardholder")["cardholder_no"])

    def seed_virtual_card(self, cardholder_no: str) -> str:
        """Creates an Activated virtual card and returns the ``card_no``."""
        return cast(str, self.control("POST", "/seed/virtual_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_physical_card(self, cardholder_no: str) -> str:
        """Creates a physical card in ToActivate and returns the ``card_no``."""
        return cast(str, self.control("POST", "/seed/physical_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_cardholders(self, times: Iterable[datetime]) -> list[str]:
        """Creates approved cardholders with those creation times and returns their numbers."""
        return self._seed("cardholders", times)

    def seed_cards(self, cardholder_no: str, times: Iterable[datetime]) -> list[str]:
        """Creates Activated virtual cards with those creation times and returns their numbers."""
        return self._seed("cards", times, cardholder_no=cardholder_no)

    def seed_transfers(self, cardholder_no: str, times: Iterable[datetime]) -> list[str]:
        """Creates transfers of 1.00 to the cardholder with those creation times and returns their numbers."""
        return self._seed("transfers", times, cardholder_no=cardholder_no)

    def seed_consumptions(self, card_no: str, times: Iterable[datetime]) -> list[str]:
        """Creates settled purchases of 1.00 with those creation times and returns their numbers."""
        return self._seed("consumptions", times, card_no=card_no)

    def _seed(self, what: str, times: Iterable[datetime], **owner: str) -> list[str]:
        numbers = self.control("POST", f"/seed/{what}", {**owner, "times_ms": [unix_ms(time) for time in times]})
        return cast("list[str]", numbers["numbers"])
