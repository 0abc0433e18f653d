"""Bodies that could not be read."""

from __future__ import annotations

from ..webhooks._response import Refusal, log


def body_of(refusal: Refusal, largest: int) -> bytes:
    """What the relay gets for a body that could not be read: one that it refuses for the same reason."""
    if refusal.response is not None and refusal.response[0] == 413:
        return bytes(largest + 1)
    log.warning("relay: the body of a request cannot be read: %s", refusal.reason)
    return b""
