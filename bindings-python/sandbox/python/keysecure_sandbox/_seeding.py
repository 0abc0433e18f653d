"""Rows that are created without calls of the platform."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from ._control import ControlCalls
from ._records import read_time, unix_ms


class SeedCalls(ControlCalls):
    """Rows that are created without calls of the platform. No webhooks are sent for them.

    ``times`` are the creation times of the rows, or how many rows to create: 3 for one now, one a second ago and one
    two seconds ago, by the sandbox's clock. The numbers are returned oldest first.
    """

    def seed_approved_cardholder(self) -> str:
        """Creates an approved cardholder and returns the ``cardholder_no``."""
        return cast(str, self.control("POST", "/seed/approved_cardholder")["cardholder_no"])

    def seed_virtual_card(self, cardholder_no: str) -> str:
        """Creates an Activated virtual card and returns the ``card_no``."""
        return cast(str, self.control("POST", "/seed/virtual_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_physical_card(self, cardholder_no: str) -> str:
        """Creates a physical card in ToActivate and returns the ``card_no``."""
        return cast(str, self.control("POST", "/seed/physical_card", {"cardholder_no": cardholder_no})["card_no"])

    def seed_cardholders(self, times: int | Iterable[datetime]) -> list[str]:
        """Creates approved cardholders at those times, or that many, and returns their numbers."""
        return self._seed("cardholders", times)

    def seed_cards(self, cardholder_no: str, times: int | Iterable[datetime]) -> list[str]:
        """Creates Activated virtual cards at those times, or that many, and returns their numbers."""
        return self._seed("cards", times, cardholder_no=cardholder_no)

    def seed_transfers(self, cardholder_no: str, times: int | Iterable[datetime]) -> list[str]:
        """Creates transfers of 1.00 to a cardholder at those times, or that many, and returns their numbers."""
        return self._seed("transfers", times, cardholder_no=cardholder_no)

    def seed_consumptions(self, card_no: str, times: int | Iterable[datetime]) -> list[str]:
        """Creates settled purchases of 1.00 at those times, or that many, and returns their numbers."""
        return self._seed("consumptions", times, card_no=card_no)

    def _seed(self, what: str, times: int | Iterable[datetime], **owner: str) -> list[str]:
        moments = self._moments(times)
        numbers = self.control("POST", f"/seed/{what}", {**owner, "times_ms": [unix_ms(moment) for moment in moments]})
        return cast("list[str]", numbers["numbers"])

    def _moments(self, times: object) -> list[datetime]:
        """The creation times of the rows."""
        rule = "times must be a number of rows, 1 or more, or their creation times"
        if isinstance(times, int):
            if isinstance(times, bool) or times < 1:
                raise ValueError(rule)
            now = read_time(self.control("GET", "/clock")["now_ms"])
            return [now - timedelta(seconds=ago) for ago in reversed(range(times))]
        given = list(cast("Iterable[object]", times)) if isinstance(times, Iterable) else [None]
        moments = [moment for moment in given if isinstance(moment, datetime)]
        if len(moments) < len(given):
            raise TypeError(rule)
        return moments
