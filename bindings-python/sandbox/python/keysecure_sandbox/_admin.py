"""Back-office decisions, settings and faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from ._checks import check_type
from ._control import ControlCalls, present
from ._faults import Fault, FaultWithValue, fault_body
from ._records import FiredFault, read_record
from ._types import Amount


class AdminCalls(ControlCalls):
    """Back-office decisions, settings and faults."""

    # Decisions.

    def approve_cardholder(self, cardholder_no: str) -> None:
        """Approves a cardholder who is Pending, under review or rejected."""
        self.control("POST", "/cardholders/approve", {"cardholder_no": cardholder_no})

    def start_review(self, cardholder_no: str) -> None:
        """Starts the review of a cardholder: Pending becomes In_progress."""
        self.control("POST", "/cardholders/review", {"cardholder_no": cardholder_no})

    def reject_cardholder(self, cardholder_no: str, reason: str = "rejected by a test") -> None:
        """Rejects a cardholder who is Pending or under review."""
        self.control("POST", "/cardholders/reject", {"cardholder_no": cardholder_no, "reason": reason})

    def issue_card(self, card_no: str) -> None:
        """Issues a Pending card (``manual_cards=True``): a virtual one becomes Activated, a physical one ToActivate."""
        self.control("POST", "/cards/issue", {"card_no": card_no})

    def fail_card(self, card_no: str, reason: str = "failed by a test") -> None:
        """Fails a card that is Pending or ToActivate."""
        self.control("POST", "/cards/fail", {"card_no": card_no, "reason": reason})

    def complete_fees(self, consume_no: str, fees: Mapping[str, Amount]) -> None:
        """Adds fees to a consumption in Success, by their type: ``{"Atm_fee": "1.50"}``."""
        detail = [{"fee_type": kind, "amount": str(amount)} for kind, amount in fees.items()]
        self.control("POST", "/consumptions/complete_fees", {"consume_no": consume_no, "fee_detail": detail})

    def charge_manage_fee(self, card_no: str, amount: Amount | None = None) -> str:
        """Charges a card's management fee and returns its ``consume_no``. The second one in a row that cannot be paid
        deletes the card.

        :param amount: the fee; by default that of the card's fee schedule. If the schedule has none, the call without
            an ``amount`` is a :class:`SandboxError`.
        """
        body = present({"card_no": card_no, "amount": None if amount is None else str(amount)})
        return cast(str, self.control("POST", "/cards/manage_fee", body)["consume_no"])

    # Settings.

    def revoke_tokens(self) -> None:
        """Invalidates all access tokens."""
        self.control("POST", "/tokens/revoke")

    def settings(
        self,
        *,
        key_state: str | None = None,
        merchant_state: str | None = None,
        pci_enabled: bool | None = None,
        ip_whitelist: Sequence[str] | None = None,
        http_statuses: str | None = None,
        tariffs: bool | None = None,
    ) -> None:
        """Changes the given settings of the merchant; the others stay.

        :param key_state: ``active``, ``not_enabled`` or ``expired``.
        :param merchant_state: ``active``, ``missing`` or ``abnormal``.
        :param pci_enabled: whether card numbers may be shown.
        :param ip_whitelist: the addresses that may call; empty for all.
        :param http_statuses: the HTTP statuses of refused calls: ``ok``, ``strict`` or ``strict_bare``.
        :param tariffs: whether the fees and limits of packages and card BINs are applied.
        """
        if isinstance(ip_whitelist, str):
            raise TypeError("ip_whitelist must be a list of addresses, not a str")
        values = {
            "key_state": key_state,
            "merchant_state": merchant_state,
            "pci_enabled": pci_enabled,
            "ip_whitelist": None if ip_whitelist is None else list(ip_whitelist),
            "http_statuses": http_statuses,
            "tariffs": tariffs,
        }
        self.control("POST", "/settings", present(values))

    def lists(
        self,
        *,
        reference: str | None = None,
        left_out: Sequence[str] | None = None,
        ignore_filters: bool | None = None,
        page_cap: int | None = None,
        total: bool | None = None,
    ) -> None:
        """Changes the given deviations of list calls from the platform's documentation; the others stay.

        :param reference: the form of merchant references in rows: ``kept``, ``left_out``, ``trimmed``, ``lower_case``
            or ``upper_case``; filters still compare the reference as it was sent.
        :param left_out: fields that are missing in rows, such as ``time``; empty for none.
        :param ignore_filters: whether filters are ignored; windows are not.
        :param page_cap: the maximum number of rows of a page, regardless of ``size``; 0 for no cap.
        :param total: whether ``data`` has a ``total`` in addition to ``list``: the number of rows on all pages.
        """
        if isinstance(left_out, str):
            raise TypeError("left_out must be a list of fields, not a str")
        values = {
            "reference": reference,
            "left_out": None if left_out is None else list(left_out),
            "ignore_filters": ignore_filters,
            "page_cap": page_cap,
            "total": total,
        }
        self.control("POST", "/lists/settings", present(values))

    # Faults.

    def fault(self, operation: str | None, kind: Fault | str | FaultWithValue, nth: int = 1, times: int = 1) -> None:
        """Plans a fault for the ``nth`` request (1: the next) of an operation and the ``times`` - 1 requests after it.

        :param operation: the name of a call such as ``"accounts.transfer"``; ``None`` for any.
        :param kind: a :class:`Fault`, such as ``Fault.DROP_AFTER_COMMIT`` or ``Fault.code(1009)``, or the same as text
            or dict: ``"drop_after_commit"``, ``{"code": 1009}``.
        :raises ValueError: there is no such fault, or its value does not fit; or ``nth`` or ``times`` is below 1.
        :raises SandboxError: there is no such operation.
        """
        if operation is not None:
            check_type("operation", operation, str)
        body = {"operation": operation, "kind": fault_body(Fault, kind), "nth": nth, "times": times}
        self.control("POST", "/faults", body)

    def clear_faults(self) -> None:
        """Removes all planned faults."""
        self.control("POST", "/faults/clear")

    def faults_fired(self) -> list[FiredFault]:
        """The faults that occurred, oldest first."""
        return [read_record(FiredFault, row) for row in self.control("GET", "/faults/fired")["faults"]]

    def redirect_calls(self) -> int:
        """The number of requests that followed the redirect of the fault ``"redirect"``."""
        return cast(int, self.control("GET", "/redirect_calls")["calls"])
