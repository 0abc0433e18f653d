"""HTTP responses of the receivers, and the log of why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from .._errors import quoted, raised_by
from .._native import VerifiedWebhook, _masked, reply_accept, reply_decline  # pyright: ignore[reportPrivateUsage]

Response: TypeAlias = tuple[int, bytes]
"""Status and body."""

Failure: TypeAlias = list[tuple[str, dict[str, object]]]
"""What is logged about an exception: texts and fields."""

log: Final = logging.getLogger("keysecure")
REPLY_DEADLINE: Final = 0.8
"""Seconds for which the platform waits for the reply to a purchase."""
REASONS: Final = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
ACCEPTED: Final[Response] = (200, reply_accept())
FAILED: Final[Response] = (500, reply_decline("the webhook could not be handled"))
NOT_FOUND: Final[Response] = (404, reply_decline("nothing is here"))
POST_ONLY: Final[Response] = (405, reply_decline("webhooks come by POST"))
HEALTHY: Final[Response] = (200, b'{"status":"ok"}')
READ_ONLY: Final[Response] = (405, reply_decline("the health is read by GET"))
NO_LENGTH: Final[Response] = (411, reply_decline("the length of the body is missing"))
BAD_LENGTH: Final[Response] = (400, reply_decline("the length of the body is no number"))
BODY_GONE: Final[Response] = (500, reply_decline("the body was read before; pass the raw body"))
UNREADABLE: Final[Response] = (400, reply_decline("the body could not be read"))
TOO_LARGE: Final[Response] = (413, reply_decline("the body is too large"))
STATUSES: Final = {"too_large": 413, "in_progress": 503, "replay_store_unavailable": 503}


class Sealed:
    """Holds a value, of which tools that report the local variables of frames show nothing."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def failure_of(what: str, error: BaseException, on_error: Callable[[Exception], object] | None) -> Failure:
    """Describes an exception for the log, after passing it to ``on_error``."""
    failure = [raised_by(what, error)]
    if on_error is not None and isinstance(error, Exception):
        try:
            on_error(error)
        except Exception as second:
            failure.append(raised_by("on_error", second))
    return failure


def about(received: VerifiedWebhook) -> dict[str, object]:
    """The fields of a record about a verified webhook."""
    number = getattr(received.event, "consume_no", None)
    fields: dict[str, object] = (
        {"action": received.action} if number is None else {"action": received.action, "consume_no": number}
    )
    return {**fields, "duration_ms": round((REPLY_DEADLINE - received.time_left) * 1000, 3)}


def failed(failure: Failure, fields: dict[str, object]) -> Response:
    """Logs a failure and returns the response to it.

    It runs outside the frame that holds the exception: tools that report the local variables of frames would send its
    text.
    """
    for text, place in failure:
        parts = [text]
        if "consume_no" in fields:
            parts.append(f"consume_no={quoted(fields['consume_no'])}")
        if "duration_ms" in fields:
            parts.append(f"after {fields['duration_ms']:.0f} ms")
        log.error("%s", ", ".join(parts), extra=fields | place)
    return FAILED


class Refusal(NamedTuple):
    """A response before the verification, and its reason.

    It is logged where neither the body nor the headers are in a frame any more.
    """

    response: Response | None
    reason: str
    method: str
    path: str | None

    def log(self) -> Response | None:
        """Logs the reason and returns the response."""
        where = "" if self.path is None else f": {quoted(self.method)} {quoted(self.path)}"
        fields = {"rejection": self.reason, "http_status": self.response and self.response[0]}
        fields |= {"http_method": self.method, "http_path": self.path}
        known = {name: value for name, value in fields.items() if value is not None}
        log.warning("a webhook is rejected (%s)%s", self.reason, where, extra=known)
        return self.response


def refused(response: Response | None, reason: str, method: str = "POST", path: str | None = None) -> Refusal:
    """A response before the verification; ``None`` to a client that has disconnected."""
    shown = None if path is None else _masked(path)[:200]
    return Refusal(response, reason, _masked(method)[:20], shown)


def cut(size: int, length: int) -> Refusal:
    """The response to a body that is shorter than its length says."""
    if size:
        return refused(UNREADABLE, f"its body ends after {size} of {length} bytes")
    return gone()


def gone(response: Response | None = BODY_GONE) -> Refusal:
    """The response to a request without the body that it should have."""
    return refused(
        response,
        "its body is missing: the client disconnected, or a framework or middleware read it before, as request.json(), "
        "request.body and request.POST do; pass the raw body",
    )


def headers_of(status: int, body: bytes) -> list[tuple[str, str]]:
    """The headers of a response."""
    head = [("content-type", "application/json"), ("content-length", str(len(body)))]
    if status != 405:
        return head
    return [*head, ("allow", "GET, HEAD" if body == READ_ONLY[1] else "POST")]


def parse_length(text: str, largest: int) -> int | None:
    """A ``Content-Length`` as a number, if it is one; a number of many digits is only too large."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= 18 else largest + 1
