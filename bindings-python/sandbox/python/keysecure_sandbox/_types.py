"""The types of arguments, and the error."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypedDict


class ListRules(TypedDict, total=False):
    """Deviations of list calls from the platform's documentation: the arguments of :meth:`Sandbox.lists`."""

    reference: str
    left_out: Sequence[str]
    ignore_filters: bool
    page_cap: int
    total: bool


Amount = Decimal | int | str
"""An amount of money."""


class SandboxError(RuntimeError):
    """A control call failed: an unknown row, a status that does not allow the call, an unknown operation."""
