"""The WSGI receiver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, cast

from .._errors import raised_by
from .._native import AuthEvent, Claim, WebhookVerifier
from ._receiver import Decision, Event, OnError, Receiver
from ._response import (
    BAD_LENGTH,
    NO_LENGTH,
    NOT_FOUND,
    POST_ONLY,
    REASONS,
    TOO_LARGE,
    UNREADABLE,
    Response,
    failed,
    headers_of,
    parse_length,
    refused,
)

WsgiApp = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def wsgi(
    verifier: WebhookVerifier,
    handler: Callable[[Event], object],
    *,
    decide: Callable[[AuthEvent], Decision] | None = None,
    default: Literal["decline", "accept"] = "decline",
    budget: float = 0.6,
    path: str | None = None,
    on_error: OnError | None = None,
) -> WsgiApp:
    """Creates a WSGI application that receives webhooks. See :mod:`keysecure.webhooks` for its responses.

    :param handler: gets each event but purchases; its return value is ignored. When it raises, the response makes the
        platform send the webhook again.
    :param decide: decides on a purchase: ``True``, ``False`` or a message to decline with. It runs on a separate thread
        and is not stopped when it is late. Without it every purchase gets the ``default``.
    :param default: the reply to a purchase when ``decide`` raised or is late; ``"decline"`` unless set.
    :param budget: seconds from the verification to the reply (0.6), at most 0.8; the platform waits 0.8.
    :param path: the only path to serve; all paths by default.
    :param on_error: gets each exception of ``handler`` or ``decide``, such as ``sentry_sdk.capture_exception``; the
        log has its type and place only. It should return quickly. What it raises is logged and changes no response.
    :raises ConfigError: an argument does not fit.
    """
    receiver = Receiver(verifier, handler, decide, default, budget, on_error)
    receiver.refuse_async()

    def respond(environ: dict[str, Any]) -> Response:
        method = environ.get("REQUEST_METHOD", "")
        target = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        if path is not None and target != path:
            return refused(NOT_FOUND, "another path", method, target)
        if method != "POST":
            return refused(POST_ONLY, "no POST", method, target)
        body = _read(environ, verifier._max_body)
        if isinstance(body, tuple):
            return body
        headers = {
            "Timestamp": environ.get("HTTP_TIMESTAMP"),
            "Signature": environ.get("HTTP_SIGNATURE"),
            "Sign-Version": environ.get("HTTP_SIGN_VERSION"),
        }
        claim = receiver.claim(headers, body)
        if not isinstance(claim, Claim):
            return claim or receiver.duplicate(body)
        if claim.received.action == "Auth":
            return receiver.decide(claim.received)
        return cast("Response", receiver.handle(claim))

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        status, body = respond(environ)
        start_response(
            f"{status} {REASONS[status]}", [(name.title(), value) for name, value in headers_of(status, body)]
        )
        return [body]

    return app


def _read(environ: dict[str, Any], largest: int) -> bytes | Response:
    """The raw body, or the response when it cannot be read."""
    text = environ.get("CONTENT_LENGTH") or ""
    length = parse_length(text, largest)
    if text and length is None:
        return refused(BAD_LENGTH, "its length is no number")
    if length is None:
        # Only a server that sets this ends the input of a chunked body; on others reading would wait for ever.
        if not environ.get("wsgi.input_terminated"):
            return refused(NO_LENGTH, "it has no length, and this server does not end chunked bodies")
        length = largest + 1
    elif length > largest:
        return refused(TOO_LARGE, "too_large")
    parts: list[bytes] = []
    left = length
    try:
        while left > 0:
            part = environ["wsgi.input"].read(min(left, 65_536))
            if not part:
                break
            parts.append(part)
            left -= len(part)
    except Exception as error:
        failure = raised_by("reading a webhook", error)
    else:
        body = b"".join(parts)
        return refused(TOO_LARGE, "too_large") if len(body) > largest else body
    failed(failure)
    return UNREADABLE
