"""Types of values that are text, for annotations and for the completion of editors.

Where a later version may add values, any other text is accepted too.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Check", "CheckStatus", "Outcome", "Rejection", "TransportFault"]

Outcome: TypeAlias = Literal["not_sent", "rejected", "unknown"]
"""The outcome of a failed call."""

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
"""The failure of a request without a response."""

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
"""The reason why a webhook is rejected."""

Check: TypeAlias = Literal["reachability", "clock", "api_key", "ip_whitelist", "token", "mode", "pci", "aes"] | str
"""A check of the doctor."""

CheckStatus: TypeAlias = Literal["pass", "warn", "fail", "skipped"]
"""The status of a check of the doctor."""
