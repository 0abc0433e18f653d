"""Checks of arguments, so that a wrong one is an error that names it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

_TEXTS = ("cardholder_no", "card_no", "consume_no", "reason", "pin", "url", "secret", "rotated_secret", "app_id")
_FLAGS = ("pci_enabled", "tariffs", "ignore_filters", "total")
_INTEGERS = {"nth": (1, 2**64 - 1), "times": (1, 2**64 - 1), "page_cap": (0, 2**32 - 1), "snapshot": (1, 2**32 - 1)}
_CHOICES = {
    "key_state": ("active", "not_enabled", "expired"),
    "merchant_state": ("active", "missing", "abnormal"),
    "http_statuses": ("ok", "strict", "strict_bare"),
    "reference": ("kept", "left_out", "trimmed", "lower_case", "upper_case"),
    "sign_style": ("java_hash_map", "java_sorted", "as_sent"),
    "nulls": ("left_out", "sent"),
}


def check_body(body: Mapping[str, object]) -> None:
    """Checks the fields of the body of a control call that have the names of arguments.

    :raises TypeError: a field has the wrong type.
    :raises ValueError: a field has a value that it cannot have.
    """
    for name, value in body.items():
        if name in _TEXTS or name in _CHOICES:
            check_type(name, value, str)
        elif name in _FLAGS:
            check_type(name, value, bool)
        elif name in _INTEGERS:
            check_integer(name, value, *_INTEGERS[name])
        if value not in _CHOICES.get(name, (value,)):
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}, not {value!r}")


def check_type(name: str, value: object, kind: type) -> None:
    """Checks the type of an argument."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{name} must be {_WITH_ARTICLE[kind]}, not {type(value).__name__}")


def check_integer(name: str, value: object, least: int, most: int) -> None:
    """Checks the type and the range of an argument."""
    check_type(name, value, int)
    if not least <= value <= most:  # type: ignore[operator]
        limit = f"{least} or more" if most >= 2**32 - 1 else f"between {least} and {most}"
        raise ValueError(f"{name} must be {limit}")


_WITH_ARTICLE = {str: "a str", bool: "a bool", int: "an int", timedelta: "a timedelta"}
