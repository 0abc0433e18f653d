"""Text without numbers of cards."""

from __future__ import annotations

import re
from typing import Final

_DIGITS: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


def without_card_numbers(text: str) -> str:
    """Masks digits that may be the number of a card."""
    return _DIGITS.sub(lambda found: "***" if _is_card_number(found[0]) else found[0], text)


def _is_card_number(text: str) -> bool:
    """Whether digits pass the check that all card numbers pass (Luhn)."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
