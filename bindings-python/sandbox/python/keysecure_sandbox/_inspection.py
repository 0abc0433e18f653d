"""Requests, rows, ledger, card secrets and snapshots."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from ._checks import check_type
from ._control import ControlCalls
from ._records import (
    CardholderRecord,
    CardRecord,
    CardSecretsForTests,
    ConsumptionRecord,
    Ledger,
    Posting,
    RequestRecord,
    State,
    TransferRecord,
    read_record,
)


class InspectionCalls(ControlCalls):
    """Requests, rows, ledger, card secrets and snapshots."""

    def requests(self) -> list[RequestRecord]:
        """The recorded requests, oldest first, with masked secrets."""
        return [read_record(RequestRecord, row) for row in self.control("GET", "/requests")["requests"]]

    def count(self, operation: str) -> int:
        """The number of recorded requests of that operation.

        :raises SandboxError: there is no such operation.
        """
        check_type("operation", operation, str)
        return cast(int, self.control("POST", "/requests/count", {"operation": operation})["count"])

    def ledger(self) -> Ledger:
        """All postings and balances."""
        found = self.control("GET", "/ledger")
        balances = {account: Decimal(text) for account, text in found["balances"].items()}
        return Ledger(balances, [read_record(Posting, row) for row in found["postings"]])

    def state(self) -> State:
        """All cardholders, cards, consumptions and transfers."""
        found = self.control("GET", "/state")
        return State(
            cardholders=[read_record(CardholderRecord, row) for row in found["cardholders"]],
            cards=[read_record(CardRecord, row) for row in found["cards"]],
            consumptions=[read_record(ConsumptionRecord, row) for row in found["consumptions"]],
            transfers=[read_record(TransferRecord, row) for row in found["transfers"]],
        )

    def card_secrets_for_tests(self, card_no: str) -> CardSecretsForTests:
        """The number and the CVV of a card, which are generated test data. The CVV activates a physical card."""
        return CardSecretsForTests(**self.control("POST", "/cards/secrets_for_tests", {"card_no": card_no}))

    def pin_matches(self, card_no: str, pin: str) -> bool:
        """Whether the card has this PIN."""
        body = {"card_no": card_no, "pin": pin}
        return cast(bool, self.control("POST", "/cards/pin_matches", body)["matches"])

    def snapshot(self) -> int:
        """Copies the state (rows, ledger, tokens, settings and clock) and returns the number of the copy."""
        return cast(int, self.control("POST", "/snapshot")["snapshot"])

    def restore(self, snapshot: int) -> None:
        """Restores a snapshot of this sandbox. Recorded requests and deliveries stay."""
        self.control("POST", "/restore", {"snapshot": snapshot})
