"""Types of values that are text, for annotations and for the completion of editors.

Where a later version may add values, any other text is accepted too. Written by `stubs.py` from the core.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = [
    "Check",
    "CheckStatus",
    "CipherMode",
    "Denial",
    "Environment",
    "Grant",
    "KeyScheme",
    "Language",
    "Outcome",
    "Rejection",
    "Setting",
    "TransportFault",
]

Check: TypeAlias = Literal["reachability", "clock", "api_key", "ip_whitelist", "token", "mode", "pci", "aes"] | str
"""Check of the doctor."""

CheckStatus: TypeAlias = Literal["pass", "warn", "fail", "unfinished", "skipped"]
"""Status of a check."""

CipherMode: TypeAlias = Literal["ecb", "cbc"]
"""AES mode of operation."""

Denial: TypeAlias = (
    Literal[
        "unauthorized",
        "rate_limited",
        "unknown_operation",
        "not_granted",
        "invalid_request",
        "too_large",
        "not_owned",
        "limit_exceeded",
        "expired",
        "tap_conflict",
    ]
    | str
)
"""Reason why a relay denied a request before it made a call for it, or a call did not show the number as the
cardholder's."""

Environment: TypeAlias = Literal["sandbox", "production"]
"""Environment of the platform."""

Grant: TypeAlias = (
    Literal[
        "cardholders.get",
        "cardholders.list",
        "cards.get",
        "cards.list",
        "cards.packages",
        "cards.bins",
        "cards.private_info",
        "cards.apply",
        "cards.activate",
        "cards.set_pin",
        "cards.freeze",
        "cards.unfreeze",
        "cards.delete",
        "consumptions.get",
        "consumptions.list",
        "accounts.get",
        "accounts.transfers",
        "accounts.transfer_in",
        "accounts.transfer_out",
        "pci.client_token",
        "events",
    ]
    | str
)
"""Operation that a `Scope` grants."""

KeyScheme: TypeAlias = Literal["utf8", "hex", "base64", "md5", "md5hex", "sha256", "sha1prng"]
"""Scheme by which the text of the apiSecret becomes the AES key."""

Language: TypeAlias = Literal["en_US", "zh_CN"]
"""Language of the platform's messages in errors."""

Outcome: TypeAlias = Literal["not_sent", "rejected", "unknown"]
"""Whether the operation of a failed call may have been carried out."""

Rejection: TypeAlias = (
    Literal[
        "missing_header",
        "duplicate_header",
        "bad_header",
        "bad_timestamp",
        "bad_signature",
        "unsupported_version",
        "too_old",
        "too_new",
        "too_large",
        "not_a_callback",
        "ambiguous",
        "contradiction",
        "wrong_signature",
        "wrong_action",
        "replayed",
        "in_progress",
        "replay_store_unavailable",
    ]
    | str
)
"""Reason to reject a webhook."""

Setting: TypeAlias = (
    Literal["api_key", "api_secret", "environment", "base_url", "proxy", "ca_pem", "timeout", "aes", "store"] | str
)
"""Setting of the client that the advice of the doctor concerns."""

TransportFault: TypeAlias = (
    Literal[
        "timeout",
        "dns",
        "connect",
        "tls",
        "proxy",
        "closed",
        "too_large",
        "protocol",
        "interrupted",
        "store",
        "other",
    ]
    | str
)
"""Kind of failure of an exchange."""
